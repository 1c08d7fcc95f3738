//! `bitsweep diff`

mod shown;

use std::path::Path;

use bitsweep_results::numbers::counted;
use bitsweep_results::summary::{
    Change, Changes, EffectVerdict, Judged, MatchedResults, MatchedTask, MatchedVariant, Unpaired,
    judged_differences, matched,
};
use bitsweep_results::{Labels, PickRule};

use super::settings::{Setting, settings};
use super::{print, print_page};
use crate::cli::TextFormat;
use crate::earlier::{Earlier, named_folder};
use crate::failure::Failure;

/// Everything in which two results differ.
struct Difference {
    /// Where the results are: A, then B.
    folders: [String; 2],
    /// Keys of the experiments, or why they are not known.
    settings: Result<Vec<Setting>, String>,
    /// Of data and models what it is, in sentences.
    content: Vec<String>,
    /// The rule by which B picks: its metric is compared.
    rule: PickRule,
    tasks: Vec<TaskDifference>,
    /// Tasks and variants that only one has, in sentences.
    alone: Vec<String>,
    /// What a reader should know of how that was found.
    notes: Vec<String>,
}

/// One task that both have.
struct TaskDifference {
    name: String,
    variants: Vec<(String, Change, Judged<EffectVerdict>)>,
    /// Variants that one of both has not measured in any unit.
    unmeasured: Vec<String>,
}

pub(super) fn diff(
    names: [&String; 2],
    results: &Path,
    store: Option<&Path>,
    format: TextFormat,
) -> Result<(), Failure> {
    let [before, after] = names.map(|name| named_folder(name, results));
    let (before, after) = (Earlier::read(&before?, store)?, Earlier::read(&after?, store)?);
    let difference = Difference::of(&before, &after);
    match format {
        TextFormat::Text => print_page(&difference.page()),
        TextFormat::Markdown => print(&difference.markdown()),
    }
}

impl Difference {
    fn of(before: &Earlier, after: &Earlier) -> Self {
        let mut notes = Vec::new();
        let rule = match (&after.rule, &before.rule) {
            (Ok(own), Ok(other)) if own.metric != other.metric => {
                notes.push(format!(
                    "A picks by {}, B by {}: the latter is compared",
                    other.metric, own.metric
                ));
                own.clone()
            }
            (Ok(own), _) | (Err(_), Ok(own)) => own.clone(),
            (Err(reason), Err(_)) => {
                notes.push(format!("how B picks is not known ({reason}): the usual rule is taken"));
                PickRule::default()
            }
        };
        for (name, own) in [("A", before), ("B", after)] {
            match &own.predictions {
                Ok(found) => notes.push(format!("predictions of {name}: {}", found.place)),
                Err(reason) => notes.push(format!("predictions of {name} are not known: {reason}")),
            }
        }
        let all_rows = || before.rows.iter().chain(&after.rows);
        let labels = Labels::of(all_rows().map(|row| &*row.origin.variant));
        let MatchedResults { tasks, only_before, only_after } = matched(&before.rows, &after.rows);
        let mut alone = Vec::new();
        for (name, tasks) in [("A", only_before), ("B", only_after)] {
            alone.extend(tasks.into_iter().map(|task| format!("only in {name}: all of {task}")));
        }
        for task in &tasks {
            for (name, variants) in [("A", &task.only_before), ("B", &task.only_after)] {
                let labels: Vec<&str> = variants.iter().filter_map(|rows| label(rows, &labels)).collect();
                if !labels.is_empty() {
                    alone.push(format!("only in {name}, of {}: {}", task.name, labels.join(", ")));
                }
            }
        }
        let changes = Changes::new(&rule.metric, before.predicted(), after.predicted());
        let tasks = tasks.iter().map(|task| TaskDifference::of(task, &changes, &labels, &rule)).collect();
        Self {
            folders: [before, after].map(|own| own.folder.display().to_string()),
            settings: settings(&before.folder, &after.folder),
            content: content(before, after),
            rule: rule.clone(),
            tasks,
            alone,
            notes,
        }
    }
}

impl TaskDifference {
    fn of(task: &MatchedTask<'_>, changes: &Changes<'_>, labels: &Labels, rule: &PickRule) -> Self {
        let (mut variants, mut all, mut unmeasured) = (Vec::new(), Vec::new(), Vec::new());
        for MatchedVariant { before, after } in &task.variants {
            let Some(label) = label(before, labels) else { continue };
            match changes.of(before, after) {
                Some(change) => {
                    variants.push(label.to_owned());
                    all.push(change);
                }
                None => unmeasured.push(label.to_owned()),
            }
        }
        let judged = judged_differences(&all, rule);
        let variants = variants.into_iter().zip(all).zip(judged);
        Self {
            name: task.name.clone(),
            variants: variants.map(|((label, change), judged)| (label, change, judged)).collect(),
            unmeasured,
        }
    }

    /// Why variants are not paired, each reason with its variants.
    fn unpaired(&self) -> Vec<(&Unpaired, Vec<&str>)> {
        let mut reasons: Vec<(&Unpaired, Vec<&str>)> = Vec::new();
        for (label, change, _) in &self.variants {
            let Err(reason) = &change.loss else { continue };
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, labels)) => labels.push(label),
                None => reasons.push((reason, vec![label])),
            }
        }
        reasons
    }

    /// How many variants are paired, over so many units and test rows.
    fn paired(&self) -> Option<String> {
        let mut own = self.variants.iter().filter_map(|(_, change, _)| change.loss.as_ref().ok());
        let first = own.next()?.loss;
        let (rows, units) =
            (counted(first.samples, "test row", "test rows"), counted(first.units, "unit", "units"));
        let both = self.variants.iter().map(|(_, change, _)| change.units).max().unwrap_or(0);
        let several = if both > 1 { format!(" and {units}") } else { String::new() };
        Some(format!(
            "{} paired row by row over {rows}{several}",
            counted(own.count() + 1, "variant is", "variants are")
        ))
    }
}

fn label<'l>(rows: &[&bitsweep_results::ResultRow], labels: &'l Labels) -> Option<&'l str> {
    Some(labels.get(&rows.first()?.origin.variant).text())
}

/// What of data and models is not the same, in sentences.
fn content(before: &Earlier, after: &Earlier) -> Vec<String> {
    let (before, after) = match (before.content(), after.content()) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(reason), _) | (_, Err(reason)) => {
            return vec![format!("whether data are the same is not known: {reason}")];
        }
    };
    let short = |hashes: &std::collections::BTreeSet<String>| -> String {
        let short = hashes.iter().map(|hash| hash.chars().take(12).collect::<String>());
        short.collect::<Vec<_>>().join(", ")
    };
    let mut sentences = Vec::new();
    for (what, own) in &before {
        match after.get(what) {
            Some(other) if other == own => {}
            Some(other) => {
                sentences.push(format!("{what}: content {} in A, {} in B", short(own), short(other)));
            }
            None => sentences.push(format!("{what}: content {}, only in A", short(own))),
        }
    }
    let only = after.iter().filter(|(what, _)| !before.contains_key(*what));
    sentences.extend(only.map(|(what, own)| format!("{what}: content {}, only in B", short(own))));
    sentences
}

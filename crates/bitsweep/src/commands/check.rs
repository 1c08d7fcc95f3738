//! `bitsweep check`

use std::path::Path;

use bitsweep_results::numbers::{bound, bytes, count, counted, p_value, score, supported_decimals};
use bitsweep_results::summary::{
    Change, Changes, Judged, MatchedResults, MatchedTask, RegressionVerdict, VariantRows, judged_regressions,
    matched,
};
use bitsweep_results::{Goal, Labels, PickRule, ResultRow};

use super::{print_lines, say_notes};
use crate::earlier::{Earlier, Picked, is_results};
use crate::failure::Failure;
use crate::progress::Verbosity;
use bitsweep_experiment::config::Diagnostic;

/// What is held against what.
#[derive(Debug)]
pub(super) struct Options<'a> {
    /// The new results.
    pub(super) name: &'a str,
    /// The folder that they are held against.
    pub(super) baseline: &'a Path,
    /// Where the new results are.
    pub(super) out: &'a Path,
    /// The largest loss that is none, where that is not the experiment's.
    pub(super) margin: Option<f64>,
    pub(super) store: Option<&'a Path>,
    pub(super) verbosity: Verbosity,
}

pub(super) fn check(options: &Options<'_>) -> Result<(), Failure> {
    let before = Earlier::read(options.baseline, options.store)?;
    let has_scores = |row: &ResultRow| row.measures().is_some_and(|own| own.scores.is_some());
    if !before.rows.iter().any(has_scores) {
        let message =
            format!("`{}` has no score of a model to hold others against", options.baseline.display());
        return Err(Diagnostic::new(message).into());
    }
    let folder = options.out.join(options.name);
    if !is_results(&folder) {
        print_lines([format!("missing: there are no results in `{}`", folder.display())])?;
        return Err(Failure::NotCompared { missing: 1 });
    }
    let after = Earlier::read(&folder, options.store)?;
    let (rule, notes) = rule(&before, &after, options.margin);
    say_notes(options.name, &notes, options.verbosity);
    let gate = Gate::of(&before, &after, &rule);
    let mut lines = gate.lines;
    lines.sort_by(|one, other| one.rank.cmp(&other.rank).then(one.p_value.total_cmp(&other.p_value)));
    let with = |rank: Rank| lines.iter().filter(|line| line.rank == rank).count();
    let (regressions, missing) = (with(Rank::Regression), with(Rank::Missing));
    print_lines(lines.iter().map(|line| format!("{}: {}", line.rank.name(), line.text)).chain([gate.end]))?;
    match (regressions, missing) {
        (0, 0) => Ok(()),
        (0, missing) => Err(Failure::NotCompared { missing }),
        (regressions, _) => Err(Failure::Regressed { regressions, comparisons: lines.len() }),
    }
}

/// By which rule is judged: the new experiment's, else the baseline's, else the usual one.
fn rule(before: &Earlier, after: &Earlier, margin: Option<f64>) -> (PickRule, Vec<String>) {
    let mut notes = Vec::new();
    let mut rule = match (&after.rule, &before.rule) {
        (Ok(own), Ok(other)) => {
            if own.metric != other.metric {
                let metrics = format!("the baseline was picked by {}", other.metric);
                notes.push(format!("{metrics}; what is compared is {}", own.metric));
            }
            own.clone()
        }
        (Ok(own), Err(_)) | (Err(_), Ok(own)) => own.clone(),
        (Err(reason), Err(_)) => {
            notes.push(format!("how it picks is not known ({reason}): the usual rule is taken"));
            PickRule::default()
        }
    };
    rule.margin = margin.unwrap_or(rule.margin);
    (rule, notes)
}

/// How bad a line is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Regression,
    Missing,
    Doubtful,
    Undecided,
    Within,
    Same,
    Improvement,
}

impl Rank {
    fn name(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::Missing => "missing",
            Self::Doubtful => "doubtful",
            Self::Undecided => "undecided",
            Self::Within => "within",
            Self::Same => "same",
            Self::Improvement => "improvement",
        }
    }
}

/// One comparison with its reason.
struct Line {
    rank: Rank,
    /// Of equal ranks the least comes first.
    p_value: f64,
    text: String,
}

/// All comparisons, and a line about them.
struct Gate {
    lines: Vec<Line>,
    end: String,
}

/// Two variants whose scores are compared.
struct Compared {
    name: String,
    change: Change,
}

/// The comparisons while they are gathered.
struct Gathered<'a> {
    before: &'a Earlier,
    after: &'a Earlier,
    changes: Changes<'a>,
    labels: Labels,
    lines: Vec<Line>,
    compared: Vec<Compared>,
}

impl Gate {
    fn of(before: &Earlier, after: &Earlier, rule: &PickRule) -> Self {
        let all_rows = before.rows.iter().chain(&after.rows);
        let mut gathered = Gathered {
            before,
            after,
            changes: Changes::new(&rule.metric, before.predicted(), after.predicted()),
            labels: Labels::of(all_rows.map(|row| &*row.origin.variant)),
            lines: Vec::new(),
            compared: Vec::new(),
        };
        if let (Ok(_), Err(reason)) = (&before.predictions, &after.predictions) {
            gathered.missing(format!("the predictions of the new results: {reason}"));
        }
        let MatchedResults { tasks, only_before, .. } = matched(&before.rows, &after.rows);
        only_before.into_iter().for_each(|task| gathered.missing(format!("all of {task}")));
        tasks.iter().for_each(|task| gathered.task(task));
        let Gathered { mut lines, compared, .. } = gathered;
        let changes: Vec<Change> = compared.iter().map(|own| own.change.clone()).collect();
        let judged = judged_regressions(&changes, rule);
        lines.extend(compared.iter().zip(&judged).map(|(own, judged)| own.line(judged, rule)));
        let paired = changes.iter().filter(|own| own.loss.is_ok()).count();
        Self { end: end(&changes, &judged, paired, before, rule), lines }
    }
}

/// How everything was compared.
fn end(
    changes: &[Change],
    judged: &[Judged<RegressionVerdict>],
    paired: usize,
    before: &Earlier,
    rule: &PickRule,
) -> String {
    let tested = judged.iter().filter(|own| own.p_value.is_some()).count();
    let mut end = format!(
        "{} of {}, {} row by row, {} tested; a regression is a loss above {} at {}, by Holm over all of them",
        counted(changes.len(), "comparison", "comparisons"),
        rule.metric,
        match paired {
            some if some == changes.len() => "all".to_owned(),
            some => some.to_string(),
        },
        tested,
        rule.margin,
        rule.confidence_text()
    );
    if paired < changes.len() {
        end += ". What is not paired is compared by its intervals alone: they show large losses, and never that there is none";
        if let Err(reason) = &before.predictions {
            end += &format!(". The baseline has no predictions: {reason}");
        }
    }
    end
}

impl<'a> Gathered<'a> {
    fn missing(&mut self, text: String) {
        self.line(Rank::Missing, text);
    }

    fn line(&mut self, rank: Rank, text: String) {
        self.lines.push(Line { rank, p_value: 0.0, text });
    }

    fn label(&self, rows: &[&ResultRow]) -> String {
        rows.first().map_or_else(String::new, |row| self.labels.get(&row.origin.variant).text().to_owned())
    }

    fn task(&mut self, task: &MatchedTask<'a>) {
        for rows in &task.only_before {
            let label = self.label(rows);
            self.missing(format!("{}, {label}", task.name));
        }
        let pick = self.pick(task);
        for own in &task.variants {
            let picked =
                matches!(&pick, Some(key) if own.after.iter().any(|row| row.key.to_string() == *key));
            let picked = if picked { " (picked)" } else { "" };
            let name = format!("{}, {}{picked}", task.name, self.label(&own.after));
            self.compare(name, &own.before, &own.after);
        }
    }

    /// Compares two variants, and tells of units that the new one lacks.
    fn compare(&mut self, name: String, before: &[&'a ResultRow], after: &[&'a ResultRow]) {
        let run = |row: &ResultRow| row.origin.unit.run();
        for row in before.iter().filter(|row| row.result.is_ok()) {
            let own = after.iter().find(|other| run(other) == run(row)).map(|other| &other.result);
            match own {
                Some(Ok(_)) => {}
                Some(Err(failure)) => self.missing(format!("{name}, {}: it failed: {failure}", run(row))),
                None => self.missing(format!("{name}, {}", run(row))),
            }
        }
        if let Some(change) = self.changes.of(before, after).filter(|change| change.units > 0) {
            self.compared.push(Compared { name, change });
        }
    }

    /// Compares what is picked for the balance; a key of the new pick where it is the same variant as before.
    fn pick(&mut self, task: &MatchedTask<'a>) -> Option<String> {
        let name = format!("{}, balance pick", task.name);
        let (before, after) = (self.before, self.after);
        let before = before.pick(Goal::Balance, &task.name);
        let after = after.pick(Goal::Balance, &task.name_after);
        let rows_after = match after {
            Ok(Picked::Variant(rows)) => rows,
            Ok(Picked::Float) => float(task)?.1.clone(),
            Ok(Picked::Nothing(why)) => {
                match before {
                    Ok(Picked::Nothing(other)) if other == why => {
                        self.line(Rank::Same, format!("{name}: nothing is picked ({why})"));
                    }
                    _ => self.missing(format!("{name}: nothing is picked ({why})")),
                }
                return None;
            }
            Err(reason) => {
                self.missing(format!("{name} of the new results: {reason}"));
                return None;
            }
        };
        let (rows_before, is_told) = match before {
            Ok(Picked::Variant(rows)) => (rows, true),
            Ok(Picked::Float) => (float(task)?.0.clone(), true),
            // Where the baseline does not say, the variant that is picked now stands for what it would have picked.
            Ok(Picked::Nothing(_)) | Err(_) => (self.same_before(task, &rows_after)?, false),
        };
        let (label_before, label_after) = (self.label(&rows_before), self.label(&rows_after));
        let change = self.changes.of(&rows_before, &rows_after).filter(|change| change.units > 0);
        let Some(change) = change else {
            self.missing(format!("{name}: {label_before} and {label_after} have no unit in common"));
            return None;
        };
        let (was, is) = (change.before.bytes, change.after.bytes);
        let told = if is_told { "" } else { "; the baseline does not tell its pick" };
        let text =
            format!("{name}: {} ({label_after}), {} before ({label_before}){told}", bytes(is), count(was));
        let rank = match is.total_cmp(&was) {
            std::cmp::Ordering::Greater => Rank::Regression,
            std::cmp::Ordering::Equal => Rank::Same,
            std::cmp::Ordering::Less => Rank::Improvement,
        };
        self.line(rank, text);
        let choices = |rows: &[&ResultRow]| rows.first().map(|row| row.origin.variant.choices.clone());
        if choices(&rows_before) == choices(&rows_after) {
            return rows_after.first().map(|row| row.key.to_string());
        }
        let name = format!("{name}, {label_after} after {label_before}");
        self.compare(name, &rows_before, &rows_after);
        None
    }

    /// The rows that the variant of these new ones has in the baseline.
    fn same_before(&mut self, task: &MatchedTask<'a>, after: &[&'a ResultRow]) -> Option<VariantRows<'a>> {
        let key = after.first()?.key;
        let own = task.variants.iter().find(|own| own.after.iter().any(|row| row.key == key));
        if own.is_none() {
            let label = self.label(after);
            self.missing(format!("{}, balance pick: the baseline has no {label}", task.name));
        }
        own.map(|own| own.before.clone())
    }
}

/// The rows of the float model, before and after.
fn float<'t, 'a>(task: &'t MatchedTask<'a>) -> Option<(&'t VariantRows<'a>, &'t VariantRows<'a>)> {
    let is_float = |rows: &VariantRows<'_>| rows.first().is_some_and(|row| row.origin.is_float());
    task.variants.iter().find(|own| is_float(&own.before)).map(|own| (&own.before, &own.after))
}

impl Compared {
    fn line(&self, judged: &Judged<RegressionVerdict>, rule: &PickRule) -> Line {
        let Self { name, change } = self;
        let margin = rule.margin;
        let shown = |own: Option<f64>| own.map_or_else(|| "unknown".to_owned(), score);
        let scores =
            format!("{} {}, {} before", rule.metric, shown(change.after.score), shown(change.before.score));
        let p_values = match (judged.p_value, judged.adjusted_p) {
            (Some(alone), Some(holm)) => {
                format!("p of a loss up to {margin}: {} alone, {} by Holm", p_value(alone), p_value(holm))
            }
            _ => String::new(),
        };
        let (how, bounds) = match &change.loss {
            Ok(own) => {
                let decimals = supported_decimals(own.loss.standard_error).max(2);
                let of = |value: f64| bound(value, decimals, margin);
                let bounds = [own.loss.lower_bound(rule.confidence), rule.upper_bound(&own.loss)].map(of);
                let rows = counted(own.loss.samples, "test row", "test rows");
                let units = match own.loss.units {
                    1 => String::new(),
                    several => format!(" and {several} units"),
                };
                (format!("paired over {rows}{units}"), bounds)
            }
            Err(reason) => (
                format!("not paired: {}", reason.words("the baseline", "the new result")),
                Default::default(),
            ),
        };
        let [least, most] = bounds;
        let confidence = rule.confidence_text();
        let is_paired = change.loss.is_ok();
        let at_most = match most.strip_prefix('-') {
            Some(gain) => format!("it gains at least {gain}"),
            None => format!("it loses at most {most}"),
        };
        let (rank, reason) = match judged.verdict {
            RegressionVerdict::Regressed if is_paired => (
                Rank::Regression,
                format!("it loses more than {margin}, at least {least} ({confidence}); {p_values}"),
            ),
            RegressionVerdict::Regressed => {
                (Rank::Regression, format!("the intervals show a loss above {margin}; {p_values}"))
            }
            RegressionVerdict::Unknown => {
                (Rank::Missing, "it cannot be compared, as no interval is known".to_owned())
            }
            RegressionVerdict::Alone => (
                Rank::Doubtful,
                format!(
                    "a loss above {margin} would be shown of this one alone, and is not among all; {p_values}"
                ),
            ),
            RegressionVerdict::Undecided { rows } if is_paired => {
                let rows = rows.map_or_else(String::new, |rows| {
                    format!("; about {} would decide", counted(rows, "test row", "test rows"))
                });
                (
                    Rank::Undecided,
                    format!(
                        "no loss above {margin} is shown, nor that there is none: it is from {least} to {most} (each {confidence}){rows}"
                    ),
                )
            }
            RegressionVerdict::Undecided { .. } => (
                Rank::Undecided,
                format!("the intervals show no loss above {margin}, and cannot show that there is none"),
            ),
            RegressionVerdict::Within => (Rank::Within, format!("{at_most} ({confidence})")),
            RegressionVerdict::Improved => (Rank::Improvement, format!("{at_most} ({confidence})")),
            RegressionVerdict::Same => (Rank::Same, "every test row is predicted as before".to_owned()),
        };
        let p_value = judged.p_value.unwrap_or(1.0);
        Line { rank, p_value, text: format!("{name}: {scores}: {reason} ({how})") }
    }
}

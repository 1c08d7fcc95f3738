//! From rows to a summary: what a run found.

use std::collections::{BTreeMap, BTreeSet};

use super::across::Across;
use super::comparison::Comparison;
use super::evidence::Evidence;
use super::over_datasets::OverDatasets;
use super::over_tensors::OverTensors;
use super::rule::{Metric, PickRule};
use super::{grouping, names, over_datasets, over_tensors, picking, picking_across, selection, standings};
use crate::device::DeviceRow;
use crate::key::Key;
use crate::label::Labels;
use crate::origin::{Origin, Task};
use crate::record::{Records, ResultRow, RowFailure};

/// What a run found, drawn from its rows once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// What each variant is called, wherever it is shown.
    pub labels: Labels,
    /// One comparison per task that has results, in order of first appearance.
    pub comparisons: Vec<Comparison>,
    /// What to take of models that are tested on the same rows, where there are several.
    pub across: Vec<Across>,
    /// What each variant loses over the datasets, where there are several.
    pub over_datasets: Option<OverDatasets>,
    /// The tensors together, where there are many.
    pub over_tensors: Option<OverTensors>,
    /// Every row that has no measures, in the order of the plan.
    pub failures: Vec<FailedRow>,
    /// Units of all tasks.
    pub units: usize,
    /// Units of all tasks that have results.
    pub units_with_results: usize,
}

/// A unit or a variant of a unit that has no measures.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedRow {
    /// What tells its task from the others of the summary.
    pub task: String,
    /// What failed. Of a unit that failed as a whole the variant is its float baseline.
    pub origin: Origin,
    /// Where and why.
    pub failure: RowFailure,
}

impl Summary {
    /// What is told first: many tensors together, or each task.
    pub fn told(&self) -> impl Iterator<Item = &Comparison> {
        let together = self.over_tensors.as_ref().map(|own| &own.together);
        let each = self.comparisons.iter().filter(move |_| together.is_none());
        together.into_iter().chain(each)
    }

    /// All that is shown: many tensors together, then each task.
    pub fn shown(&self) -> impl Iterator<Item = &Comparison> {
        self.over_tensors.iter().map(|own| &own.together).chain(&self.comparisons)
    }
}

/// Sums up what an experiment recorded, whose variants bear `labels`, and picks by `rule`.
///
/// Rows without scores give comparisons without front and picks; no rows give no comparisons. NaN scores and sizes are
/// carried through the statistics and never picked. Rows that failed take no part, and are listed. Without the predictions
/// behind the scores nothing is shown of any loss.
#[must_use]
pub fn summarize(records: &Records, labels: &Labels, rule: &PickRule) -> Summary {
    let rows = &records.results;
    let evidence = Evidence::of(&records.predictions);
    let validation = Evidence::of_validation(&records.predictions);
    let names = task_names(rows);
    let mut comparisons = Vec::new();
    for (mut comparison, places) in grouping::comparisons(rows, labels, &evidence, effect_margin(rule)) {
        comparison.name = names.get(&comparison.task.key).cloned().unwrap_or_default();
        comparison.small_classes =
            comparison.float.map_or_else(Vec::new, |float| evidence.small_classes(&places[float]));
        comparison.front = grouping::front(&comparison);
        comparison.least_error = grouping::least_error(&comparison);
        let standings = standings::standings(&comparison, &places, &evidence, rule);
        let has_validation = validation.has(&places);
        let choosing = if has_validation { &validation } else { &evidence };
        comparison.float_score =
            comparison.float.and_then(|float| choosing.estimate(&rule.metric, &places[float]));
        let on_validation = standings::standings(&comparison, &places, &validation, rule);
        for (variant, (standing, validation)) in
            comparison.variants.iter_mut().zip(standings.into_iter().zip(on_validation))
        {
            // Rows to choose on that cannot say leave no loss to go by: the test rows are not chosen on instead.
            let is_known = !has_validation || validation.is_some();
            (variant.standing, variant.validation) = (standing.filter(|_| is_known), validation);
        }
        for variant in &mut comparison.variants {
            let is_own = |row: &&DeviceRow| {
                row.origin.unit.task.key == comparison.task.key
                    && row.origin.variant == variant.origin.variant
            };
            variant.device = records.device.iter().find(is_own).cloned();
        }
        comparison.picks = picking::picks(&comparison, rule);
        selection::fill_in(&mut comparison, &places, &evidence, rule);
        comparisons.push((comparison, places));
    }
    let across = picking_across::across(&comparisons, &evidence, &validation, rule);
    let comparisons: Vec<Comparison> = comparisons.into_iter().map(|(comparison, _)| comparison).collect();
    let failed = rows.iter().filter_map(|row| {
        let failure = row.result.as_ref().err()?.clone();
        let task = names.get(&row.origin.unit.task.key).cloned().unwrap_or_default();
        Some(FailedRow { task, origin: row.origin.clone(), failure })
    });
    let units = |rows: &mut dyn Iterator<Item = &ResultRow>| {
        rows.map(|row| row.origin.unit.keys()).collect::<BTreeSet<_>>().len()
    };
    Summary {
        failures: failed.collect(),
        units: units(&mut rows.iter()),
        units_with_results: units(&mut rows.iter().filter(|row| row.result.is_ok())),
        over_tensors: over_tensors::over_tensors(&comparisons),
        over_datasets: over_datasets::over_datasets(&comparisons, rule),
        comparisons,
        across,
        labels: labels.clone(),
    }
}

/// The margin within which differences of macro-F1 are no differences: that of the balance, or the usual one where picks go by
/// another metric.
fn effect_margin(rule: &PickRule) -> f64 {
    match rule.metric {
        Metric::MacroF1 => rule.margin,
        Metric::Accuracy | Metric::Recall(_) | Metric::LogLoss => PickRule::default().margin,
    }
}

/// What each task is called beside all others, by its key.
fn task_names(rows: &[ResultRow]) -> BTreeMap<Key, String> {
    let mut seen = BTreeSet::new();
    let tasks = rows.iter().map(|row| &*row.origin.unit.task).filter(|task| seen.insert(task.key));
    let tasks: Vec<&Task> = tasks.collect();
    tasks.iter().map(|task| task.key).zip(names::full_names(&tasks)).collect()
}

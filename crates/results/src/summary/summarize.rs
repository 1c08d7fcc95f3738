//! From rows to a summary.

use std::collections::{BTreeMap, BTreeSet};

use super::comparison::{FailedRow, Summary};
use super::pick::PickRule;
use super::{grouping, names, picking};
use crate::key::Key;
use crate::label::Labels;
use crate::origin::Task;
use crate::record::ResultRow;

/// Sums up the rows of an experiment, whose variants bear `labels`, and picks by `rule`.
///
/// Rows without scores give comparisons without front and picks; no rows give no comparisons. NaN scores and sizes are
/// carried through the statistics and never picked. Rows that failed take no part, and are listed.
#[must_use]
pub fn summarize(rows: &[ResultRow], labels: &Labels, rule: &PickRule) -> Summary {
    let names = task_names(rows);
    let mut comparisons = grouping::comparisons(rows, labels);
    for comparison in &mut comparisons {
        comparison.name = names.get(&comparison.task.key).cloned().unwrap_or_default();
        comparison.front = grouping::front(comparison);
        comparison.least_error = grouping::least_error(comparison);
        comparison.picks = picking::picks(comparison, rule);
    }
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
        comparisons,
        labels: labels.clone(),
    }
}

/// What each task is called beside all others, by its key.
fn task_names(rows: &[ResultRow]) -> BTreeMap<Key, String> {
    let mut seen = BTreeSet::new();
    let tasks = rows.iter().map(|row| &*row.origin.unit.task).filter(|task| seen.insert(task.key));
    let tasks: Vec<&Task> = tasks.collect();
    tasks.iter().map(|task| task.key).zip(names::full_names(&tasks)).collect()
}

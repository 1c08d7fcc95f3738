//! What charts are drawn from, and what they have in common.

use bitsweep_results::{Comparison, Label, Origin, Records, Summary, Task, distinct_names};

/// What the charts are drawn from.
pub(crate) struct Subject<'a> {
    pub(crate) records: &'a Records,
    pub(crate) summary: &'a Summary,
}

impl<'a> Subject<'a> {
    /// What the variant that a row is of is called.
    pub(crate) fn label(&self, origin: &Origin) -> &'a Label {
        self.summary.labels.get(&origin.variant)
    }
}

/// Most panels of one chart; further comparisons are told of, not shown.
pub(super) const MOST_PANELS: usize = 6;

/// Bytes in a kilobyte.
pub(super) const KB: f64 = 1024.0;

/// Names that tell the comparisons apart: what all share is left out.
pub(super) fn names(comparisons: &[&Comparison]) -> Vec<String> {
    let tasks: Vec<&Task> = comparisons.iter().map(|comparison| &*comparison.task).collect();
    distinct_names(&tasks)
}

/// A sentence on comparisons that have no panel; empty when all have one.
pub(super) fn left_out(shown: usize, all: usize) -> String {
    if all > shown {
        format!(" {shown} of {all} tasks are shown; results.csv has all.")
    } else {
        String::new()
    }
}

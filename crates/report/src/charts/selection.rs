//! Which variants a chart of bars shows.

use bitsweep_results::summary::PickOutcome;
use bitsweep_results::{Comparison, Summary, VariantSummary};

use super::distinct_names;

/// A variant to show.
pub(super) struct Shown<'a> {
    pub(super) comparison: &'a Comparison,
    pub(super) variant: &'a VariantSummary,
    /// The task's name where there are several tasks, else empty.
    pub(super) group: String,
    pub(super) label: String,
    /// Whether it is one of the two picks.
    pub(super) picked: bool,
    /// Whether it is the float baseline.
    pub(super) float: bool,
}

/// The most telling variants of each comparison that satisfies `wanted`, at most `most` in all but at least two a task.
pub(super) fn telling<'a>(
    summary: &'a Summary,
    most: usize,
    wanted: impl Fn(&Comparison) -> bool,
) -> Vec<Shown<'a>> {
    let comparisons: Vec<&Comparison> =
        summary.comparisons.iter().filter(|comparison| wanted(comparison)).take(most / 2).collect();
    let each = (most / comparisons.len().max(1)).max(2);
    let names = distinct_names(&comparisons);
    comparisons
        .iter()
        .zip(names)
        .flat_map(|(comparison, name)| {
            let several = comparisons.len() > 1;
            comparison.telling(each).into_iter().map(move |position| {
                let variant = &comparison.variants[position];
                Shown {
                    comparison,
                    variant,
                    group: if several { name.clone() } else { String::new() },
                    label: variant.first.label.clone(),
                    picked: is_pick(comparison, position),
                    float: comparison.float == Some(position),
                }
            })
        })
        .collect()
}

/// Whether the variant is a pick, for either goal.
fn is_pick(comparison: &Comparison, position: usize) -> bool {
    comparison.picks.as_ref().is_some_and(|picks| {
        [&picks.balance, &picks.least_memory].into_iter().any(|outcome| match outcome {
            PickOutcome::Picked(pick) => pick.variant == position,
            PickOutcome::NoneQualifies { .. } | PickOutcome::NoBaseline => false,
        })
    })
}

//! Which variants a chart of bars shows.

use bitsweep_results::{Comparison, Summary, VariantSummary};

use super::subject::names;

/// A variant to show.
pub(super) struct Shown<'a> {
    pub(super) comparison: &'a Comparison,
    pub(super) variant: &'a VariantSummary,
    /// Its position in the comparison.
    pub(super) position: usize,
    /// The task's name where there are several tasks, else empty.
    pub(super) group: String,
    pub(super) label: String,
    /// Whether it is one of the picks.
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
        summary.told().filter(|comparison| wanted(comparison)).take(most / 2).collect();
    let each = (most / comparisons.len().max(1)).max(2);
    let names = names(&comparisons);
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
                    position,
                    group: if several { name.clone() } else { String::new() },
                    label: variant.label.to_string(),
                    picked: comparison.picked().contains(&position),
                    float: comparison.float == Some(position),
                }
            })
        })
        .collect()
}

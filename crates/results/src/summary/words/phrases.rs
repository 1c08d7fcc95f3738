//! Phrases that sentences are made of.

use bitsweep_metrics::Estimate;

use super::super::rule::Metric;
use super::super::standing::Verdict;
use crate::numbers::{self, counted, fixed, is_nothing, p_value, supported_decimals};

impl Verdict {
    /// The verdict, with the rows that would decide: `undecided, about 1,200 rows`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Undecided { rows: Some(rows) } => format!("{self}, about {}", counted(rows, "row", "rows")),
            Self::Confirmed | Self::Likely | Self::Worse | Self::Undecided { rows: None } => self.to_string(),
        }
    }

    /// The verdict with its margin: `confirmed within 0.01`, `not shown`.
    #[must_use]
    pub fn within(self, margin: f64) -> String {
        match self {
            Self::Confirmed | Self::Likely => format!("{self} within {}", trimmed(margin)),
            Self::Worse => format!("worse by more than {}", trimmed(margin)),
            Self::Undecided { .. } => "not shown".to_owned(),
        }
    }
}

/// What a variant does to the metric that is worse, and what is better.
pub(super) fn verbs(metric: &Metric) -> (&'static str, &'static str) {
    if metric.is_cost() { ("adds", "saves") } else { ("loses", "gains") }
}

/// The upper bound of a loss with its verb: `loses at most 0.008`, `gains at least 0.002`.
pub(super) fn at_most(bound: f64, decimals: usize, margin: f64, metric: &Metric) -> String {
    let (loses, gains) = verbs(metric);
    if is_nothing(bound) {
        format!("{loses} nothing")
    } else if bound > 0.0 {
        format!("{loses} at most {}", numbers::bound(bound, decimals, margin))
    } else {
        format!("{gains} at least {}", numbers::bound(-bound, decimals, f64::INFINITY))
    }
}

/// So many of the test rows that a metric looks at: `36 test rows`, `12 test rows of setosa`.
pub(super) fn test_rows(rows: usize, metric: &Metric) -> String {
    of_class(counted(rows, "test row", "test rows"), metric)
}

pub(super) fn validation_rows(rows: usize, metric: &Metric) -> String {
    of_class(counted(rows, "validation row", "validation rows"), metric)
}

pub(super) fn of_class(rows: String, metric: &Metric) -> String {
    match metric {
        Metric::Recall(class) => format!("{rows} of {class}"),
        Metric::MacroF1 | Metric::Accuracy | Metric::LogLoss => rows,
    }
}

pub(super) fn equals(p: f64) -> String {
    let text = p_value(p);
    if text.starts_with('<') { text } else { format!("= {text}") }
}

/// A loss beside another score, with the digits that its error supports, and more where it would not read as being on its side
/// of the margin: `0.07 below float`.
pub(super) fn difference(loss: &Estimate, margin: f64, metric: &Metric, other: &str) -> String {
    let (worse, better) = if metric.is_cost() { ("above", "below") } else { ("below", "above") };
    let decimals = supported_decimals(loss.standard_error);
    let side = if loss.value > 0.0 { worse } else { better };
    if is_nothing(loss.value) {
        format!("as {other}")
    } else if fixed(loss.value.abs(), decimals) == fixed(0.0, decimals) {
        format!("less than {} {side} {other}", fixed(0.1_f64.powi(decimals as i32), decimals))
    } else {
        let margin = if loss.value > 0.0 { margin } else { f64::INFINITY };
        format!("{} {side} {other}", numbers::bound(loss.value.abs(), decimals, margin))
    }
}

/// A configured number without padding: `0.01`, `0.1`.
pub(super) fn trimmed(value: f64) -> String {
    format!("{value}")
}

//! What to take of several models that are tested on the same rows.

use bitsweep_metrics::Estimate;

use super::rule::Goal;
use super::standing::Verdict;

/// What to take of several models that are tested on the same rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Across {
    /// Positions of the comparisons, two or more.
    pub comparisons: Vec<usize>,
    /// Position of the one whose float model scores best: what losses are against.
    pub reference: usize,
    /// The picks, by goal; a goal for which nothing qualifies is missing.
    pub picks: Vec<(Goal, AcrossPick)>,
}

/// A variant of one of several models.
#[derive(Debug, Clone, PartialEq)]
pub struct AcrossPick {
    /// Position of its comparison.
    pub comparison: usize,
    /// Its position there; it may be the float model of a smaller model.
    pub variant: usize,
    /// Its loss against the best float model.
    pub loss: Estimate,
    /// The loss that the goal allows.
    pub margin: f64,
    /// What is shown of the loss and the margin.
    pub verdict: Verdict,
    /// The picks of the other models for the same goal.
    pub others: Vec<Other>,
}

/// What is picked of another model, and how it does against the pick across models.
#[derive(Debug, Clone, PartialEq)]
pub struct Other {
    /// Position of its comparison.
    pub comparison: usize,
    /// Its position there.
    pub variant: usize,
    /// What it loses against the pick across models.
    pub loss: Estimate,
}

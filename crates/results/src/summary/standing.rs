//! How a variant stands against the float model.

use std::fmt;

use bitsweep_metrics::Estimate;

/// What the test rows say of a variant's loss against the float model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// The loss of the rule's metric.
    pub loss: Estimate,
    /// What can be said of it at the margin of each goal that has one: the balance, then least memory.
    pub verdicts: [Verdict; 2],
    /// Holm's adjusted p-value of a loss as large as the margin of the balance, over all candidates; `None` of a variant
    /// that is none.
    pub adjusted_p: Option<f64>,
    /// Position of a variant that is no larger and no worse, and one of the two strictly; the best of them.
    pub dominated_by: Option<usize>,
}

/// What can be said of a loss and a margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is below the margin, and so it remains when all candidates are tested together.
    Confirmed,
    /// It is below the margin, if this variant alone is asked about.
    Likely,
    /// It is above the margin.
    Worse,
    /// Neither is shown.
    Undecided {
        /// About how many test rows would decide; `None` where no number can be told.
        rows: Option<usize>,
    },
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Self; 4] = [Self::Confirmed, Self::Likely, Self::Worse, Self::Undecided { rows: None }];

    /// The verdict alone, which tables have beside the rows.
    #[must_use]
    pub fn without_rows(self) -> Self {
        match self {
            Self::Undecided { .. } => Self::Undecided { rows: None },
            Self::Confirmed | Self::Likely | Self::Worse => self,
        }
    }

    /// Whether the loss is shown to be within the margin.
    #[must_use]
    pub fn is_within(self) -> bool {
        matches!(self, Self::Confirmed | Self::Likely)
    }

    /// The verdict as tables spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Likely => "likely",
            Self::Worse => "worse",
            Self::Undecided { .. } => "undecided",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// One row of `verdicts.csv`: how one variant of one task stands against the float model.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictRow {
    /// The task.
    pub task: String,
    /// The variant's label.
    pub label: String,
    /// Mean number of all bytes stored.
    pub bytes: f64,
    /// The mean loss of the rule's metric against the float model.
    pub loss: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// The loss is not larger, with the rule's confidence.
    pub upper_bound: f64,
    /// The loss is not smaller, with the rule's confidence.
    pub lower_bound: f64,
    /// The one-sided p-value of a loss as large as the balance's margin.
    pub p_value: f64,
    /// The same by Holm over all candidates; none of a variant that is no smaller than float.
    pub adjusted_p_value: Option<f64>,
    /// What is shown within the balance's margin.
    pub balance: Verdict,
    /// What is shown within the least-memory margin.
    pub least_memory: Verdict,
    /// About how many test rows would decide the balance; none where it is decided, or no number can be told.
    pub rows_needed: Option<u64>,
    /// The label of the best variant that is no larger and no worse, and one of the two strictly.
    pub dominated_by: Option<String>,
    /// The share of bootstraps of the test rows in which the variant is on the Pareto front.
    pub front_share: Option<f64>,
}

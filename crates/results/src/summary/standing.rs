//! How a variant stands against the float model.

use std::fmt;

use bitsweep_metrics::PairedLoss;

/// What the test rows say of a variant's loss against the float model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// The loss of the rule's metric.
    pub loss: PairedLoss,
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
    /// It is below the margin, and so it remains when all candidates are tested at a time.
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

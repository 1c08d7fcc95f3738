//! Which variant to take, and what the data say of it.

use bitsweep_metrics::Estimate;

use super::rule::Goal;
use super::standing::Verdict;

/// The answer to each goal that the rule asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Picks(pub(super) Vec<(Goal, PickOutcome)>);

impl Picks {
    /// The outcome for a goal; `None` where the rule does not ask for it.
    #[must_use]
    pub fn of(&self, goal: Goal) -> Option<&PickOutcome> {
        self.0.iter().find(|(own, _)| *own == goal).map(|(_, outcome)| outcome)
    }

    /// What is picked for a goal.
    #[must_use]
    pub fn variant(&self, goal: Goal) -> Option<usize> {
        self.of(goal)?.variant()
    }

    /// All goals with their outcomes, the first to be told first.
    pub fn iter(&self) -> impl Iterator<Item = (Goal, &PickOutcome)> {
        self.0.iter().map(|(goal, outcome)| (*goal, outcome))
    }
}

/// The answer to one goal.
#[derive(Debug, Clone, PartialEq)]
pub enum PickOutcome {
    /// A variant qualifies.
    Picked(Pick),
    /// No quantized variant is both smaller than the float model and within the margin.
    NoneQualifies {
        /// The smaller variant of least loss, with its loss.
        closest: Option<(usize, f64)>,
    },
    /// Nothing is stored in so few bytes.
    NoneFits {
        /// The smallest variant.
        smallest: Option<usize>,
    },
    /// No quantized variant has results in every unit.
    NoneInEveryUnit,
    /// There is no float baseline to lose against.
    NoBaseline,
    /// The float model has not learned: nothing is worth what it is compared with.
    DeadBaseline,
    /// By recall of a class that the float model never finds: there is nothing to lose.
    NothingToLose,
}

impl PickOutcome {
    /// The picked variant's position.
    #[must_use]
    pub fn variant(&self) -> Option<usize> {
        self.pick().map(|pick| pick.variant)
    }

    /// The pick, where there is one.
    #[must_use]
    pub fn pick(&self) -> Option<&Pick> {
        match self {
            Self::Picked(pick) => Some(pick),
            Self::NoneQualifies { .. }
            | Self::NoneFits { .. }
            | Self::NoneInEveryUnit
            | Self::NoBaseline
            | Self::DeadBaseline
            | Self::NothingToLose => None,
        }
    }
}

/// A picked variant with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// Position in the comparison's variants.
    pub variant: usize,
    /// The loss of the rule's metric against the float model; `None` of the float model itself.
    pub loss: Option<Estimate>,
    /// The loss that the goal allows.
    pub margin: f64,
    /// What is shown of the loss and the margin.
    pub verdict: Verdict,
    /// Whether it was chosen by its bound. Otherwise no variant is shown to be within the margin, and it is the smallest whose
    /// loss on these rows is.
    pub by_bound: bool,
    /// The smaller candidates, which do not qualify, the largest first.
    pub smaller: Vec<usize>,
    /// What the choice is worth on other rows; `None` where it cannot be tried.
    pub selection: Option<Selection>,
}

/// A choice made again on bootstraps of the rows, each judged on the rows that it left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Selection {
    /// Bootstraps.
    pub bootstraps: usize,
    /// The share of them that choose the same variant.
    pub repeated: f64,
    /// The mean loss of what was chosen on the rows left out, against the float model: the loss corrected for the choice.
    pub loss: f64,
    /// The standard error of the pick's own loss; that of the corrected one is about as large.
    pub standard_error: f64,
}

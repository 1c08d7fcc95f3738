//! What a choice is worth, as numbers.

use std::fmt;

use bitsweep_metrics::{Estimate, Interval, equivalence_margin};

use crate::choice::Choice;
use crate::description::Expectation;
use crate::value::Value;

/// What one choice changes against another on the same axis, everything else being equal.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The axis.
    pub axis: Choice,
    /// The plain choice: `nearest`.
    pub from: Value,
    /// The other: `gptq`.
    pub to: Value,
    /// What is commonly expected of `to` against `from`.
    pub expectation: Expectation,
    /// For each number of bits, most bits first.
    pub by_bits: Vec<EffectAtBits>,
}

/// The level of tests: the chance of showing a difference that is none, at most.
pub(super) const SIGNIFICANCE: f64 = 0.05;

/// An [`Effect`] among variants of equally many bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectAtBits {
    /// Bits of one code.
    pub bits: u32,
    /// Pairs of variants that differ in the choice alone.
    pub pairs: usize,
    /// Macro-F1 with `to` less macro-F1 with `from`: the mean over the pairs, then over the units that have such pairs, with
    /// test rows and units as two ways of clustering.
    pub difference: Estimate,
    /// Whether the predictions of both are the same in every pair: nothing to test.
    pub is_identical: bool,
    /// A hash of all predictions that it is made of: equal where another choice differs from the plain one by the same ones.
    pub(super) fingerprint: u64,
    /// The p-values of no difference; `None` where the predictions are the same.
    pub p_values: Option<PValues>,
    /// What that shows.
    pub verdict: EffectVerdict,
}

/// Two-sided p-values of no difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PValues {
    /// Of this difference alone.
    pub alone: f64,
    /// Adjusted by Holm for all differences of the task.
    pub holm: f64,
    /// Adjusted by Benjamini and Hochberg for all differences of the task.
    pub benjamini_hochberg: f64,
}

impl PValues {
    /// Whether the difference is shown among all of the task.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.holm <= SIGNIFICANCE
    }

    /// Whether it is not, and still worth a look: in a list of such ones few are by chance.
    #[must_use]
    pub fn is_worth_a_look(&self) -> bool {
        !self.is_shown() && self.benjamini_hochberg <= SIGNIFICANCE
    }
}

/// What the rows and units can tell of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectVerdict {
    /// It is above zero, by Holm over all differences of the task.
    Better,
    /// It is below zero, likewise.
    Worse,
    /// It is shown to be within the margin of the balance, by two one-sided tests.
    Equivalent,
    /// Neither is shown.
    NotShown,
}

impl EffectVerdict {
    /// All verdicts.
    pub const ALL: [Self; 4] = [Self::Better, Self::Worse, Self::Equivalent, Self::NotShown];

    /// The verdict as tables spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Equivalent => "equivalent",
            Self::NotShown => "not-shown",
        }
    }
}

impl fmt::Display for EffectVerdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl EffectAtBits {
    /// The 95 % interval of the difference, this one alone.
    #[must_use]
    pub fn interval(&self) -> Interval {
        self.difference.interval(1.0 - SIGNIFICANCE)
    }

    /// The least margin within which the difference is shown to lie, by two one-sided tests at 5 % (Schuirmann 1987, Journal
    /// of Pharmacokinetics and Biopharmaceutics 15).
    #[must_use]
    pub fn equivalence_margin(&self) -> f64 {
        let Estimate { value, standard_error, units, .. } = self.difference;
        let degrees = (units > 1).then(|| units - 1);
        // NaN, which no margin is above, where the estimate is none.
        equivalence_margin(value, standard_error, degrees, SIGNIFICANCE).unwrap_or(f64::NAN)
    }
}

/// One row of `effects.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectRow {
    /// The task.
    pub task: String,
    /// The axis.
    pub axis: Choice,
    /// The plain choice.
    pub from: String,
    /// The other.
    pub to: String,
    /// Bits of one code.
    pub bits: u32,
    /// Pairs of variants that differ in the choice alone.
    pub pairs: usize,
    /// Units that have such pairs.
    pub units: usize,
    /// Mean macro-F1 with `to` less macro-F1 with `from`.
    pub difference: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The p-value of no difference; none where the predictions are the same.
    pub p_value: Option<f64>,
    /// The same by Holm over all differences of the task.
    pub holm_p_value: Option<f64>,
    /// The same by Benjamini and Hochberg.
    pub bh_p_value: Option<f64>,
    /// The least margin within which the difference is shown to lie.
    pub equivalence_margin: f64,
    /// What that shows.
    pub verdict: EffectVerdict,
}

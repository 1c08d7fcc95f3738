//! What a choice is worth, as numbers.

use std::fmt;

use bitsweep_metrics::Interval;

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

/// An [`Effect`] among variants of equally many bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectAtBits {
    /// Bits of one code.
    pub bits: u32,
    /// Pairs of variants that differ in the choice alone.
    pub pairs: usize,
    /// Units, one per seed and fold, that have such pairs.
    pub units: usize,
    /// Mean over the units of the mean over the pairs of macro-F1 with `to` less macro-F1 with `from`.
    pub difference: f64,
    /// Its 95 % interval over the units, each a random split of the same rows (Nadeau & Bengio 2003); `None` for a single
    /// unit, and where the difference is the same in all of them: no spread says nothing of other splits.
    pub interval: Option<Interval>,
}

/// What the units can tell of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval lies above zero.
    Better,
    /// The whole interval lies below zero.
    Worse,
    /// Zero lies within the interval, or there is none.
    NotShown,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Self; 3] = [Self::Better, Self::Worse, Self::NotShown];

    /// The verdict as tables spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::NotShown => "not-shown",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl EffectAtBits {
    /// Whether the interval leaves zero out.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.interval {
            Some(interval) if interval.low > 0.0 => Verdict::Better,
            Some(interval) if interval.high < 0.0 => Verdict::Worse,
            Some(_) | None => Verdict::NotShown,
        }
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
    /// Lower end of its 95 % interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// What that shows.
    pub verdict: Verdict,
}

//! Which variant to take, and what the data say of it.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// How much macro-F1 each pick may give away against the float model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PickRule {
    /// Largest mean loss of macro-F1 of the balance pick, from 0 to 1.
    #[serde(deserialize_with = "loss")]
    pub balance_loss: f64,
    /// Largest mean loss of macro-F1 of the least-memory pick, from 0 to 1.
    #[serde(deserialize_with = "loss")]
    pub memory_loss: f64,
}

fn loss<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let loss = f64::deserialize(deserializer)?;
    if (0.0..=1.0).contains(&loss) {
        Ok(loss)
    } else {
        Err(D::Error::custom(format!("`{loss}` is no loss of macro-F1: expected a number from 0 to 1")))
    }
}

impl Default for PickRule {
    fn default() -> Self {
        Self { balance_loss: 0.01, memory_loss: 0.10 }
    }
}

/// The two wishes a pick can serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// About as good as the float model, as small as that allows.
    Balance,
    /// As small as can be while still usable.
    LeastMemory,
}

impl Goal {
    /// Both goals, the first to be told first.
    pub const ALL: [Self; 2] = [Self::Balance, Self::LeastMemory];

    /// The largest loss the rule allows for this goal.
    pub fn allowed_loss(self, rule: &PickRule) -> f64 {
        match self {
            Self::Balance => rule.balance_loss,
            Self::LeastMemory => rule.memory_loss,
        }
    }

    /// The goal in words: `balance`, `least memory`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Balance => "balance",
            Self::LeastMemory => "least memory",
        }
    }
}

/// What to take for balance, and what for least memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Picks {
    /// The smallest variant that is about as good as the float model.
    pub balance: PickOutcome,
    /// The smallest variant that is still usable.
    pub least_memory: PickOutcome,
}

impl Picks {
    /// The outcome for a goal.
    #[must_use]
    pub fn of(&self, goal: Goal) -> &PickOutcome {
        match goal {
            Goal::Balance => &self.balance,
            Goal::LeastMemory => &self.least_memory,
        }
    }
}

/// The answer to one goal.
#[derive(Debug, Clone, PartialEq)]
pub enum PickOutcome {
    /// A variant qualifies.
    Picked(Pick),
    /// No quantized variant is both smaller than the float model and within the allowed loss.
    NoneQualifies {
        /// The smaller variant of least loss, with its loss.
        closest: Option<(usize, f64)>,
    },
    /// No quantized variant has results in every unit.
    NoneInEveryUnit,
    /// There is no float baseline to lose against.
    NoBaseline,
}

impl PickOutcome {
    /// The picked variant's position.
    #[must_use]
    pub fn variant(&self) -> Option<usize> {
        match self {
            Self::Picked(pick) => Some(pick.variant),
            Self::NoneQualifies { .. } | Self::NoneInEveryUnit | Self::NoBaseline => None,
        }
    }
}

/// A picked variant with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// Position in the comparison's variants.
    pub variant: usize,
    /// Mean loss of macro-F1 against the float model.
    pub loss: f64,
    /// The largest loss the rule allows.
    pub allowed_loss: f64,
    /// The next smaller variant, which loses too much.
    pub rejected: Option<usize>,
    /// Whether even the lower end of the 95 % sampling interval of macro-F1 stays within the allowed loss of the float
    /// model's macro-F1: otherwise the test set is too small to prove the claim.
    pub supported: bool,
}

//! Which variant to take, and what the data say of it.

use serde::{Deserialize, Serialize};

use super::{Comparison, Picks};

/// How much macro-F1 each pick may give away against the float model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PickRule {
    /// Largest mean loss of macro-F1 of the balance pick.
    pub balance_loss: f64,
    /// Largest mean loss of macro-F1 of the least-memory pick.
    pub memory_loss: f64,
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
    /// There is no float baseline to lose against.
    NoBaseline,
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

pub(super) fn picks(comparison: &Comparison, rule: &PickRule) -> Option<Picks> {
    comparison.has_scores().then(|| Picks {
        balance: outcome(comparison, Goal::Balance.allowed_loss(rule)),
        least_memory: outcome(comparison, Goal::LeastMemory.allowed_loss(rule)),
    })
}

/// A quantized variant that takes fewer bytes than the float model.
struct Candidate {
    variant: usize,
    bytes: f64,
    macro_f1: f64,
    sse: f64,
    loss: f64,
}

fn candidates(comparison: &Comparison, float_bytes: f64) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = comparison
        .variants
        .iter()
        .enumerate()
        .filter_map(|(position, variant)| {
            let scores = variant.scores.as_ref()?;
            let candidate = Candidate {
                variant: position,
                bytes: variant.true_bytes,
                macro_f1: scores.macro_f1.mean,
                sse: variant.sse.mean,
                loss: scores.loss?.mean,
            };
            (Some(position) != comparison.float && candidate.bytes < float_bytes && !candidate.loss.is_nan())
                .then_some(candidate)
        })
        .collect();
    // Smallest first; of equally small ones the better score, then the lesser error, then the plan's order.
    candidates.sort_by(|a, b| {
        (a.bytes.total_cmp(&b.bytes))
            .then(b.macro_f1.total_cmp(&a.macro_f1))
            .then(a.sse.total_cmp(&b.sse))
            .then(a.variant.cmp(&b.variant))
    });
    candidates
}

fn outcome(comparison: &Comparison, allowed_loss: f64) -> PickOutcome {
    let Some((float, float_scores)) =
        comparison.float().and_then(|float| Some((float, float.scores.as_ref()?)))
    else {
        return PickOutcome::NoBaseline;
    };
    let candidates = candidates(comparison, float.true_bytes);
    let Some(index) = candidates.iter().position(|candidate| candidate.loss <= allowed_loss) else {
        let closest = candidates.iter().min_by(|a, b| a.loss.total_cmp(&b.loss));
        return PickOutcome::NoneQualifies {
            closest: closest.map(|candidate| (candidate.variant, candidate.loss)),
        };
    };
    let picked = &candidates[index];
    let interval = comparison.variants[picked.variant].scores.as_ref().map(|scores| scores.interval);
    PickOutcome::Picked(Pick {
        variant: picked.variant,
        loss: picked.loss,
        allowed_loss,
        rejected: index.checked_sub(1).map(|smaller| candidates[smaller].variant),
        supported: interval.is_some_and(|interval| interval.low >= float_scores.macro_f1.mean - allowed_loss),
    })
}

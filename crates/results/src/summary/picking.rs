//! Which variants are picked.

use super::comparison::Comparison;
use super::pick::{Goal, Pick, PickOutcome, PickRule, Picks};

pub(super) fn picks(comparison: &Comparison, rule: &PickRule) -> Option<Picks> {
    comparison.has_scores().then(|| Picks {
        balance: outcome(comparison, Goal::Balance.allowed_loss(rule)),
        least_memory: outcome(comparison, Goal::LeastMemory.allowed_loss(rule)),
    })
}

/// A quantized variant with results in every unit that takes fewer bytes than the float model.
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
            let scores = variant.scores.as_ref().filter(|_| comparison.is_in_every_unit(variant))?;
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
    let quantized = comparison.variants.iter().filter(|variant| !variant.origin.is_float());
    if !quantized.into_iter().any(|variant| comparison.is_in_every_unit(variant)) {
        return PickOutcome::NoneInEveryUnit;
    }
    let candidates = candidates(comparison, float.true_bytes);
    let Some(index) = candidates.iter().position(|candidate| candidate.loss <= allowed_loss) else {
        let closest = candidates.iter().min_by(|a, b| a.loss.total_cmp(&b.loss));
        return PickOutcome::NoneQualifies {
            closest: closest.map(|candidate| (candidate.variant, candidate.loss)),
        };
    };
    let picked = &candidates[index];
    // Of the next smaller size the best, which stands first.
    let smaller = candidates[..index].last().map(|smaller| smaller.bytes);
    let rejected = smaller.and_then(|bytes| candidates.iter().find(|candidate| candidate.bytes == bytes));
    let interval = comparison.variants[picked.variant].scores.as_ref().map(|scores| scores.interval);
    PickOutcome::Picked(Pick {
        variant: picked.variant,
        loss: picked.loss,
        allowed_loss,
        rejected: rejected.map(|rejected| rejected.variant),
        supported: interval.is_some_and(|interval| interval.low >= float_scores.macro_f1.mean - allowed_loss),
    })
}

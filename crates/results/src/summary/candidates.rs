//! The variants that may be picked.

use super::comparison::Comparison;

/// A quantized variant with results in every unit that takes fewer bytes than the float model.
pub(super) struct Candidate {
    pub(super) variant: usize,
    pub(super) bytes: f64,
    pub(super) sse: f64,
}

/// The candidates, the smallest first; of equally small ones the lesser error, then the plan's order.
pub(super) fn candidates(comparison: &Comparison) -> Vec<Candidate> {
    let Some(float) = comparison.float() else { return Vec::new() };
    let mut candidates: Vec<Candidate> = comparison
        .variants
        .iter()
        .enumerate()
        .filter(|(_, variant)| {
            let is_scored = variant.scores.as_ref().is_some_and(|scores| !scores.macro_f1.mean.is_nan());
            let is_smaller = variant.true_bytes < float.true_bytes;
            !variant.origin.variant.is_baseline()
                && is_scored
                && is_smaller
                && comparison.is_in_every_unit(variant)
        })
        .map(|(position, variant)| Candidate {
            variant: position,
            bytes: variant.true_bytes,
            sse: variant.sse.mean,
        })
        .collect();
    candidates.sort_by(|a, b| {
        a.bytes.total_cmp(&b.bytes).then(a.sse.total_cmp(&b.sse)).then(a.variant.cmp(&b.variant))
    });
    candidates
}

/// The smallest candidate that qualifies; of equally small ones that of least loss. `losses` and the answer are by the
/// candidates' places.
pub(super) fn smallest(
    candidates: &[Candidate],
    losses: &[f64],
    qualifies: impl Fn(usize) -> bool,
) -> Option<usize> {
    let first = (0..candidates.len()).find(|place| qualifies(*place))?;
    let bytes = candidates[first].bytes;
    let equals = (first..candidates.len()).take_while(|place| candidates[*place].bytes == bytes);
    equals.filter(|place| qualifies(*place)).min_by(|a, b| losses[*a].total_cmp(&losses[*b]))
}

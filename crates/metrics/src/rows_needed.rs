//! How many samples a claim about the loss of a classifier needs.

use crate::distributions::normal_quantile;

/// The least number of samples of which none may change for the share of all that change to be below `margin`:
/// `⌈ln(1 - confidence) / ln(1 - margin)⌉`; 299 for 0.01 at 95 %. 1 for a margin of 1 or more, and no number suffices for a
/// margin of 0 or less: `usize::MAX`.
pub fn rows_without_flips(margin: f64, confidence: f64) -> usize {
    if margin >= 1.0 {
        return 1;
    }
    if margin <= 0.0 {
        return usize::MAX;
    }
    (libm::log(1.0 - confidence) / libm::log1p(-margin)).ceil() as usize
}

/// About how many samples show, with a chance of `power`, that a loss is below `margin`, if it is `loss` and the share
/// `flipped` of the samples changes: `n = π (z_c + z_p)² / (δ - Δ)²`. `None` where the loss is not below the margin.
pub fn rows_needed(flipped: f64, loss: f64, margin: f64, confidence: f64, power: f64) -> Option<usize> {
    let z = normal_quantile(confidence) + normal_quantile(power);
    let room = margin - loss;
    let needed = flipped * z * z / (room * room);
    (room > 0.0 && needed < u32::MAX.into()).then(|| needed.ceil() as usize)
}

//! One-bit symmetric weights: the sign, times one scale per block.

use crate::number::Real;
use crate::tensor::{Block, Blocks};

/// The scale `s = mean|w|`, which minimizes `Σ(w - s·sign(w))²` (Rastegari et al. 2016, XNOR-Net, §3.1).
pub(super) fn fit<T: Real>(values: &[T], blocks: &Blocks) -> Vec<T> {
    blocks.iter().map(|block| mean_magnitude(values, block)).collect()
}

/// `mean|w|` of a block.
pub(crate) fn mean_magnitude<T: Real>(values: &[T], block: Block) -> T {
    let values = block.of(values);
    // The mean of equal numbers may round; the number itself does not.
    if values.iter().all(|value| *value == values[0]) {
        return values[0].abs();
    }
    // Scaled by the largest magnitude, so that the sum of large numbers stays finite.
    let largest = values.iter().fold(T::ZERO, |largest, value| value.abs().greater(largest)).to_f64();
    let sum: f64 = values.iter().map(|value| value.to_f64().abs() / largest).sum();
    T::from_f64(sum / values.len() as f64 * largest)
}

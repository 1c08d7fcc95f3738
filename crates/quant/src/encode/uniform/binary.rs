//! One-bit symmetric weights: the sign, times one scale per block.

use crate::number::Real;
use crate::tensor::{Block, Blocks};

/// The scale `s = mean|w|`, which minimizes `Σ(w - s·sign(w))²` (Rastegari et al. 2016, XNOR-Net, §3.1).
pub(super) fn fit<T: Real>(values: &[T], blocks: &Blocks) -> Vec<T> {
    blocks.iter().map(|block| mean_magnitude(values, block)).collect()
}

/// `mean|w|` of a block.
pub(crate) fn mean_magnitude<T: Real>(values: &[T], block: Block) -> T {
    let first = values[block.offset];
    // The mean of equal numbers may round; the number itself does not.
    if block.positions().all(|position| values[position] == first) {
        return first.abs();
    }
    // Scaled by the largest magnitude, so that the sum of large numbers stays finite.
    let largest =
        block.positions().fold(0.0, |largest, position| f64::max(largest, values[position].to_f64().abs()));
    let sum: f64 = block.positions().map(|position| values[position].to_f64().abs() / largest).sum();
    T::from_f64(sum / block.length as f64 * largest)
}

//! One-bit symmetric weights: the sign, times one scale per block.

use std::ops::Add;

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use crate::number::{Real, largest_magnitude};
use crate::tensor::{Block, Blocks, over_parts};

/// The scale `s = mean|w|`, which minimizes `Σ(w - s·sign(w))²` (Rastegari et al. 2016, XNOR-Net, §3.1).
pub(super) fn fit<T: Real>(values: &[T], blocks: &Blocks) -> Vec<T> {
    blocks.iter().map(|block| mean_magnitude(values, block)).collect()
}

/// `mean|w|` of a block.
pub(crate) fn mean_magnitude<T: Real>(values: &[T], block: Block) -> T {
    let values = &*block.of(values);
    // The mean of equal numbers may round; the number itself does not.
    if values.iter().all(|value| *value == values[0]) {
        return values[0].abs();
    }
    // Scaled by the largest magnitude, so that the sum of large numbers stays finite.
    let largest = over_parts(values, &|part| arch().dispatch(Largest(part)), T::greater).to_f64();
    // In order: what is trained with such scales depends on their last bits.
    let of = |part: &[T]| part.iter().map(|value| value.to_f64().abs() / largest).sum::<f64>();
    let sum = over_parts(values, &of, f64::add);
    T::from_f64(sum / values.len() as f64 * largest)
}

/// The largest magnitude.
struct Largest<'a, T>(&'a [T]);

impl<T: Real> NullaryFnOnce for Largest<'_, T> {
    type Output = T;

    #[inline(always)]
    fn call(self) -> T {
        largest_magnitude(self.0)
    }
}

//! Reductions in independent lanes: vectorizable, and yet in an order that the source fixes.

use super::real::Real;

/// Independent partial results, enough to fill the registers that one addition keeps busy.
pub(crate) const LANES: usize = 32;

/// Value `i` enters lane `i mod LANES`, each lane in order of the values and after what was there at the `start`.
///
/// Must be called within a dispatch to vector instructions to be fast.
#[inline(always)]
pub(crate) fn fold_lanes<T: Real, A: Copy>(
    values: &[T],
    start: [A; LANES],
    combine: impl Fn(A, T) -> A,
) -> [A; LANES] {
    let mut lanes = start;
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = combine(*lane, value);
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane = combine(*lane, value);
    }
    lanes
}

/// The largest magnitude of finite values; 0 without any.
///
/// Must be called within a dispatch to vector instructions to be fast.
#[inline(always)]
pub(crate) fn largest_magnitude<T: Real>(values: &[T]) -> T {
    let lanes = fold_lanes(values, [T::ZERO; LANES], |largest, value| value.abs().greater(largest));
    lanes.into_iter().fold(T::ZERO, T::greater)
}

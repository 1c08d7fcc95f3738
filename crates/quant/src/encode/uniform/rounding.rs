//! From a position on the grid to a code.

use bitsweep_random::Stream;

use crate::number::Real;
use crate::scheme::Grid;

/// Rounds a position and clamps it to the grid: the one place where a real number becomes a code.
///
/// `round` comes from the caller's match on [`Rounding`](crate::Rounding), outside of its loop.
#[inline(always)]
pub(crate) fn round_and_clamp<T: Real>(position: T, grid: Grid, round: impl FnOnce(T) -> T) -> i32 {
    let (lowest, highest) = (T::from_i32(grid.lowest), T::from_i32(grid.highest));
    round(position).greater(lowest).lesser(highest).whole_to_i32()
}

/// Stochastic rounding `⌊x + u⌋`, in `f64` so that `u` does not round up to 1.
pub(crate) fn round_stochastically<T: Real>(position: T, stream: &mut Stream) -> T {
    T::from_f64((position.to_f64() + stream.uniform()).floor())
}

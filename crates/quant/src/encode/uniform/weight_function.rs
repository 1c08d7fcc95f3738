//! The weight functions of two training methods, whose grids are fixed by the number of bits.

use bitsweep_random::Stream;

use crate::number::Real;
use crate::scheme::{Bits, CodeRange, Codes, Grid, Rounding};
use crate::tensor::CodeMatrix;

use super::rounding::{round_and_clamp, round_stochastically};

/// Fills `codes` with those of DoReFa's weight function for at least 2 bits (Zhou et al. 2016, eq. 9):
/// `q = round(n·x)`, `n = 2^b-1`, `x = tanh(w)/(2·max|tanh(w)|) + ½`.
///
/// The grid `2·q/n - 1` has no zero, and its ends are ±1 whatever the weights were: the function *rescales*. A tensor
/// of zeros has `x = ½`.
pub(crate) fn encode_dorefa<T: Real>(
    values: &[T],
    bits: Bits,
    rounding: Rounding,
    stream: &mut Stream,
    codes: &mut CodeMatrix,
) {
    let squashed: Vec<T> = values.iter().map(|value| value.tanh()).collect();
    let largest = squashed.iter().fold(T::ZERO, |largest, value| largest.greater(value.abs()));
    let span = if largest == T::ZERO { T::ONE } else { largest + largest };
    let half = T::from_f64(0.5);
    let grid = Grid::new(bits, Codes::Unsigned, CodeRange::Full);
    let steps = T::from_i32(grid.highest);
    let positions = squashed.into_iter().map(|value| steps * (value / span + half));
    encode_positions(positions, grid, rounding, stream, codes);
}

/// Fills `codes` with those of WRPN's weight function (Mishra et al. 2017, §3): `q = round(n·clip(w, -1, 1))`,
/// `n = 2^(b-1)-1`.
pub(crate) fn encode_wrpn<T: Real>(
    values: &[T],
    bits: Bits,
    rounding: Rounding,
    stream: &mut Stream,
    codes: &mut CodeMatrix,
) {
    let grid = Grid::new(bits, Codes::Signed, CodeRange::Narrow);
    let steps = T::from_i32(grid.highest);
    let positions = values.iter().map(|value| steps * value.greater(-T::ONE).lesser(T::ONE));
    encode_positions(positions, grid, rounding, stream, codes);
}

fn encode_positions<T: Real>(
    positions: impl Iterator<Item = T>,
    grid: Grid,
    rounding: Rounding,
    stream: &mut Stream,
    codes: &mut CodeMatrix,
) {
    let round = |position| match rounding {
        Rounding::NearestEven => T::round_ties_even(position),
        Rounding::HalfAway => T::round_half_away(position),
        Rounding::Stochastic => round_stochastically(position, stream),
    };
    let mut round = round;
    for (place, position) in positions.enumerate() {
        codes.set(place, round_and_clamp(position, grid, &mut round));
    }
}

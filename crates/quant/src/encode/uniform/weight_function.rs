//! The weight functions of two training methods, whose grids are fixed by the number of bits.

use bitsweep_random::Stream;
use pulp::NullaryFnOnce;

use crate::number::{Real, largest_magnitude, vectorized};
use crate::scheme::{Bits, CodeRange, Codes, Granularity, Grid, Scheme};
use crate::tensor::{Affine, Blocks, CodeMatrix};

use super::codes::encode;

/// Fills `codes` with those of DoReFa's weight function for at least 2 bits (Zhou et al. 2016, eq. 9):
/// `q = round(n·x)`, `n = 2^b-1`, `x = tanh(w)/(2·max|tanh(w)|) + ½`.
///
/// The grid `2·q/n - 1` has no zero, and its ends are ±1 whatever the weights were: the function *rescales*. A tensor
/// of zeros has `x = ½`.
pub(crate) fn encode_dorefa<T: Real>(
    values: &[T],
    bits: Bits,
    scheme: &Scheme,
    stream: &mut Stream,
    codes: &mut CodeMatrix,
) {
    let grid = Grid::new(bits, Codes::Unsigned, CodeRange::Full);
    let dorefa = DorefaPositions { values, steps: T::from_i32(grid.highest) };
    let positions = vectorized::<T, _>(dorefa);
    encode_positions(&positions, grid, scheme, stream, codes);
}

struct DorefaPositions<'a, T> {
    values: &'a [T],
    steps: T,
}

impl<T: Real> NullaryFnOnce for DorefaPositions<'_, T> {
    type Output = Vec<T>;

    #[inline(always)]
    fn call(self) -> Vec<T> {
        let mut positions = vec![T::ZERO; self.values.len()];
        for (squashed, value) in positions.iter_mut().zip(self.values) {
            *squashed = value.tanh();
        }
        let largest = largest_magnitude(&positions);
        let span = if largest == T::ZERO { T::ONE } else { largest + largest };
        let half = T::from_f64(0.5);
        for position in &mut positions {
            *position = self.steps * (*position / span + half);
        }
        positions
    }
}

/// Fills `codes` with those of WRPN's weight function (Mishra et al. 2017, §3): `q = round(n·clip(w, -1, 1))`,
/// `n = 2^(b-1)-1`.
pub(crate) fn encode_wrpn<T: Real>(
    values: &[T],
    bits: Bits,
    scheme: &Scheme,
    stream: &mut Stream,
    codes: &mut CodeMatrix,
) {
    let grid = Grid::new(bits, Codes::Signed, CodeRange::Narrow);
    let steps = T::from_i32(grid.highest);
    let position = |value: &T| steps * value.greater(-T::ONE).lesser(T::ONE);
    let positions: Vec<T> = values.iter().map(position).collect();
    encode_positions(&positions, grid, scheme, stream, codes);
}

/// Positions are codes on a grid of the scale 1.
fn encode_positions<T: Real>(
    positions: &[T],
    grid: Grid,
    scheme: &Scheme,
    stream: &mut Stream,
    codes: &mut CodeMatrix,
) {
    let all = Blocks::new(codes.dim(), Granularity::Tensor);
    encode(positions, &all, &Affine::of_scales(vec![T::ONE]), scheme, grid, stream, codes);
}

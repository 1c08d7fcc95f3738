//! Codes of values on even grids.

use bitsweep_random::Stream;

use crate::encode::by_block::{EachValue, encode_by_block, encode_one_by_one};
use crate::encode::interval::Interval;
use crate::number::Real;
use crate::scheme::{Granularity, Grid, Rounding, ScaleFormat, Scheme, ZeroPoint};
use crate::tensor::{Affine, Blocks, CodeMatrix, Everywhere, PerBlock};

use super::fitting::constant_code;
use super::rounding::{round_and_clamp, round_stochastically};

/// Fills `codes` with `q = clip(round(w/s + z))` of every value; stochastic rounding draws in row-major order. Above a
/// minimum `m` it is `q = clip(round((w - m)/s + lowest))`.
pub(crate) fn encode<T: Real>(
    values: &[T],
    blocks: &Blocks,
    parameters: &Affine<T>,
    scheme: &Scheme,
    grid: Grid,
    stream: &mut Stream,
    codes: &mut CodeMatrix,
) {
    let Affine { scales, zero_points, .. } = parameters;
    let (scales, zero_points) = (&**scales, &**zero_points);
    let zero = Everywhere(T::ZERO);
    let mut encoding = Encoding { values, blocks, rounding: scheme.rounding, grid, stream, codes };
    // `(w - m)/s + z` is the position of a value on the grid of its block; subtracting and adding 0 changes no code.
    match scheme.zero_point() {
        None => encoding.with((scales, (zero, zero))),
        Some(ZeroPoint::Integer | ZeroPoint::Float) => encoding.with((scales, (zero, zero_points))),
        Some(ZeroPoint::Minimum) => {
            encoding.with((scales, (zero_points, Everywhere(T::from_i32(grid.lowest)))));
        }
    }
}

struct Encoding<'a, T> {
    values: &'a [T],
    blocks: &'a Blocks,
    rounding: Rounding,
    grid: Grid,
    stream: &'a mut Stream,
    codes: &'a mut CodeMatrix,
}

impl<T: Real> Encoding<'_, T> {
    /// With scales, minimums and zero points.
    fn with<P: PerBlock<One = (T, (T, T))> + Sync>(&mut self, parameters: P) {
        let Self { values, blocks, rounding, grid, stream, codes } = self;
        let grid = *grid;
        match rounding {
            Rounding::NearestEven => {
                let encoder = EachValue(on_grid(grid, T::round_ties_even));
                encode_by_block(values, blocks, parameters, codes, encoder);
            }
            Rounding::HalfAway => {
                let encoder = EachValue(on_grid(grid, T::round_half_away));
                encode_by_block(values, blocks, parameters, codes, encoder);
            }
            Rounding::Stochastic => {
                let code_of = |value, own| {
                    let round = |position| round_stochastically(position, stream);
                    round_and_clamp(position(value, own), grid, round)
                };
                encode_one_by_one(values, blocks, parameters, codes, code_of);
            }
        }
    }
}

/// The code of a value, of a scale, and of a minimum and a zero point.
fn on_grid<T: Real>(
    grid: Grid,
    round: impl Fn(T) -> T + Copy + Sync,
) -> impl Fn(T, (T, (T, T))) -> i32 + Copy + Sync {
    move |value, own| round_and_clamp(position(value, own), grid, round)
}

#[inline(always)]
fn position<T: Real>(value: T, (scale, (minimum, zero_point)): (T, (T, T))) -> T {
    (value - minimum) / scale + zero_point
}

/// `+1` where `w ≥ 0` (so also for -0), else `-1`.
pub(crate) fn encode_signs<T: Real>(values: &[T], codes: &mut CodeMatrix) {
    let all = Blocks::new(codes.dim(), Granularity::Tensor);
    let encoder = EachValue(|value: T, ()| if value >= T::ZERO { 1 } else { -1 });
    encode_by_block(values, &all, &[()][..], codes, encoder);
}

/// Gives all values of a block whose range is one point the code of that point, as clipping to the range demands.
///
/// Without this, values outside a collapsed percentile range would land on a grid whose step means nothing.
pub(crate) fn collapse<T: Real>(
    codes: &mut CodeMatrix,
    blocks: &Blocks,
    ranges: &[Interval<T>],
    parameters: &Affine<T>,
    scheme: &Scheme,
    grid: Grid,
) {
    for (index, range) in ranges.iter().enumerate() {
        if range.is_collapsed() {
            let zero_point = parameters.zero_points[index];
            let code = match (scheme.zero_point(), scheme.scale_format) {
                (Some(ZeroPoint::Minimum), _) => grid.lowest,
                (None | Some(ZeroPoint::Integer | ZeroPoint::Float), ScaleFormat::Float) => {
                    constant_code(range.low, zero_point)
                }
                (
                    None | Some(ZeroPoint::Integer | ZeroPoint::Float),
                    ScaleFormat::F16
                    | ScaleFormat::Bf16
                    | ScaleFormat::E8m0Floor
                    | ScaleFormat::E8m0Ceiling
                    | ScaleFormat::TwoLevel
                    | ScaleFormat::Double
                    | ScaleFormat::None,
                ) => {
                    let position = range.low / parameters.scales[index] + zero_point;
                    round_and_clamp(position, grid, T::round_ties_even)
                }
            };
            for position in blocks.get(index).positions() {
                codes.set(position, code);
            }
        }
    }
}

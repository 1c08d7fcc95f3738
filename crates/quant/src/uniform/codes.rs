//! Codes of values on even grids.

use bitsweep_random::Stream;
use pulp::{Arch, NullaryFnOnce};

use crate::axes::{Grid, Rounding, ScaleFormat, Scheme, ZeroPoint};
use crate::blocks::{Blocks, Layout};
use crate::real::Real;

use super::affine::{Affine, constant_code};
use super::range::Interval;
use super::rounding::{round_and_clamp, round_stochastically};

/// `q = clip(round(w/s + z))` for every value; stochastic rounding draws in row-major order. Above a minimum `m` it is
/// `q = clip(round((w - m)/s + lowest))`.
pub(crate) fn encode<T: Real>(
    values: &[T],
    blocks: &Blocks,
    parameters: &Affine<T>,
    scheme: &Scheme,
    grid: Grid,
    stream: &mut Stream,
) -> Vec<i32> {
    let mut codes = vec![0; values.len()];
    let above: Option<(Vec<T>, Affine<T>)> = match scheme.zero_point() {
        None | Some(ZeroPoint::Integer | ZeroPoint::Float) => None,
        Some(ZeroPoint::Minimum) => Some(above_minimums(values, blocks, parameters, grid)),
    };
    let (values, parameters) =
        above.as_ref().map_or((values, parameters), |(values, parameters)| (values.as_slice(), parameters));
    match scheme.rounding {
        Rounding::NearestEven => Arch::new().dispatch(Encode {
            values,
            blocks,
            parameters,
            grid,
            round: T::round_ties_even,
            codes: &mut codes,
        }),
        Rounding::HalfAway => Arch::new().dispatch(Encode {
            values,
            blocks,
            parameters,
            grid,
            round: T::round_half_away,
            codes: &mut codes,
        }),
        Rounding::Stochastic => Arch::new().dispatch(Encode {
            values,
            blocks,
            parameters,
            grid,
            round: |position| round_stochastically(position, stream),
            codes: &mut codes,
        }),
    }
    codes
}

/// `w - m` of every value, and parameters that put 0 at the lowest code.
fn above_minimums<T: Real>(
    values: &[T],
    blocks: &Blocks,
    Affine { scales, zero_points: minimums, .. }: &Affine<T>,
    grid: Grid,
) -> (Vec<T>, Affine<T>) {
    let mut differences = values.to_vec();
    for (block, &minimum) in blocks.iter().zip(minimums) {
        for position in block.positions() {
            differences[position] = values[position] - minimum;
        }
    }
    let zero_points = vec![T::from_i32(grid.lowest); scales.len()];
    (differences, Affine { scales: scales.clone(), zero_points, nested: None })
}

struct Encode<'a, T, R> {
    values: &'a [T],
    blocks: &'a Blocks,
    parameters: &'a Affine<T>,
    grid: Grid,
    round: R,
    codes: &'a mut [i32],
}

impl<T: Real, R: FnMut(T) -> T> NullaryFnOnce for Encode<'_, T, R> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, blocks, parameters: Affine { scales, zero_points, .. }, grid, mut round, codes } =
            self;
        if blocks.is_empty() {
            return;
        }
        match blocks.layout() {
            Layout::Runs { length } => {
                let runs = values.chunks(length).zip(codes.chunks_mut(length));
                for ((values, codes), (&scale, &zero_point)) in runs.zip(scales.iter().zip(zero_points)) {
                    for (code, &value) in codes.iter_mut().zip(values) {
                        *code = round_and_clamp(value / scale + zero_point, grid, &mut round);
                    }
                }
            }
            Layout::Bands { height } => {
                let columns = blocks.shape().1;
                let bands = values.chunks(height * columns).zip(codes.chunks_mut(height * columns));
                let parameters = scales.chunks(columns).zip(zero_points.chunks(columns));
                for ((values, codes), (scales, zero_points)) in bands.zip(parameters) {
                    for (values, codes) in values.chunks(columns).zip(codes.chunks_mut(columns)) {
                        let parameters = scales.iter().zip(zero_points);
                        for ((code, &value), (&scale, &zero_point)) in
                            codes.iter_mut().zip(values).zip(parameters)
                        {
                            *code = round_and_clamp(value / scale + zero_point, grid, &mut round);
                        }
                    }
                }
            }
        }
    }
}

/// `+1` where `w ≥ 0` (so also for -0), else `-1`.
pub(crate) fn encode_signs<T: Real>(values: &[T]) -> Vec<i32> {
    let sign = |value: &T| if *value >= T::ZERO { 1 } else { -1 };
    values.iter().map(sign).collect()
}

/// Gives all values of a block whose range is one point the code of that point, as clipping to the range demands.
///
/// Without this, values outside a collapsed percentile range would land on a grid whose step means nothing.
pub(crate) fn collapse<T: Real>(
    codes: &mut [i32],
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
                codes[position] = code;
            }
        }
    }
}

//! Codes of values on even grids.

use std::borrow::Cow;

use bitsweep_random::Stream;
use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use crate::encode::interval::Interval;
use crate::number::Real;
use crate::scheme::{Grid, Rounding, ScaleFormat, Scheme, ZeroPoint};
use crate::tensor::{Affine, Blocks, CodeMatrix, CodeWriter, Layout, PIECE};

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
    let constant = |number: T| vec![number; scales.len()];
    // Subtracting 0 changes no value.
    let (minimums, zero_points) = match scheme.zero_point() {
        None | Some(ZeroPoint::Integer | ZeroPoint::Float) => {
            (Cow::Owned(constant(T::ZERO)), Cow::Borrowed(zero_points))
        }
        Some(ZeroPoint::Minimum) => {
            (Cow::Borrowed(zero_points), Cow::Owned(constant(T::from_i32(grid.lowest))))
        }
    };
    let origins = Origins { scales, minimums: &minimums, zero_points: &zero_points };
    match scheme.rounding {
        Rounding::NearestEven => {
            arch().dispatch(Encode { values, blocks, origins, grid, round: T::round_ties_even, codes })
        }
        Rounding::HalfAway => {
            arch().dispatch(Encode { values, blocks, origins, grid, round: T::round_half_away, codes })
        }
        Rounding::Stochastic => {
            let round = |position| round_stochastically(position, stream);
            arch().dispatch(Encode { values, blocks, origins, grid, round, codes })
        }
    }
}

/// Where the grid of each block lies: `(w - m)/s + z` is a value's position.
#[derive(Clone, Copy)]
struct Origins<'a, T> {
    scales: &'a [T],
    minimums: &'a [T],
    zero_points: &'a [T],
}

impl<'a, T: Real> Origins<'a, T> {
    #[inline(always)]
    fn iter(self) -> impl Iterator<Item = (T, T, T)> + use<'a, T> {
        let rest = self.minimums.iter().zip(self.zero_points);
        self.scales.iter().zip(rest).map(|(&scale, (&minimum, &zero_point))| (scale, minimum, zero_point))
    }

    #[inline(always)]
    fn part(self, range: std::ops::Range<usize>) -> Self {
        Self {
            scales: &self.scales[range.clone()],
            minimums: &self.minimums[range.clone()],
            zero_points: &self.zero_points[range],
        }
    }
}

struct Encode<'a, T, R> {
    values: &'a [T],
    blocks: &'a Blocks,
    origins: Origins<'a, T>,
    grid: Grid,
    round: R,
    codes: &'a mut CodeMatrix,
}

impl<T: Real, R: FnMut(T) -> T> NullaryFnOnce for Encode<'_, T, R> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, blocks, origins, grid, mut round, codes } = self;
        if blocks.is_empty() {
            return;
        }
        let mut code_of = |value: T, (scale, minimum, zero_point): (T, T, T)| {
            round_and_clamp((value - minimum) / scale + zero_point, grid, &mut round)
        };
        let mut writer = CodeWriter::new(codes);
        match blocks.layout() {
            Layout::Runs { length } => {
                for (run, origin) in values.chunks(length).zip(origins.iter()) {
                    for piece in run.chunks(PIECE) {
                        for (code, &value) in writer.room(piece.len()).iter_mut().zip(piece) {
                            *code = code_of(value, origin);
                        }
                    }
                }
            }
            Layout::Bands { height } => {
                let columns = blocks.shape().1;
                for (row, values) in values.chunks(columns).enumerate() {
                    let first = row / height * columns;
                    for (values, start) in values.chunks(PIECE).zip((first..).step_by(PIECE)) {
                        let origins = origins.part(start..start + values.len());
                        let codes = writer.room(values.len()).iter_mut();
                        for ((code, &value), origin) in codes.zip(values).zip(origins.iter()) {
                            *code = code_of(value, origin);
                        }
                    }
                }
            }
        }
        writer.flush();
    }
}

/// `+1` where `w ≥ 0` (so also for -0), else `-1`.
pub(crate) fn encode_signs<T: Real>(values: &[T], codes: &mut CodeMatrix) {
    let mut writer = CodeWriter::new(codes);
    for piece in values.chunks(PIECE) {
        for (code, value) in writer.room(piece.len()).iter_mut().zip(piece) {
            *code = if *value >= T::ZERO { 1 } else { -1 };
        }
    }
    writer.flush();
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

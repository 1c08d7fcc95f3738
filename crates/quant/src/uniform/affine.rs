//! Scale and zero point of each block.

use crate::axes::{Grid, Symmetry, ZeroPoint};
use crate::error::QuantizeError;
use crate::real::Real;

use super::range::Interval;

/// Scales `s` and zero points `z`, one of each per block: `ŵ = s·(q - z)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Affine<T> {
    /// The step between neighbouring levels.
    pub scales: Vec<T>,
    /// The code of zero, a whole number unless the scheme keeps it as a float; all 0 in symmetric schemes.
    pub zero_points: Vec<T>,
}

/// Why a range has no parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Unfit<T> {
    /// A level would overflow.
    TooWide,
    /// The zero point does not fit in an `i32`.
    ZeroPointTooLarge(T),
}

/// The parameters of every block.
pub(crate) fn fit<T: Real>(
    ranges: &[Interval<T>],
    symmetry: Symmetry,
    grid: Grid,
) -> Result<Affine<T>, QuantizeError> {
    let mut parameters =
        Affine { scales: Vec::with_capacity(ranges.len()), zero_points: Vec::with_capacity(ranges.len()) };
    for (block, range) in ranges.iter().enumerate() {
        let (scale, zero_point) = fit_block(*range, symmetry, grid).map_err(|unfit| match unfit {
            Unfit::TooWide => {
                QuantizeError::RangeTooWide { block, low: range.low.to_f64(), high: range.high.to_f64() }
            }
            Unfit::ZeroPointTooLarge(zero_point) => {
                QuantizeError::ZeroPointTooLarge { block, zero_point: zero_point.to_f64() }
            }
        })?;
        parameters.scales.push(scale);
        parameters.zero_points.push(zero_point);
    }
    Ok(parameters)
}

/// Scale and zero point of one block, by the conventions that [`Scheme`](crate::Scheme)'s presets name.
#[inline]
pub(crate) fn fit_block<T: Real>(
    range: Interval<T>,
    symmetry: Symmetry,
    grid: Grid,
) -> Result<(T, T), Unfit<T>> {
    if range.is_collapsed() {
        return Ok(fit_constant(range.low, symmetry, grid));
    }
    let steps = T::from_i32(grid.steps());
    let scale = match symmetry {
        // On the narrow grid this is max|w| / (2^(b-1)-1), rounded the same; on the full one, 2·max|w| / (2^b-1).
        Symmetry::Symmetric if grid.lowest == -grid.highest => range.magnitude() / T::from_i32(grid.highest),
        Symmetry::Symmetric => (range.magnitude() + range.magnitude()) / steps,
        Symmetry::Asymmetric(_) => (range.high - range.low) / steps,
    };
    // A subnormal quotient has lost digits: the next number up keeps the range on the grid and is never 0.
    let scale = if scale < T::SMALLEST_NORMAL { scale + T::SMALLEST } else { scale };
    let zero_point = match symmetry {
        Symmetry::Symmetric => T::ZERO,
        Symmetry::Asymmetric(ZeroPoint::Float) => T::from_i32(grid.lowest) - range.low / scale,
        Symmetry::Asymmetric(ZeroPoint::Integer) => {
            let shift = (-(range.low / scale)).round_ties_even();
            let zero_point = T::from_f64(shift.to_f64() + f64::from(grid.lowest));
            if zero_point.to_f64().abs() > f64::from(i32::MAX) {
                return Err(Unfit::ZeroPointTooLarge(zero_point));
            }
            zero_point
        }
    };
    let level = |code| scale * (T::from_i32(code) - zero_point);
    if level(grid.lowest).is_finite() && level(grid.highest).is_finite() {
        Ok((scale, zero_point))
    } else {
        Err(Unfit::TooWide)
    }
}

/// Parameters that reconstruct the constant `c` exactly: scale `|c|`, and a whole zero point `z` such that the code of
/// `c`, one beside it, is on the grid. Zero has scale 1 and the code `z`.
fn fit_constant<T: Real>(constant: T, symmetry: Symmetry, grid: Grid) -> (T, T) {
    let scale = if constant == T::ZERO { T::ONE } else { constant.abs() };
    let zero_point = match symmetry {
        Symmetry::Symmetric => 0,
        Symmetry::Asymmetric(_) if constant > T::ZERO => 0.clamp(grid.lowest, grid.highest - 1),
        Symmetry::Asymmetric(_) if constant < T::ZERO => 0.clamp(grid.lowest + 1, grid.highest),
        Symmetry::Asymmetric(_) => 0.clamp(grid.lowest, grid.highest),
    };
    (scale, T::from_i32(zero_point))
}

/// The code of the constant that a collapsed range reconstructs.
pub(crate) fn constant_code<T: Real>(constant: T, zero_point: T) -> i32 {
    let sign = i32::from(constant > T::ZERO) - i32::from(constant < T::ZERO);
    zero_point.to_i32() + sign
}

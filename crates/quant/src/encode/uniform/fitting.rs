//! Scale and zero point of each block, fitted to its range.

use crate::encode::interval::Interval;
use crate::encode::scales::{Rounded, ScaleRounding, nest};
use crate::number::Real;
use crate::scheme::{Grid, ScaleFormat, Symmetry, ZeroPoint};
use crate::tensor::{Affine, QuantizeError};

/// Why a range has no parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Unfit<T> {
    /// A level would overflow.
    TooWide,
    /// The zero point does not fit in an `i32`.
    ZeroPointTooLarge(T),
    /// The scale or the minimum does not fit in its format.
    ScaleTooLarge(T),
}

/// The parameters of every block.
pub(crate) fn fit_ranges<T: Real>(
    ranges: &[Interval<T>],
    symmetry: Symmetry,
    grid: Grid,
    rounding: ScaleRounding,
) -> Result<Affine<T>, QuantizeError> {
    // Nested scales are found together, others block by block.
    let wanted = |range: &Interval<T>| wanted_scale(*range, symmetry, grid);
    let together = match rounding.format.is_nested() {
        true => nest(rounding.format, &ranges.iter().map(wanted).collect::<Vec<_>>()),
        false => None,
    };
    let (nested, scales) = together.unzip();
    let mut parameters = Affine {
        scales: Vec::with_capacity(ranges.len()),
        zero_points: Vec::with_capacity(ranges.len()),
        nested,
    };
    for (block, range) in ranges.iter().enumerate() {
        let fitted = match &scales {
            None => fit_block(*range, symmetry, grid, rounding),
            Some(scales) => shift(*range, scales[block], symmetry, grid),
        };
        let minimum = fitted.and_then(|(scale, zero_point)| match symmetry {
            Symmetry::Asymmetric(ZeroPoint::Minimum) => match rounding.round_minimum(range.low) {
                Rounded::Scale(minimum) if level_from(minimum, scale, grid).is_finite() => {
                    Ok((scale, minimum))
                }
                Rounded::Scale(_) => Err(Unfit::TooWide),
                Rounded::TooLarge => Err(Unfit::ScaleTooLarge(range.low)),
            },
            Symmetry::Symmetric | Symmetry::Asymmetric(ZeroPoint::Integer | ZeroPoint::Float) => {
                Ok((scale, zero_point))
            }
        });
        let (scale, zero_point) = minimum.map_err(|unfit| match unfit {
            Unfit::TooWide => {
                QuantizeError::RangeTooWide { block, low: range.low.to_f64(), high: range.high.to_f64() }
            }
            Unfit::ZeroPointTooLarge(zero_point) => {
                QuantizeError::ZeroPointTooLarge { block, zero_point: zero_point.to_f64() }
            }
            Unfit::ScaleTooLarge(scale) => QuantizeError::scale_too_large(block, scale, rounding.format),
        })?;
        parameters.scales.push(scale);
        parameters.zero_points.push(zero_point);
    }
    Ok(parameters)
}

/// The highest level above a minimum.
fn level_from<T: Real>(minimum: T, scale: T, grid: Grid) -> T {
    scale * T::from_i32(grid.steps()) + minimum
}

/// Scale and zero point of one block, by the conventions that [`Scheme`](crate::Scheme)'s presets name.
#[inline]
pub(crate) fn fit_block<T: Real>(
    range: Interval<T>,
    symmetry: Symmetry,
    grid: Grid,
    rounding: ScaleRounding,
) -> Result<(T, T), Unfit<T>> {
    let is_from_minimum = symmetry == Symmetry::Asymmetric(ZeroPoint::Minimum);
    if range.is_collapsed() && rounding.format == ScaleFormat::Float && !is_from_minimum {
        return Ok(fit_constant(range.low, symmetry, grid));
    }
    let wanted = wanted_scale(range, symmetry, grid);
    // A block of zeros, or of a constant above a minimum, has no scale of its own.
    let (wanted, magnitude) = if wanted == T::ZERO { (T::ONE, T::ONE) } else { (wanted, range.magnitude()) };
    match rounding.round(wanted, magnitude) {
        Rounded::Scale(scale) => shift(range, scale, symmetry, grid),
        Rounded::TooLarge => Err(Unfit::ScaleTooLarge(wanted)),
    }
}

/// The scale with which the range fills the grid; 0 where any would do.
#[inline]
fn wanted_scale<T: Real>(range: Interval<T>, symmetry: Symmetry, grid: Grid) -> T {
    let steps = T::from_i32(grid.steps());
    let scale = match symmetry {
        // On the narrow grid this is max|w| / (2^(b-1)-1), rounded the same; on the full one, 2·max|w| / (2^b-1).
        Symmetry::Symmetric if grid.lowest == -grid.highest => range.magnitude() / T::from_i32(grid.highest),
        Symmetry::Symmetric => (range.magnitude() + range.magnitude()) / steps,
        // A constant needs room from 0 to itself; above a minimum it needs none.
        Symmetry::Asymmetric(ZeroPoint::Integer | ZeroPoint::Float) if range.is_collapsed() => {
            range.magnitude() / steps
        }
        Symmetry::Asymmetric(_) => (range.high - range.low) / steps,
    };
    if scale == T::ZERO && range.is_collapsed() {
        return T::ZERO;
    }
    // A subnormal quotient has lost digits: the next number up keeps the range on the grid and is never 0.
    if scale < T::SMALLEST_NORMAL { scale + T::SMALLEST } else { scale }
}

/// The scale with the zero point that belongs to it. Above a minimum, where 0 would have its code.
#[inline]
fn shift<T: Real>(range: Interval<T>, scale: T, symmetry: Symmetry, grid: Grid) -> Result<(T, T), Unfit<T>> {
    let low = if range.is_collapsed() { range.low.lesser(T::ZERO) } else { range.low };
    let zero_point = match symmetry {
        Symmetry::Symmetric => T::ZERO,
        Symmetry::Asymmetric(ZeroPoint::Float | ZeroPoint::Minimum) => T::from_i32(grid.lowest) - low / scale,
        Symmetry::Asymmetric(ZeroPoint::Integer) => {
            let shift = (-(low / scale)).round_ties_even();
            let zero_point = T::from_f64(shift.to_f64() + f64::from(grid.lowest));
            if zero_point.to_f64().abs() > f64::from(i32::MAX) {
                return Err(Unfit::ZeroPointTooLarge(zero_point));
            }
            zero_point
        }
    };
    let level = |code| scale * (T::from_i32(code) - zero_point);
    let is_finite = level(grid.lowest).is_finite() && level(grid.highest).is_finite();
    // Levels above a minimum are none of these, and are checked with the minimum.
    if is_finite || symmetry == Symmetry::Asymmetric(ZeroPoint::Minimum) {
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

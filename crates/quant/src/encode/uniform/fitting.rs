//! Scale and zero point of each block, fitted to its range.

use crate::encode::interval::Interval;
use crate::encode::scales::{ScaleRounding, nest};
use crate::number::Real;
use crate::scheme::{CodeRange, Grid, ScaleFormat, Scheme, Symmetry, ZeroPoint};
use crate::tensor::{Affine, FarParameters, QuantizeError};

/// Why a range has no parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Unfit<T> {
    /// A level would overflow.
    TooWide,
    /// The zero point does not fit in an `i32`.
    ZeroPointTooLarge(T),
}

/// How the codes of a grid are laid over ranges, by the conventions that [`Scheme`]'s presets name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fitting {
    symmetry: Symmetry,
    code_range: CodeRange,
    grid: Grid,
    rounding: ScaleRounding,
}

impl Fitting {
    /// That of a scheme with the codes of `grid`.
    pub(crate) fn of(scheme: &Scheme, grid: Grid) -> Self {
        let code_range = scheme.integer_codes().map_or(CodeRange::Full, |(_, code_range)| code_range);
        Self { symmetry: scheme.symmetry, code_range, grid, rounding: ScaleRounding::of(scheme) }
    }

    /// The parameters of every block; notes those stored far from the wanted ones.
    pub(crate) fn fit_ranges<T: Real>(
        self,
        ranges: &[Interval<T>],
        far: &mut FarParameters,
    ) -> Result<Affine<T>, QuantizeError> {
        let rounding = self.rounding.format.rounding();
        // What is stored as wide as the values is what is wanted.
        let wanted: Vec<T> = match rounding {
            Some(_) => ranges.iter().map(|range| self.wanted_scale(*range)).collect(),
            None => Vec::new(),
        };
        // Nested scales are found together, others block by block.
        let (nested, scales) = nest(self.rounding.format, &wanted).unzip();
        let mut parameters = Affine {
            scales: Vec::with_capacity(ranges.len()),
            zero_points: Vec::with_capacity(ranges.len()),
            nested,
        };
        for (block, &range) in ranges.iter().enumerate() {
            let fitted = match &scales {
                None => self.fit_block(range),
                Some(scales) => self.with_zero_point(range, scales[block]),
            };
            let stored = fitted.and_then(|(scale, zero_point)| match self.symmetry {
                Symmetry::Asymmetric(ZeroPoint::Minimum) => Ok((scale, self.minimum(range.low, scale)?)),
                Symmetry::Symmetric | Symmetry::Asymmetric(ZeroPoint::Integer | ZeroPoint::Float) => {
                    Ok((scale, zero_point))
                }
            });
            let (scale, zero_point) = stored.map_err(|unfit| match unfit {
                Unfit::TooWide => {
                    QuantizeError::RangeTooWide { block, low: range.low.to_f64(), high: range.high.to_f64() }
                }
                Unfit::ZeroPointTooLarge(zero_point) => {
                    QuantizeError::ZeroPointTooLarge { block, zero_point: zero_point.to_f64() }
                }
            })?;
            if let Some(&wanted) = wanted.get(block)
                && wanted != T::ZERO
            {
                far.note(wanted.to_f64(), scale.abs().to_f64(), rounding);
            }
            if self.symmetry == Symmetry::Asymmetric(ZeroPoint::Minimum) {
                let magnitude = range.magnitude().to_f64();
                far.note_beside(range.low.to_f64(), zero_point.to_f64(), magnitude, rounding);
            }
            parameters.scales.push(scale);
            parameters.zero_points.push(zero_point);
        }
        Ok(parameters)
    }

    /// The minimum of a block as it is stored.
    fn minimum<T: Real>(self, low: T, scale: T) -> Result<T, Unfit<T>> {
        let minimum = self.rounding.round_minimum(low);
        let highest = scale * T::from_i32(self.grid.steps()) + minimum;
        if highest.is_finite() { Ok(minimum) } else { Err(Unfit::TooWide) }
    }

    /// Scale and zero point of one block.
    #[inline]
    pub(crate) fn fit_block<T: Real>(self, range: Interval<T>) -> Result<(T, T), Unfit<T>> {
        let is_from_minimum = self.symmetry == Symmetry::Asymmetric(ZeroPoint::Minimum);
        if range.is_collapsed() && self.rounding.format == ScaleFormat::Float && !is_from_minimum {
            return Ok(fit_constant(range.low, self.symmetry, self.grid));
        }
        let wanted = self.wanted_scale(range);
        if !wanted.is_finite() {
            return Err(Unfit::TooWide);
        }
        // A block of zeros, or of a constant above a minimum, has no scale of its own.
        let (wanted, magnitude) =
            if wanted == T::ZERO { (T::ONE, T::ONE) } else { (wanted, range.magnitude()) };
        let scale = self.rounding.round(wanted, magnitude);
        self.with_zero_point(range, if self.is_mirrored(range) { -scale } else { scale })
    }

    /// The magnitude of the scale with which the range fills the grid; 0 where any would do.
    #[inline]
    pub(super) fn wanted_scale<T: Real>(self, range: Interval<T>) -> T {
        let steps = T::from_i32(self.grid.steps());
        let scale = match (self.symmetry, self.code_range) {
            (Symmetry::Symmetric, CodeRange::Narrow) => range.magnitude() / T::from_i32(self.grid.highest),
            (Symmetry::Symmetric, CodeRange::Full) => {
                let (magnitude, width) = (range.magnitude(), range.magnitude() + range.magnitude());
                // The width may be beyond the largest number where the scale is not.
                if width.is_finite() { width / steps } else { magnitude / (steps / (T::ONE + T::ONE)) }
            }
            (Symmetry::Symmetric, CodeRange::Covering) => {
                self.covering_scale(range).lesser(self.covering_scale(range.mirrored()))
            }
            // A constant needs room from 0 to itself; above a minimum it needs none.
            (Symmetry::Asymmetric(ZeroPoint::Integer | ZeroPoint::Float), _) if range.is_collapsed() => {
                range.magnitude() / steps
            }
            (Symmetry::Asymmetric(_), _) => (range.high - range.low) / steps,
        };
        if scale == T::ZERO && range.is_collapsed() {
            return T::ZERO;
        }
        // A subnormal quotient has lost digits: the next number up keeps the range on the grid and is never 0.
        if scale < T::SMALLEST_NORMAL { scale + T::SMALLEST } else { scale }
    }

    /// The least scale above 0 with which neither end of the range clips.
    #[inline]
    fn covering_scale<T: Real>(self, range: Interval<T>) -> T {
        (range.low / T::from_i32(self.grid.lowest)).greater(range.high / T::from_i32(self.grid.highest))
    }

    /// The magnitude of the least symmetric range whose scale clips no end of `range`: with the full grid, whose ends differ,
    /// not that of `range`.
    pub(super) fn covering_magnitude<T: Real>(self, range: Interval<T>) -> T {
        let highest = T::from_i32(self.grid.steps()) / T::from_i32(2);
        self.covering_scale(range) * highest
    }

    /// Whether the scale is negative, which puts the lowest code where the largest magnitude is.
    #[inline]
    fn is_mirrored<T: Real>(self, range: Interval<T>) -> bool {
        let is_signed = self.symmetry == Symmetry::Symmetric && self.code_range == CodeRange::Covering;
        is_signed && self.covering_scale(range.mirrored()) < self.covering_scale(range)
    }

    /// The scale with the zero point that belongs to it. Above a minimum, where 0 would have its code.
    #[inline]
    fn with_zero_point<T: Real>(self, range: Interval<T>, scale: T) -> Result<(T, T), Unfit<T>> {
        let grid = self.grid;
        let low = if range.is_collapsed() { range.low.lesser(T::ZERO) } else { range.low };
        let zero_point = match self.symmetry {
            Symmetry::Symmetric => T::ZERO,
            Symmetry::Asymmetric(ZeroPoint::Float | ZeroPoint::Minimum) => {
                T::from_i32(grid.lowest) - low / scale
            }
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
        // With a minimum the levels are others; `minimum` checks them.
        if is_finite || self.symmetry == Symmetry::Asymmetric(ZeroPoint::Minimum) {
            Ok((scale, zero_point))
        } else {
            Err(Unfit::TooWide)
        }
    }

    /// The ranges that a scale of this magnitude covers, by a positive and by a negative scale.
    pub(super) fn covered_by<T: Real>(self, scale: T) -> [Interval<T>; 2] {
        let Grid { lowest, highest } = self.grid;
        let upright = Interval { low: scale * T::from_i32(lowest), high: scale * T::from_i32(highest) };
        [upright, upright.mirrored()]
    }

    /// Up to which multiple of the range, in hundredths, wider ones can have less error.
    ///
    /// Beyond twice the range that clips nothing, half the step has all levels that are in use and more between them. The
    /// largest step that clips nothing on either side is `max|w|` by the highest code.
    pub(crate) fn widest(self) -> i32 {
        let Grid { lowest, highest } = self.grid;
        match (self.symmetry, self.code_range) {
            (Symmetry::Symmetric, CodeRange::Full) => 100 * self.grid.steps() / highest + 1,
            (Symmetry::Symmetric, CodeRange::Covering) => -200 * lowest / highest + 1,
            (Symmetry::Symmetric, CodeRange::Narrow) | (Symmetry::Asymmetric(_), _) => 200,
        }
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

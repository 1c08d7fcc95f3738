//! The range of least squared error, by search.

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use crate::encode::interval::{Elements, Interval};
use crate::encode::scales::{ScaleRounding, scale_of_levels};
use crate::encode::uniform::fitting::Fitting;
use crate::encode::uniform::rounding::round_and_clamp;
use crate::number::Real;
use crate::scheme::{Grid, LevelTable, Rounding, Scheme};

use super::search::{Candidates, search};

/// Independent sums of squared errors, added up in order of their lane.
const LANES: usize = 8;

/// The range, among narrower and wider ones, whose grid reconstructs the values with the least sum of squared errors.
///
/// The result is never worse than the min-max range (a nested scale, which depends on all blocks, is judged before it
/// is rounded). Stochastic rounding is judged by nearest rounding.
pub(super) fn estimate<T: Real>(
    values: &[T],
    min_max: Interval<T>,
    scheme: &Scheme,
    elements: Elements<'_>,
    rounding: ScaleRounding,
) -> Interval<T> {
    let unit = unit_of(min_max);
    match elements {
        Elements::Grid(grid) => {
            let fitting = Fitting::of(scheme, grid);
            let error = |range| sum_of_squared_errors(values, range, scheme.rounding, grid, fitting, unit);
            search(min_max, Candidates::of(scheme, fitting), error)
        }
        Elements::Levels(table) => {
            let error = |range| sum_of_squared_level_errors(values, range, table, rounding, unit);
            search(min_max, Candidates::OF_LEVELS, error)
        }
    }
}

/// A power of two in whose units the errors in a range may be squared.
fn unit_of<T: Real>(range: Interval<T>) -> f64 {
    libm::scalbn(1.0, libm::ilogb(range.magnitude().to_f64()).max(f64::MIN_EXP))
}

/// `Σ((w - ŵ)/unit)²` on the grid over `range`; `None` when the range has no parameters.
fn sum_of_squared_errors<T: Real>(
    values: &[T],
    range: Interval<T>,
    rounding: Rounding,
    grid: Grid,
    fitting: Fitting,
    unit: f64,
) -> Option<f64> {
    let (scale, zero_point) = fitting.fit_block(range).ok()?;
    let arch = arch();
    Some(match rounding {
        Rounding::NearestEven | Rounding::Stochastic => {
            arch.dispatch(SquaredErrors { values, scale, zero_point, grid, unit, round: T::round_ties_even })
        }
        Rounding::HalfAway => {
            arch.dispatch(SquaredErrors { values, scale, zero_point, grid, unit, round: T::round_half_away })
        }
    })
}

/// `Σ((w - ŵ)/unit)²` with levels over `range`, in order; `None` when the range has no scale.
fn sum_of_squared_level_errors<T: Real>(
    values: &[T],
    range: Interval<T>,
    table: &LevelTable,
    rounding: ScaleRounding,
    unit: f64,
) -> Option<f64> {
    let magnitude = range.magnitude();
    let largest = T::from_f64(table.largest());
    let scale = rounding.round(scale_of_levels(magnitude, largest), magnitude);
    if !(scale * largest).is_finite() {
        return None;
    }
    let squared_error = |&value: &T| {
        let level = table.level(table.nearest((value / scale).to_f64()));
        let error = (value.to_f64() - (scale * T::from_f64(level)).to_f64()) / unit;
        error * error
    };
    Some(values.iter().map(squared_error).sum())
}

struct SquaredErrors<'a, T, R> {
    values: &'a [T],
    scale: T,
    zero_point: T,
    grid: Grid,
    unit: f64,
    round: R,
}

impl<T: Real, R: Fn(T) -> T> NullaryFnOnce for SquaredErrors<'_, T, R> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let Self { values, scale, zero_point, grid, unit, round } = self;
        let squared_error = |value: T| {
            let code = round_and_clamp(value / scale + zero_point, grid, &round);
            let reconstruction = scale * (T::from_i32(code) - zero_point);
            let error = (value.to_f64() - reconstruction.to_f64()) / unit;
            error * error
        };
        let mut sums = [0.0; LANES];
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            for lane in 0..LANES {
                sums[lane] += squared_error(chunk[lane]);
            }
        }
        for (sum, &value) in sums.iter_mut().zip(rest) {
            *sum += squared_error(value);
        }
        sums.iter().sum()
    }
}

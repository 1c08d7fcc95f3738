//! The range of least squared error, by search.

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use crate::encode::interval::{Elements, Interval};
use crate::encode::scales::{ScaleRounding, scale_of_levels};
use crate::encode::uniform::fitting::Fitting;
use crate::encode::uniform::rounding::round_and_clamp;
use crate::number::Real;
use crate::scheme::{Grid, LevelTable, Rounding, Scheme};

use super::histogram::Histogram;
use super::search::{Candidates, RangeError, search};

/// Up to so many values a range is tried on all values sooner than a histogram is made.
const MOST_WITHOUT: usize = 1 << 17;

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
            let histogram =
                (values.len() > MOST_WITHOUT).then(|| Histogram::of(values, min_max.low, min_max.high));
            let error = GridError { values, rounding: scheme.rounding, grid, fitting, unit, histogram };
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

/// `Σ((w - ŵ)/unit)²` on the grid over a range.
struct GridError<'a, T> {
    values: &'a [T],
    rounding: Rounding,
    grid: Grid,
    fitting: Fitting,
    unit: f64,
    /// Of many values.
    histogram: Option<Histogram<T>>,
}

impl<T: Real> RangeError<T> for GridError<'_, T> {
    fn of(&self, range: Interval<T>) -> Option<f64> {
        let (values, grid, unit) = (self.values, self.grid, self.unit);
        let (scale, zero_point) = self.fitting.fit_block(range).ok()?;
        let arch = arch();
        Some(match self.rounding {
            Rounding::NearestEven | Rounding::Stochastic => {
                let round = T::round_ties_even;
                arch.dispatch(SquaredErrors { values, scale, zero_point, grid, unit, round })
            }
            Rounding::HalfAway => {
                let round = T::round_half_away;
                arch.dispatch(SquaredErrors { values, scale, zero_point, grid, unit, round })
            }
        })
    }

    fn bounds(&self, range: Interval<T>) -> Option<[f64; 2]> {
        let (histogram, grid) = (self.histogram.as_ref()?, self.grid);
        let (scale, zero_point) = self.fitting.fit_block(range).ok()?;
        let round = match self.rounding {
            Rounding::NearestEven | Rounding::Stochastic => T::round_ties_even,
            Rounding::HalfAway => T::round_half_away,
        };
        let nearest = |value: T| {
            let code = round_and_clamp(value / scale + zero_point, grid, round);
            scale * (T::from_i32(code) - zero_point)
        };
        let [step, shift] = [scale, scale * zero_point].map(|number| number.to_f64().abs());
        let codes = f64::from(grid.highest.max(-grid.lowest));
        // A position on the grid is rounded where it is divided and where the zero point is added.
        let blur = T::PRECISION * 4.0 * (range.magnitude().to_f64() + shift + step * (codes + 1.0));
        Some(histogram.bounds(nearest, step, blur, self.unit))
    }
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
        // The unit is a power of two: the product is the quotient.
        let inverse = 1.0 / unit;
        let squared_error = |value: T| {
            let code = round_and_clamp(value / scale + zero_point, grid, &round);
            let reconstruction = scale * (T::from_i32(code) - zero_point);
            let error = (value.to_f64() - reconstruction.to_f64()) * inverse;
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

#[cfg(test)]
mod tests {
    use bitsweep_random::{Generator, Stream};

    use super::*;
    use crate::SchemeSpec;

    fn holds<T: Real>(values: &[f64], toml: &str) {
        let values: Vec<T> = values.iter().map(|&value| T::from_f64(value)).collect();
        let (mut low, mut high) = (values[0], values[0]);
        for &value in &values {
            (low, high) = (value.lesser(low), value.greater(high));
        }
        let min_max = Interval { low, high };
        let scheme = toml::from_str::<SchemeSpec>(&toml.replace("; ", "\n")).unwrap().resolve().unwrap();
        let grid = scheme.grid().unwrap();
        let fitting = Fitting::of(&scheme, grid);
        let of = |histogram| GridError {
            values: &values,
            rounding: scheme.rounding,
            grid,
            fitting,
            unit: unit_of(min_max),
            histogram,
        };
        let (all, bounded) = (of(None), of(Some(Histogram::of(&values, low, high))));
        let candidates = Candidates::of(&scheme, fitting);
        for hundredths in 1..=120 {
            let factor = T::from_f64(f64::from(hundredths) / 100.0);
            let range = Interval { low: low * factor, high: high * factor };
            let Some(error) = all.of(range) else { continue };
            let [lowest, highest] = bounded.bounds(range).unwrap();
            assert!(lowest <= error && error <= highest, "{toml}: {error} in {lowest} … {highest}");
        }
        assert_eq!(search(min_max, candidates, bounded), search(min_max, candidates, all), "{toml}");
    }

    #[test]
    fn a_histogram_changes_no_range() {
        let mut stream = Stream::new(Generator::Modern, 3, "histogram").unwrap();
        let normal = stream.normal_matrix(1, 3000).into_raw_vec_and_offset().0;
        let shapes: [fn(f64) -> f64; 5] = [
            |value| value,
            |value| 3.0 + value,
            |value| value * value * value * value * value,
            |value| 1e-30 * value,
            |value| (4.0 * value).round(),
        ];
        for shape in shapes {
            let values: Vec<f64> = normal.iter().map(|&value| shape(value)).collect();
            for bits in [2, 3, 4, 8] {
                for rest in [
                    "symmetry = 'symmetric'",
                    "symmetry = 'asymmetric'",
                    "symmetry = 'asymmetric'; zero_point = 'float'",
                    "symmetry = 'symmetric'; rounding = 'half-away'",
                    "symmetry = 'symmetric'; code_range = 'covering'",
                ] {
                    let toml = format!("bits = {bits}; range = 'mse'; {rest}");
                    holds::<f32>(&values, &toml);
                    holds::<f64>(&values, &toml);
                }
            }
        }
    }
}

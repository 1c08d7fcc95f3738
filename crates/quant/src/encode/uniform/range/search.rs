//! The search among narrower and wider ranges.

use std::iter;

use crate::encode::interval::Interval;
use crate::encode::uniform::fitting::Fitting;
use crate::number::Real;
use crate::scheme::{Scheme, Symmetry};

/// The min-max range itself, in hundredths.
const WHOLE: i32 = 100;
/// An asymmetric range has two ends, of which one is searched while the other rests; the second round seldom moves.
const ROUNDS: usize = 2;

/// Which ranges are compared with a min-max range: multiples of it in hundredths, `1.00, 0.99, …, 0.01, 1.01, …` in this
/// order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidates {
    symmetry: Symmetry,
    /// How an even grid is laid over a range.
    fitting: Option<Fitting>,
    /// Whether scales have a sign.
    is_signed: bool,
    /// The widest, in hundredths.
    widest: i32,
}

impl Candidates {
    /// Those of tables of levels. Twice as wide a range uses levels up to the half of the largest alone: those of small
    /// floats and powers of two are then among the levels of the range itself.
    pub(crate) const OF_LEVELS: Self =
        Self { symmetry: Symmetry::Symmetric, fitting: None, is_signed: false, widest: 2 * WHOLE };

    /// Those of an even grid.
    pub(crate) fn of(scheme: &Scheme, fitting: Fitting) -> Self {
        Self {
            symmetry: scheme.symmetry,
            fitting: Some(fitting),
            is_signed: scheme.has_signed_scales(),
            widest: fitting.widest(),
        }
    }

    /// The factors other than 1.
    fn factors<T: Real>(self) -> impl Iterator<Item = T> {
        let hundredths = (1..WHOLE).rev().chain(WHOLE + 1..=self.widest);
        hundredths.map(|part| T::from_i32(part) / T::from_i32(WHOLE))
    }
}

/// How far a range is from good.
pub(crate) trait RangeError<T> {
    /// The error; `None` for a range without parameters.
    fn of(&self, range: Interval<T>) -> Option<f64>;

    /// The least and the most that the error may be, where that is known sooner than the error.
    fn bounds(&self, _range: Interval<T>) -> Option<[f64; 2]> {
        None
    }
}

impl<T, F: Fn(Interval<T>) -> Option<f64>> RangeError<T> for F {
    fn of(&self, range: Interval<T>) -> Option<f64> {
        self(range)
    }
}

/// The range of least `error` among a min-max range that is more than a point and its candidates.
///
/// A symmetric range changes its magnitude, last to that of the least scale that clips nothing, and where scales have a
/// sign is tried with both. An asymmetric range moves one end from or towards the other, upper end first. The min-max
/// range is a candidate and wins ties, so that the error is never worse.
pub(crate) fn search<T: Real>(
    min_max: Interval<T>,
    candidates: Candidates,
    error: impl RangeError<T>,
) -> Interval<T> {
    let mut best = Best { range: min_max, error: error.of(min_max) };
    match (candidates.symmetry, candidates.fitting) {
        (Symmetry::Symmetric, Some(fitting)) if candidates.is_signed => {
            let scale = fitting.wanted_scale(min_max);
            let factors = iter::once(T::ONE).chain(candidates.factors());
            best.challenge(factors.flat_map(|factor| fitting.covered_by(scale * factor)), &error);
        }
        (Symmetry::Symmetric, fitting) => {
            let magnitude = min_max.magnitude();
            let multiples = candidates.factors::<T>().map(|factor| magnitude * factor);
            // No hundredth of a full grid may have the values of an integer grid as its levels; this has.
            let all = multiples.chain(fitting.map(|fitting| fitting.covering_magnitude(min_max)));
            best.challenge(all.map(|high| Interval { low: -high, high }), &error);
        }
        (Symmetry::Asymmetric(_), _) => {
            for _ in 0..ROUNDS {
                let Interval { low, high } = best.range;
                let ends = candidates.factors::<T>().map(|factor| low + (high - low) * factor);
                best.challenge(ends.map(|high| Interval { low, high }), &error);
                let Interval { low, high } = best.range;
                let ends = candidates.factors::<T>().map(|factor| high - (high - low) * factor);
                best.challenge(ends.map(|low| Interval { low, high }), &error);
            }
        }
    }
    best.range
}

/// The best range so far.
struct Best<T> {
    range: Interval<T>,
    /// `None` while the range has no parameters.
    error: Option<f64>,
}

impl<T: Real> Best<T> {
    /// Takes the first of the ranges of least error, where that is less. What cannot be it by its bounds is not looked at.
    fn challenge(&mut self, ranges: impl Iterator<Item = Interval<T>>, error: &impl RangeError<T>) {
        let ranges: Vec<Interval<T>> = ranges.filter(|range| !range.is_collapsed()).collect();
        let bounds: Vec<Option<[f64; 2]>> = ranges.iter().map(|range| error.bounds(*range)).collect();
        let highest = bounds.iter().flatten().map(|[_, highest]| *highest).chain(self.error);
        let least = highest.fold(f64::INFINITY, f64::min);
        for (range, bounds) in ranges.into_iter().zip(bounds) {
            if bounds.is_none_or(|[lowest, _]| lowest <= least)
                && let Some(found) = error.of(range)
                && self.error.is_none_or(|least| found < least)
            {
                self.range = range;
                self.error = Some(found);
            }
        }
    }
}

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

/// The range of least `error` among a min-max range that is more than a point and its candidates.
///
/// A symmetric range changes its magnitude, last to that of the least scale that clips nothing, and where scales have a
/// sign is tried with both. An asymmetric range moves one end from or towards the other, upper end first. The min-max
/// range is a candidate and wins ties, so that the error is never worse. `error` is `None` for a range without parameters.
pub(crate) fn search<T: Real>(
    min_max: Interval<T>,
    candidates: Candidates,
    error: impl Fn(Interval<T>) -> Option<f64>,
) -> Interval<T> {
    let mut best = Best { range: min_max, error: error(min_max) };
    match (candidates.symmetry, candidates.fitting) {
        (Symmetry::Symmetric, Some(fitting)) if candidates.is_signed => {
            let scale = fitting.wanted_scale(min_max);
            for factor in iter::once(T::ONE).chain(candidates.factors()) {
                for range in fitting.covered_by(scale * factor) {
                    best.challenge(range, &error);
                }
            }
        }
        (Symmetry::Symmetric, fitting) => {
            let magnitude = min_max.magnitude();
            let multiples = candidates.factors::<T>().map(|factor| magnitude * factor);
            // No hundredth of a full grid may have the values of an integer grid as its levels; this has.
            for high in multiples.chain(fitting.map(|fitting| fitting.covering_magnitude(min_max))) {
                best.challenge(Interval { low: -high, high }, &error);
            }
        }
        (Symmetry::Asymmetric(_), _) => {
            for _ in 0..ROUNDS {
                let Interval { low, high } = best.range;
                for factor in candidates.factors::<T>() {
                    let high = low + (high - low) * factor;
                    best.challenge(Interval { low, high }, &error);
                }
                let Interval { low, high } = best.range;
                for factor in candidates.factors::<T>() {
                    let low = high - (high - low) * factor;
                    best.challenge(Interval { low, high }, &error);
                }
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
    fn challenge(&mut self, range: Interval<T>, error: impl Fn(Interval<T>) -> Option<f64>) {
        if range.is_collapsed() {
            return;
        }
        if let Some(found) = error(range)
            && self.error.is_none_or(|least| found < least)
        {
            self.range = range;
            self.error = Some(found);
        }
    }
}

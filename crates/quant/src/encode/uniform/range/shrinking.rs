//! The search among shrunken ranges.

use crate::encode::interval::Interval;
use crate::number::Real;
use crate::scheme::Symmetry;

/// Candidates are the shrink factors 1.00, 0.99, …, 0.01.
const CANDIDATES: i32 = 100;
/// An asymmetric range has two ends, of which one is searched while the other rests; the second round seldom moves.
const ROUNDS: usize = 2;

/// The range of least `error` among a min-max range that is more than a point and its shrunken ones.
///
/// A symmetric range shrinks its magnitude. An asymmetric range shrinks one end towards the other, upper end first.
/// The unshrunken range is a candidate and wins ties, so that the error is never worse. `error` is `None` for a range
/// without parameters.
pub(crate) fn search_shrunken<T: Real>(
    min_max: Interval<T>,
    symmetry: Symmetry,
    error: impl Fn(Interval<T>) -> Option<f64>,
) -> Interval<T> {
    let mut best = Best { range: min_max, error: error(min_max) };
    match symmetry {
        Symmetry::Symmetric => {
            let magnitude = min_max.magnitude();
            for factor in factors::<T>() {
                let high = magnitude * factor;
                best.challenge(Interval { low: -high, high }, &error);
            }
        }
        Symmetry::Asymmetric(_) => {
            for _ in 0..ROUNDS {
                let Interval { low, high } = best.range;
                for factor in factors::<T>() {
                    let high = low + (high - low) * factor;
                    best.challenge(Interval { low, high }, &error);
                }
                let Interval { low, high } = best.range;
                for factor in factors::<T>() {
                    let low = high - (high - low) * factor;
                    best.challenge(Interval { low, high }, &error);
                }
            }
        }
    }
    best.range
}

/// The shrink factors below 1.
fn factors<T: Real>() -> impl Iterator<Item = T> {
    (1..CANDIDATES).rev().map(|part| T::from_i32(part) / T::from_i32(CANDIDATES))
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

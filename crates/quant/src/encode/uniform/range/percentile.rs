//! Percentiles, as `numpy.percentile` computes them by default (`method = "linear"`).
//!
//! The value at index `i = p/100·(n-1)` of the sorted values is `a + (b-a)·t` between its neighbours `a` and `b`, computed from
//! the nearer end and in the arithmetic of `T`, as NumPy does. Sorted is by IEEE 754's total order.

use pulp::NullaryFnOnce;

use crate::encode::interval::Interval;
use crate::number::{Real, vectorized};
use crate::scheme::{Percentile, Symmetry};

/// So many values have a sample.
const SAMPLED: usize = 1 << 14;

/// Values to one of the sample.
const SPARSENESS: usize = 256;

/// Values that are looked at together.
const AT_A_TIME: usize = 32;

/// Percentiles `100 - p` and `p` of at least one value.
pub(super) fn of_values<T: Real>(mut values: Vec<T>, percentile: Percentile) -> Interval<T> {
    let [low, high] = ends(percentile, values.len());
    Interval {
        low: low.value(neighbours(&mut values, low.below)),
        high: high.value(neighbours(&mut values, high.below)),
    }
}

/// `-m` and `m`, `m` being percentile `p` of the magnitudes. At `p = 100` the range found by
/// min-max, which is the same and knows both ends.
pub(super) fn of_magnitudes<T: Real>(
    mut values: Vec<T>,
    percentile: Percentile,
    min_max: Interval<T>,
) -> Interval<T> {
    if percentile.get() == 100.0 {
        return min_max;
    }
    values.iter_mut().for_each(|value| *value = value.abs());
    let [_, place] = ends(percentile, values.len());
    let magnitude = place.value(neighbours(&mut values, place.below));
    Interval { low: -magnitude, high: magnitude }
}

/// [`of_values`] or, where `symmetry` is symmetric, [`of_magnitudes`] of many values in one pass. `None` where that cannot be said without: of few
/// values, where too many are equal, and where one is not finite.
///
/// A few values, taken here and there, tell about where the neighbours lie. What is further out is kept, little as it is, and the
/// neighbours are selected there, if they are there.
pub(super) fn in_one_pass<T: Real>(
    values: &[T],
    percentile: Percentile,
    symmetry: Symmetry,
) -> Option<Interval<T>> {
    if values.len() < SAMPLED || percentile.get() == 100.0 {
        return None;
    }
    let count = values.len();
    let [low, high] = ends(percentile, count);
    let mut sample = sample(values);
    let magnitudes = |values: &mut [T]| {
        if symmetry == Symmetry::Symmetric {
            values.iter_mut().for_each(|value| *value = value.abs());
        }
    };
    magnitudes(&mut sample);
    let upper = sample.len().checked_sub(1 + outer_rank(count - high.below))?;
    let upper_bound = *sample.select_nth_unstable_by(upper, T::total_cmp).1;
    let bounds = match symmetry {
        Symmetry::Symmetric => Interval { low: -upper_bound, high: upper_bound },
        Symmetry::Asymmetric(_) => {
            let lower = outer_rank(low.below + 2);
            let lower_bound = *sample.select_nth_unstable_by(lower.min(upper), T::total_cmp).1;
            Interval { low: lower_bound, high: upper_bound }
        }
    };
    let mut kept = beyond(values, bounds)?;
    magnitudes(&mut kept);
    let index = kept.len().checked_sub(count - high.below)?;
    let from_above = neighbours(&mut kept, index);
    if from_above.0 < bounds.high {
        return None;
    }
    let high = high.value(from_above);
    let low = match symmetry {
        Symmetry::Symmetric => -high,
        Symmetry::Asymmetric(_) => {
            let from_below = neighbours(&mut kept, low.below);
            if from_below.1.is_none_or(|next| next > bounds.low) {
                return None;
            }
            low.value(from_below)
        }
    };
    Some(Interval { low, high })
}

/// Where percentiles `100 - p` and `p` are.
fn ends<T: Real>(percentile: Percentile, count: usize) -> [Place<T>; 2] {
    [100.0 - percentile.get(), percentile.get()].map(|percent| Place::of(percent, count))
}

/// An index `below + part` between sorted values.
#[derive(Clone, Copy)]
struct Place<T> {
    below: usize,
    part: T,
}

impl<T: Real> Place<T> {
    fn of(percent: f64, count: usize) -> Self {
        let index = T::from_f64((count - 1) as f64) * (T::from_f64(percent) / T::from_f64(100.0));
        let below = (index.floor().to_f64() as usize).min(count - 1);
        Self { below, part: index - T::from_f64(below as f64) }
    }

    /// The value there, between neighbours; the last value has no next one.
    fn value(self, (a, b): (T, Option<T>)) -> T {
        match b {
            None => a,
            Some(b) if self.part >= T::from_f64(0.5) => b - (b - a) * (T::ONE - self.part),
            Some(b) => a + (b - a) * self.part,
        }
    }
}

/// The value at an index of the sorted values, and the next one. Reorders the values, of which there are more than `index`.
fn neighbours<T: Real>(values: &mut [T], index: usize) -> (T, Option<T>) {
    // The other neighbour is looked for on the side where there are fewer.
    if index + 1 < values.len() && index < values.len() / 2 {
        let (lower, &mut next, _) = values.select_nth_unstable_by(index + 1, T::total_cmp);
        let value = lower.iter().copied().max_by(T::total_cmp).unwrap_or(next);
        return (value, Some(next));
    }
    let (_, &mut value, upper) = values.select_nth_unstable_by(index, T::total_cmp);
    (value, upper.iter().copied().min_by(T::total_cmp))
}

/// One value of each so many, each time at another place, so that all columns of a matrix have their share.
fn sample<T: Real>(values: &[T]) -> Vec<T> {
    // Multiples of the golden ratio lie evenly between whole numbers.
    let place = |turn: usize| ((turn as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize;
    let chunks = values.chunks_exact(SPARSENESS).enumerate();
    chunks.map(|(turn, chunk)| chunk[place(turn)]).collect()
}

/// How far from the end of a sorted sample there is hardly ever one of the outermost `count` of all values.
fn outer_rank(count: usize) -> usize {
    let expected = count as f64 / SPARSENESS as f64;
    (expected + 4.0 * expected.sqrt() + 4.0) as usize
}

/// The values that do not lie between the bounds; `None` where these are more than half, or not finite.
fn beyond<T: Real>(values: &[T], bounds: Interval<T>) -> Option<Vec<T>> {
    let beyond = Beyond { values, bounds };
    let kept = vectorized::<T, _>(beyond);
    kept.filter(|kept| kept.iter().all(|value| value.is_finite()))
}

struct Beyond<'a, T> {
    values: &'a [T],
    bounds: Interval<T>,
}

impl<T: Real> NullaryFnOnce for Beyond<'_, T> {
    type Output = Option<Vec<T>>;

    #[inline(always)]
    fn call(self) -> Option<Vec<T>> {
        let Interval { low, high } = self.bounds;
        // True of NaN.
        let is_beyond = |value: T| !((value > low) & (value < high));
        let mut kept = Vec::new();
        for values in self.values.chunks(AT_A_TIME) {
            if !values.iter().fold(false, |any, &value| any | is_beyond(value)) {
                continue;
            }
            let mut here = [T::ZERO; AT_A_TIME];
            let mut count = 0;
            for &value in values {
                // Written each time, counted where it is to stay: the processor has nothing to guess.
                here[count % AT_A_TIME] = value;
                count += usize::from(is_beyond(value));
            }
            kept.extend_from_slice(&here[..count]);
            if kept.len() > self.values.len() / 2 {
                return None;
            }
        }
        Some(kept)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::scheme::ZeroPoint;

    const COUNT: usize = 40_000;

    /// As `numpy.percentile` says, of values sorted as a whole.
    fn of_sorted<T: Real>(values: &[T], percent: f64) -> T {
        let mut sorted = values.to_vec();
        sorted.sort_by(T::total_cmp);
        let index = T::from_f64((sorted.len() - 1) as f64) * (T::from_f64(percent) / T::from_f64(100.0));
        let below = index.floor();
        let (part, below) = (index - below, below.to_f64() as usize);
        let (a, b) = (sorted[below], sorted[(below + 1).min(sorted.len() - 1)]);
        if part >= T::from_f64(0.5) { b - (b - a) * (T::ONE - part) } else { a + (b - a) * part }
    }

    /// Both ranges by whatever way is taken, and whether one pass was enough.
    fn found<T: Real>(values: &[T], percentile: Percentile) -> ([Interval<T>; 2], [bool; 2]) {
        let symmetric = in_one_pass(values, percentile, Symmetry::Symmetric);
        let asymmetric = in_one_pass(values, percentile, Symmetry::Asymmetric(ZeroPoint::Float));
        let is_enough = [symmetric.is_some(), asymmetric.is_some()];
        let ends = values
            .iter()
            .fold([values[0]; 2], |[low, high], &value| [value.lesser(low), value.greater(high)]);
        let min_max = Interval { low: ends[0], high: ends[1] };
        let ranges = [
            symmetric.unwrap_or_else(|| of_magnitudes(values.to_vec(), percentile, min_max)),
            asymmetric.unwrap_or_else(|| of_values(values.to_vec(), percentile)),
        ];
        (ranges, is_enough)
    }

    fn holds<T: Real>(name: &str, values: &[T], are_enough: bool) {
        for percent in [50.1, 75.0, 90.0, 99.0, 99.9, 99.99, 99.9999] {
            let ([symmetric, asymmetric], is_enough) = found(values, Percentile::new(percent).unwrap());
            let bits = |range: Interval<T>| {
                [range.low, range.high].map(|end| (end.to_ordered(), end.is_sign_negative()))
            };
            let magnitudes: Vec<T> = values.iter().map(|value| value.abs()).collect();
            let magnitude = of_sorted(&magnitudes, percent);
            let expected = Interval { low: -magnitude, high: magnitude };
            assert_eq!(bits(symmetric), bits(expected), "{name}, {percent}");
            let expected =
                Interval { low: of_sorted(values, 100.0 - percent), high: of_sorted(values, percent) };
            assert_eq!(bits(asymmetric), bits(expected), "{name}, {percent}");
            if percent >= 90.0 {
                assert_eq!(is_enough, [are_enough; 2], "{name}, {percent}");
            }
        }
    }

    /// A name, whether one pass is enough, and the value at each place.
    type Case<'a> = (&'a str, bool, &'a dyn Fn(usize) -> f64);

    #[test]
    fn many_values_have_the_percentiles_of_all_of_them_sorted() {
        // Whole numbers in an order without a pattern, as many of each sign.
        let noise =
            |place: usize| ((place as u64).wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as f64 - 8_388_607.5;
        let bell = |place: usize| (0..6).map(|part| noise(6 * place + part)).sum::<f64>();
        let hidden: HashSet<usize> = sample(&(0..COUNT).map(|place| place as f64).collect::<Vec<_>>())
            .into_iter()
            .map(|place| place as usize)
            .collect();
        let cases: [Case<'_>; 10] = [
            ("a bell", true, &bell),
            ("ascending", true, &|place| place as f64 - 1e4),
            ("descending", true, &|place| 1e4 - place as f64),
            ("all negative", true, &|place| -1.0 - bell(place).abs()),
            ("equal columns", true, &|place| noise(place % 64) * (1.0 + place as f64)),
            ("zeros of both signs", false, &|place| if noise(place) < 0.0 { -0.0 } else { 0.0 }),
            ("two values", false, &|place| noise(place).signum()),
            ("a constant", false, &|_| 1.5),
            ("zeros and a few others", false, &|place| if place % 1000 == 0 { bell(place) } else { -0.0 }),
            // The places that are looked at say nothing of the others.
            ("a hidden tail", false, &|place| if hidden.contains(&place) { 0.0 } else { bell(place) }),
        ];
        for (name, is_enough, value) in cases {
            let doubles: Vec<f64> = (0..COUNT).map(value).collect();
            let singles: Vec<f32> = doubles.iter().map(|&value| value as f32).collect();
            holds(name, &doubles, is_enough);
            holds(name, &singles, is_enough);
        }
    }

    #[test]
    fn what_is_not_finite_is_left_to_those_who_refuse_it() {
        for bad in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut values: Vec<f32> = (0..COUNT).map(|place| place as f32).collect();
            values[COUNT / 2] = bad;
            let percentile = Percentile::new(99.0).unwrap();
            assert!(in_one_pass(&values, percentile, Symmetry::Symmetric).is_none());
        }
    }
}

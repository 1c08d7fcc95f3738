//! Percentiles, as `numpy.percentile` computes them by default (`method = "linear"`).

use crate::encode::interval::Interval;
use crate::number::Real;
use crate::scheme::Percentile;

/// Percentiles `100 - p` and `p` of the values.
pub(super) fn of_values<T: Real>(mut values: Vec<T>, percentile: Percentile) -> Interval<T> {
    Interval {
        low: linear(&mut values, 100.0 - percentile.get()),
        high: linear(&mut values, percentile.get()),
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
    for value in &mut values {
        *value = value.abs();
    }
    let magnitude = linear(&mut values, percentile.get());
    Interval { low: -magnitude, high: magnitude }
}

/// The value at index `i = p/100·(n-1)` of the sorted values, `a + (b-a)·t` between neighbours, computed from the
/// nearer end and in the arithmetic of `T`, as NumPy does. Reorders the values, of which there is at least one.
fn linear<T: Real>(values: &mut [T], percent: f64) -> T {
    let last = values.len() - 1;
    let index = T::from_f64(last as f64) * (T::from_f64(percent) / T::from_f64(100.0));
    let below = (index.floor().to_f64() as usize).min(last);
    let t = index - T::from_f64(below as f64);
    let (_, a, above) = values.select_nth_unstable_by(below, T::total_cmp);
    let a = *a;
    let b = above
        .iter()
        .fold(None, |least: Option<T>, &value| Some(least.map_or(value, |least| value.lesser(least))));
    let Some(b) = b else {
        return a;
    };
    if t >= T::from_f64(0.5) { b - (b - a) * (T::ONE - t) } else { a + (b - a) * t }
}

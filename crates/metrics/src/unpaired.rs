//! Two scores of which no samples are paired, only their intervals are known.

use crate::distributions::normal_cdf;
use crate::interval::{Interval, Z};

/// The one-sided p-value of a real difference `first - second` of `margin` or less, from the 95 % intervals of both: small where
/// it is shown to be above.
///
/// With the half towards each other, `a = first - low(first)` and `b = high(second) - second`, the lower end of MOVER's interval
/// at the normal quantile `z` is `first - second - z/1.96 · √(a² + b²)`; the p-value is that of the `z` at which it is the
/// margin. Right for scores that are independent; those of the same samples mostly err together, and are then farther apart than
/// this shows. `None` where a number is none, and 1 or 0 where both intervals are points.
///
/// Source: Zou & Donner (2008), Statistics in Medicine 27.
///
/// ```
/// use bitsweep_metrics::{Interval, unpaired_p_above};
///
/// let first = Interval { value: 0.9, low: 0.9 - 0.0196, high: 0.92 };
/// let second = Interval { value: 0.85, low: 0.83, high: 0.85 + 0.0196 };
/// // (0.05 - 0.01) / √(0.01² + 0.01²) = 2.83 standard errors
/// let p = unpaired_p_above(first, second, 0.01);
/// assert!(p.is_some_and(|p| (p - 0.00234).abs() < 1e-5));
/// ```
#[must_use]
pub fn unpaired_p_above(first: Interval, second: Interval, margin: f64) -> Option<f64> {
    let (down, up) = (first.value - first.low, second.high - second.value);
    let standard_error = (down * down + up * up).sqrt() / Z;
    let room = margin - (first.value - second.value);
    if !room.is_finite() || !standard_error.is_finite() {
        return None;
    }
    Some(if standard_error > 0.0 {
        normal_cdf(room / standard_error)
    } else if room < 0.0 {
        0.0
    } else {
        1.0
    })
}

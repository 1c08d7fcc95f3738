//! How far a score on a test set may be from the score on all data: 95 % confidence intervals.

use crate::error::MetricError;

/// A score with its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The point estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The 97.5 % quantile of the standard normal distribution.
pub(crate) const Z: f64 = 1.959963984540054;

/// The 5 % quantiles of Gamma(k, 1), k = 0…3: the least mean of a Poisson variable that still yields `k`
/// events or more with a probability of 5 %; half the 5 % quantile of χ² with `2k` degrees of freedom.
const FEW_EVENTS: [f64; 4] = [0.0, 0.05129329438755058, 0.35536151069866195, 0.8176914471639534];

/// The 95 % interval of an accuracy of `right` out of `samples`: Wilson's, widened at the ends.
///
/// With `p = right / samples`, `n = samples` and `z = 1.96`, Wilson's score interval is
///
/// `(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)`.
///
/// It covers well on average but, close to 0 and 1, not everywhere: 84 % where one error in 36 is too many to
/// be believed. With up to three errors (or three hits) the end next to 1 (or 0) therefore moves out to
/// Poisson's one-sided bound `1 - λ/n`, as Brown, Cai & DasGupta propose. Exact coverage for true accuracies
/// of 0.95 to 0.999, least / mean, and mean width (see `examples/coverage`):
///
/// | samples | Wilson | this | Clopper–Pearson |
/// |---|---|---|---|
/// | 36 | .837 / .951, .129 | .928 / .972, .131 | .975 / .988, .135 |
/// | 100 | .839 / .955, .067 | .927 / .962, .068 | .961 / .982, .070 |
/// | 450 | .898 / .953, .029 | .928 / .953, .029 | .951 / .968, .030 |
///
/// Sources: Wilson (1927), Journal of the American Statistical Association 22; Brown, Cai & DasGupta (2001),
/// Statistical Science 16, sections 3 and 4.1 (the modified Wilson interval).
///
/// # Errors
/// When there are no samples, or more right ones than samples.
///
/// ```
/// use bitsweep_metrics::accuracy_interval;
///
/// let interval = accuracy_interval(36, 36)?;
/// assert_eq!((interval.value, interval.high), (1.0, 1.0));
/// assert!((interval.low - 0.9036).abs() < 1e-4);
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
pub fn accuracy_interval(right: usize, samples: usize) -> Result<Interval, MetricError> {
    if samples == 0 {
        return Err(MetricError::Empty { name: "samples" });
    }
    if right > samples {
        return Err(MetricError::MoreRightThanSamples { right, samples });
    }
    let value = right as f64 / samples as f64;
    Ok(widened_wilson(value, right as f64, (samples - right) as f64))
}

/// Wilson's score interval of `value = hits / (hits + misses)`, widened next to 0 and 1.
///
/// Hits and misses need not be whole, only not both zero: those of an effective sample size will do.
pub(crate) fn widened_wilson(value: f64, hits: f64, misses: f64) -> Interval {
    let samples = hits + misses;
    let shrink = 1.0 + Z * Z / samples;
    let centre = (value + Z * Z / (2.0 * samples)) / shrink;
    let variance = value * (1.0 - value) / samples + Z * Z / (4.0 * samples * samples);
    let half = Z / shrink * variance.sqrt();
    let (mut low, mut high) = (centre - half, centre + half);
    if let Some(bound) = few_events_bound(hits) {
        low = low.min(bound / samples);
    }
    if let Some(bound) = few_events_bound(misses) {
        high = high.max(1.0 - bound / samples);
    }
    // Rounding alone could carry an end past the value or out of [0, 1].
    Interval { value, low: low.max(0.0).min(value), high: high.min(1.0).max(value) }
}

/// The upper end of Wilson's score interval of a share `value` of `samples > 0`, as it stands.
pub(crate) fn wilson_high(value: f64, samples: f64) -> f64 {
    let variance = value * (1.0 - value) / samples + Z * Z / (4.0 * samples * samples);
    (value + Z * Z / (2.0 * samples) + Z * variance.sqrt()) / (1.0 + Z * Z / samples)
}

/// [`FEW_EVENTS`], linear between its whole numbers; `None` beyond three events.
fn few_events_bound(events: f64) -> Option<f64> {
    let mut steps = (0..).map(f64::from).zip(FEW_EVENTS.windows(2));
    let (below, bounds) = steps.find(|&(below, _)| events <= below + 1.0)?;
    Some(bounds[0] + (bounds[1] - bounds[0]) * (events - below))
}

//! How far a score on a test set may be from the score on all data: 95 % confidence intervals.

use crate::confusion::Confusion;
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
const Z: f64 = 1.959963984540054;

/// Wilson's score interval for a proportion observed in `samples` (not necessarily whole) samples.
fn wilson(value: f64, samples: f64) -> Interval {
    let shrink = 1.0 + Z * Z / samples;
    let centre = (value + Z * Z / (2.0 * samples)) / shrink;
    let half =
        Z / shrink * (value * (1.0 - value) / samples + Z * Z / (4.0 * samples * samples)).sqrt();
    Interval {
        value,
        low: (centre - half).clamp(0.0, value),
        high: (centre + half).clamp(value, 1.0),
    }
}

/// The 95 % interval of an accuracy of `right` out of `samples`.
///
/// # Errors
/// When there are no samples, or more right ones than samples.
pub fn accuracy_interval(right: usize, samples: usize) -> Result<Interval, MetricError> {
    if samples == 0 {
        return Err(MetricError::Empty { name: "samples" });
    }
    if right > samples {
        return Err(MetricError::MoreRightThanSamples { right, samples });
    }
    Ok(wilson(right as f64 / samples as f64, samples as f64))
}

/// The 95 % interval of macro-F1.
pub fn macro_f1_interval(confusion: &Confusion) -> Interval {
    wilson(confusion.macro_f1(), confusion.samples() as f64)
}

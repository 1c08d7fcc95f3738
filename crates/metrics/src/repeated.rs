//! Scores of repeated runs: their mean, their spread, and what the spread says of the mean.
//!
//! The spread over seeds and the sampling error of the test set are two different things: runs that all score
//! 1 on the same 36 samples have no spread, and still an accuracy known to a tenth at best.

use crate::error::MetricError;

/// Mean and sample deviation of a score over repeated runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanAndDeviation {
    /// Number of runs.
    pub count: usize,
    /// `x̄ = (1/R) Σ x`.
    pub mean: f64,
    /// `s = √(Σ (x - x̄)² / (R - 1))`; `None` for a single run, which says nothing of spread.
    pub deviation: Option<f64>,
}

/// The mean of the values and their sample standard deviation (`R - 1` in the denominator).
///
/// Equal values have exactly their value as the mean, and deviation 0.
///
/// # Errors
/// When there are no values, or one is NaN or infinite.
///
/// ```
/// use bitsweep_metrics::mean_and_deviation;
///
/// let scores = mean_and_deviation(&[0.5, 0.75, 1.0])?;
/// assert_eq!((scores.mean, scores.deviation), (0.75, Some(0.25)));
/// assert_eq!(mean_and_deviation(&[0.5])?.deviation, None);
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
pub fn mean_and_deviation(values: &[f64]) -> Result<MeanAndDeviation, MetricError> {
    let Some(&origin) = values.first() else {
        return Err(MetricError::Empty { name: "values" });
    };
    if let Some((position, &value)) = values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        return Err(MetricError::NotFinite { name: "value", position, value });
    }
    let count = values.len();
    // Measured from the first value, so that equal values leave no rounding error that would look like
    // spread.
    let mean = origin + values.iter().map(|value| value - origin).sum::<f64>() / count as f64;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let deviation = (count > 1).then(|| (squares / (count - 1) as f64).sqrt());
    Ok(MeanAndDeviation { count, mean, deviation })
}

impl MeanAndDeviation {
    /// The standard error of the mean of independent values, `s/√R`; `None` for a single one.
    ///
    /// Of the differences between two classifiers on the same samples: the standard error of the difference of their
    /// means, paired.
    pub fn standard_error(&self) -> Option<f64> {
        self.deviation.map(|deviation| deviation / (self.count as f64).sqrt())
    }
}

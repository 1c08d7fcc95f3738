//! Scores of repeated runs: their mean, their spread and what it says about the mean.

use crate::error::MetricError;

/// Mean and sample deviation of a score over repeated runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanAndDeviation {
    /// Number of runs.
    pub count: usize,
    /// `x̄ = (1/n) Σ x`.
    pub mean: f64,
    /// `s = √(Σ (x - x̄)² / (n - 1))`; `None` for a single run, which says nothing of spread.
    pub deviation: Option<f64>,
}

/// The mean of the values and their sample standard deviation (`n - 1` in the denominator).
///
/// # Errors
/// When there are no values, or one is NaN or infinite.
pub fn mean_and_deviation(values: &[f64]) -> Result<MeanAndDeviation, MetricError> {
    let count = values.len();
    if count == 0 {
        return Err(MetricError::Empty { name: "values" });
    }
    if let Some((position, &value)) = values
        .iter()
        .enumerate()
        .find(|(_, value)| !value.is_finite())
    {
        return Err(MetricError::NotFinite {
            name: "value",
            position,
            value,
        });
    }
    let mean = values.iter().sum::<f64>() / count as f64;
    let squares: f64 = values
        .iter()
        .map(|value| (value - mean) * (value - mean))
        .sum();
    let deviation = (count > 1).then(|| (squares / (count - 1) as f64).sqrt());
    Ok(MeanAndDeviation {
        count,
        mean,
        deviation,
    })
}

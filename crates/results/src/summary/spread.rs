//! Mean and deviation over runs.

use bitsweep_metrics::mean_and_deviation;

/// A measure over runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample deviation (divisor n - 1); `None` for a single run.
    pub deviation: Option<f64>,
    /// Number of runs.
    pub count: usize,
}

impl Spread {
    /// The spread of the given values; the mean of none is NaN.
    ///
    /// An infinite value (the signal-to-noise ratio of a lossless variant) makes the mean infinite, a NaN makes it NaN;
    /// neither has a deviation.
    pub(crate) fn of(values: &[f64]) -> Self {
        match mean_and_deviation(values) {
            Ok(statistics) => {
                Self { mean: statistics.mean, deviation: statistics.deviation, count: values.len() }
            }
            Err(_) => Self {
                mean: values.iter().sum::<f64>() / values.len() as f64,
                deviation: None,
                count: values.len(),
            },
        }
    }
}

//! Scores of predicted probabilities.

use ndarray::ArrayView2;

use crate::error::{MetricError, check_label, check_lengths};

/// Mean negative logarithm of the probability given to the true class: `-(1/n) Σ ln p[i, truth[i]]`, in nats.
///
/// `probabilities` is (samples, classes). A probability is clipped to `[ε, 1 - ε]` with `ε = 2⁻⁵²` as
/// scikit-learn's `log_loss` clips f64, so that a certain and wrong prediction costs 36.04 nats rather than
/// infinitely many. The sum goes from the first sample to the last.
///
/// # Errors
/// When the lengths differ or are zero, a label is not below the number of columns, or a value is not within
/// [0, 1]. Whether rows sum to one is not checked.
pub fn log_loss(probabilities: ArrayView2<f64>, truth: &[usize]) -> Result<f64, MetricError> {
    check_lengths(("truth", truth.len()), ("probabilities", probabilities.nrows()))?;
    let mut sum = 0.0;
    for (sample, (row, &actual)) in probabilities.rows().into_iter().zip(truth).enumerate() {
        check_label("true", sample, actual, row.len())?;
        for (class, &value) in row.iter().enumerate() {
            if !(0.0..=1.0).contains(&value) {
                return Err(MetricError::NotAProbability { sample, class, value });
            }
        }
        sum += sample_log_loss(row[actual]);
    }
    Ok(sum / truth.len() as f64)
}

/// What one sample whose true class has this probability adds to [`log_loss`], in nats.
pub fn sample_log_loss(probability: f64) -> f64 {
    -libm::log(probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON))
}

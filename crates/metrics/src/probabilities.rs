//! Scores of predicted probabilities.

use ndarray::{ArrayView1, ArrayView2};

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
        check_row(sample, row)?;
        sum += sample_log_loss(row[actual]);
    }
    Ok(sum / truth.len() as f64)
}

/// What one sample whose true class has this probability adds to [`log_loss`], in nats.
pub fn sample_log_loss(probability: f64) -> f64 {
    -libm::log(probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON))
}

/// The Brier score: how far the probabilities are from 1 for the true class and 0 for the others,
/// `(1/n) Σ_i Σ_c (p[i, c] - 1(truth[i] = c))²`, from 0 to 2.
///
/// `probabilities` is (samples, classes). The sum is over all classes, as Brier wrote it: of two classes it is twice
/// scikit-learn's `brier_score_loss`. It is proper: in the long run nothing but the true probabilities has the least.
/// The mean of the [`brier_scores`] of the samples, summed from the first to the last.
///
/// Source: Brier (1950), Monthly Weather Review 78.
///
/// # Errors
/// As [`log_loss`].
///
/// ```
/// use bitsweep_metrics::{brier_score, brier_scores, mean_and_deviation};
/// use ndarray::array;
///
/// let truth = [0, 1];
/// let first = array![[1.0, 0.0], [0.5, 0.5]];
/// let second = array![[0.5, 0.5], [0.5, 0.5]];
/// assert_eq!(brier_score(first.view(), &truth)?, 0.25);
/// // What the second loses, with the standard error of paired samples.
/// let (first, second) = (brier_scores(first.view(), &truth)?, brier_scores(second.view(), &truth)?);
/// let differences: Vec<f64> = first.iter().zip(&second).map(|(first, second)| second - first).collect();
/// let loss = mean_and_deviation(&differences)?;
/// assert_eq!((loss.mean, loss.standard_error()), (0.25, Some(0.25)));
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
pub fn brier_score(probabilities: ArrayView2<f64>, truth: &[usize]) -> Result<f64, MetricError> {
    Ok(brier_scores(probabilities, truth)?.iter().sum::<f64>() / truth.len() as f64)
}

/// The Brier score of each sample: `Σ_c (p[i, c] - 1(truth[i] = c))²`, summed from the first class to the last.
///
/// # Errors
/// As [`log_loss`].
pub fn brier_scores(probabilities: ArrayView2<f64>, truth: &[usize]) -> Result<Vec<f64>, MetricError> {
    check_lengths(("truth", truth.len()), ("probabilities", probabilities.nrows()))?;
    let mut scores = Vec::with_capacity(truth.len());
    for (sample, (row, &actual)) in probabilities.rows().into_iter().zip(truth).enumerate() {
        check_label("true", sample, actual, row.len())?;
        check_row(sample, row)?;
        let errors = row.iter().enumerate().map(|(class, p)| p - if class == actual { 1.0 } else { 0.0 });
        scores.push(errors.map(|error| error * error).sum());
    }
    Ok(scores)
}

/// Refuses what is no probability in the row of one sample.
pub(crate) fn check_row(sample: usize, row: ArrayView1<f64>) -> Result<(), MetricError> {
    match row.iter().enumerate().find(|(_, value)| !(0.0..=1.0).contains(*value)) {
        Some((class, &value)) => Err(MetricError::NotAProbability { sample, class, value }),
        None => Ok(()),
    }
}

/// The class with the largest probability, the first of equal ones, and its probability; `None` without classes.
pub(crate) fn top(row: ArrayView1<f64>) -> Option<(usize, f64)> {
    let classes = row.iter().copied().enumerate();
    classes.reduce(|best, other| if other.1 > best.1 { other } else { best })
}

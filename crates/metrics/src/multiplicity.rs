//! Several tests at a time.

use crate::error::MetricError;

/// Holm's adjusted p-values: of `m` hypotheses the one with the `i`-th smallest p-value (from 0) gets
/// `max over j ≤ i of min(1, (m - j) p_j)`. Rejecting where it is at most `α` rejects a single true hypothesis with a
/// probability of at most `α`, whatever the tests have to do with each other.
///
/// Source: Holm (1979), Scandinavian Journal of Statistics 6.
///
/// # Errors
/// When a p-value is not in [0, 1].
///
/// ```
/// use bitsweep_metrics::holm;
///
/// assert_eq!(holm(&[0.5, 0.01, 0.02])?, [0.5, 0.03, 0.04]);
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, MetricError> {
    let order = ascending(p_values)?;
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0;
    for (rank, &position) in order.iter().enumerate() {
        largest = f64::max(largest, ((p_values.len() - rank) as f64 * p_values[position]).min(1.0));
        adjusted[position] = largest;
    }
    Ok(adjusted)
}

/// Benjamini and Hochberg's adjusted p-values: of `m` hypotheses the one with the `i`-th smallest p-value (from 1) gets
/// `min over j ≥ i of min(1, m p_j / j)`. Of the hypotheses where it is at most `q` a share of at most `q` is true, on
/// average, if the tests are independent or positively dependent.
///
/// Source: Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57.
///
/// # Errors
/// When a p-value is not in [0, 1].
///
/// ```
/// use bitsweep_metrics::benjamini_hochberg;
///
/// assert_eq!(benjamini_hochberg(&[0.5, 0.01, 0.02])?, [0.5, 0.03, 0.03]);
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
pub fn benjamini_hochberg(p_values: &[f64]) -> Result<Vec<f64>, MetricError> {
    let order = ascending(p_values)?;
    let mut adjusted = vec![0.0; p_values.len()];
    let mut least = 1.0;
    for (rank, &position) in order.iter().enumerate().rev() {
        least = f64::min(least, p_values.len() as f64 * p_values[position] / (rank + 1) as f64);
        adjusted[position] = least;
    }
    Ok(adjusted)
}

/// The positions of the p-values, the smallest first.
fn ascending(p_values: &[f64]) -> Result<Vec<usize>, MetricError> {
    if let Some((position, &value)) = p_values.iter().enumerate().find(|(_, p)| !(0.0..=1.0).contains(*p)) {
        return Err(MetricError::NotFinite { name: "p-value", position, value });
    }
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    Ok(order)
}

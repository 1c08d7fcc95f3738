//! Many tests at once: p-values that are still to be believed.

use crate::error::MetricError;

/// Holm's adjusted p-values: those at most `α` are, with a probability of at least `1 - α`, all of true effects.
///
/// With the `m` p-values ascending, `p₍₁₎ ≤ … ≤ p₍ₘ₎`, the adjusted one of rank `k` is
///
/// `max_{j ≤ k} min(1, (m - j + 1) p₍ⱼ₎)`.
///
/// Nothing is assumed of how the tests depend on each other. The result is in the order of the input; nothing for
/// nothing. `O(m log m)`.
///
/// Source: Holm (1979), Scandinavian Journal of Statistics 6.
///
/// # Errors
/// When a p-value is not a number from 0 to 1.
///
/// ```
/// use bitsweep_metrics::holm;
///
/// assert_eq!(holm(&[0.5, 0.0625, 0.125])?, [0.5, 0.1875, 0.25]);
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, MetricError> {
    let order = ascending(p_values)?;
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (before, &position) in order.iter().enumerate() {
        largest = largest.max((p_values.len() - before) as f64 * p_values[position]).min(1.0);
        adjusted[position] = largest;
    }
    Ok(adjusted)
}

/// Benjamini & Hochberg's adjusted p-values: of those at most `q`, a share of at most `q` on average is of no effect.
///
/// With the `m` p-values ascending, `p₍₁₎ ≤ … ≤ p₍ₘ₎`, the adjusted one of rank `k` is
///
/// `min_{j ≥ k} min(1, m p₍ⱼ₎ / j)`.
///
/// For tests that are independent or depend on each other positively. For a list that is worth reading, not for a
/// claim: that needs [`holm`]. The result is in the order of the input; nothing for nothing. `O(m log m)`.
///
/// Source: Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57.
///
/// # Errors
/// When a p-value is not a number from 0 to 1.
///
/// ```
/// use bitsweep_metrics::benjamini_hochberg;
///
/// assert_eq!(benjamini_hochberg(&[0.5, 0.0625, 0.125])?, [0.5, 0.1875, 0.1875]);
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
pub fn benjamini_hochberg(p_values: &[f64]) -> Result<Vec<f64>, MetricError> {
    let order = ascending(p_values)?;
    let mut adjusted = vec![0.0; p_values.len()];
    let mut least = 1.0_f64;
    for (before, &position) in order.iter().enumerate().rev() {
        least = least.min(p_values[position] * (p_values.len() as f64 / (before + 1) as f64));
        adjusted[position] = least;
    }
    Ok(adjusted)
}

/// The positions of the p-values, the smallest first.
fn ascending(p_values: &[f64]) -> Result<Vec<usize>, MetricError> {
    for (position, &value) in p_values.iter().enumerate() {
        if !(0.0..=1.0).contains(&value) {
            return Err(MetricError::NotAPValue { position, value });
        }
    }
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| (p_values[a] + 0.0).total_cmp(&(p_values[b] + 0.0)));
    Ok(order)
}

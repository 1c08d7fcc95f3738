//! Rows drawn with replacement.

/// How often the row of each sample is drawn, as its weight: `counts` are those of all rows, and `rows` has the row of each sample.
///
/// # Panics
/// When a sample's row is not counted.
///
/// ```
/// assert_eq!(bitsweep_metrics::resampled_weights(&[2, 0, 1], &[2, 2, 1]), [1.0, 1.0, 0.0]);
/// ```
#[must_use]
pub fn resampled_weights(counts: &[u32], rows: &[usize]) -> Vec<f64> {
    rows.iter().map(|&row| counts[row].into()).collect()
}

/// 1 for each row that is not drawn, 0 for the others.
#[must_use]
pub fn left_out(counts: &[u32]) -> Vec<u32> {
    counts.iter().map(|&count| u32::from(count == 0)).collect()
}

/// `Σ w·x / Σ w`, summed in order; NaN without weight.
///
/// # Panics
/// When there is not one weight per value.
#[must_use]
pub fn weighted_mean(values: &[f32], weights: &[f64]) -> f64 {
    assert_eq!(values.len(), weights.len(), "one weight per value");
    let all: f64 = weights.iter().sum();
    let sum: f64 = values.iter().zip(weights).map(|(&value, weight)| f64::from(value) * weight).sum();
    sum / all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_drawn_or_left_out() {
        let counts = [0, 3, 1, 0];
        assert_eq!(left_out(&counts), [1, 0, 0, 1]);
        let rows = [3, 1, 1, 2, 0];
        let (drawn, others) =
            (resampled_weights(&counts, &rows), resampled_weights(&left_out(&counts), &rows));
        assert_eq!(drawn, [0.0, 3.0, 3.0, 1.0, 0.0]);
        assert!(drawn.iter().zip(&others).all(|(drawn, left_out)| (*drawn == 0.0) == (*left_out == 1.0)));
    }

    #[test]
    fn means_are_weighted() {
        assert_eq!(weighted_mean(&[1.0, 4.0, 100.0], &[2.0, 1.0, 0.0]), 2.0);
        assert!(weighted_mean(&[1.0], &[0.0]).is_nan());
    }
}

//! Choices that no other choice beats on both counts.

use crate::error::MetricError;

/// The points that no other dominates: indices into `points`, by ascending cost.
///
/// A point `(cost, score)` dominates another when its cost is not higher and its score not lower, and one of
/// the two is better. Of equal points the first stays. Along the result both cost and score rise strictly.
/// `O(n log n)`.
///
/// # Errors
/// When a cost or a score is NaN. Infinities are ordered like any other number.
///
/// ```
/// use bitsweep_metrics::pareto_front;
///
/// let size_and_score = [(8.0, 0.97), (4.0, 0.97), (2.0, 0.90), (3.0, 0.80)];
/// assert_eq!(pareto_front(&size_and_score)?, [2, 1]);
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
pub fn pareto_front(points: &[(f64, f64)]) -> Result<Vec<usize>, MetricError> {
    for (position, &(cost, score)) in points.iter().enumerate() {
        for (name, value) in [("cost", cost), ("score", score)] {
            if value.is_nan() {
                return Err(MetricError::NotANumber { name, position });
            }
        }
    }
    let mut order: Vec<usize> = (0..points.len()).collect();
    // `+ 0.0` turns -0 into 0, which `total_cmp` would tell apart. The sort is stable: of equal points the
    // first leads.
    order.sort_by(|&a, &b| {
        let by_cost = (points[a].0 + 0.0).total_cmp(&(points[b].0 + 0.0));
        by_cost.then((points[b].1 + 0.0).total_cmp(&(points[a].1 + 0.0)))
    });
    let mut best: Option<f64> = None;
    order.retain(|&index| {
        let score = points[index].1;
        let beaten = best.is_some_and(|best| score <= best);
        if !beaten {
            best = Some(score);
        }
        !beaten
    });
    Ok(order)
}

//! Differences too small to matter.

use crate::distributions::{normal_quantile, student_quantile};
use crate::error::{MetricError, check_within};

/// The smallest margin below which a difference is shown to lie, in either direction.
///
/// Two one-sided tests at `level` `α` reject `δ ≤ -margin` and `δ ≥ margin` both exactly when the `1 - 2α` interval of the
/// difference lies within `±margin`; the smallest such margin is
///
/// `|estimate| + q·standard_error`,
///
/// `q` the `1 - α` quantile of Student's t distribution with `degrees` degrees of freedom, of the normal one with `None`. "No
/// difference above 0.004" may be said when the margin is at most that; a test that finds no difference does not say so.
///
/// Source: Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15.
///
/// # Errors
/// When the estimate is not finite, the standard error not a finite number from 0, the level not between 0 and 0.5, or
/// `degrees` is zero.
///
/// ```
/// use bitsweep_metrics::equivalence_margin;
///
/// let margin = equivalence_margin(-0.001, 0.002, None, 0.05)?;
/// assert!((margin - (0.001 + 1.6448536 * 0.002)).abs() < 1e-9);
/// assert!(equivalence_margin(-0.001, 0.002, Some(9), 0.05)? > margin);
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
pub fn equivalence_margin(
    estimate: f64,
    standard_error: f64,
    degrees: Option<usize>,
    level: f64,
) -> Result<f64, MetricError> {
    for (position, (name, value)) in
        [("estimate", estimate), ("standard error", standard_error)].into_iter().enumerate()
    {
        if !value.is_finite() {
            return Err(MetricError::NotFinite { name, position, value });
        }
    }
    if standard_error < 0.0 {
        return Err(MetricError::Negative { name: "standard error", value: standard_error });
    }
    check_within("level", level, (0.0, 0.5))?;
    let quantile = match degrees {
        None => -normal_quantile(level),
        Some(0) => return Err(MetricError::Empty { name: "degrees of freedom" }),
        Some(degrees) => -student_quantile(level, degrees),
    };
    Ok(estimate.abs() + quantile * standard_error)
}

//! Two classifiers on the same samples: where they agree, and whether one is better.

use crate::error::{MetricError, check_lengths};

/// Fraction of samples on which two classifiers predict the same class, in [0, 1].
///
/// # Errors
/// When the sequences differ in length or are empty.
pub fn agreement(first: &[usize], second: &[usize]) -> Result<f64, MetricError> {
    check_lengths(("the first prediction", first.len()), ("the second prediction", second.len()))?;
    let same = first.iter().zip(second).filter(|(first, second)| first == second).count();
    Ok(same as f64 / first.len() as f64)
}

/// Samples whose correctness changes from one classifier to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// Right with the first classifier, wrong with the second.
    pub lost: usize,
    /// Wrong with the first classifier, right with the second.
    pub gained: usize,
}

impl Changes {
    /// Compares two classifiers' predictions with the truth.
    ///
    /// # Errors
    /// When the sequences differ in length or are empty.
    pub fn between(truth: &[usize], first: &[usize], second: &[usize]) -> Result<Self, MetricError> {
        check_lengths(("truth", truth.len()), ("the first prediction", first.len()))?;
        check_lengths(("truth", truth.len()), ("the second prediction", second.len()))?;
        let mut changes = Self::default();
        for ((actual, first), second) in truth.iter().zip(first).zip(second) {
            changes.lost += usize::from(first == actual && second != actual);
            changes.gained += usize::from(first != actual && second == actual);
        }
        Ok(changes)
    }

    /// The two-sided exact McNemar test of these changes: [`mcnemar_exact`].
    pub fn p_value(self) -> f64 {
        mcnemar_exact(self.lost, self.gained)
    }
}

/// The p-value of the two-sided exact McNemar test: could so uneven a split of the changes be chance?
///
/// Under the null hypothesis a sample whose correctness changes is lost or gained with equal probability, so
/// that with `n = lost + gained` and `m = min(lost, gained)`
///
/// `p = min(1, 2 Σ_{k=0..m} C(n, k) / 2ⁿ)`,
///
/// and 1 when nothing changed. `O(m)`. Since `2 / 2⁵ > 0.05`, five losses without a gain prove nothing at the
/// 5 % level.
///
/// Source: McNemar (1947), Psychometrika 12; Dietterich (1998), Neural Computation 10, section 3.1.
///
/// ```
/// use bitsweep_metrics::mcnemar_exact;
///
/// assert_eq!(mcnemar_exact(5, 0), 0.0625);
/// assert_eq!(mcnemar_exact(6, 0), 0.03125);
/// assert_eq!(mcnemar_exact(3, 3), 1.0);
/// ```
pub fn mcnemar_exact(lost: usize, gained: usize) -> f64 {
    let fewer = lost.min(gained);
    let changed = lost as f64 + gained as f64;
    if lost == gained {
        return 1.0;
    }
    // C(n, m) = Π (n - m + i) / i, halved along the way whenever it exceeds one so that it stays
    // representable.
    let (mut largest, mut halvings) = (1.0, 0.0);
    for i in 1..=fewer {
        largest *= (changed - fewer as f64 + i as f64) / i as f64;
        while largest > 1.0 {
            largest *= 0.5;
            halvings += 1.0;
        }
    }
    // C(n, k - 1) = C(n, k) · k / (n - k + 1): down from the largest term, until what is left no longer
    // counts.
    let (mut tail, mut term) = (1.0, 1.0);
    for k in (1..=fewer).rev() {
        term *= k as f64 / (changed - k as f64 + 1.0);
        tail += term;
        if term < tail * f64::EPSILON / 2.0 {
            break;
        }
    }
    (2.0 * largest * tail * libm::exp2(halvings - changed)).min(1.0)
}

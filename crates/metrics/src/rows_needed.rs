//! How many test rows a claim of a small loss takes, before any row is looked at.

use crate::distributions::normal_quantile;

/// The fewest test rows on which a variant that predicts each of them as the float model does is shown to differ on less
/// than `margin` of all rows: the least `n` with `(1 - margin)ⁿ ≤ 1 - confidence`, `⌈ln(1 - confidence) / ln(1 - margin)⌉`
/// (the rule of three of Hanley & Lippman-Hand 1983, JAMA 249, exactly). `usize::MAX` where no number of rows is enough.
///
/// ```
/// use bitsweep_metrics::rows_without_flips;
///
/// assert_eq!(rows_without_flips(0.01, 0.95), 299);
/// ```
#[must_use]
pub fn rows_without_flips(margin: f64, confidence: f64) -> usize {
    if margin >= 1.0 {
        return 1;
    }
    // From 0 up, and saturating: a margin of 0 is never shown.
    (libm::log1p(-confidence) / libm::log1p(-margin)).ceil().max(1.0) as usize
}

/// The largest share of all rows that a variant may predict otherwise than the float model, if it predicts none of so many test
/// rows otherwise: `1 - (1 - confidence)^(1/rows)`, the upper end of Clopper and Pearson's (1934, Biometrika 26) one-sided
/// interval. 1 of no rows.
///
/// ```
/// use bitsweep_metrics::most_without_flips;
///
/// assert!((most_without_flips(36, 0.95) - 0.0798).abs() < 1e-4);
/// ```
#[must_use]
pub fn most_without_flips(rows: usize, confidence: f64) -> f64 {
    -libm::expm1(libm::log1p(-confidence) / rows as f64)
}

/// About how many test rows show at `confidence` (one-sided) that a variant loses less than `margin` against the float
/// model, with a probability of `power`, where so many of its predictions differ and the true loss is `loss`:
///
/// `n = ⌈π · (z_confidence + z_power)² / (margin - loss)²⌉`,
///
/// but no fewer than [`rows_without_flips`]. A flipped prediction moves the paired loss of its row by up to 1, so that its
/// variance is at most `π`, the share of flipped rows (Connor 1987, Biometrics 43: paired proportions). `None` where the
/// loss is not below the margin, or a number is none: no number of rows shows what is not so.
///
/// ```
/// use bitsweep_metrics::rows_needed;
///
/// // 0.05 · (1.645 + 0.842)² / 0.01²
/// assert_eq!(rows_needed(0.05, 0.0, 0.01, 0.95, 0.8), Some(3_092));
/// assert_eq!(rows_needed(0.05, 0.01, 0.01, 0.95, 0.8), None);
/// ```
#[must_use]
pub fn rows_needed(flipped_share: f64, loss: f64, margin: f64, confidence: f64, power: f64) -> Option<usize> {
    let room = margin - loss;
    let deviations = normal_quantile(confidence) + normal_quantile(power);
    let rows = flipped_share * deviations * deviations / (room * room);
    (room > 0.0 && rows.is_finite())
        .then(|| (rows.ceil() as usize).max(rows_without_flips(margin, confidence)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ln 0.05 / ln 0.99 = 298.07`, `ln 0.05 / ln 0.9 = 28.4`, `ln 0.01 / ln 0.99 = 458.2`.
    #[test]
    fn rows_without_flips_are_those_of_the_rule_of_three() {
        assert_eq!(rows_without_flips(0.01, 0.95), 299);
        assert_eq!(rows_without_flips(0.1, 0.95), 29);
        assert_eq!(rows_without_flips(0.01, 0.99), 459);
        assert_eq!(rows_without_flips(0.5, 0.5), 1);
        for (margin, confidence) in [(0.01, 0.95), (0.1, 0.95), (0.03, 0.9)] {
            let rows = rows_without_flips(margin, confidence) as i32;
            let unseen = |rows: i32| (1.0 - margin).powi(rows);
            assert!(unseen(rows) <= 1.0 - confidence && unseen(rows - 1) > 1.0 - confidence);
        }
    }

    #[test]
    fn margins_that_no_rows_or_all_rows_show_are_no_special_case_for_the_caller() {
        assert_eq!(rows_without_flips(0.0, 0.95), usize::MAX);
        assert_eq!(rows_without_flips(1.0, 0.95), 1);
        assert_eq!(rows_without_flips(0.01, 0.0), 1);
    }

    /// 2.486475² = 6.182557: one, five and ten percent of 61,825.57.
    #[test]
    fn rows_needed_grow_with_the_share_of_flips_and_the_square_of_the_room() {
        let needed = |share, loss| rows_needed(share, loss, 0.01, 0.95, 0.8);
        assert_eq!(needed(0.01, 0.0), Some(619));
        assert_eq!(needed(0.05, 0.0), Some(3_092));
        assert_eq!(needed(0.1, 0.0), Some(6_183));
        // Half the room, four times the rows.
        assert_eq!(needed(0.05, 0.005), Some(12_366));
        // A gain makes room.
        assert_eq!(needed(0.05, -0.01), Some(773));
    }

    #[test]
    fn rows_needed_are_never_fewer_than_without_flips() {
        assert_eq!(rows_needed(0.0, 0.0, 0.01, 0.95, 0.8), Some(299));
        assert_eq!(rows_needed(0.001, 0.0, 0.01, 0.95, 0.8), Some(299));
    }

    #[test]
    fn a_loss_that_is_not_below_the_margin_is_never_shown() {
        for loss in [0.01, 0.02, f64::INFINITY, f64::NAN] {
            assert_eq!(rows_needed(0.05, loss, 0.01, 0.95, 0.8), None, "{loss}");
        }
        assert_eq!(rows_needed(0.05, 0.0, 0.01, 0.999, 0.8), Some(7730));
    }
}

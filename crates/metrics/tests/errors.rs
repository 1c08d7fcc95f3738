//! Every error says what was wrong and what was expected.
#![allow(clippy::unwrap_used)]

use std::fmt::Display;

use bitsweep_metrics::{
    CalibrationError, Changes, Confusion, accuracy_interval, agreement, benjamini_hochberg, brier_score,
    divergence, equivalence_margin, holm, log_loss, macro_f1_permutation, mean_and_deviation,
    paired_difference_interval, pareto_front, signed_rank_posterior,
};
use ndarray::{Array2, array};

fn says<T>(result: Result<T, impl Display>, message: &str) {
    match result {
        Ok(_) => panic!("no error, expected: {message}"),
        Err(error) => assert_eq!(error.to_string(), message),
    }
}

#[test]
fn sequences_of_unequal_length_are_refused() {
    let message = "truth has `2` samples but prediction has `1`, expected as many";
    says(Confusion::new(&[0, 1], &[0], 2), message);
    let message = "the first prediction has `1` samples but the second prediction has `2`, expected as many";
    says(agreement(&[0], &[0, 1]), message);
    let message = "truth has `2` samples but the second prediction has `1`, expected as many";
    says(Changes::between(&[0, 1], &[0, 1], &[0]), message);
    says(macro_f1_permutation(&[0, 1], &[0, 1], &[0], 2, || 0), message);
    let message = "truth has `1` samples but the first prediction has `2`, expected as many";
    says(Changes::between(&[0], &[0, 1], &[0]), message);
    let message = "truth has `1` samples but probabilities has `2`, expected as many";
    says(log_loss(array![[0.5, 0.5], [0.5, 0.5]].view(), &[0]), message);
    says(brier_score(array![[0.5, 0.5], [0.5, 0.5]].view(), &[0]), message);
    says(CalibrationError::new(array![[0.5, 0.5], [0.5, 0.5]].view(), &[0]), message);
    let (one, two) = (array![[0.5, 0.5]], array![[0.5, 0.5], [0.5, 0.5]]);
    let message = "truth has `1` samples but the float model has `2`, expected as many";
    says(divergence(two.view(), one.view(), &[0]), message);
    let message = "truth has `1` samples but the variant has `2`, expected as many";
    says(divergence(one.view(), two.view(), &[0]), message);
    let error = |samples: usize| {
        CalibrationError::new(Array2::from_elem((samples, 2), 0.5).view(), &vec![0; samples]).unwrap()
    };
    says(
        error(4).difference(&error(5)),
        "the first has `4` samples but the second has `5`, expected as many",
    );
}

#[test]
fn probabilities_over_different_classes_are_refused() {
    says(
        divergence(array![[0.5, 0.5]].view(), array![[0.5, 0.25, 0.25]].view(), &[0]),
        "the float model has `2` classes but the variant has `3`, expected as many",
    );
}

#[test]
fn too_few_samples_for_a_debiased_error_are_refused() {
    says(
        CalibrationError::new(array![[0.5, 0.5], [0.5, 0.5]].view(), &[0, 1]),
        "`2` samples given, expected at least `3`",
    );
}

#[test]
fn p_values_out_of_range_are_refused() {
    for (value, shown) in [(f64::NAN, "NaN"), (-1e-9, "-0.000000001"), (1.5, "1.5")] {
        let message = format!("p-value `{shown}` at position `1`, expected a number from 0 to 1");
        says(holm(&[0.5, value]), &message);
        says(benjamini_hochberg(&[0.5, value]), &message);
    }
}

#[test]
fn more_changes_than_samples_are_refused() {
    says(
        paired_difference_interval(2, 3, 4, 0.95),
        "`5` of `4` samples are lost or gained, expected at most `4`",
    );
    says(paired_difference_interval(0, 0, 0, 0.95), "no samples given, expected at least one");
}

#[test]
fn levels_out_of_range_are_refused() {
    for (value, shown) in [(0.0, "0"), (1.0, "1"), (f64::NAN, "NaN")] {
        let message = format!("confidence `{shown}`, expected a number between 0 and 1");
        says(paired_difference_interval(0, 1, 4, value), &message);
    }
    says(equivalence_margin(0.0, 1.0, None, 0.5), "level `0.5`, expected a number between 0 and 0.5");
}

#[test]
fn widths_that_are_negative_or_not_finite_are_refused() {
    says(equivalence_margin(0.0, -1.0, None, 0.05), "standard error `-1`, expected a number from 0");
    says(
        equivalence_margin(f64::NAN, 1.0, None, 0.05),
        "estimate `NaN` at position `0`, expected a finite number",
    );
    says(equivalence_margin(0.0, 1.0, Some(0), 0.05), "no degrees of freedom given, expected at least one");
    says(signed_rank_posterior(&[], 0.1, || 0), "no differences given, expected at least one");
    says(
        signed_rank_posterior(&[0.0, f64::INFINITY], 0.1, || 0),
        "difference `inf` at position `1`, expected a finite number",
    );
    says(signed_rank_posterior(&[0.0], -0.1, || 0), "region `-0.1`, expected a number from 0");
}

#[test]
fn labels_out_of_range_are_refused() {
    let message = "true label `2` of sample `1` is out of range, expected a class below `2`";
    says(Confusion::new(&[0, 2], &[0, 1], 2), message);
    says(log_loss(array![[0.5, 0.5], [0.5, 0.5]].view(), &[0, 2]), message);
    says(brier_score(array![[0.5, 0.5], [0.5, 0.5]].view(), &[0, 2]), message);
    let halves = Array2::from_elem((3, 2), 0.5);
    says(CalibrationError::new(halves.view(), &[0, 2, 0]), message);
    says(divergence(halves.view(), halves.view(), &[0, 2, 0]), message);
    says(macro_f1_permutation(&[0, 2], &[0, 1], &[0, 1], 2, || 0), message);
    let message = "predicted label `7` of sample `0` is out of range, expected a class below `2`";
    says(Confusion::new(&[0, 1], &[7, 1], 2), message);
    let message = "second predicted label `7` of sample `0` is out of range, expected a class below `2`";
    says(macro_f1_permutation(&[0, 1], &[0, 1], &[7, 1], 2, || 0), message);
}

#[test]
fn nothing_at_all_is_refused() {
    let message = "no samples given, expected at least one";
    says(Confusion::new(&[], &[], 2), message);
    says(Confusion::from_counts(&[0, 0, 0, 0], 2), message);
    says(Confusion::from_counts(&[], 0), message);
    says(agreement(&[], &[]), message);
    says(Changes::between(&[], &[], &[]), message);
    says(accuracy_interval(0, 0), message);
    says(log_loss(Array2::zeros((0, 3)).view(), &[]), message);
    says(mean_and_deviation(&[]), "no values given, expected at least one");
}

#[test]
fn a_table_that_is_not_square_is_refused() {
    says(
        Confusion::from_counts(&[1, 2, 3], 2),
        "`3` counts given for `2` classes, expected `2` rows of `2` counts",
    );
}

#[test]
fn more_classes_or_samples_than_can_be_counted_are_refused() {
    says(Confusion::new(&[0], &[0], usize::MAX), "classes do not fit in memory, expected fewer");
    says(Confusion::new(&[0], &[0], usize::MAX >> 34), "classes do not fit in memory, expected fewer");
    says(Confusion::from_counts(&[usize::MAX, 1, 0, 0], 2), "samples do not fit in memory, expected fewer");
}

#[test]
fn more_right_samples_than_samples_are_refused() {
    says(accuracy_interval(5, 4), "`5` of `4` samples are right, expected at most `4`");
}

#[test]
fn values_that_are_no_probabilities_are_refused() {
    for (value, shown) in [(f64::NAN, "NaN"), (-0.25, "-0.25"), (1.5, "1.5"), (f64::INFINITY, "inf")] {
        let message =
            format!("probability `{shown}` of class `1` in sample `0`, expected a number from 0 to 1");
        says(log_loss(array![[0.5, value]].view(), &[0]), &message);
        says(brier_score(array![[0.5, value]].view(), &[0]), &message);
        says(divergence(array![[0.5, value]].view(), array![[0.5, 0.5]].view(), &[0]), &message);
        says(divergence(array![[0.5, 0.5]].view(), array![[0.5, value]].view(), &[0]), &message);
        let three = array![[0.5, value], [0.5, 0.5], [0.5, 0.5]];
        says(CalibrationError::new(three.view(), &[0, 0, 0]), &message);
    }
}

#[test]
fn scores_that_are_not_finite_are_refused() {
    let message = "value `inf` at position `1`, expected a finite number";
    says(mean_and_deviation(&[0.5, f64::INFINITY]), message);
}

#[test]
fn points_that_cannot_be_ordered_are_refused() {
    let message = "score of point `1` is not a number, expected one that can be ordered";
    says(pareto_front(&[(1.0, 0.5), (2.0, f64::NAN)]), message);
    let message = "cost of point `0` is not a number, expected one that can be ordered";
    says(pareto_front(&[(f64::NAN, 0.5)]), message);
}

//! Values small enough to be worked out by hand.
#![allow(clippy::unwrap_used)]

use bitsweep_metrics::{
    Changes, Confusion, accuracy_interval, agreement, log_loss, macro_f1_interval, macro_f1_permutation,
    mcnemar_exact, mean_and_deviation, pareto_front,
};
use ndarray::array;

#[test]
fn notebook_000s_two_bit_score_is_a_sum_of_three_fractions() {
    // 14, 14 and 8 samples, three of the first class taken for the second: F1 of 22/25, 28/31 and 1.
    let confusion = Confusion::from_counts(&[11, 3, 0, 0, 14, 0, 0, 0, 8], 3).unwrap();
    assert_eq!(confusion.macro_f1(), (22.0 / 25.0 + 28.0 / 31.0 + 1.0) / 3.0);
    assert_eq!(format!("{:.6}", confusion.macro_f1()), "0.927742");
}

#[test]
fn scores_without_a_denominator_are_zero() {
    let confusion = Confusion::new(&[0, 0, 1], &[0, 0, 2], 4).unwrap();
    assert_eq!((confusion.precision(1), confusion.recall(1), confusion.f1(1)), (0.0, 0.0, 0.0));
    assert_eq!((confusion.precision(2), confusion.recall(2), confusion.f1(2)), (0.0, 0.0, 0.0));
    assert_eq!((confusion.precision(3), confusion.recall(3), confusion.f1(3)), (0.0, 0.0, 0.0));
}

#[test]
fn macro_f1_leaves_out_a_class_without_samples_even_where_it_is_predicted() {
    let confusion = Confusion::new(&[0, 0, 2], &[0, 0, 2], 5).unwrap();
    assert_eq!(confusion.macro_f1(), 1.0);
    let confusion = Confusion::new(&[0, 0, 2], &[0, 3, 2], 5).unwrap();
    assert_eq!(confusion.present().collect::<Vec<_>>(), [0, 2]);
    assert_eq!(confusion.macro_f1(), (2.0 / 3.0 + 1.0) / 2.0);
}

#[test]
fn counts_and_labels_make_the_same_matrix() {
    let of_labels = Confusion::new(&[0, 0, 1, 1, 1], &[0, 1, 1, 1, 0], 2).unwrap();
    assert_eq!(of_labels, Confusion::from_counts(&[1, 1, 1, 2], 2).unwrap());
    assert_eq!((of_labels.support(), of_labels.predicted()), (&[2, 3][..], &[2, 3][..]));
    assert_eq!((of_labels.samples(), of_labels.right(), of_labels.classes()), (5, 3, 2));
}

#[test]
fn log_loss_of_a_fair_coin_is_the_logarithm_of_two() {
    let loss = log_loss(array![[0.5, 0.5], [0.5, 0.5]].view(), &[0, 1]).unwrap();
    assert!((loss - std::f64::consts::LN_2).abs() < 1e-15);
}

#[test]
fn log_loss_of_certain_predictions_is_clipped_at_both_ends() {
    let wrong = log_loss(array![[0.0, 1.0]].view(), &[0]).unwrap();
    assert!((wrong - 52.0 * std::f64::consts::LN_2).abs() < 1e-13);
    let right = log_loss(array![[1.0, 0.0]].view(), &[0]).unwrap();
    assert!((right - f64::EPSILON).abs() < 1e-30);
}

#[test]
fn changes_and_agreement_count_samples() {
    let (truth, first, second) = ([0, 1, 2, 2, 1], [0, 1, 1, 0, 1], [0, 2, 2, 1, 0]);
    assert_eq!(Changes::between(&truth, &first, &second).unwrap(), Changes { lost: 2, gained: 1 });
    assert_eq!(agreement(&first, &second).unwrap(), 0.2);
}

#[test]
fn fewer_than_six_net_losses_never_reach_five_percent_in_mcnemars_test() {
    for gained in 0..500 {
        for lost in gained..gained + 6 {
            assert!(mcnemar_exact(lost, gained) > 0.05, "{lost} lost, {gained} gained");
        }
    }
    assert!(mcnemar_exact(6, 0) < 0.05);
}

#[test]
fn mcnemar_takes_the_largest_counts_there_are() {
    assert_eq!(mcnemar_exact(usize::MAX, 0), 0.0);
    assert_eq!(mcnemar_exact(usize::MAX, usize::MAX), 1.0);
}

#[test]
fn accuracy_of_36_of_36_may_still_be_nine_in_ten() {
    let interval = accuracy_interval(36, 36).unwrap();
    assert_eq!((interval.value, interval.high), (1.0, 1.0));
    // z² = 3.8415: 36 / (36 + z²).
    assert!((interval.low - 36.0 / 39.8415).abs() < 1e-5);
}

#[test]
fn one_error_in_36_does_not_rule_out_an_accuracy_just_below_one() {
    // Poisson: the mean that yields an error with a probability of 5 % is -ln 0.95.
    let interval = accuracy_interval(35, 36).unwrap();
    assert!((interval.high - (1.0 + (0.95_f64).ln() / 36.0)).abs() < 1e-12);
    let mirrored = accuracy_interval(1, 36).unwrap();
    assert!((mirrored.low + interval.high - 1.0).abs() < 1e-15);
}

#[test]
fn three_errors_are_few_whatever_the_rounding_of_their_fraction() {
    for samples in 4..400 {
        // ½ χ² of 6 degrees of freedom at 5 %.
        let interval = accuracy_interval(samples - 3, samples).unwrap();
        assert!((interval.high - (1.0 - 0.8176914471639534 / samples as f64)).abs() < 1e-12, "{samples}");
    }
}

#[test]
fn macro_f1_of_one_class_has_the_interval_of_its_accuracy() {
    let confusion = Confusion::from_counts(&[0, 0, 0, 20], 2).unwrap();
    assert_eq!(macro_f1_interval(&confusion), accuracy_interval(20, 20).unwrap());
}

#[test]
fn macro_f1_of_a_perfect_matrix_is_known_better_with_more_samples() {
    let low = |each: usize| {
        macro_f1_interval(&Confusion::from_counts(&[each, 0, 0, 0, each, 0, 0, 0, each], 3).unwrap()).low
    };
    assert!(low(4) < low(12) && low(12) < low(150) && low(150) < 1.0);
}

#[test]
fn classifiers_that_never_differ_have_p_one() {
    let labels = [0, 1, 1, 0];
    let test = macro_f1_permutation(&labels, &labels, &labels, 2, || 0).unwrap();
    assert_eq!((test.difference, test.p_value, test.differing, test.exact), (0.0, 1.0, 0, true));
}

#[test]
fn random_exchanges_of_seventeen_one_sided_losses_find_them_extreme() {
    // One of 2^16 exchanges is as extreme: 10,000 draws will hardly meet it, and the observed one counts.
    let truth: Vec<usize> = (0..40).map(|sample| sample % 2).collect();
    let worse: Vec<usize> =
        (0..40).map(|sample| if sample < 17 { 1 - sample % 2 } else { sample % 2 }).collect();
    let mut stream = rand_mt::Mt64::new(7);
    let test = macro_f1_permutation(&truth, &truth, &worse, 2, || stream.next_u64()).unwrap();
    assert!(!test.exact && test.differing == 17);
    assert!(test.p_value >= 1.0 / 10_001.0 && test.p_value < 5.0 / 10_001.0, "{}", test.p_value);
}

#[test]
fn equal_runs_have_no_spread_at_all() {
    let scores = mean_and_deviation(&[0.1; 10]).unwrap();
    assert_eq!((scores.count, scores.mean, scores.deviation), (10, 0.1, Some(0.0)));
}

#[test]
fn a_single_run_says_nothing_of_spread() {
    let scores = mean_and_deviation(&[0.9]).unwrap();
    assert_eq!((scores.mean, scores.deviation), (0.9, None));
    assert_eq!(scores.interval(), None);
    assert_eq!(scores.corrected_variance(80, 20).unwrap(), None);
    assert_eq!(scores.corrected_interval(80, 20).unwrap(), None);
}

#[test]
fn two_runs_have_the_t_quantile_of_the_cauchy_distribution() {
    // One degree of freedom: t = tan(0.475 π) = 12.706.
    let interval = mean_and_deviation(&[0.0, 2.0]).unwrap().interval().unwrap();
    assert!((interval.high - (1.0 + (0.475 * std::f64::consts::PI).tan())).abs() < 1e-12);
}

#[test]
fn pareto_front_keeps_the_first_of_equal_points_and_none_beaten() {
    let points = [(2.0, 0.5), (1.0, 0.5), (1.0, 0.5), (1.0, 0.4), (3.0, 0.9), (3.0, 0.95), (4.0, 0.95)];
    assert_eq!(pareto_front(&points).unwrap(), [1, 5]);
    assert_eq!(pareto_front(&[(0.0, 1.0), (-0.0, 2.0)]).unwrap(), [1]);
    assert_eq!(pareto_front(&[(f64::INFINITY, 2.0), (1.0, f64::NEG_INFINITY)]).unwrap(), [1, 0]);
    assert!(pareto_front(&[]).unwrap().is_empty());
}

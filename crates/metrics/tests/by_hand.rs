//! Values small enough to be worked out by hand.
#![allow(clippy::unwrap_used)]

use bitsweep_metrics::{
    CalibrationError, Changes, Confusion, accuracy_interval, agreement, benjamini_hochberg, brier_score,
    divergence, equivalence_margin, holm, log_loss, macro_f1_interval, macro_f1_permutation, margin,
    mcnemar_exact, mean_and_deviation, paired_difference_interval, pareto_front, signed_rank_posterior,
};
use ndarray::{Array2, array};

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
}

#[test]
fn pareto_front_keeps_the_first_of_equal_points_and_none_beaten() {
    let points = [(2.0, 0.5), (1.0, 0.5), (1.0, 0.5), (1.0, 0.4), (3.0, 0.9), (3.0, 0.95), (4.0, 0.95)];
    assert_eq!(pareto_front(&points).unwrap(), [1, 5]);
    assert_eq!(pareto_front(&[(0.0, 1.0), (-0.0, 2.0)]).unwrap(), [1]);
    assert_eq!(pareto_front(&[(f64::INFINITY, 2.0), (1.0, f64::NEG_INFINITY)]).unwrap(), [1, 0]);
    assert!(pareto_front(&[]).unwrap().is_empty());
}

#[test]
fn a_rare_class_that_is_never_found_may_still_be_found_sometimes() {
    // F1 of 0 in 10 rows: Wilson's z²/(10 + z²) of Jaccard's index, and no errors in the other class's 990 but those.
    let interval = macro_f1_interval(&Confusion::from_counts(&[990, 0, 10, 0], 2).unwrap());
    let jaccard = 3.8414588 / 13.8414588;
    assert!(interval.high > interval.value + jaccard / (1.0 + jaccard) - 1e-6, "{interval:?}");
}

#[test]
fn holms_p_values_are_multiplied_by_the_tests_left_and_never_fall() {
    assert_eq!(holm(&[0.25, 0.125, 0.25, 0.0]).unwrap(), [0.5, 0.375, 0.5, 0.0]);
    assert_eq!(benjamini_hochberg(&[0.25, 0.125, 0.25, 0.0]).unwrap(), [0.25, 0.25, 0.25, 0.0]);
    assert_eq!(holm(&[0.75, 1.0]).unwrap(), [1.0, 1.0]);
    assert!(holm(&[]).unwrap().is_empty() && benjamini_hochberg(&[]).unwrap().is_empty());
}

#[test]
fn paired_difference_of_samples_that_never_change_has_wilsons_width() {
    let z = 1.959963984540054_f64;
    let interval = paired_difference_interval(0, 0, 36, 0.95).unwrap();
    assert_eq!(interval.value, 0.0);
    assert!((interval.high - z * z / (36.0 + z * z)).abs() < 1e-12);
    assert_eq!(interval.low, -interval.high);
}

#[test]
fn paired_difference_of_a_single_sample_is_within_the_possible() {
    let interval = paired_difference_interval(1, 0, 1, 0.999).unwrap();
    assert_eq!((interval.value, interval.high), (1.0, 1.0));
    assert!(-1.0 <= interval.low && interval.low < 0.0);
}

#[test]
fn brier_score_of_the_certain_is_zero_or_two_and_of_a_fair_coin_a_half() {
    let certain = array![[1.0, 0.0], [0.0, 1.0]];
    assert_eq!(brier_score(certain.view(), &[0, 1]).unwrap(), 0.0);
    assert_eq!(brier_score(certain.view(), &[1, 0]).unwrap(), 2.0);
    assert_eq!(brier_score(array![[0.5, 0.5]].view(), &[1]).unwrap(), 0.5);
}

#[test]
fn equal_confidences_share_a_bin_whatever_the_order_of_the_samples() {
    // 20 samples would be two bins of ten; eleven of 0.75 and nine of 1 are one of eleven and one of nine.
    let confidence = |sample: usize| if sample < 11 { 0.75 } else { 1.0 };
    let probabilities = |from: usize| {
        Array2::from_shape_fn((20, 2), |(sample, class)| {
            let confidence = confidence((sample + from) % 20);
            if class == 0 { confidence } else { 1.0 - confidence }
        })
    };
    let error = CalibrationError::new(probabilities(0).view(), &[0; 20]).unwrap();
    assert_eq!(error.bins(), 2);
    assert!((error.squared() - 11.0 * 0.0625 / 20.0).abs() < 1e-15);
    assert!((error.root() - (11.0_f64 * 0.0625 / 20.0).sqrt()).abs() < 1e-15);
    assert_eq!(error.squared(), CalibrationError::new(probabilities(7).view(), &[0; 20]).unwrap().squared());
}

#[test]
fn a_bin_of_fewer_than_three_samples_joins_the_one_before() {
    // Nineteen equal confidences leave one sample to the second bin.
    let probabilities = Array2::from_shape_fn((20, 2), |(sample, class)| {
        let confidence = if sample < 19 { 0.75 } else { 1.0 };
        if class == 0 { confidence } else { 1.0 - confidence }
    });
    let error = CalibrationError::new(probabilities.view(), &[0; 20]).unwrap();
    assert_eq!(error.bins(), 1);
    let gap: f64 = 1.0 - (19.0 * 0.75 + 1.0) / 20.0;
    assert!((error.squared() - gap * gap).abs() < 1e-15);
}

#[test]
fn a_classifier_does_not_differ_in_calibration_from_itself() {
    let probabilities = Array2::from_shape_fn((40, 2), |(sample, class)| {
        let confidence = 0.5 + sample as f64 / 100.0;
        if class == 0 { confidence } else { 1.0 - confidence }
    });
    let error = CalibrationError::new(probabilities.view(), &[0; 40]).unwrap();
    let difference = error.difference(&error).unwrap();
    assert_eq!((difference.difference, difference.standard_error), (0.0, 0.0));
}

#[test]
fn divergence_from_a_probability_of_zero_is_finite() {
    let (float, variant) = (array![[0.5, 0.5], [1.0, 0.0]], array![[0.0, 1.0], [1.0, 0.0]]);
    let divergence = divergence(float.view(), variant.view(), &[0, 0]).unwrap();
    // ½ ln(½/2⁻⁵²) + ½ ln ½ = 25 ln 2 in the first sample, nothing in the second.
    assert!((divergence.kl_mean - 12.5 * std::f64::consts::LN_2).abs() < 1e-13);
    // A tie goes to the first class, of which the variant's margin is -1.
    assert_eq!((divergence.same_top, divergence.margin_change_mean), (0.5, -0.5));
    assert!((divergence.margin_change_p5 - -0.95).abs() < 1e-15);
    assert_eq!(divergence.probability_change_rms, 0.125_f64.sqrt());
}

#[test]
fn divergence_of_a_single_sample_has_no_standard_error() {
    let one = array![[0.25, 0.75]];
    let divergence = divergence(one.view(), one.view(), &[0]).unwrap();
    assert_eq!((divergence.kl_mean, divergence.kl_p99), (0.0, 0.0));
    assert_eq!((divergence.kl_standard_error, divergence.same_top_standard_error), (None, None));
    assert_eq!(margin(one.row(0), 0), -0.5);
}

#[test]
fn one_difference_against_the_prior_is_a_square_of_a_uniform_number() {
    // Beyond the region: (1 - w₀²) > w₀² for w₀ < 1/√2.
    let mut stream = rand_mt::Mt64::new(3);
    let posterior = signed_rank_posterior(&[-1.0], 0.1, || stream.next_u64()).unwrap();
    assert!((posterior.left - 0.5_f64.sqrt()).abs() < 0.01, "{posterior:?}");
    assert_eq!((posterior.right, posterior.left + posterior.rope), (0.0, 1.0));
    // Within it nothing else can win.
    let posterior = signed_rank_posterior(&[-0.1, 0.1], 0.1, || 7).unwrap();
    assert_eq!((posterior.left, posterior.rope, posterior.right), (0.0, 1.0, 0.0));
}

#[test]
fn equivalence_without_an_error_is_the_estimate() {
    assert_eq!(equivalence_margin(-0.25, 0.0, Some(3), 0.05).unwrap(), 0.25);
    // One degree of freedom: tan(0.45 π).
    let margin = equivalence_margin(0.0, 1.0, Some(1), 0.05).unwrap();
    assert!((margin - (0.45 * std::f64::consts::PI).tan()).abs() < 1e-12);
}

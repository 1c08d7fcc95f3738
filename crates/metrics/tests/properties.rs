//! What holds for any labels.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use bitsweep_metrics::{
    CalibrationError, ClassScore, Confusion, Contributions, Estimate, Flips, Influence, Interval,
    accuracy_interval, agreement, benjamini_hochberg, brier_score, divergence, equivalence_margin, holm,
    log_loss, macro_f1_interval, macro_f1_permutation, mcnemar_exact, mean_and_deviation,
    paired_difference_interval, pareto_front, signed_rank_posterior, signed_rank_posteriors,
};
use ndarray::Array2;
use proptest::prelude::*;

/// A number of classes, and two sequences of labels below it.
fn labels() -> impl Strategy<Value = (usize, Vec<usize>, Vec<usize>)> {
    (1..8_usize).prop_flat_map(|classes| {
        prop::collection::vec((0..classes, 0..classes, prop::bool::weighted(0.8)), 1..80).prop_map(
            move |samples| {
                let truth = samples.iter().map(|&(truth, _, _)| truth).collect();
                let predicted =
                    samples.iter().map(|&(truth, guess, right)| if right { truth } else { guess }).collect();
                (classes, truth, predicted)
            },
        )
    })
}

/// The truth, and the probabilities of two models for 2 to 5 classes.
fn two_models() -> impl Strategy<Value = (Vec<usize>, Array2<f64>, Array2<f64>)> {
    // Few distinct weights, so that ties and zeros are many.
    (2..6_usize, 3..60_usize).prop_flat_map(|(classes, samples)| {
        let weights = || {
            prop::collection::vec(0..5_u8, classes * samples).prop_map(move |weights| {
                let mut table =
                    Array2::from_shape_vec((samples, classes), weights.into_iter().map(f64::from).collect())
                        .unwrap();
                for mut row in table.rows_mut() {
                    row[0] += 0.5;
                    let sum: f64 = row.sum();
                    row.mapv_inplace(|weight| weight / sum);
                }
                table
            })
        };
        (prop::collection::vec(0..classes, samples), weights(), weights())
    })
}

/// The true class of each row, and what two classifiers of each unit predict.
#[derive(Debug, Clone)]
struct Units {
    classes: usize,
    rows: Vec<u32>,
    truth: Vec<usize>,
    predicted: Vec<[Vec<usize>; 2]>,
}

impl Units {
    /// Units of the same rows, as many as there are predictions.
    fn some() -> impl Strategy<Value = Self> {
        (1..6_usize, 1..40_usize, 1..6_usize).prop_flat_map(|(classes, samples, units)| {
            let labels = || prop::collection::vec(0..classes, samples);
            let pairs = prop::collection::vec((labels(), labels(), prop::bool::weighted(0.2)), units);
            (labels(), pairs).prop_map(move |(truth, pairs)| {
                let pair = |(first, second, is_same)| {
                    if is_same { [Vec::clone(&first), first] } else { [first, second] }
                };
                // Row numbers with gaps.
                let rows = (0..samples as u32).map(|row| 3 * row + 1).collect();
                Self { classes, rows, truth, predicted: pairs.into_iter().map(pair).collect() }
            })
        })
    }

    /// What the second classifier of each unit loses against the first.
    fn losses(&self, score: ClassScore) -> Vec<Contributions<'_>> {
        let pairs = self.predicted.iter();
        pairs
            .map(|[first, second]| {
                Contributions::of_loss(score, &self.rows, &self.truth, [first, second], self.classes).unwrap()
            })
            .collect()
    }

    fn estimate(&self, score: ClassScore) -> Estimate {
        Estimate::of(&self.losses(score)).unwrap()
    }

    /// All labels by another name.
    fn renamed(&self, name: impl Fn(usize) -> usize) -> Self {
        let rename = |labels: &[usize]| labels.iter().map(|label| name(*label)).collect::<Vec<_>>();
        let predicted = self.predicted.iter().map(|pair| [rename(&pair[0]), rename(&pair[1])]).collect();
        Self { truth: rename(&self.truth), predicted, ..self.clone() }
    }

    /// The rows in another order.
    fn turned(&self, by: usize) -> Self {
        let turn = |labels: &[usize]| {
            let mut labels = labels.to_vec();
            let by = by % labels.len();
            labels.rotate_left(by);
            labels.reverse();
            labels
        };
        let mut rows = self.rows.clone();
        rows.rotate_left(by % self.rows.len());
        rows.reverse();
        let predicted = self.predicted.iter().map(|pair| [turn(&pair[0]), turn(&pair[1])]).collect();
        Self { rows, truth: turn(&self.truth), predicted, ..self.clone() }
    }
}

fn score() -> impl Strategy<Value = ClassScore> {
    prop_oneof![Just(ClassScore::MacroF1), Just(ClassScore::Accuracy)]
}

fn assert_same(own: Estimate, other: Estimate) {
    assert!((own.value - other.value).abs() < 1e-13, "{own:?} {other:?}");
    assert!((own.standard_error - other.standard_error).abs() < 1e-12, "{own:?} {other:?}");
    assert_eq!((own.units, own.samples), (other.units, other.samples));
    let needed = |estimate: &Estimate| estimate.samples_needed(estimate.value + 0.125, 0.95).unwrap() as f64;
    assert!((needed(&own) - needed(&other)).abs() <= 1.0 + 1e-9 * needed(&own), "{own:?} {other:?}");
}

fn assert_sound(interval: Interval) {
    let Interval { value, low, high } = interval;
    assert!(0.0 <= low && low <= value && value <= high && high <= 1.0 && low < high, "{interval:?}");
}

proptest! {
    #[test]
    fn macro_f1_does_not_depend_on_the_names_of_classes((classes, truth, predicted) in labels(), turn in 0..8_usize) {
        // Mirrored and rotated: a permutation of the classes.
        let rename = |labels: &[usize]| -> Vec<usize> {
            labels.iter().map(|label| (classes - 1 - label + turn) % classes).collect()
        };
        let before = Confusion::new(&truth, &predicted, classes).unwrap();
        let after = Confusion::new(&rename(&truth), &rename(&predicted), classes).unwrap();
        prop_assert!((before.macro_f1() - after.macro_f1()).abs() < 1e-14);
        let (before, after) = (macro_f1_interval(&before), macro_f1_interval(&after));
        prop_assert!((before.low - after.low).abs() < 1e-12 && (before.high - after.high).abs() < 1e-12);
    }

    #[test]
    fn macro_f1_is_over_the_classes_of_the_truth_whatever_is_predicted((classes, truth, predicted) in labels()) {
        let confusion = Confusion::new(&truth, &predicted, classes).unwrap();
        let present: BTreeSet<usize> = truth.iter().copied().collect();
        let sum: f64 = present.iter().map(|&class| confusion.f1(class)).sum();
        prop_assert!((confusion.macro_f1() - sum / present.len() as f64).abs() < 1e-14);
        prop_assert_eq!(confusion.present().collect::<BTreeSet<_>>(), present);
    }

    #[test]
    fn a_sample_of_weight_n_counts_as_n_samples((classes, truth, predicted) in labels(), seed in 0..1000_usize) {
        let weights: Vec<usize> = (0..truth.len()).map(|sample| (seed >> (sample % 9)) % 4).collect();
        prop_assume!(weights.iter().any(|&weight| weight > 0));
        let repeated = |labels: &[usize]| -> Vec<usize> {
            let pairs = labels.iter().zip(&weights);
            pairs.flat_map(|(&label, &weight)| std::iter::repeat_n(label, weight)).collect()
        };
        let narrow = |labels: &[usize]| labels.iter().map(|&label| label as u16).collect::<Vec<u16>>();
        let right = narrow(&truth);
        let mut flips = Flips::new(truth.clone(), narrow(&predicted), classes).unwrap();
        flips.push(&right).unwrap();
        flips.push(&narrow(&predicted)).unwrap();
        let weights: Vec<f64> = weights.iter().map(|&weight| weight as f64).collect();
        for score in [ClassScore::MacroF1, ClassScore::Accuracy] {
            let of = |own: &[usize]| score.of(&Confusion::new(&repeated(&truth), &repeated(own), classes).unwrap());
            let losses = flips.losses(score, &weights, 0..2);
            prop_assert!((losses[0] - (of(&predicted) - 1.0)).abs() < 1e-12);
            prop_assert_eq!(losses[1], 0.0);
        }
    }

    #[test]
    fn accuracy_is_agreement_with_the_truth((classes, truth, predicted) in labels()) {
        let confusion = Confusion::new(&truth, &predicted, classes).unwrap();
        prop_assert_eq!(confusion.accuracy(), agreement(&truth, &predicted).unwrap());
        prop_assert_eq!(confusion.support().iter().sum::<usize>(), truth.len());
    }

    #[test]
    fn macro_f1_interval_contains_macro_f1_and_has_a_width((classes, truth, predicted) in labels()) {
        assert_sound(macro_f1_interval(&Confusion::new(&truth, &predicted, classes).unwrap()));
    }

    #[test]
    fn accuracy_interval_contains_the_accuracy_and_has_a_width(
        samples in 1..2000_usize,
        share in 0.0..=1.0_f64,
    ) {
        let right = (samples as f64 * share).round() as usize;
        let interval = accuracy_interval(right, samples).unwrap();
        assert_sound(interval);
        let mirrored = accuracy_interval(samples - right, samples).unwrap();
        prop_assert!((interval.low + mirrored.high - 1.0).abs() < 1e-14);
    }

    #[test]
    fn log_loss_of_equal_probabilities_is_the_logarithm_of_their_number((classes, truth, _) in labels()) {
        let probabilities = Array2::from_elem((truth.len(), classes), 1.0 / classes as f64);
        let loss = log_loss(probabilities.view(), &truth).unwrap();
        prop_assert!((loss - (classes as f64).ln()).abs() < 1e-13);
    }

    #[test]
    fn mcnemar_p_value_falls_with_each_further_loss(gained in 0..200_usize, more in 0..100_usize) {
        let lost = gained + more;
        let (before, after) = (mcnemar_exact(lost, gained), mcnemar_exact(lost + 1, gained));
        prop_assert!(0.0 < after && after <= before && before <= 1.0);
    }

    #[test]
    fn permutation_test_does_not_depend_on_the_order_of_the_classifiers(
        (classes, truth, first) in labels(),
        wrong in prop::collection::vec(0..80_usize, 0..10),
    ) {
        let mut second = first.clone();
        for sample in wrong {
            let sample = sample % truth.len();
            second[sample] = (second[sample] + 1) % classes;
        }
        let test = macro_f1_permutation(&truth, &first, &second, classes, || 0).unwrap();
        let mirrored = macro_f1_permutation(&truth, &second, &first, classes, || 0).unwrap();
        prop_assert_eq!(test.p_value, mirrored.p_value);
        prop_assert_eq!(test.difference, -mirrored.difference);
        // The observed exchange is one of them.
        prop_assert!(test.p_value * (1 << test.differing) as f64 >= 1.0 && test.p_value <= 1.0);
    }

    #[test]
    fn mean_moves_and_deviation_stays_when_all_values_move(
        values in prop::collection::vec(0.0..1.0_f64, 2..40),
        shift in -2.0..2.0_f64,
    ) {
        let moved: Vec<f64> = values.iter().map(|value| value + shift).collect();
        let (before, after) = (mean_and_deviation(&values).unwrap(), mean_and_deviation(&moved).unwrap());
        prop_assert!((before.mean + shift - after.mean).abs() < 1e-13);
        prop_assert!((before.deviation.unwrap() - after.deviation.unwrap()).abs() < 1e-13);
    }

    #[test]
    fn pareto_front_is_exactly_what_nothing_dominates(
        // Few distinct values, so that ties are many.
        points in prop::collection::vec((0..6_u8, 0..6_u8), 0..40),
    ) {
        let points: Vec<(f64, f64)> =
            points.into_iter().map(|(cost, score)| (f64::from(cost), f64::from(score))).collect();
        let front = pareto_front(&points).unwrap();
        let dominates = |a: (f64, f64), b: (f64, f64)| a.0 <= b.0 && a.1 >= b.1 && a != b;
        let mut expected: Vec<usize> = (0..points.len())
            .filter(|&index| !points.iter().any(|&other| dominates(other, points[index])))
            .filter(|&index| !points[..index].contains(&points[index]))
            .collect();
        expected.sort_by(|&a, &b| points[a].0.total_cmp(&points[b].0));
        prop_assert_eq!(front, expected);
    }

    #[test]
    fn adjusted_p_values_keep_the_order_and_holms_are_the_largest(
        p_values in prop::collection::vec((0..50_u8).prop_map(|p| f64::from(p) / 49.0), 0..30),
    ) {
        let (holm, hochberg) = (holm(&p_values).unwrap(), benjamini_hochberg(&p_values).unwrap());
        for (a, &p) in p_values.iter().enumerate() {
            prop_assert!(p <= hochberg[a] + 1e-15 && hochberg[a] <= holm[a] + 1e-15 && holm[a] <= 1.0);
            for (b, &other) in p_values.iter().enumerate() {
                prop_assert!(p > other || holm[a] <= holm[b] && hochberg[a] <= hochberg[b]);
            }
        }
    }

    #[test]
    fn paired_difference_interval_holds_the_difference_and_mirrors_and_grows_with_confidence(
        lost in 0..40_usize, gained in 0..40_usize, same in 0..200_usize, confidence in 0.5..0.99_f64,
    ) {
        let samples = lost + gained + same + 1;
        let of = |lost, gained, confidence| paired_difference_interval(lost, gained, samples, confidence).unwrap();
        let interval = of(lost, gained, confidence);
        let Interval { value, low, high } = interval;
        prop_assert!(-1.0 <= low && low <= value && value <= high && high <= 1.0 && low < high);
        let mirrored = of(gained, lost, confidence);
        prop_assert_eq!((-mirrored.low, -mirrored.high), (high, low));
        let wider = of(lost, gained, confidence + 0.005);
        prop_assert!(wider.low < low && high < wider.high);
    }

    #[test]
    fn scores_of_probabilities_do_not_depend_on_the_order_of_the_samples(
        (truth, first, second) in two_models(),
        turn in 1..60_usize,
    ) {
        let order: Vec<usize> = (0..truth.len()).map(|sample| (sample + turn) % truth.len()).collect();
        let turned: Vec<usize> = order.iter().map(|&sample| truth[sample]).collect();
        let turn = |table: &Array2<f64>| table.select(ndarray::Axis(0), &order);
        let error = |table: &Array2<f64>, truth: &[usize]| CalibrationError::new(table.view(), truth).unwrap();
        let (before, after) = (error(&first, &truth), error(&turn(&first), &turned));
        prop_assert!((before.squared() - after.squared()).abs() < 1e-13);
        prop_assert_eq!(before.bins(), after.bins());
        let before = before.difference(&error(&second, &truth)).unwrap();
        let after = after.difference(&error(&turn(&second), &turned)).unwrap();
        prop_assert!((before.standard_error - after.standard_error).abs() < 1e-10);
        let before = divergence(first.view(), second.view(), &truth).unwrap();
        let after = divergence(turn(&first).view(), turn(&second).view(), &turned).unwrap();
        prop_assert!((before.kl_mean - after.kl_mean).abs() < 1e-12);
        prop_assert_eq!(before.kl_p99, after.kl_p99);
    }

    #[test]
    fn divergence_is_nothing_from_itself_and_never_negative((truth, first, second) in two_models()) {
        let same = divergence(first.view(), first.view(), &truth).unwrap();
        prop_assert_eq!((same.kl_mean, same.probability_change_rms, same.same_top), (0.0, 0.0, 1.0));
        prop_assert_eq!((same.margin_change_mean, same.margin_change_p5), (0.0, 0.0));
        let other = divergence(first.view(), second.view(), &truth).unwrap();
        prop_assert!(other.kl_mean >= -1e-15 && other.kl_p99 <= 36.05 && other.kl_median <= other.kl_p99);
        prop_assert!(-2.0 <= other.margin_change_p5 && other.margin_change_mean <= 1.0);
    }

    #[test]
    fn brier_score_is_least_for_certainty_in_the_truth((truth, first, _) in two_models()) {
        let score = brier_score(first.view(), &truth).unwrap();
        prop_assert!((0.0..=2.0).contains(&score));
        let certain = Array2::from_shape_fn(first.dim(), |(row, class)| f64::from(u8::from(truth[row] == class)));
        prop_assert_eq!(brier_score(certain.view(), &truth).unwrap(), 0.0);
    }

    #[test]
    fn margin_of_equivalence_grows_with_the_error_and_fewer_degrees(
        estimate in -1.0..1.0_f64, error in 0.001..1.0_f64, degrees in 1..60_usize,
    ) {
        let margin = |error, degrees| equivalence_margin(estimate, error, degrees, 0.05).unwrap();
        prop_assert!(margin(error, None) < margin(error, Some(degrees + 1)));
        prop_assert!(margin(error, Some(degrees + 1)) < margin(error, Some(degrees)));
        prop_assert!(margin(error, None) < margin(2.0 * error, None) && margin(error, None) > estimate.abs());
    }
}

proptest! {
    #[test]
    fn bounds_and_intervals_grow_with_the_confidence(
        units in Units::some(), score in score(), confidence in 0.5..0.99_f64, more in 0.001..0.0099_f64,
    ) {
        let loss = units.estimate(score);
        let higher = confidence + more;
        prop_assert!(loss.value <= loss.upper_bound(confidence));
        prop_assert!(loss.upper_bound(confidence) < loss.upper_bound(higher));
        prop_assert!(loss.lower_bound(higher) < loss.lower_bound(confidence));
        prop_assert!(loss.lower_bound(confidence) <= loss.value);
        let (narrow, wide) = (loss.interval(confidence), loss.interval(higher));
        prop_assert!(wide.low < narrow.low && narrow.low < loss.value);
        prop_assert!(loss.value < narrow.high && narrow.high < wide.high);
        // A two-sided interval has the one-sided bounds of half the error.
        prop_assert!((narrow.high - loss.upper_bound(0.5 + 0.5 * confidence)).abs() < 1e-12 * (1.0 + narrow.high));
    }

    #[test]
    fn a_bound_is_where_the_p_value_is_the_error(
        units in Units::some(), score in score(), confidence in 0.5..0.999_f64, margin in -0.5..0.5_f64,
    ) {
        let loss = units.estimate(score);
        prop_assert!((loss.p_below(loss.upper_bound(confidence)) - (1.0 - confidence)).abs() < 1e-9);
        prop_assert!((loss.p_above(loss.lower_bound(confidence)) - (1.0 - confidence)).abs() < 1e-9);
        prop_assert!((loss.p_below(margin) + loss.p_above(margin) - 1.0).abs() < 1e-14);
    }

    #[test]
    fn estimates_do_not_depend_on_the_order_of_rows_or_units_or_the_numbers_of_classes(
        units in Units::some(), score in score(), turn in 0..40_usize,
    ) {
        let loss = units.estimate(score);
        assert_same(units.turned(turn).estimate(score), loss);
        let mut others = units.clone();
        others.predicted.reverse();
        assert_same(others.estimate(score), loss);
        let classes = units.classes;
        assert_same(units.renamed(|class| (classes - 1 - class + turn) % classes).estimate(score), loss);
        // Numbers that no row has.
        let more = Units { classes: classes + 3, ..units.renamed(|class| class + turn % 4) };
        assert_same(more.estimate(score), loss);
        // Which rows of the dataset they are.
        let elsewhere = Units { rows: units.rows.iter().map(|row| 100 - row % 2 + 2 * row).collect(), ..units };
        assert_same(elsewhere.estimate(score), loss);
    }

    #[test]
    fn a_loss_the_other_way_round_is_a_gain(units in Units::some(), score in score()) {
        let mut mirrored = units.clone();
        mirrored.predicted.iter_mut().for_each(|pair| pair.swap(0, 1));
        let of = |units: &Units| {
            Estimate::of(&units.losses(score).into_iter().map(Contributions::as_seen).collect::<Vec<_>>()).unwrap()
        };
        let (loss, gain) = (of(&units), of(&mirrored));
        prop_assert!((loss.value + gain.value).abs() < 1e-15);
        prop_assert!((loss.standard_error - gain.standard_error).abs() < 1e-15);
        prop_assert!((units.estimate(score).value + mirrored.estimate(score).value).abs() < 1e-15);
        // The rows not seen are those of the first classifier, whose sizes of classes may be others.
        let mean = |estimate: &Estimate| estimate.lower_bound(0.9) + estimate.upper_bound(0.9);
        prop_assert!((mean(&loss) + mean(&gain)).abs() < 1e-12);
    }

    #[test]
    fn a_variant_equal_to_float_loses_nothing_and_that_is_not_certain(
        (classes, truth, predicted) in labels(), score in score(), count in 1..6_usize,
    ) {
        let rows: Vec<u32> = (0..truth.len() as u32).collect();
        let same = Contributions::of_loss(score, &rows, &truth, [&predicted, &predicted], classes).unwrap();
        prop_assert_eq!(same.value(), 0.0);
        let loss = Estimate::of(&vec![same; count]).unwrap();
        prop_assert_eq!((loss.value, loss.units), (0.0, count));
        let weight = match score {
            ClassScore::Accuracy => 1.0,
            ClassScore::MacroF1 => {
                Influence::new(score, &Confusion::new(&truth, &predicted, classes).unwrap()).one_more()
            }
        };
        prop_assert!(loss.standard_error > 0.0);
        prop_assert!((loss.standard_error - 2_f64.sqrt() * weight / rows.len() as f64).abs() < 1e-12);
        prop_assert!(loss.p_below(0.0) == 0.5 && loss.upper_bound(0.95) > 0.0 && loss.lower_bound(0.95) < 0.0);
    }

    #[test]
    fn the_variance_is_not_below_that_of_either_clustering(units in Units::some(), score in score()) {
        let losses: Vec<Contributions<'_>> =
            units.losses(score).into_iter().map(Contributions::as_seen).collect();
        let both = Estimate::of(&losses).unwrap();
        // The rows are the same in all units: their means are one unit's.
        let by_rows = Estimate::of(&[Contributions::mean(&losses).unwrap()]).unwrap();
        prop_assert!(both.standard_error >= by_rows.standard_error - 1e-15);
        let values: Vec<f64> = losses.iter().map(Contributions::value).collect();
        let by_units = mean_and_deviation(&values).unwrap();
        if let Some(error) = by_units.standard_error() {
            prop_assert!(both.standard_error >= error - 1e-15);
            let squares = by_rows.standard_error.powi(2) + error.powi(2);
            prop_assert!(both.standard_error.powi(2) <= squares + 1e-15);
        }
        let seen = units.estimate(score);
        prop_assert!(seen.standard_error > both.standard_error && seen.value == both.value);
    }

    #[test]
    fn influences_add_up_to_nothing((classes, truth, predicted) in labels(), score in score()) {
        let influence = Influence::new(score, &Confusion::new(&truth, &predicted, classes).unwrap());
        let sum: f64 = truth.iter().zip(&predicted).map(|(&truth, &own)| influence.at(truth, own)).sum();
        prop_assert!(sum.abs() < 1e-11, "{}", sum);
        prop_assert!(influence.one_more() > 0.0);
    }

    #[test]
    fn one_unit_with_its_mean_is_itself_and_more_of_the_same_units_are_no_more_certain_of_the_rows(
        units in Units::some(), score in score(), count in 2..5_usize,
    ) {
        let first = units.losses(score).swap_remove(0);
        let alone = Estimate::of(std::slice::from_ref(&first)).unwrap();
        let copies = Estimate::of(&vec![first.clone(); count]).unwrap();
        prop_assert!((copies.value - alone.value).abs() < 1e-15);
        prop_assert!((copies.standard_error - alone.standard_error).abs() < 1e-12);
        prop_assert_eq!(copies.samples, alone.samples);
        let mean = Contributions::mean(&vec![first.clone(); count]).unwrap();
        assert_same(Estimate::of(&[mean]).unwrap(), alone);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn pairs_that_are_drawn_together_have_the_posterior_of_each_alone(
        pairs in prop::collection::vec(prop::collection::vec(-1.0..1.0_f64, 5), 1..5), seed in 0..100_u64,
    ) {
        let words = || rand_mt::Mt64::new(seed);
        let together: Vec<&[f64]> = pairs.iter().map(Vec::as_slice).collect();
        let mut stream = words();
        let together = signed_rank_posteriors(&together, 0.25, &mut || stream.next_u64()).unwrap();
        for (own, together) in pairs.iter().zip(together) {
            let mut stream = words();
            prop_assert_eq!(signed_rank_posterior(own, 0.25, || stream.next_u64()).unwrap(), together);
        }
    }

    #[test]
    fn posterior_turns_with_the_differences(
        differences in prop::collection::vec((-9..10_i8).prop_map(|tenths| f64::from(tenths) / 8.0), 1..12),
    ) {
        let of = |differences: &[f64]| {
            let mut stream = rand_mt::Mt64::new(2);
            signed_rank_posterior(differences, 0.25, || stream.next_u64()).unwrap()
        };
        let posterior = of(&differences);
        let mirrored = of(&differences.iter().map(|difference| -difference).collect::<Vec<_>>());
        // Other weights fall on other differences: equal within the error of the draws.
        prop_assert!((posterior.left - mirrored.right).abs() < 0.015);
        prop_assert!((posterior.left + posterior.rope + posterior.right - 1.0).abs() < 1e-12);
    }
}

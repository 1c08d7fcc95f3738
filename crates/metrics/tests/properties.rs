//! What holds for any labels.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use bitsweep_metrics::{
    Confusion, Interval, accuracy_interval, agreement, log_loss, macro_f1_interval, macro_f1_permutation,
    mcnemar_exact, mean_and_deviation, pareto_front,
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
}

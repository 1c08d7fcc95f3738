//! The loss by hand-made values.

use super::{pairwise_sum, softmax_cross_entropy};
use crate::float::Float;
use crate::panels::Panels;

/// The mean loss of rows of logits, and the gradient.
fn loss<T: Float, const CLASSES: usize>(rows: &[[f64; CLASSES]], labels: &[usize]) -> (f64, Panels<T>) {
    weighed_loss(rows, labels, [1.0; CLASSES])
}

/// The same with weights of the classes.
fn weighed_loss<T: Float, const CLASSES: usize>(
    rows: &[[f64; CLASSES]],
    labels: &[usize],
    weights: [f64; CLASSES],
) -> (f64, Panels<T>) {
    let logits = Panels::from_fn(rows.len(), CLASSES, |row, class| T::from_f64(rows[row][class]));
    let mut gradient = Panels::zeros(rows.len(), CLASSES);
    let loss =
        softmax_cross_entropy(&logits, labels, &weights.map(T::from_f64), &mut gradient, &mut Vec::new());
    (loss, gradient)
}

#[test]
fn equal_logits_cost_the_logarithm_of_the_number_of_classes() {
    let (value, gradient) = loss::<f64, 4>(&[[2.0; 4]], &[1]);
    assert!((value - -(0.25_f64 + 1e-8).ln()).abs() < 1e-15);
    assert_eq!([0, 1, 2, 3].map(|class| gradient.get(0, class)), [0.25, -0.75, 0.25, 0.25]);
}

#[test]
fn the_loss_is_the_mean_over_the_rows_and_the_gradient_belongs_to_the_sum() {
    // p = 1/4 and 3/4.
    let (value, gradient) = loss::<f64, 2>(&[[0.0, 3.0_f64.ln()], [0.0, 3.0_f64.ln()]], &[0, 1]);
    assert!((value - (4.0_f64.ln() + (4.0_f64 / 3.0).ln()) / 2.0).abs() < 1e-7);
    assert!((gradient.get(0, 0) - -0.75).abs() < 1e-15);
    assert!((gradient.get(1, 0) - 0.25).abs() < 1e-15);
}

#[test]
fn a_weight_multiplies_the_loss_and_the_gradient_of_its_rows_and_not_the_number_of_rows() {
    // p = 1/4 and 3/4.
    let rows = [[0.0, 3.0_f64.ln()], [0.0, 3.0_f64.ln()]];
    let (value, gradient) = weighed_loss::<f64, 2>(&rows, &[0, 1], [6.0, 0.5]);
    assert!((value - (6.0 * 4.0_f64.ln() + 0.5 * (4.0_f64 / 3.0).ln()) / 2.0).abs() < 1e-6);
    assert!((gradient.get(0, 0) - -4.5).abs() < 1e-14);
    assert!((gradient.get(1, 0) - 0.125).abs() < 1e-15);
}

#[test]
fn huge_logits_overflow_in_neither_precision() {
    for sign in [1.0, -1.0] {
        let rows = [[sign * 5000.0, sign * 5001.0, 0.0]];
        let (single, gradient) = loss::<f32, 3>(&rows, &[0]);
        let (double, _) = loss::<f64, 3>(&rows, &[0]);
        assert!(single.is_finite() && double.is_finite());
        assert!((0..3).all(|class| gradient.get(0, class).is_finite()));
    }
}

#[test]
fn a_hopeless_row_costs_at_most_the_logarithm_of_epsilon() {
    let (value, _) = loss::<f32, 2>(&[[0.0, 1000.0]], &[0]);
    assert!((value - 18.420_680_7).abs() < 1e-5);
}

#[test]
fn padding_of_the_gradient_is_zero() {
    let (_, gradient) = loss::<f32, 10>(&[[1.0; 10], [3.0; 10]], &[9, 2]);
    for block in gradient.panel(1) {
        assert_eq!(block[2..], [0.0; 6]);
    }
}

#[test]
fn gradients_too_small_to_matter_are_zero() {
    // e⁻⁷⁰ is below 2⁻¹⁰⁰, e⁻⁶⁹ above.
    let (_, gradient) = loss::<f32, 3>(&[[0.0, -70.0, -69.0]], &[0]);
    assert_eq!(gradient.get(0, 1), 0.0);
    assert!(gradient.get(0, 2) > 0.0);
}

#[test]
fn sums_are_pairwise_in_numpys_order() {
    // numpy.sum(1 / numpy.arange(1, n + 1)) of NumPy 2.2.4.
    let sum = |n: usize| pairwise_sum(&(1..=n).map(|k| 1.0 / k as f64).collect::<Vec<_>>());
    assert_eq!(sum(0), 0.0);
    for (n, expected) in GOLDEN_SUMS {
        assert_eq!(sum(n), expected, "{n} numbers");
    }
}

/// Lengths and sums.
const GOLDEN_SUMS: [(usize, f64); 8] = [
    (2, 1.5),
    (7, 2.5928571428571425),
    (8, 2.7178571428571425),
    (10, 2.9289682539682538),
    (17, 3.439552522640758),
    (128, 5.433147092589173),
    (129, 5.440899030573669),
    (1000, 7.485470860550345),
];

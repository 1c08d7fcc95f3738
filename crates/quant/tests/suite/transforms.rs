//! Equalizations leave a ReLU network as it was.

use bitsweep_quant::{LayerMismatch, Real, Transform, absmax_equalization, cross_layer_equalization};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;

fn matrix(rows: usize, columns: usize) -> impl Strategy<Value = Array2<f64>> {
    let value = prop_oneof![3 => -3.0..3.0_f64, 1 => Just(0.0), 1 => -100.0..100.0_f64];
    prop::collection::vec(value, rows * columns)
        .prop_map(move |values| Array2::from_shape_vec((rows, columns), values).unwrap())
}

fn network() -> impl Strategy<Value = (Array2<f64>, Array1<f64>, Array2<f64>, Array2<f64>)> {
    (1..5_usize, 1..6_usize, 1..4_usize).prop_flat_map(|(inputs, hidden, outputs)| {
        let bias = matrix(1, hidden).prop_map(|bias| bias.row(0).to_owned());
        (matrix(inputs, hidden), bias, matrix(hidden, outputs), matrix(3, inputs))
    })
}

fn logits<T: Real + ndarray::LinalgScalar>(
    inputs: &Array2<T>,
    first: &Array2<T>,
    bias: &Array1<T>,
    second: &Array2<T>,
) -> Array2<T> {
    let hidden = inputs.dot(first) + bias;
    hidden.mapv(|value| value.greater(T::ZERO)).dot(second)
}

proptest! {
    #[test]
    fn an_equalized_network_computes_the_same_logits((first, bias, second, inputs) in network()) {
        let before = logits(&inputs, &first, &bias, &second);
        let magnitude = inputs.mapv(f64::abs).dot(&first.mapv(f64::abs)) + bias.mapv(f64::abs);
        let magnitude = magnitude.dot(&second.mapv(f64::abs));
        for transform in [Transform::None, Transform::AbsmaxEqualization, Transform::CrossLayerEqualization] {
            let (mut first, mut bias, mut second) = (first.clone(), bias.clone(), second.clone());
            let done = transform.apply(&mut first, &mut bias, &mut second).unwrap();
            prop_assert!(done.factors.iter().all(|factor| *factor > 0.0 && factor.is_finite()));
            let after = logits(&inputs, &first, &bias, &second);
            for ((before, after), magnitude) in before.iter().zip(&after).zip(&magnitude) {
                prop_assert!((before - after).abs() <= 1e-13 * magnitude);
            }
        }
    }

    #[test]
    fn absmax_equalization_gives_all_columns_the_same_magnitude((mut first, mut bias, mut second, _) in network()) {
        let largest = first.iter().fold(0.0, |largest, value| f64::max(largest, value.abs()));
        absmax_equalization(&mut first, &mut bias, &mut second).unwrap();
        for column in first.columns() {
            let magnitude = column.iter().fold(0.0, |largest, value| f64::max(largest, value.abs()));
            prop_assert!(magnitude == 0.0 || (magnitude - largest).abs() <= 1e-14 * largest);
        }
    }

    #[test]
    fn cross_layer_equalization_balances_each_hidden_unit((mut first, mut bias, mut second, _) in network()) {
        cross_layer_equalization(&mut first, &mut bias, &mut second).unwrap();
        for (column, row) in first.columns().into_iter().zip(second.rows()) {
            let magnitude = |lane: ndarray::ArrayView1<'_, f64>| {
                lane.iter().fold(0.0, |largest, value| f64::max(largest, value.abs()))
            };
            let (column, row) = (magnitude(column), magnitude(row));
            prop_assert!(column == 0.0 || row == 0.0 || (column / row - 1.0).abs() < 1e-13);
        }
    }
}

#[test]
fn units_without_range_keep_their_scale() {
    let mut first = array![[0.0, 2.0, 4.0]];
    let mut bias = array![1.0, 1.0, 1.0];
    let mut second = array![[1.0], [0.0], [1.0]];
    let (kept, untouched) = (first.clone(), second.clone());
    let done = absmax_equalization(&mut first, &mut bias, &mut second).unwrap();
    assert_eq!(done.factors, array![1.0, 0.5, 1.0]);
    assert!(done.changed());
    let (mut first, mut second) = (kept, untouched);
    let done = cross_layer_equalization(&mut first, &mut bias, &mut second).unwrap();
    assert_eq!(done.factors, array![1.0, 1.0, 2.0]);
}

#[test]
fn an_equalization_that_changes_nothing_says_so() {
    let mut first = array![[2.0, -2.0]];
    let done = absmax_equalization(&mut first, &mut array![0.0, 1.0], &mut array![[1.0], [2.0]]).unwrap();
    assert!(!done.changed());
    assert_eq!(first, array![[2.0, -2.0]]);
    let done = Transform::None.apply(&mut first, &mut array![0.0, 1.0], &mut array![[1.0], [2.0]]).unwrap();
    assert!(!done.changed());
}

#[test]
fn layers_that_do_not_fit_are_refused() {
    let mut first = Array2::<f32>::zeros((2, 3));
    let mut second = Array2::<f32>::zeros((3, 1));
    for transform in [Transform::None, Transform::AbsmaxEqualization, Transform::CrossLayerEqualization] {
        let error = transform.apply(&mut first, &mut Array1::zeros(2), &mut second).unwrap_err();
        assert_eq!(error, LayerMismatch { outputs: 3, biases: 2, inputs: 3 });
    }
    let error =
        absmax_equalization(&mut first, &mut Array1::zeros(3), &mut Array2::zeros((4, 1))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a layer of 3 outputs, its bias of 3 and a next layer of 4 inputs do not fit: expected the same number"
    );
}

#[test]
fn names_in_files_are_kebab_case() {
    for transform in [Transform::None, Transform::AbsmaxEqualization, Transform::CrossLayerEqualization] {
        let json = serde_json::to_string(&transform).unwrap();
        assert_eq!(json, format!("\"{transform}\""));
        assert_eq!(serde_json::from_str::<Transform>(&json).unwrap(), transform);
    }
}

//! Transforms leave a ReLU network as it was.

use bitsweep_quant::{
    Granularity, LayerMismatch, Real, Scheme, Smooth, Transform, absmax_equalization, absorb, absorbable,
    activation_aware_factors, cross_layer_equalization, divide_outputs, multiply_inputs, presets,
    smoothing_factors,
};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;
use serde::Deserialize;

use crate::{bits, numbers, quantized, scheme, stream};

#[derive(Deserialize)]
struct ScalingCase {
    name: String,
    shape: (usize, usize),
    inputs: String,
    weights: String,
    smooth: Vec<SmoothCase>,
    awq: Vec<AwqCase>,
}

#[derive(Deserialize)]
struct SmoothCase {
    alpha: f64,
    factors: String,
}

#[derive(Deserialize)]
struct AwqCase {
    bits: u32,
    factors: String,
}

#[test]
fn factors_of_inputs_agree_with_the_papers() {
    let close = |ours: &Array1<f64>, golden: &str, what: String| {
        let golden: Vec<f64> = numbers(golden);
        assert_eq!(ours.len(), golden.len());
        for (ours, golden) in ours.iter().zip(golden) {
            assert!((ours / golden - 1.0).abs() < 1e-12, "{what}: {ours} {golden}");
        }
    };
    let cases: Vec<ScalingCase> = serde_json::from_str(include_str!("../golden/input_scaling.json")).unwrap();
    assert_eq!(cases.len(), 3);
    for case in &cases {
        let inputs = Array2::from_shape_vec(case.shape, numbers(&case.inputs)).unwrap();
        let weights: Array2<f64> = Array2::from_shape_vec((case.shape.1, 4), numbers(&case.weights)).unwrap();
        for SmoothCase { alpha, factors } in &case.smooth {
            let ours = smoothing_factors(inputs.view(), weights.view(), Smooth { alpha: *alpha }).unwrap();
            close(&ours, factors, format!("{} smooth {alpha}", case.name));
        }
        for AwqCase { bits: width, factors } in &case.awq {
            let scheme =
                Scheme { granularity: Granularity::OutputChannel, ..presets::symmetric_narrow(bits(*width)) };
            let ours = activation_aware_factors(inputs.view(), weights.view(), &scheme, &stream(0)).unwrap();
            close(&ours, factors, format!("{} awq {width} bits", case.name));
        }
    }
}

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
        for equalize in [absmax_equalization, cross_layer_equalization] {
            let (mut first, mut bias, mut second) = (first.clone(), bias.clone(), second.clone());
            let done = equalize(&mut first, &mut bias, &mut second).unwrap();
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
}

#[test]
fn layers_that_do_not_fit_are_refused() {
    let mut first = Array2::<f32>::zeros((2, 3));
    let mut second = Array2::<f32>::zeros((3, 1));
    for equalize in [absmax_equalization, cross_layer_equalization] {
        let error = equalize(&mut first, &mut Array1::zeros(2), &mut second).unwrap_err();
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
    let names =
        [Transform::None, Transform::AbsmaxEqualization, Transform::CrossLayerEqualization, Transform::Awq];
    for transform in names {
        let json = serde_json::to_string(&transform).unwrap();
        assert_eq!(json, format!("\"{transform}\""));
        assert_eq!(serde_json::from_str::<Transform>(&json).unwrap(), transform);
    }
}

proptest! {
    #[test]
    fn a_network_with_scaled_inputs_computes_the_same_logits(
        (first, bias, second, inputs) in network(), alpha in 0.0..=1.0_f64, awq in any::<bool>(),
    ) {
        let before = logits(&inputs, &first, &bias, &second);
        let magnitude = inputs.mapv(f64::abs).dot(&first.mapv(f64::abs)) + bias.mapv(f64::abs);
        let magnitude = magnitude.dot(&second.mapv(f64::abs));
        let factors = |inputs: &Array2<f64>, weights: &Array2<f64>| if awq {
            let scheme = presets::symmetric_narrow(bits(3));
            activation_aware_factors(inputs.view(), weights.view(), &scheme, &stream(0)).unwrap()
        } else {
            smoothing_factors(inputs.view(), weights.view(), Smooth { alpha }).unwrap()
        };
        let hidden = (inputs.dot(&first) + &bias).mapv(|sum| sum.max(0.0));
        let (mut scaled_first, mut scaled_bias, mut scaled_second) = (first.clone(), bias.clone(), second.clone());
        let between = factors(&hidden, &second);
        multiply_inputs(&between, &mut scaled_second);
        divide_outputs(&between, &mut scaled_first, &mut scaled_bias);
        let of_features = factors(&inputs, &scaled_first);
        multiply_inputs(&of_features, &mut scaled_first);
        prop_assert!(between.iter().chain(&of_features).all(|factor| *factor > 0.0 && factor.is_finite()));
        let after = logits(&(&inputs / &of_features), &scaled_first, &scaled_bias, &scaled_second);
        for ((before, after), magnitude) in before.iter().zip(&after).zip(&magnitude) {
            prop_assert!((before - after).abs() <= 1e-13 * magnitude);
        }
    }

    #[test]
    fn awq_never_raises_the_output_error(weights in matrix(6, 4), inputs in matrix(10, 6), width in 2..5_u32) {
        let scheme = Scheme { granularity: Granularity::OutputChannel, ..presets::symmetric_narrow(bits(width)) };
        let factors = activation_aware_factors(inputs.view(), weights.view(), &scheme, &stream(0)).unwrap();
        let error = |factors: &Array1<f64>| {
            let mut scaled = weights.clone();
            multiply_inputs(factors, &mut scaled);
            let levels = quantized(&scaled, &scheme).reconstruct::<f64>();
            let change = (&inputs / factors).dot(&(scaled - levels));
            change.iter().map(|change| change * change).sum::<f64>()
        };
        prop_assert!(error(&factors) <= error(&Array1::ones(6)) * (1.0 + 1e-9));
    }

    #[test]
    fn absorbed_biases_change_no_row_whose_sums_lie_above(
        (mut first, mut bias, second, inputs) in network(),
    ) {
        // Small weights and large biases, so that units are on for most rows.
        first *= 0.01;
        bias.mapv_inplace(f64::abs);
        let sums = inputs.dot(&first) + &bias;
        let absorbed = absorbable(sums.view()).unwrap();
        let before = logits(&inputs, &first, &bias, &second);
        let mut second_bias = Array1::zeros(second.ncols());
        absorb(&absorbed, &mut bias, second.view(), &mut second_bias);
        let after = logits(&inputs, &first, &bias, &second) + &second_bias;
        let magnitude = sums.mapv(f64::abs).dot(&second.mapv(f64::abs));
        for (row, sums) in sums.rows().into_iter().enumerate() {
            if sums.iter().zip(&absorbed).all(|(sum, absorbed)| sum >= absorbed) {
                for output in 0..second.ncols() {
                    let moved = (before[[row, output]] - after[[row, output]]).abs();
                    prop_assert!(moved <= 1e-13 * (1.0 + magnitude[[row, output]]));
                }
            }
        }
    }
}

#[test]
fn awq_protects_the_weights_of_a_strong_input() {
    // The first input is a hundred times the others; its weights are small and would all round to 0.
    let inputs = Array2::from_shape_fn((20, 4), |(row, column)| {
        let wave = ((row * 7 + column * 3) as f64).sin();
        if column == 0 { 100.0 * wave } else { wave }
    });
    let weights = array![[0.1, -0.12], [1.0, 0.7], [-0.8, -1.0], [0.6, 0.9]];
    let scheme = scheme("bits = 3\ngranularity = 'column'");
    assert!(quantized(&weights, &scheme).codes().to_array().row(0).iter().all(|code| *code == 0));
    let factors = activation_aware_factors(inputs.view(), weights.view(), &scheme, &stream(0)).unwrap();
    assert!(factors[0] > 3.0 * factors[1]);
    let mut scaled = weights.clone();
    multiply_inputs(&factors, &mut scaled);
    assert!(quantized(&scaled, &scheme).codes().to_array().row(0).iter().all(|code| *code != 0));
}

#[test]
fn absorption_takes_what_a_unit_always_gives() {
    // Mean 10 and deviation 1; mean 1 and deviation 1; mean -10.
    let sums = array![[11.0, 2.0, -9.0], [9.0, 0.0, -11.0]];
    let absorbed: Array1<f64> = absorbable(sums.view()).unwrap();
    assert_eq!(absorbed, array![7.0, 0.0, 0.0]);
    let (mut bias, mut second_bias) = (array![10.0, 1.0, -10.0], array![0.5]);
    absorb(&absorbed, &mut bias, array![[2.0], [1.0], [1.0]].view(), &mut second_bias);
    assert_eq!((bias, second_bias), (array![3.0, 1.0, -10.0], array![14.5]));
}

#[test]
fn inputs_without_range_are_not_scaled() {
    let inputs = array![[0.0, 1.0, 4.0], [0.0, -2.0, 2.0]];
    let weights = array![[1.0], [0.0], [1.0]];
    let factors: Array1<f64> = smoothing_factors(inputs.view(), weights.view(), Smooth::default()).unwrap();
    assert_eq!(factors, array![1.0, 1.0, 2.0]);
    let scheme = scheme("bits = 2");
    let factors = activation_aware_factors(inputs.view(), weights.view(), &scheme, &stream(0)).unwrap();
    assert_eq!(factors[0], 1.0);
}

/// Ordinary inputs with one that is `rest` but for its rounding errors, and weights.
fn with_a_constant(rest: f64) -> (Array2<f64>, Array2<f64>) {
    let mut inputs = stream(11).normal_matrix(30, 4);
    inputs.column_mut(2).fill(rest);
    (inputs, stream(12).normal_matrix(4, 3))
}

#[test]
fn an_input_of_rounding_errors_counts_as_one_of_zeros() {
    let scheme = scheme("bits = 3\ngranularity = 'column'");
    let both = |rest: f64, unit: f64| {
        let (inputs, weights) = with_a_constant(rest);
        let (inputs, weights) = (inputs * unit, weights / unit);
        let smooth = smoothing_factors(inputs.view(), weights.view(), Smooth::default()).unwrap();
        let awq = activation_aware_factors(inputs.view(), weights.view(), &scheme, &stream(0)).unwrap();
        [smooth, awq]
    };
    // What standardizing a constant 0.1 or 1e6 leaves; whatever unit all inputs have.
    for unit in [1.0, 2.0_f64.powi(-60), 2.0_f64.powi(40)] {
        let zeros = both(0.0, unit);
        for rest in [1.4e-16, -1.1e-10, 3e-9] {
            assert_eq!(both(rest, unit), zeros, "{rest:e}");
            assert_eq!((zeros[0][2], zeros[1][2]), (1.0, 1.0));
        }
    }
    // An input that is small, but says something, has its factor.
    assert!(both(1e-3, 1.0)[0][2] < 0.1);
    let (inputs, mut weights) = with_a_constant(1.0);
    weights.row_mut(1).fill(1e-17);
    let factors = smoothing_factors(inputs.view(), weights.view(), Smooth::default()).unwrap();
    assert_eq!(factors[1], 1.0);
}

#[test]
fn a_unit_of_rounding_errors_keeps_its_scale() {
    let network =
        || (array![[1e-17_f32, 2.0, 4.0]], array![0.5_f32, 1.0, 1.0], array![[1.0_f32], [1.0], [1e-12]]);
    let (mut first, mut bias, mut second) = network();
    let done = absmax_equalization(&mut first, &mut bias, &mut second).unwrap();
    assert_eq!(done.factors, array![1.0, 0.5, 1.0]);
    let (mut first, mut bias, mut second) = network();
    let done = cross_layer_equalization(&mut first, &mut bias, &mut second).unwrap();
    assert_eq!(done.factors, array![1.0, 2.0_f32.sqrt(), 1.0]);
    // Weights that are small on one side and large on the other are no rounding errors.
    let (mut first, mut bias, mut second) = (array![[1e-9, 2.0]], array![0.0, 0.0], array![[1e9], [0.5]]);
    let done = cross_layer_equalization(&mut first, &mut bias, &mut second).unwrap();
    assert!((done.factors[0] / 1e-9 - 1.0_f64).abs() < 1e-12);
}

#[test]
fn inputs_of_another_layer_are_refused() {
    let sentence = "`3` columns of calibration inputs do not fit weights of 2 inputs: expected as many";
    let (inputs, weights) = (Array2::<f64>::ones((4, 3)), Array2::<f64>::ones((2, 1)));
    let error = smoothing_factors(inputs.view(), weights.view(), Smooth::default()).unwrap_err();
    assert_eq!(error.to_string(), sentence);
    let scheme = scheme("bits = 2");
    let error = activation_aware_factors(inputs.view(), weights.view(), &scheme, &stream(0)).unwrap_err();
    assert_eq!(error.to_string(), sentence);
}

#[test]
fn a_migration_strength_lies_between_0_and_1() {
    let smooth: Transform = serde_json::from_str("{\"smooth\": {\"alpha\": 0.75}}").unwrap();
    assert_eq!(smooth, Transform::Smooth(Smooth { alpha: 0.75 }));
    assert_eq!(smooth.to_string(), "smooth 0.75");
    for alpha in ["-0.1", "1.5"] {
        let text = format!("{{\"smooth\": {{\"alpha\": {alpha}}}}}");
        let error = serde_json::from_str::<Transform>(&text).unwrap_err().to_string();
        assert!(
            error.contains(&format!("`{alpha}` is not a migration strength: expected 0 to 1")),
            "{error}"
        );
    }
}

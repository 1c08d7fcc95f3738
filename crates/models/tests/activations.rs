//! Activations against mpmath and ONNX Runtime (see `golden/make_activations.py`), and in the kernels.

#![allow(clippy::unwrap_used)]

use bitsweep_models::{Activation, Float, Head, Linear, Model};
use ndarray::{Array1, Array2};
use serde::Deserialize;
use serde_json::{Value, from_str, from_value, to_value};

/// Every activation with its name in the golden file and its spelling.
const ACTIVATIONS: [(&str, Activation, &str); 13] = [
    ("identity", Activation::Identity, r#""identity""#),
    ("relu", Activation::Relu, r#""relu""#),
    ("leaky-relu", Activation::LeakyRelu { slope: 0.01 }, r#"{"leaky-relu": {"slope": 0.01}}"#),
    ("elu", Activation::Elu { alpha: 0.7 }, r#"{"elu": {"alpha": 0.7}}"#),
    ("tanh", Activation::Tanh, r#""tanh""#),
    ("sigmoid", Activation::Sigmoid, r#""sigmoid""#),
    ("gelu", Activation::Gelu, r#""gelu""#),
    ("gelu-tanh", Activation::GeluTanh, r#""gelu-tanh""#),
    (
        "hard-sigmoid",
        Activation::HardSigmoid { alpha: 0.2, beta: 0.5 },
        r#"{"hard-sigmoid": {"alpha": 0.2, "beta": 0.5}}"#,
    ),
    (
        "hard-sigmoid-sixth",
        Activation::HardSigmoid { alpha: 1.0 / 6.0, beta: 0.5 },
        r#"{"hard-sigmoid": {"alpha": 0.16666667, "beta": 0.5}}"#,
    ),
    ("hard-swish", Activation::HardSwish, r#""hard-swish""#),
    (
        "hard-tanh",
        Activation::HardTanh { min: -1.0, max: 1.0 },
        r#"{"hard-tanh": {"min": -1.0, "max": 1.0}}"#,
    ),
    ("relu6", Activation::RELU6, r#"{"hard-tanh": {"min": 0.0, "max": 6.0}}"#),
];

#[derive(Deserialize)]
struct Golden {
    exact_f64: Vec<f64>,
    exact_f32: Vec<f64>,
    onnx_runtime: Vec<f64>,
}

fn golden() -> (Vec<f64>, Value) {
    let golden: Value = from_str(include_str!("golden/activations.json")).unwrap();
    (from_value(golden["inputs"].clone()).unwrap(), golden)
}

#[test]
fn single_precision_gives_the_nearest_numbers_to_the_exact_values() {
    let (inputs, golden) = golden();
    for (name, activation, _) in ACTIVATIONS {
        let expected: Golden = from_value(golden[name].clone()).unwrap();
        for (&input, &expected) in inputs.iter().zip(&expected.exact_f32) {
            // The reader of JSON may miss an f64 by its last digit.
            assert_eq!(activation.apply(input as f32), expected as f32, "{name} of {input}");
        }
    }
}

#[test]
fn double_precision_errs_by_a_few_units_in_the_last_place() {
    let (inputs, golden) = golden();
    for (name, activation, _) in ACTIVATIONS {
        let expected: Golden = from_value(golden[name].clone()).unwrap();
        for (&input, &expected) in inputs.iter().zip(&expected.exact_f64) {
            let computed = activation.apply(input);
            // In the tails the error of an exponential is that of its argument times the argument.
            let allowed = expected.abs() * f64::EPSILON * input.abs().powi(2).clamp(4.0, 400.0) + 1e-300;
            assert!(
                (computed - expected).abs() <= allowed,
                "{name} of {input}: {computed} is not {expected}"
            );
        }
    }
}

#[test]
fn onnx_runtime_agrees_up_to_its_own_rounding() {
    let (inputs, golden) = golden();
    for (name, activation, _) in ACTIVATIONS {
        let expected: Golden = from_value(golden[name].clone()).unwrap();
        for (&input, &expected) in inputs.iter().zip(&expected.onnx_runtime) {
            let computed = f64::from(activation.apply(input as f32));
            assert!((computed - expected).abs() <= 5e-7, "{name} of {input}: {computed} is not {expected}");
        }
    }
}

/// The sums of a layer, and its outputs by the model's forward pass.
fn computed<T: Float>(activation: Activation) -> (Array2<T>, Array2<T>) {
    let number = |index: usize| ((index * 7919 + 13) % 2001) as f32 / 250.0 - 4.0;
    let layer = Linear {
        weight: Array2::from_shape_fn((13, 27), |(row, column)| number(27 * row + column)),
        bias: Array1::from_shape_fn(27, |column| number(column + 5)),
        activation,
    };
    let inputs = Array2::from_shape_fn((11, 13), |(row, column)| {
        T::from_f64(((13 * row + column) * 6007 % 1999) as f64 / 8000.0 - 0.12)
    });
    let sums = layer.sums(inputs.view());
    let last = Linear { weight: Array2::eye(27), bias: Array1::zeros(27), activation: Activation::Identity };
    let logits = Model::new([layer.clone(), last], Head::Softmax).unwrap().logits(inputs.view());
    assert_eq!(logits, layer.outputs(inputs.view()));
    (sums, logits)
}

#[test]
fn kernels_give_the_bits_of_apply() {
    for (name, activation, _) in ACTIVATIONS {
        let (sums, outputs) = computed::<f32>(activation);
        assert!(sums.iter().any(|&sum| sum < -3.0) && sums.iter().any(|&sum| sum > 3.0));
        assert_eq!(outputs, sums.mapv(|sum| activation.apply(sum)), "{name}");
        let (sums, outputs) = computed::<f64>(activation);
        assert_eq!(outputs, sums.mapv(|sum| activation.apply(sum)), "{name}");
    }
}

#[test]
fn nan_stays_nan_but_behind_relu() {
    for (name, activation, _) in ACTIVATIONS {
        let (single, double) = (activation.apply(f32::NAN), activation.apply(f64::NAN));
        if activation == Activation::Relu {
            assert_eq!((single, double), (0.0, 0.0));
        } else {
            assert!(single.is_nan() && double.is_nan(), "{name}");
        }
    }
}

#[test]
fn scales_pass_through_positively_homogeneous_functions_and_through_no_others() {
    for (name, activation, _) in ACTIVATIONS {
        let passes = [-7.0, -2.0, -0.5, 0.0, 0.5, 2.0, 7.0]
            .iter()
            .all(|&z| activation.apply(4.0 * z) == 4.0 * activation.apply(z));
        assert_eq!(passes, activation.is_positively_homogeneous(), "{name}");
    }
}

#[test]
fn every_activation_is_written_and_read_under_its_name() {
    for (name, activation, text) in ACTIVATIONS {
        assert_eq!(from_str::<Activation>(text).unwrap(), activation, "{name}");
        assert_eq!(from_value::<Activation>(to_value(activation).unwrap()).unwrap(), activation, "{name}");
    }
    for refused in [r#""swish""#, r#"{"elu": {"alpha": 1.0, "beta": 1.0}}"#, r#"{"leaky-relu": {}}"#] {
        assert!(from_str::<Activation>(refused).is_err(), "{refused}");
    }
    assert_eq!(Activation::LeakyRelu { slope: 0.01 }.to_string(), "leaky-relu (slope 0.01)");
    assert_eq!(format!("{:>5}", Activation::Tanh), " tanh");
}

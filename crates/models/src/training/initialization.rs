//! The first weights.

use bitsweep_random::Stream;
use ndarray::{Array1, Array2};

use crate::dense::{Activation, Dense};
use crate::specification::{Initialization, Mlp, SoftmaxRegression};

/// The layers of a perceptron for `features` features and `classes` classes, drawn from `init` in the order
/// W1, b1, W2, b2.
pub(super) fn initialize(features: usize, mlp: &Mlp, classes: usize, init: &mut Stream) -> Vec<Dense> {
    let mut layer = |inputs, outputs, activation| {
        let (weight, bias) = parameters(mlp.initialization, inputs, outputs, init);
        Dense { weight, bias, activation }
    };
    vec![layer(features, mlp.hidden, Activation::Relu), layer(mlp.hidden, classes, Activation::Identity)]
}

/// The layer of a softmax regression for `features` features and `classes` classes, drawn from `init` in the order W1, b1.
pub(super) fn initialize_softmax_regression(
    features: usize,
    regression: &SoftmaxRegression,
    classes: usize,
    init: &mut Stream,
) -> Vec<Dense> {
    let (weight, bias) = parameters(regression.initialization, features, classes, init);
    vec![Dense { weight, bias, activation: Activation::Identity }]
}

fn parameters(
    initialization: Initialization,
    inputs: usize,
    outputs: usize,
    init: &mut Stream,
) -> (Array2<f32>, Array1<f32>) {
    match initialization {
        Initialization::Normal => {
            let weight = init.normal_matrix(inputs, outputs).mapv(|value| value as f32);
            (weight, Array1::from_shape_simple_fn(outputs, || init.normal() as f32))
        }
        Initialization::He => {
            let deviation = (2.0 / inputs as f64).sqrt();
            let weight = init.normal_matrix(inputs, outputs).mapv(|value| (deviation * value) as f32);
            (weight, Array1::zeros(outputs))
        }
        Initialization::Xavier => {
            let bound = (6.0 / (inputs + outputs) as f64).sqrt();
            let uniform = || (bound * (2.0 * init.uniform() - 1.0)) as f32;
            (Array2::from_shape_simple_fn((inputs, outputs), uniform), Array1::zeros(outputs))
        }
    }
}

//! The first weights.

use bitsweep_random::Stream;
use ndarray::{Array1, Array2};

use crate::activation::Activation;
use crate::linear::Linear;
use crate::specification::{Initialization, Mlp, SoftmaxRegression};

/// The layers of a perceptron for `features` features and `classes` classes, drawn from `init` in the order
/// W1, b1, W2, b2, ….
pub(super) fn initialize(features: usize, mlp: &Mlp, classes: usize, init: &mut Stream) -> Vec<Linear> {
    let hidden = mlp.hidden.units().iter().map(|&units| (units, Activation::Relu));
    let mut inputs = features;
    let layers = hidden.chain([(classes, Activation::Identity)]).map(|(outputs, activation)| {
        let (weight, bias) = parameters(mlp.initialization, inputs, outputs, init);
        inputs = outputs;
        Linear { weight, bias, activation }
    });
    layers.collect()
}

/// The layer of a softmax regression for `features` features and `classes` classes, drawn from `init` in the order W1, b1.
pub(super) fn initialize_softmax_regression(
    features: usize,
    regression: &SoftmaxRegression,
    classes: usize,
    init: &mut Stream,
) -> Vec<Linear> {
    let (weight, bias) = parameters(regression.initialization, features, classes, init);
    vec![Linear { weight, bias, activation: Activation::Identity }]
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use bitsweep_random::{Generator, Stream};

    use super::initialize;
    use crate::specification::{Initialization, Mlp};

    fn stream(generator: Generator) -> Stream {
        Stream::new(generator, 42, "init").unwrap()
    }

    #[test]
    fn normal_weights_are_drawn_as_the_notebook_draws_them() {
        let mlp = Mlp { hidden: vec![5, 2].into(), initialization: Initialization::Normal };
        let layers = initialize(4, &mlp, 3, &mut stream(Generator::Numpy));
        let mut draws = stream(Generator::Numpy);
        for layer in &layers {
            assert!(layer.weight.iter().all(|&weight| weight == draws.normal() as f32));
            assert!(layer.bias.iter().all(|&bias| bias == draws.normal() as f32));
        }
        let shapes: Vec<_> = layers.iter().map(|layer| layer.weight.dim()).collect();
        assert_eq!(shapes, [(4, 5), (5, 2), (2, 3)]);
        // numpy.random.seed(42); numpy.random.randn(4, 5)[0, :2].astype(numpy.float32)
        assert_eq!((layers[0].weight[[0, 0]], layers[0].weight[[0, 1]]), (0.496_714_15, -0.138_264_3));
    }

    #[test]
    fn he_weights_have_the_variance_of_two_over_the_inputs() {
        let mlp = Mlp { hidden: 200.into(), initialization: Initialization::He };
        let layers = initialize(50, &mlp, 3, &mut stream(Generator::Modern));
        let weight = layers[0].weight.mapv(f64::from);
        // The variance of 10,000 draws has a relative standard error of √(2 / 10,000) = 0.014.
        assert!((weight.mapv(|w| w * w).mean().unwrap() / (2.0 / 50.0) - 1.0).abs() < 0.06);
        assert!(layers.iter().all(|layer| layer.bias.iter().all(|&bias| bias == 0.0)));
    }

    #[test]
    fn xavier_weights_fill_their_interval() {
        let mlp = Mlp { hidden: 100.into(), initialization: Initialization::Xavier };
        let layers = initialize(50, &mlp, 3, &mut stream(Generator::Modern));
        let bound = (6.0_f64 / 150.0).sqrt();
        let largest = layers[0].weight.iter().fold(0.0_f64, |largest, &w| largest.max(f64::from(w).abs()));
        assert!(largest <= bound * (1.0 + 1e-7) && largest > 0.99 * bound, "{largest} of {bound}");
        assert!(layers[0].weight.mapv(f64::from).mean().unwrap().abs() < 0.02 * bound * 3.0);
        assert!(layers.iter().all(|layer| layer.bias.iter().all(|&bias| bias == 0.0)));
    }
}

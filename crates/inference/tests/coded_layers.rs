//! Layers that a kernel multiplies have the bits of the loops that say what the product is.

#![allow(clippy::unwrap_used)]

mod common;

use bitsweep_inference::coded::CodedLayer;
use bitsweep_kernels::Width;
use bitsweep_models::Activation;
use bitsweep_quant::{ActivationError, ActivationQuantizer, ActivationSpec, ScaledLevels};
use ndarray::{Array1, Array2};

use common::{normal, quantized};

fn fitted(spec: &str, inputs: &Array2<f32>) -> ActivationQuantizer {
    let scheme = toml::from_str::<ActivationSpec>(spec).unwrap().resolve().unwrap();
    ActivationQuantizer::fit(scheme, inputs.view()).unwrap()
}

/// The kernel of a layer of these weights and inputs, whose outputs are held to the loops'.
fn kernel(seed: u64, shape: (usize, usize, usize), weights: &str, inputs: &str) -> Option<Width> {
    let (rows, length, outputs) = shape;
    let values = normal(seed, rows, length);
    let weights = quantized(&normal(seed + 1, length, outputs), weights);
    let bias = Array1::from_iter(normal(seed + 2, 1, outputs));
    let quantizer = fitted(inputs, &values.mapv(|value| 0.7 * value));
    let layer = CodedLayer::new(quantizer, &weights, bias.clone(), Activation::Identity).unwrap();
    let (found, clipped) = layer.outputs(values.view()).unwrap();
    let codes = quantizer.quantize(values.view()).unwrap();
    let expected = ScaledLevels::of(&weights).unwrap().product(&codes, bias.view()).unwrap();
    let bits = |values: &Array2<f32>| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&found), bits(&expected), "{shape:?}");
    assert_eq!(clipped, codes.clipped());
    layer.kernel().map(|weights| weights.width())
}

const WEIGHTS: [(&str, Option<Width>); 14] = [
    ("bits = 8\ngranularity = 'column'\nsymmetry = 'symmetric'", Some(Width::Eight)),
    ("bits = 8\nsymmetry = 'asymmetric'", Some(Width::Eight)),
    ("bits = 5\ngranularity = 'row'\nsymmetry = 'asymmetric'", Some(Width::Eight)),
    ("bits = 4\ngranularity.group = 16\nsymmetry = 'symmetric'", Some(Width::Four)),
    ("bits = 4\ngranularity.group = 5\nsymmetry = 'asymmetric'", Some(Width::Eight)),
    ("bits = 4\ngranularity = 'column'\nsymmetry = 'asymmetric'", Some(Width::Four)),
    ("bits = 3\ngranularity = 'column'\nsymmetry = 'asymmetric'", Some(Width::Three)),
    ("bits = 2\ngranularity = 'column'\nsymmetry = 'symmetric'", Some(Width::Two)),
    ("format.ternary = 'least-error'\ngranularity = 'column'", Some(Width::Two)),
    ("bits = 1\ngranularity = 'column'\nsymmetry = 'symmetric'", Some(Width::Binary)),
    ("format = 'nf'\nbits = 4\ngranularity = 'column'", None),
    ("bits = 12\nsymmetry = 'symmetric'", None),
    ("bits = 4\nsymmetry = 'symmetric'\noutliers = { percent = 5 }", None),
    ("bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'float'", None),
];

const INPUTS: [(&str, bool); 6] = [
    ("bits = 8\nmode = 'static'", true),
    ("bits = 8\nmode = 'static'\nsymmetry = 'symmetric'", true),
    ("bits = 8\nmode = 'dynamic'\ngranularity = 'row'", true),
    ("bits = 8\nmode = 'dynamic'\nbatch = 3", true),
    ("bits = 4\nmode = 'static'", true),
    ("bits = 12\nmode = 'static'", false),
];

#[test]
fn outputs_have_the_bits_of_the_loops_with_whatever_multiplies() {
    let shapes = [(7, 24, 5), (1, 64, 33), (20, 37, 16), (3, 1, 1), (9, 130, 18)];
    for (seed, shape) in (10..).step_by(10).zip(shapes) {
        for (weights, width) in WEIGHTS {
            for (inputs, fits) in INPUTS {
                let found = kernel(seed, shape, weights, inputs);
                // Few weights may not use all codes.
                if shape.1 >= 64 {
                    assert_eq!(found, width.filter(|_| fits), "{weights}; {inputs}; {shape:?}");
                }
            }
        }
    }
}

#[test]
fn no_rows_and_no_outputs_are_shapes() {
    let (inputs, weights) = (INPUTS[0].0, WEIGHTS[0].0);
    let quantizer = fitted(inputs, &normal(1, 4, 6));
    for (rows, outputs) in [(0, 3), (2, 0), (0, 0)] {
        let weights = quantized(&Array2::zeros((6, outputs)), weights);
        let layer = CodedLayer::new(quantizer, &weights, Array1::zeros(outputs), Activation::Relu).unwrap();
        assert_eq!(layer.outputs(Array2::zeros((rows, 6)).view()).unwrap().0.dim(), (rows, outputs));
    }
}

#[test]
fn other_inputs_are_told() {
    let quantizer = fitted(INPUTS[0].0, &normal(1, 4, 6));
    let weights = quantized(&normal(2, 6, 3), WEIGHTS[0].0);
    let layer = CodedLayer::new(quantizer, &weights, Array1::zeros(3), Activation::Relu).unwrap();
    assert!(layer.kernel().is_some());
    let found = layer.outputs(Array2::zeros((2, 5)).view()).unwrap_err();
    assert_eq!(found, ActivationError::Inputs { expected: 6, found: 5 });
    let layer = CodedLayer::new(quantizer, &weights, Array1::zeros(4), Activation::Relu).unwrap();
    let found = layer.outputs(Array2::zeros((2, 6)).view()).unwrap_err();
    assert_eq!(found, ActivationError::Biases { expected: 3, found: 4 });
}

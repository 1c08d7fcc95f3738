//! Layers on packed weights beside the numbers that these stand for, and which have no kernel.

#![allow(clippy::unwrap_used)]

mod common;

use bitsweep_inference::kernels::{KernelLayer, outputs};
use bitsweep_models::Activation;
use bitsweep_quant::{ActivationError, Quantized};
use ndarray::{Array1, Array2};

use common::{normal, quantized};

/// Codes of whole numbers, in `f64`, are summed without an error: the sums are what both must be near.
fn nearly_exact(inputs: &Array2<f32>, weights: &Quantized, bias: &Array1<f32>) -> Array2<f64> {
    let wide = inputs.mapv(f64::from).dot(&weights.reconstruct::<f32>().mapv(f64::from));
    wide + &bias.mapv(f64::from)
}

#[test]
fn packed_weights_give_the_outputs_of_the_numbers_that_they_stand_for() {
    let schemes = [
        "bits = 8\ngranularity = 'column'",
        "bits = 6\nsymmetry = 'asymmetric'",
        "bits = 4\ngranularity.group = 16",
        "bits = 4\nsymmetry = 'asymmetric'\ngranularity.group = 16",
        "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'float'",
        "bits = 8\nsymmetry = 'asymmetric'\nzero_point = 'float'",
        "bits = 6\nsymmetry = 'asymmetric'\nzero_point = 'float'\ngranularity.group = 16",
        "bits = 3\ngranularity.group = 5",
        "bits = 2\ngranularity = 'column'",
        "bits = 1\ngranularity = 'column'\nsymmetry = 'symmetric'",
        "format.ternary = 'absmean'",
        "format = 'nf'\nbits = 4\ngranularity.group = 16",
        "format = 'nf'\nbits = 3",
        "format = 'fp8-e4m3'\ngranularity = 'column'",
        "format = 'mxfp4'",
        "format = 'q4_0'",
        "format.vq.centroids = 16",
    ];
    for scheme in schemes {
        let (rows, length, columns) = (5, 64, 19);
        let (inputs, bias) = (normal(1, rows, length), Array1::from_iter(normal(2, 1, columns)));
        let weights = quantized(&normal(3, length, columns), scheme);
        let expected = nearly_exact(&inputs, &weights, &bias);
        let packed = KernelLayer::quantized(&weights, None, bias.clone(), Activation::Identity).unwrap();
        let floats = weights.reconstruct::<f32>();
        let floats = KernelLayer::floats(floats.view(), bias, Activation::Identity).unwrap();
        assert!(packed.bytes() < floats.bytes() || scheme.contains("group"), "{scheme}");
        for layer in [packed, floats] {
            let found = layer.outputs(inputs.view()).unwrap();
            // 64 products of numbers of magnitude 1, of which each rounding errs by 2⁻²⁴ of a sum below 64.
            let bound = 64.0 * 64.0 * f64::from(f32::EPSILON);
            let errors =
                found.iter().zip(&expected).map(|(found, expected)| (f64::from(*found) - expected).abs());
            assert!(errors.fold(0.0, f64::max) < bound, "{scheme}");
        }
    }
}

#[test]
fn what_has_no_kernel_says_why() {
    let cases = [
        ("bits = 4\nsymmetry = 'symmetric'\noutliers = { percent = 5 }", "outliers lie beside the codes"),
        ("format = 'f16'", "floats of 16 bits are no codes of a table"),
        ("format.pq = { subvectors = 4, centroids = 4 }", "it has more than one codebook of single weights"),
        ("bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'minimum'", "its codes are above minimums"),
        ("bits = 12\nsymmetry = 'symmetric'", "it has more than 256 levels"),
    ];
    for (scheme, reason) in cases {
        let weights = quantized(&normal(3, 64, 20), scheme);
        let found = KernelLayer::quantized(&weights, None, Array1::zeros(20), Activation::Relu).unwrap_err();
        assert_eq!(found.reason, reason);
        assert!(found.to_string().contains(&weights.scheme().to_string()), "{found}");
    }
}

#[test]
fn layers_hand_on_what_their_activations_leave() {
    let layer = |seed, inputs, outputs, activation| {
        let weights = normal(seed, inputs, outputs);
        KernelLayer::floats(weights.view(), Array1::zeros(outputs), activation).unwrap()
    };
    let layers = [layer(1, 6, 9, Activation::Relu), layer(2, 9, 3, Activation::Identity)];
    let inputs = normal(3, 4, 6);
    let between = layers[0].outputs(inputs.view()).unwrap();
    assert!(between.iter().all(|value| *value >= 0.0) && between.iter().any(|value| *value == 0.0));
    let found = outputs(&layers, inputs.view()).unwrap();
    assert_eq!(found, layers[1].outputs(between.view()).unwrap());
    let error = outputs(&layers, normal(3, 4, 5).view()).unwrap_err();
    assert_eq!(error, ActivationError::Inputs { expected: 6, found: 5 });
}

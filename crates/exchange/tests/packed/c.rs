//! Models in C, compiled and run by the C compiler of this machine: their numbers are those of the network.

use std::fs;
use std::process::Command;

use bitsweep_exchange::export::to_c;
use bitsweep_exchange::packed::{Column, FeatureScaling, PackedLayer, PackedModel};
use bitsweep_inference::integer::LayerParts;
use bitsweep_models::Activation;
use bitsweep_quant::ActivationQuantizer;
use ndarray::Array1;

use crate::models::{classifier, input_scheme, layer, numbers, scheme, standard};

pub(crate) const WARNINGS: &str =
    "-std=c99 -O1 -pedantic -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Werror";

/// A model of so many inputs, hidden units and outputs whose layers take codes.
fn model(shape: &[usize], weights: &str, inputs: &str, activation: Activation, seed: u64) -> PackedModel {
    let (weights, inputs) = (scheme(weights), input_scheme(inputs));
    let mut layers: Vec<PackedLayer> = Vec::new();
    for (position, pair) in shape.windows(2).enumerate() {
        let mut own = layer((pair[0], pair[1]), seed + position as u64, &weights, false);
        let values = numbers((40, pair[0]), seed + 50 + position as u64);
        let mut quantizer = ActivationQuantizer::fit(inputs, values.view()).unwrap();
        if let Some(before) = layers.last() {
            let bias: Array1<f32> = before.bias.to_array().into_iter().collect();
            let bitsweep_exchange::packed::Values::Coded(weight) = &before.weight else { panic!("no codes") };
            let parts = LayerParts {
                weight,
                bias: bias.view(),
                activation: before.activation,
                inputs: before.inputs.unwrap(),
            };
            quantizer = parts.widened(position - 1, quantizer).unwrap();
        }
        own.inputs = Some(quantizer);
        own.activation = if position + 2 < shape.len() { activation } else { Activation::Identity };
        layers.push(own);
    }
    let mut classifier = classifier(layers);
    classifier.scaling = match seed % 3 {
        0 => standard(shape[0]),
        1 => FeatureScaling::Divide(2.5),
        _ => FeatureScaling::None,
    };
    // What would end a comment, or a line of it.
    classifier.columns[0] = Column::numbers("*/ int x; /*\n\\");
    classifier.classes[0] = "a\u{202e}b ??/".to_owned();
    PackedModel::new(classifier).unwrap()
}

/// Compiles a model and its test, and runs it.
pub(crate) fn run(model: &PackedModel, what: &str) {
    let features =
        numbers((60, model.classifier().layers[0].weight.shape().0), 77).mapv(|value| f64::from(value) * 3.0);
    let folder = tempfile::tempdir().unwrap();
    let files = to_c(model, features.view(), what).unwrap_or_else(|error| panic!("{what}: {error}"));
    for (name, text) in &files {
        assert!(text.is_ascii(), "{what}: {name}");
        fs::write(folder.path().join(name), text).unwrap();
    }
    let compiled = Command::new("cc")
        .args(WARNINGS.split(' '))
        .args(["-DMODEL_FLOAT_FEATURES", "-o", "test", "test.c", "model.c", "-lm"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "{what}: {said}\n{}", files[1].1);
    let output = Command::new(folder.path().join("test")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("60 rows, 0 wrong"), "{what}: {said}\n{}", files[1].1);
}

const ASYMMETRIC: &str = "bits = 8\nmode = 'static'\nrequantize = 'fixed-point'";
const INPUTS: [&str; 4] = [
    ASYMMETRIC,
    "bits = 8\nmode = 'static'\nsymmetry = 'symmetric'\nrequantize = 'fixed-point'",
    "bits = 4\nmode = 'static'\nrounding = 'half-away'\nrequantize = 'fixed-point'",
    "bits = 10\nmode = 'static'\nrequantize = 'fixed-point'",
];
const ACTIVATIONS: [Activation; 7] = [
    Activation::Relu,
    Activation::Tanh,
    Activation::LeakyRelu { slope: 0.1 },
    Activation::Identity,
    Activation::Sigmoid,
    Activation::HardTanh { min: -0.25, max: 0.5 },
    Activation::Gelu,
];
const WEIGHTS: [&str; 25] = [
    "bits = 8\nsymmetry = 'symmetric'",
    "bits = 8\nsymmetry = 'symmetric'\ngranularity = 'output-channel'",
    "bits = 8\nsymmetry = 'symmetric'\ngranularity = 'input-channel'",
    "bits = 8\nsymmetry = 'asymmetric'\nzero_point = 'integer'",
    "bits = 8\nsymmetry = 'asymmetric'\nzero_point = 'integer'\ngranularity = 'output-channel'",
    "bits = 8\nsymmetry = 'asymmetric'\nzero_point = 'integer'\ngranularity = { group = 4 }",
    "bits = 4\nsymmetry = 'symmetric'",
    "bits = 4\nsymmetry = 'symmetric'\ngranularity = { group = 4 }",
    "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'integer'\ngranularity = { group = 5 }",
    "bits = 3\nsymmetry = 'symmetric'\ngranularity = 'output-channel'",
    "bits = 3\nsymmetry = 'asymmetric'\nzero_point = 'integer'",
    "bits = 2\nsymmetry = 'symmetric'",
    "bits = 2\nsymmetry = 'asymmetric'\nzero_point = 'integer'\ngranularity = { group = 3 }",
    "bits = 1\nsymmetry = 'symmetric'",
    "bits = 1\nsymmetry = 'symmetric'\ngranularity = 'output-channel'",
    "format = { ternary = 'absmean' }",
    "format = { ternary = 'least-error' }\ngranularity = 'output-channel'",
    "format = 'fp4-e2m1'\ngranularity = { group = 4 }",
    "format = 'power-of-two'\nbits = 4",
    "format = { vq = { centroids = 16 } }\ncodebook_format = 'int8'",
    "format = { vq = { centroids = 8, width = 2 } }\ncodebook_format = 'int8'",
    "format = { pq = { subvectors = 2, centroids = 4 } }\ncodebook_format = 'int8'",
    "format = 'wrpn'\nbits = 5",
    "format = 'dorefa'\nbits = 3",
    "bits = 12\nsymmetry = 'symmetric'",
];

#[test]
fn c_has_the_numbers_of_the_network() {
    let shapes: [&[usize]; 4] = [&[9, 6, 3], &[7, 2], &[10, 5, 4, 1], &[6, 5, 4, 3, 4]];
    for (position, weights) in WEIGHTS.iter().enumerate() {
        for turn in 0..2 {
            let activation = ACTIVATIONS[(position + 3 * turn) % ACTIVATIONS.len()];
            let inputs = INPUTS[(position + turn) % INPUTS.len()];
            let shape = shapes[(position + 2 * turn) % shapes.len()];
            let what = format!("{weights}, {activation}, {inputs}, {shape:?}").replace('\n', "; ");
            run(&model(shape, weights, inputs, activation, (position * 10 + turn) as u64), &what);
        }
    }
}

#[test]
fn c_shifts_where_steps_are_powers_of_two() {
    const SHIFTS: &str = "bits = 8\nmode = 'static'\nrequantize = 'power-of-two'";
    for (position, weights) in [
        "bits = 8\nsymmetry = 'symmetric'",
        "bits = 4\nsymmetry = 'symmetric'\ngranularity = 'output-channel'\nscale_format = 'e8m0-ceiling'",
        "bits = 4\nsymmetry = 'symmetric'\ngranularity = { group = 4 }\nscale_format = 'e8m0-floor'",
        "format = { ternary = 'absmean' }",
    ]
    .into_iter()
    .enumerate()
    {
        for activation in [Activation::Relu, Activation::Sigmoid, Activation::LeakyRelu { slope: 0.125 }] {
            let what = format!("{weights}, {activation}, shifts").replace('\n', "; ");
            run(&model(&[9, 6, 3], weights, SHIFTS, activation, position as u64), &what);
        }
    }
}

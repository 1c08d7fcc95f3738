//! Models that compute in whole numbers: all schemes of weights and inputs, activations and shapes, each in some model.

use bitsweep_exchange::packed::{Column, FeatureScaling, PackedLayer, PackedModel, Values};
use bitsweep_inference::integer::LayerParts;
use bitsweep_models::Activation;
use bitsweep_quant::{ActivationQuantizer, FeatureNumbers};
use ndarray::{Array1, Array2};

use crate::models::{classifier, input_scheme, layer, numbers, scheme, standard};

/// A model of so many inputs, hidden units and outputs whose layers take codes.
pub(crate) fn model(
    shape: &[usize],
    weights: &str,
    inputs: &str,
    activation: Activation,
    seed: u64,
) -> PackedModel {
    let (weights, inputs) = (scheme(weights), input_scheme(inputs));
    let mut layers: Vec<PackedLayer> = Vec::new();
    for (position, pair) in shape.windows(2).enumerate() {
        let mut own = layer((pair[0], pair[1]), seed + position as u64, &weights, false);
        let values = numbers((40, pair[0]), seed + 50 + position as u64);
        let mut quantizer = ActivationQuantizer::fit(inputs, values.view()).unwrap();
        if let Some(before) = layers.last() {
            let bias: Array1<f32> = before.bias.to_array().into_iter().collect();
            let Values::Coded(weight) = &before.weight else { panic!("no codes") };
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

const ASYMMETRIC: &str = "bits = 8\nmode = 'static'\nrequantize = 'fixed-point'";
const INPUTS: [&str; 6] = [
    ASYMMETRIC,
    "bits = 8\nmode = 'static'\nsymmetry = 'symmetric'\nrequantize = 'fixed-point'",
    "bits = 4\nmode = 'static'\nrounding = 'half-away'\nrequantize = 'fixed-point'",
    "bits = 10\nmode = 'static'\nrequantize = 'fixed-point'",
    "bits = 8\nmode = 'static'\nrequantize = 'fixed-point'\nfeatures = 'integer'",
    "bits = 7\nmode = 'static'\nsymmetry = 'symmetric'\nrequantize = 'fixed-point'\nfeatures = 'integer'",
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
const WEIGHTS: [&str; 27] = [
    "bits = 8\nsymmetry = 'symmetric'\ncode_range = 'covering'\ngranularity = 'output-channel'",
    "bits = 3\nsymmetry = 'symmetric'\ncode_range = 'covering'",
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

const SHIFTS: &str = "bits = 8\nmode = 'static'\nrequantize = 'power-of-two'";
const WEIGHTS_OF_SHIFTS: [&str; 4] = [
    "bits = 8\nsymmetry = 'symmetric'",
    "bits = 4\nsymmetry = 'symmetric'\ngranularity = 'output-channel'\nscale_format = 'e8m0-ceiling'",
    "bits = 4\nsymmetry = 'symmetric'\ngranularity = { group = 4 }\nscale_format = 'e8m0-floor'",
    "format = { ternary = 'absmean' }",
];

/// Rows of features for a model.
pub(crate) fn rows(model: &PackedModel) -> Array2<f64> {
    let first = &model.classifier().layers[0];
    let rows = numbers((60, first.weight.shape().0), 77).mapv(|value| f64::from(value) * 3.0);
    let features = first.inputs.map(|inputs| inputs.scheme().features());
    match features {
        // Some beyond all codes.
        Some(FeatureNumbers::Integer) => rows.mapv(|value| (value * value * value).round()),
        Some(FeatureNumbers::Float) | None => rows,
    }
}

/// Models with multipliers, and what they are.
pub(crate) fn with_multipliers() -> Vec<(PackedModel, String)> {
    let shapes: [&[usize]; 4] = [&[9, 6, 3], &[7, 2], &[10, 5, 4, 1], &[6, 5, 4, 3, 4]];
    let of = |(position, turn): (usize, usize)| {
        let weights = WEIGHTS[position];
        let activation = ACTIVATIONS[(position + 3 * turn) % ACTIVATIONS.len()];
        let inputs = INPUTS[(position + turn) % INPUTS.len()];
        let shape = shapes[(position + 2 * turn) % shapes.len()];
        let what = format!("{weights}, {activation}, {inputs}, {shape:?}").replace('\n', "; ");
        (model(shape, weights, inputs, activation, (position * 10 + turn) as u64), what)
    };
    (0..WEIGHTS.len()).flat_map(|position| [(position, 0), (position, 1)]).map(of).collect()
}

/// Models with shifts alone, and what they are.
pub(crate) fn with_shifts() -> Vec<(PackedModel, String)> {
    let activations = [Activation::Relu, Activation::Sigmoid, Activation::LeakyRelu { slope: 0.125 }];
    let of = |(seed, weights): (usize, &'static str)| {
        activations.map(|activation| {
            let what = format!("{weights}, {activation}, shifts").replace('\n', "; ");
            (model(&[9, 6, 3], weights, SHIFTS, activation, seed as u64), what)
        })
    };
    WEIGHTS_OF_SHIFTS.into_iter().enumerate().flat_map(of).collect()
}

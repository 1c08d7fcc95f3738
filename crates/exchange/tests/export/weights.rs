//! Weights and biases survive bit for bit, whatever their format.

use bitsweep_exchange::export::{InputType, OnnxOptions, Opset, to_onnx};
use bitsweep_exchange::packed::{FeatureScaling, PackedModel, Values};
use bitsweep_exchange::{Network, ReadOptions, Standardization, read_network};
use bitsweep_models::{Activation, Head};
use bitsweep_quant::{Scheme, quantize};
use ndarray::Array1;
use proptest::prelude::*;

use crate::models::{classifier, layer, numbers, scheme, stream};
use crate::schemes::all;

/// What our reader makes of the file.
pub(crate) fn read(model: &PackedModel, options: OnnxOptions) -> Network {
    let file = tempfile::Builder::new().suffix(".onnx").tempfile().unwrap();
    std::fs::write(file.path(), to_onnx(model, options).unwrap().bytes).unwrap();
    read_network(file.path(), &ReadOptions::default()).unwrap_or_else(|error| {
        let scheme = match &model.classifier().layers[0].weight {
            Values::Float(_) => "floats".to_owned(),
            Values::Coded(weight) => weight.scheme().to_string(),
        };
        panic!("{scheme}: {error}")
    })
}

/// Holds the layers of a file to those of the model.
#[track_caller]
pub(crate) fn assert_same_layers(model: &PackedModel, options: OnnxOptions) {
    let network = read(model, options);
    for ((_, linear), layer) in network.model.linear_layers().zip(&model.classifier().layers) {
        let bits = |numbers: Vec<f32>| numbers.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        let named = match &layer.weight {
            Values::Float(_) => "floats".to_owned(),
            Values::Coded(weight) => weight.scheme().to_string(),
        };
        let weight = layer.weight.to_array().into_iter().collect();
        assert_eq!(bits(linear.weight.iter().copied().collect()), bits(weight), "weight of {named}");
        // A term that is added to another loses the sign of its zero.
        let unsigned = |bias: Vec<f32>| bits(bias.into_iter().map(|number| number + 0.0).collect());
        let bias = layer.bias.to_array().into_iter().collect();
        assert_eq!(unsigned(linear.bias.to_vec()), unsigned(bias), "bias of {named}");
        assert_eq!(linear.activation, layer.activation);
    }
    assert_eq!(network.classes.as_ref(), Some(&model.classifier().classes));
    assert_eq!(network.model.head(), model.classifier().head);
}

/// All of them.
pub(crate) const ACTIVATIONS: [Activation; 13] = [
    Activation::Identity,
    Activation::Relu,
    Activation::LeakyRelu { slope: 0.01 },
    Activation::Elu { alpha: 1.1 },
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::HardSigmoid { alpha: 0.3, beta: 0.4 },
    Activation::HardSwish,
    Activation::RELU6,
    Activation::HardTanh { min: f32::NEG_INFINITY, max: 0.1 },
    Activation::HardTanh { min: -0.5, max: f32::INFINITY },
];

const OPSETS: [Opset; 2] = [Opset::V21, Opset::V25];

fn model(shape: (usize, usize), seed: u64, scheme: &Scheme) -> PackedModel {
    let codes_bias = seed.is_multiple_of(2);
    PackedModel::new(classifier(vec![layer(shape, seed, scheme, codes_bias)])).unwrap()
}

#[test]
fn every_scheme_is_read_again_in_every_version_of_the_operators() {
    for (scheme, seed) in all().iter().zip(0..) {
        for opset in OPSETS {
            assert_same_layers(&model((7, 5), seed, scheme), OnnxOptions { opset, ..OnnxOptions::default() });
        }
    }
}

#[test]
fn codes_of_f64_are_read_again() {
    for scheme in all() {
        let values = numbers((3, 4), 5).mapv(f64::from);
        let mut layer = layer((3, 4), 5, &scheme, false);
        layer.weight = Values::Coded(quantize(values.view(), &scheme, &mut stream(2)).unwrap());
        assert_same_layers(&PackedModel::new(classifier(vec![layer])).unwrap(), OnnxOptions::default());
    }
}

proptest! {
    #[test]
    fn any_matrix_of_any_scheme_is_read_again(
        rows in 1..40_usize, columns in 1..20_usize, seed in any::<u32>(), scheme in prop::sample::select(all()),
        magnitude in prop::sample::select(vec![1e-30_f32, 1e-3, 1.0, 1e4]), opset in prop::sample::select(OPSETS.to_vec()),
    ) {
        let values = numbers((rows, columns), seed.into()) * magnitude;
        let Ok(quantized) = quantize(values.view(), &scheme, &mut stream(4)) else {
            return Err(TestCaseError::reject("more sub-vectors than columns"));
        };
        let mut layer = layer((rows, columns), seed.into(), &crate::models::scheme("bits = 8"), seed % 2 == 0);
        layer.weight = Values::Coded(quantized);
        layer.activation = Activation::Relu;
        // One score would be that of the second of two classes.
        let behind = crate::models::layer((columns, 3), 1, &crate::models::scheme("bits = 8"), false);
        let model = PackedModel::new(classifier(vec![layer, behind])).unwrap();
        assert_same_layers(&model, OnnxOptions { opset, ..OnnxOptions::default() });
    }
}

#[test]
fn activations_and_heads_are_read_again() {
    let eight = scheme("bits = 8");
    for activation in ACTIVATIONS {
        for head in [Head::Softmax, Head::OneVsRest] {
            let mut first = layer((6, 4), 1, &eight, false);
            first.activation = activation;
            let mut classifier = classifier(vec![first, layer((4, 3), 2, &eight, true)]);
            classifier.head = head;
            assert_same_layers(&PackedModel::new(classifier).unwrap(), OnnxOptions::default());
        }
    }
}

#[test]
fn the_scaler_is_read_again() {
    let mut classifier = classifier(vec![layer((6, 3), 1, &scheme("bits = 8"), false)]);
    let (mean, scale) = (Array1::from(vec![0.1_f32; 6]), Array1::from(vec![1.7_f32; 6]));
    classifier.scaling =
        FeatureScaling::Standard { mean: mean.clone(), scale: scale.clone(), constant: Vec::new() };
    let (mean, scale) = (mean.mapv(f64::from), scale.mapv(f64::from));
    for input in [InputType::Float, InputType::Double] {
        let model = PackedModel::new(classifier.clone()).unwrap();
        let network = read(&model, OnnxOptions { input, ..OnnxOptions::default() });
        assert_eq!(network.scaling, Some(Standardization { mean: mean.clone(), scale: scale.clone() }));
        assert_eq!(network.producer, Some(format!("bitsweep {}", model.written_by())));
    }
}

#[test]
fn a_single_logit_stays_one() {
    for (layers, seed) in [(vec![(6, 1)], 1), (vec![(6, 4), (4, 1)], 2)] {
        let layers = layers.into_iter().map(|shape| layer(shape, seed, &scheme("bits = 4"), true));
        let model = PackedModel::new(classifier(layers.collect())).unwrap();
        assert_same_layers(&model, OnnxOptions::default());
    }
}

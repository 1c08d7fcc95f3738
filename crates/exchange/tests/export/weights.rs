//! Weights and biases survive bit for bit, whatever their format.

use bitsweep_exchange::export::{FourBitGroups, InputType, OnnxOptions, Opset, to_onnx};
use bitsweep_exchange::packed::{PackedModel, Values};
use bitsweep_exchange::{Network, ReadOptions, read_network};
use bitsweep_quant::{Scheme, quantize};
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
        let bias = layer.bias.to_array().into_iter().collect();
        assert_eq!(bits(linear.bias.to_vec()), bits(bias), "bias of {named}");
        assert_eq!(linear.activation, layer.activation);
    }
    assert_eq!(network.classes.as_ref(), Some(&model.classifier().classes));
    assert_eq!(network.model.head(), model.classifier().head);
}

const OPSETS: [Opset; 3] = [Opset::V21, Opset::V23, Opset::V25];

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

#[test]
fn a_single_logit_stays_one() {
    for (layers, seed) in [(vec![(6, 1)], 1), (vec![(6, 4), (4, 1)], 2)] {
        let layers = layers.into_iter().map(|shape| layer(shape, seed, &scheme("bits = 4"), true));
        let model = PackedModel::new(classifier(layers.collect())).unwrap();
        assert_same_layers(&model, OnnxOptions::default());
    }
}

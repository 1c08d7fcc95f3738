//! Networks in whole numbers: against Python's integers, and near what they stand for.

#![allow(clippy::unwrap_used)]

use bitsweep_inference::coded::CodedLayer;
use bitsweep_inference::integer::{IntegerNetwork, LayerParts, NetworkError};
use bitsweep_models::Activation;
use bitsweep_quant::{
    ActivationParameters, ActivationQuantizer, ActivationSpec, IntegerLevels, Quantized, SchemeSpec, quantize,
};
use bitsweep_random::{Generator, Stream};
use ndarray::{Array1, Array2};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    bits: u32,
    granularity: serde_json::Value,
    activation: String,
    input_bits: u32,
    symmetric: bool,
    layers: Vec<Layer>,
    rows: Vec<Vec<i32>>,
    step: f64,
    outputs: Vec<Vec<i32>>,
}

#[derive(Deserialize)]
struct Layer {
    shape: (usize, usize),
    values: Vec<f32>,
    bias: Vec<f32>,
    scale: f32,
    zero_point: i32,
}

fn quantized(values: &Array2<f32>, scheme: &str) -> Quantized {
    let scheme = toml::from_str::<SchemeSpec>(scheme).unwrap().resolve().unwrap();
    quantize(values.view(), &scheme, &mut Stream::new(Generator::Modern, 0, "quantize").unwrap()).unwrap()
}

fn quantizer(spec: &str, scale: f32, zero_point: i32) -> ActivationQuantizer {
    let scheme = toml::from_str::<ActivationSpec>(spec).unwrap().resolve().unwrap();
    ActivationQuantizer::restore(scheme, Some(ActivationParameters { scale, zero_point })).unwrap()
}

/// Layers with the weights that belong to them.
struct Parts {
    weights: Vec<Quantized>,
    biases: Vec<Array1<f32>>,
    activations: Vec<Activation>,
    inputs: Vec<ActivationQuantizer>,
}

impl Parts {
    fn get(&self) -> Vec<LayerParts<'_>> {
        let layers = self.weights.iter().zip(&self.biases).zip(&self.activations).zip(&self.inputs);
        let parts = layers.map(|(((weight, bias), activation), inputs)| LayerParts {
            weight,
            bias: bias.view(),
            activation: *activation,
            inputs: *inputs,
        });
        parts.collect()
    }
}

#[test]
fn outputs_are_those_of_python_integers() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("golden/networks.json")).unwrap();
    assert_eq!(cases.len(), 24);
    for case in &cases {
        let weights = match case.granularity.as_str() {
            Some(name) => format!("bits = {}\nsymmetry = 'symmetric'\ngranularity = '{name}'", case.bits),
            None => format!(
                "bits = {}\nsymmetry = 'symmetric'\ngranularity.group = {}",
                case.bits, case.granularity["group"]
            ),
        };
        let symmetry = if case.symmetric { "symmetric" } else { "asymmetric" };
        let inputs = format!(
            "bits = {}\nmode = 'static'\nsymmetry = '{symmetry}'\nrequantize = 'fixed-point'",
            case.input_bits
        );
        let hidden = match case.activation.as_str() {
            "relu" => Activation::Relu,
            _ => Activation::Identity,
        };
        let last = case.layers.len() - 1;
        let matrix = |layer: &Layer| Array2::from_shape_vec(layer.shape, layer.values.clone()).unwrap();
        let parts = Parts {
            weights: case.layers.iter().map(|layer| quantized(&matrix(layer), &weights)).collect(),
            biases: case.layers.iter().map(|layer| Array1::from(layer.bias.clone())).collect(),
            activations: (0..=last)
                .map(|layer| if layer < last { hidden } else { Activation::Identity })
                .collect(),
            inputs: case
                .layers
                .iter()
                .map(|layer| quantizer(&inputs, layer.scale, layer.zero_point))
                .collect(),
        };
        let network = IntegerNetwork::new(&parts.get()).unwrap();
        let rows = Array2::from_shape_vec((case.rows.len(), case.rows[0].len()), case.rows.concat()).unwrap();
        let (outputs, _) = network.outputs(rows.view()).unwrap();
        let found: Vec<Vec<i32>> = outputs.outer_iter().map(|row| row.to_vec()).collect();
        assert_eq!(found, case.outputs, "{} bits, {}, {}", case.bits, case.granularity, case.activation);
        assert_eq!(network.logit_step(), case.step);
    }
}

#[test]
fn levels_times_steps_are_the_weights() {
    let values = Array2::from_shape_fn((10, 6), |(row, column)| ((row * 7 + column * 5) as f32).sin());
    for scheme in [
        "bits = 8\nsymmetry = 'symmetric'",
        "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'integer'\ngranularity = 'output-channel'",
        "bits = 1\nsymmetry = 'symmetric'\ngranularity.group = 4",
        "bits = 3\nsymmetry = 'symmetric'\ngranularity = 'input-channel'\nscale_format = 'e8m0-ceiling'",
        "format = { ternary = 'absmean' }",
        "format = 'fp4-e2m1'\ngranularity.group = 4",
        "format = 'fp8-e4m3'",
        "format = 'power-of-two'\nbits = 4",
        "format = { vq = { centroids = 8, width = 2 } }\ncodebook_format = 'int8'",
        "format = { pq = { subvectors = 3, centroids = 8 } }\ncodebook_format = 'int8'",
        "format = 'wrpn'\nbits = 4",
        "format = 'dorefa'\nbits = 3",
    ] {
        let quantized = quantized(&values, scheme);
        let levels = IntegerLevels::of(&quantized).unwrap_or_else(|error| panic!("{scheme}: {error}"));
        let expected = quantized.reconstruct::<f32>();
        for ((row, column), level) in levels.levels().indexed_iter() {
            let own = f64::from(*level) * levels.steps()[[row / levels.rows_per_step(), column]];
            let weight = f64::from(expected[[row, column]]);
            assert!(
                (own - weight).abs() <= f64::from(f32::EPSILON) * (weight.abs() + 1.0),
                "{scheme}: {own}, {weight}"
            );
        }
    }
    for scheme in [
        "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'float'",
        "bits = 4\nsymmetry = 'symmetric'\noutliers = { percent = 10 }",
        "format = 'f16'",
        "format = 'nf'\nbits = 4",
        "format = 'q4_1'",
        "format = { vq = { centroids = 8 } }",
    ] {
        let error = IntegerLevels::of(&quantized(&values, scheme)).unwrap_err().to_string();
        assert!(error.contains("no whole numbers of one step"), "{scheme}: {error}");
    }
}

/// Two layers of 8-bit weights with an activation between them.
fn two_layers(activation: Activation, inputs: &str, weights: &str) -> Parts {
    let shapes = [(6, 5), (5, 3)];
    let weight = |shape: (usize, usize)| {
        let values =
            Array2::from_shape_fn(shape, |(row, column)| ((row * 5 + column * 3) as f32 * 1.7).sin());
        quantized(&values, weights)
    };
    let next = match activation {
        Activation::Relu | Activation::Sigmoid => (0.02, 0),
        _ => (0.03, 120),
    };
    let next = if inputs.contains("'symmetric'") { (0.05, 0) } else { next };
    Parts {
        weights: shapes.into_iter().map(weight).collect(),
        biases: vec![
            Array1::from_iter((0..5).map(|bias| bias as f32 * 0.2 - 0.4)),
            Array1::from(vec![0.1, -0.2, 0.0]),
        ],
        activations: vec![activation, Activation::Identity],
        inputs: vec![
            quantizer(inputs, 0.025, if next.1 == 0 && inputs.contains("'symmetric'") { 0 } else { 130 }),
            quantizer(inputs, next.0, next.1),
        ],
    }
}

/// The logits of some rows in whole numbers and between floats, and how far they may be apart where each hidden code is `codes`
/// off at most.
fn both(parts: &Parts, codes: f32) -> Vec<(f64, f64, f64)> {
    let network = IntegerNetwork::new(&parts.get()).unwrap();
    let features =
        Array2::from_shape_fn((40, 6), |(row, column)| ((row * 11 + column * 13) as f32).cos() * 2.5);
    let codes_of = parts.inputs[0].quantize(features.view()).unwrap();
    let (outputs, _) = network.outputs(codes_of.codes().view()).unwrap();
    let mut values = features;
    for ((weight, bias), (activation, quantizer)) in
        parts.weights.iter().zip(&parts.biases).zip(parts.activations.iter().zip(&parts.inputs))
    {
        let layer = CodedLayer::new(*quantizer, weight, bias.clone(), *activation).unwrap();
        (values, _) = layer.outputs(values.view()).unwrap();
    }
    let last = parts.weights[1].reconstruct::<f32>();
    let step = parts.inputs[1].fitted().unwrap().scale;
    let pairs = outputs.indexed_iter().zip(&values);
    let pair = |(((_, output), own), float): (((usize, usize), &i32), &f32)| {
        let weights: f32 = last.column(output).iter().map(|weight| weight.abs()).sum();
        let may_be = f64::from(weights * step * codes) + 2.0 * network.logit_step() + 0.01;
        (f64::from(*own) * network.logit_step(), f64::from(*float), may_be)
    };
    pairs.map(pair).collect()
}

#[test]
fn whole_numbers_are_near_what_they_stand_for() {
    const STATIC: &str = "bits = 8\nmode = 'static'\nrequantize = 'fixed-point'";
    for weights in [
        "bits = 8\nsymmetry = 'symmetric'",
        "bits = 8\nsymmetry = 'symmetric'\ngranularity = 'output-channel'",
        "bits = 8\nsymmetry = 'asymmetric'\nzero_point = 'integer'\ngranularity.group = 4",
        "bits = 8\nsymmetry = 'symmetric'\ngranularity = 'input-channel'",
    ] {
        for activation in [
            Activation::Identity,
            Activation::Relu,
            Activation::LeakyRelu { slope: 0.1 },
            Activation::LeakyRelu { slope: -0.5 },
            Activation::RELU6,
            Activation::HardTanh { min: -0.5, max: 0.7 },
            Activation::HardTanh { min: f32::NEG_INFINITY, max: 0.7 },
            Activation::Tanh,
            Activation::Sigmoid,
            Activation::Elu { alpha: 1.0 },
            Activation::Gelu,
            Activation::GeluTanh,
            Activation::HardSigmoid { alpha: 0.2, beta: 0.5 },
            Activation::HardSwish,
        ] {
            // A table is off by half a step of its own, too.
            let pairs = both(&two_layers(activation, STATIC, weights), 1.5);
            for (own, float, may_be) in &pairs {
                assert!((own - float).abs() <= *may_be, "{activation}, {weights}: {own}, {float}, {may_be}");
            }
            assert!(pairs.iter().any(|(own, ..)| own.abs() > 0.2), "{activation}");
        }
    }
}

#[test]
fn shifts_alone_are_exact_where_steps_are_widened() {
    const SHIFTS: &str = "bits = 8\nmode = 'static'\nrequantize = 'power-of-two'";
    for (weights, is_refused) in [
        ("bits = 8\nsymmetry = 'symmetric'", false),
        ("bits = 8\nsymmetry = 'symmetric'\ngranularity = 'output-channel'", true),
        (
            "bits = 8\nsymmetry = 'symmetric'\ngranularity = 'output-channel'\nscale_format = 'e8m0-ceiling'",
            false,
        ),
        ("bits = 4\nsymmetry = 'symmetric'\ngranularity.group = 4\nscale_format = 'e8m0-ceiling'", false),
    ] {
        for activation in [Activation::Relu, Activation::Tanh, Activation::LeakyRelu { slope: 0.25 }] {
            let mut parts = two_layers(activation, SHIFTS, weights);
            if !is_refused {
                let widened = parts.get()[0].widened(0, parts.inputs[1]).unwrap();
                let (before, after) = (parts.inputs[1].fitted().unwrap(), widened.fitted().unwrap());
                assert!(before.scale <= after.scale * 1.000_001 && after.scale < 2.0 * before.scale);
                parts.inputs[1] = widened;
            }
            let network = match (IntegerNetwork::new(&parts.get()), is_refused) {
                (Ok(network), false) => network,
                (Err(NetworkError::Layer { .. }), true) => continue,
                (other, _) => panic!("{weights}: {other:?}"),
            };
            for layer in network.layers() {
                let Some(rescale) = layer.rescale() else { continue };
                assert!(rescale.multipliers().iter().all(|multiplier| multiplier.count_ones() == 1));
            }
            for (own, float, may_be) in both(&parts, 1.5) {
                assert!((own - float).abs() <= may_be, "{activation}, {weights}: {own}, {float}, {may_be}");
            }
        }
    }
    let slope = two_layers(Activation::LeakyRelu { slope: 0.3 }, SHIFTS, "bits = 8\nsymmetry = 'symmetric'");
    let mut slope = slope;
    slope.inputs[1] = slope.get()[0].widened(0, slope.inputs[1]).unwrap();
    assert_eq!(IntegerNetwork::new(&slope.get()), Err(NetworkError::Slope { slope: 0.3 }));
}

#[test]
fn what_whole_numbers_cannot_hold_is_refused() {
    const STATIC: &str = "bits = 8\nmode = 'static'\nrequantize = 'fixed-point'";
    const WEIGHTS: &str = "bits = 8\nsymmetry = 'symmetric'";
    let refused = |change: &dyn Fn(&mut Parts)| {
        let mut parts = two_layers(Activation::Relu, STATIC, WEIGHTS);
        change(&mut parts);
        IntegerNetwork::new(&parts.get()).unwrap_err().to_string()
    };
    let bias = refused(&|parts| parts.biases[1][2] = 1e9);
    assert!(bias.starts_with("b2: the bias of output 2"), "{bias}");
    let sum = refused(&|parts| parts.biases[0][1] = 2.147e9 * 0.025 / 127.0);
    assert!(sum.starts_with("W1: the sum of output 1") && sum.contains("beyond 32 bits"), "{sum}");
    let steep = refused(&|parts| parts.activations[0] = Activation::LeakyRelu { slope: 1e7 });
    assert!(steep.starts_with("W1: the sum of output 0") && steep.contains("beyond 2^30"), "{steep}");
    let last = refused(&|parts| parts.activations[1] = Activation::Tanh);
    assert!(last.contains("the last layer applies tanh"), "{last}");
    let wide = "bits = 16\nmode = 'static'\nrequantize = 'fixed-point'";
    let deep = Array2::from_shape_fn((1_000, 1), |(row, _)| if row == 0 { 0.5_f32 } else { 1.0 });
    let weight = quantized(&deep, WEIGHTS);
    let zeros = Array1::zeros(1);
    let part = LayerParts {
        weight: &weight,
        bias: zeros.view(),
        activation: Activation::Identity,
        inputs: quantizer(wide, 0.1, 0),
    };
    let sum = IntegerNetwork::new(&[part]).unwrap_err().to_string();
    assert!(sum.contains("may reach 83188") && sum.contains("beyond 32 bits"), "{sum}");
    let dynamic =
        toml::from_str::<ActivationSpec>("bits = 8\nmode = 'dynamic'\nrequantize = 'fixed-point'").unwrap();
    assert!(dynamic.resolve().unwrap_err().to_string().contains("expected `mode = static`"));
}

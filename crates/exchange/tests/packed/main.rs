//! Packed models: what is written is read, in as many bytes as are counted, and computes what was measured.

#![allow(clippy::unwrap_used)]

mod arrays;
mod formats;
mod gguf;
mod hostile;
mod predictions;
mod refusals;
mod seeds;
#[path = "../../../quant/tests/suite/formats.rs"]
mod spellings;

use std::fs;
use std::path::{Path, PathBuf};

use bitsweep_exchange::packed::{
    Classifier, ClippedOutputs, Column, ColumnKind, FeatureScaling, PackedLayer, PackedModel, Values,
};
use bitsweep_models::{Activation, Head, Precision};
use bitsweep_quant::{
    ActivationQuantizer, ActivationScheme, ActivationSpec, Bits, Quantized, Scheme, SchemeSpec, quantize,
};
use bitsweep_random::{Generator, Stream};
use ndarray::{Array1, Array2};

fn stream(seed: u64) -> Stream {
    Stream::new(Generator::Modern, seed, "test").unwrap()
}

/// An empty folder whose files are left for scripts.
fn left_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Numbers between -1 and 1 in no pattern.
fn numbers(shape: (usize, usize), seed: u64) -> Array2<f32> {
    let mut stream = stream(seed);
    Array2::from_shape_simple_fn(shape, || (stream.uniform() * 2.0 - 1.0) as f32)
}

/// The scheme that a TOML text spells.
fn scheme(toml: &str) -> Scheme {
    toml::from_str::<SchemeSpec>(toml).unwrap().resolve().unwrap()
}

/// The scheme of inputs that a TOML text spells.
fn input_scheme(toml: &str) -> ActivationScheme {
    toml::from_str::<ActivationSpec>(toml).unwrap().resolve().unwrap()
}

fn quantized(values: &Array2<f32>, scheme: &Scheme) -> Quantized {
    quantize(values.view(), scheme, &mut stream(1)).unwrap()
}

/// A layer whose weight, and on request whose bias, are codes.
fn layer(shape: (usize, usize), seed: u64, scheme: &Scheme, codes_bias: bool) -> PackedLayer {
    let bias = numbers((1, shape.1), seed + 100);
    PackedLayer {
        weight: Values::Coded(quantized(&numbers(shape, seed), scheme)),
        bias: if codes_bias { Values::Coded(quantized(&bias, scheme)) } else { Values::Float(bias) },
        activation: Activation::Identity,
        inputs: None,
        outputs: None,
    }
}

/// A model of these layers whose features are numbers, not scaled.
fn classifier(layers: Vec<PackedLayer>) -> Classifier {
    let (features, outputs) = (layers[0].weight.shape().0, layers[layers.len() - 1].weight.shape().1);
    Classifier {
        columns: (0..features).map(|column| Column::numbers(format!("column {column}"))).collect(),
        scaling: FeatureScaling::None,
        factors: None,
        layers,
        head: Head::Softmax,
        precision: Precision::Single,
        classes: (0..outputs).map(|class| format!("class {class}")).collect(),
        provenance: serde_json::Map::new(),
    }
}

/// A scaler whose numbers no `f32` holds, with one constant feature.
fn standard(features: usize) -> FeatureScaling {
    let mut rounding = Array1::zeros(features);
    rounding[0] = 1e-9;
    FeatureScaling::Standard {
        mean: (0..features).map(|feature| feature as f64 / 3.0).collect(),
        scale: (0..features).map(|feature| 1.0 + feature as f64 / 7.0).collect(),
        rounding,
    }
}

/// One of everything that a file can hold: three models, for not all of it goes together.
fn everything() -> Vec<PackedModel> {
    let four = scheme("bits = 4\ngranularity = 'column'\nsymmetry = 'asymmetric'");
    let nested = scheme("format = 'nf'\nbits = 4\ngranularity = { group = 3 }\nscale_format = 'double'");
    let mut first = layer((6, 5), 1, &four, true);
    first.activation = Activation::HardTanh { min: 0.0, max: f32::INFINITY };
    first.outputs = Some(ClippedOutputs { bits: Bits::new(3).unwrap(), clip: Some(0.75) });
    let mut second = layer((5, 4), 2, &nested, false);
    second.activation = Activation::LeakyRelu { slope: 0.1 };
    second.outputs = Some(ClippedOutputs { bits: Bits::new(8).unwrap(), clip: None });
    let books =
        scheme("format = { residual = { stages = 2, centroids = 3, width = 2 } }\ncodebook_format = 'int8'");
    let third = layer((4, 3), 3, &books, false);
    let mut trained = classifier(vec![first, second, third]);
    trained.scaling = standard(6);
    trained.precision = Precision::Mixed;
    trained.factors = Some(Array1::from(vec![0.5, 1.5, 1.0, 2.0, 3.0, 0.1]));
    trained.head = Head::OneVsRest;
    let provenance =
        serde_json::json!({ "experiment": "sensor", "unit": { "seed": 3 }, "error": 0.1, "sha256": ["ab"] });
    trained.provenance = provenance.as_object().unwrap().clone();
    trained.columns = vec![
        Column { fill: Some(0.1), indicates_missing: true, ..Column::numbers("weight") },
        Column {
            kind: ColumnKind::Levels { texts: vec!["red".to_owned(), "grün".to_owned()], other: true },
            fill: Some(2.0),
            ..Column::numbers("colour")
        },
        Column {
            kind: ColumnKind::Ranks(vec!["small".to_owned(), "large".to_owned()]),
            ..Column::numbers("size")
        },
    ];

    let coded = |text: &str, scheme: &Scheme| {
        let inputs = numbers((20, 6), 7);
        let mut first = layer((6, 4), 8, scheme, false);
        first.activation = Activation::Relu;
        first.inputs = Some(ActivationQuantizer::fit(input_scheme(text), inputs.view()).unwrap());
        let mut second = layer((4, 3), 9, scheme, true);
        let hidden = numbers((20, 4), 10).mapv(f32::abs);
        second.inputs = Some(ActivationQuantizer::fit(input_scheme(text), hidden.view()).unwrap());
        let mut coded = classifier(vec![first, second]);
        coded.scaling = FeatureScaling::Divide(16.0);
        coded
    };
    let sparse = scheme("bits = 3\noutliers = { percent = 5 }");
    [
        trained,
        coded("bits = 8\nmode = 'static'", &sparse),
        coded("bits = 4\nmode = 'dynamic'\nsymmetry = 'symmetric'\nbatch = 3", &four),
    ]
    .map(|classifier| PackedModel::new(classifier).unwrap())
    .into()
}

/// Length of the header, with the 8 bytes that say so.
fn header_length(bytes: &[u8]) -> usize {
    8 + u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize
}

/// Writes and reads a model, and checks what then must hold.
#[track_caller]
fn round_trip(model: &PackedModel) -> Vec<u8> {
    let bytes = model.to_bytes().unwrap();
    assert_eq!((bytes.len() - header_length(&bytes)) as u64, model.sizes().total());
    let read = PackedModel::from_bytes(&bytes).unwrap();
    assert_eq!(&read, model);
    assert_eq!(read.to_bytes().unwrap(), bytes);
    assert_eq!(read.sizes(), model.sizes());
    bytes
}

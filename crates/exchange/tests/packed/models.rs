//! Models to write and read.

use bitsweep_exchange::packed::{
    Classifier, ClippedOutputs, Column, ColumnKind, FeatureScaling, PackedLayer, PackedModel, Values,
};
use bitsweep_models::{Activation, Head, Precision};
use bitsweep_quant::{
    ActivationQuantizer, ActivationScheme, ActivationSpec, Bits, Quantized, Scheme, SchemeSpec, quantize,
};
use bitsweep_random::{Generator, Stream};
use ndarray::{Array1, Array2};

pub(crate) fn stream(seed: u64) -> Stream {
    Stream::new(Generator::Modern, seed, "test").unwrap()
}

/// Numbers between -1 and 1 in no pattern.
pub(crate) fn numbers(shape: (usize, usize), seed: u64) -> Array2<f32> {
    let mut stream = stream(seed);
    Array2::from_shape_simple_fn(shape, || (stream.uniform() * 2.0 - 1.0) as f32)
}

/// The scheme that a TOML text spells.
pub(crate) fn scheme(toml: &str) -> Scheme {
    toml::from_str::<SchemeSpec>(toml).unwrap().resolve().unwrap()
}

/// The scheme of inputs that a TOML text spells.
pub(crate) fn input_scheme(toml: &str) -> ActivationScheme {
    toml::from_str::<ActivationSpec>(toml).unwrap().resolve().unwrap()
}

pub(crate) fn quantized(values: &Array2<f32>, scheme: &Scheme) -> Quantized {
    quantize(values.view(), scheme, &mut stream(1)).unwrap()
}

/// A layer whose weight, and on request whose bias, are codes.
pub(crate) fn layer(shape: (usize, usize), seed: u64, scheme: &Scheme, codes_bias: bool) -> PackedLayer {
    let bias = numbers((1, shape.1), seed + 100);
    PackedLayer {
        weight: Values::Coded(quantized(&numbers(shape, seed), scheme)),
        bias: if codes_bias { Values::Coded(quantized(&bias, scheme)) } else { Values::Float(bias) },
        activation: Activation::Identity,
        inputs: None,
        outputs: None,
    }
}

/// A model of these layers whose features are numbers, not scaled; one output is the logit of the second of two classes.
pub(crate) fn classifier(layers: Vec<PackedLayer>) -> Classifier {
    let (features, outputs) = (layers[0].weight.shape().0, layers[layers.len() - 1].weight.shape().1);
    let (head, classes) = if outputs == 1 { (Head::Logistic, 2) } else { (Head::Softmax, outputs) };
    Classifier {
        columns: (0..features).map(|column| Column::numbers(format!("column {column}"))).collect(),
        scaling: FeatureScaling::None,
        layers,
        head,
        precision: Precision::Single,
        classes: (0..classes).map(|class| format!("class {class}")).collect(),
        provenance: serde_json::Map::new(),
    }
}

/// A scaler whose numbers no `f32` holds, with one constant feature.
pub(crate) fn standard(features: usize) -> FeatureScaling {
    FeatureScaling::Standard {
        mean: (0..features).map(|feature| feature as f32 / 3.0).collect(),
        scale: (0..features).map(|feature| 1.0 + feature as f32 / 7.0).collect(),
        constant: vec![0],
    }
}

/// One of everything that a file can hold: four models, for not all of it goes together.
pub(crate) fn everything() -> Vec<PackedModel> {
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
        coded.scaling = FeatureScaling::DivideEach(Array1::from(vec![0.5, 1.5, 1.0, 2.0, 3.0, 0.1]));
        coded
    };
    let mut hidden = layer((6, 3), 11, &four, false);
    hidden.activation = Activation::Tanh;
    let logistic = classifier(vec![hidden, layer((3, 1), 12, &four, true)]);
    let sparse = scheme("bits = 3\noutliers = { percent = 5 }");
    [
        trained,
        coded("bits = 8\nmode = 'static'", &sparse),
        coded("bits = 4\nmode = 'dynamic'\nsymmetry = 'symmetric'\nbatch = 3", &four),
        logistic,
    ]
    .map(|classifier| PackedModel::new(classifier).unwrap())
    .into()
}

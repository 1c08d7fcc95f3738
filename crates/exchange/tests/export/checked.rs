//! Files for `files/check_onnx_out.py`, which holds onnxruntime to what is expected of them here.
//!
//! They are written into `onnx_out` in cargo's folder for temporary files of tests. Beside each `name.onnx` a `name.json` has
//! features as they come, and what [`Predictor`](bitsweep_exchange::packed::Predictor) makes of them: labels, probabilities,
//! the bits of the weights, and the codes of the inputs of each layer where these are codes.

use std::fs;
use std::path::{Path, PathBuf};

use bitsweep_exchange::export::{FourBitGroups, InputType, OnnxOptions, Opset, StaticInputs, to_onnx};
use bitsweep_exchange::packed::{
    Cells, ClippedOutputs, Column, ColumnKind, FeatureScaling, PackedModel, Values,
};
use bitsweep_models::{Activation, Head, Precision};
use bitsweep_quant::{ActivationQuantizer, Bits, ScaledLevels};
use ndarray::{Array1, Array2, ArrayView1, Axis, Slice};
use serde_json::{Map, Value, json};

use crate::models::{classifier, everything, input_scheme, layer, numbers, scheme, standard};
use crate::schemes::all;
use crate::weights::ACTIVATIONS;

/// Signed codes of up to 8 bits are so many more in the graph.
const BYTE_OFFSET: i32 = 128;

/// Files of one kind.
struct Folder(PathBuf);

impl Folder {
    /// An empty one.
    fn new(kind: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("onnx_out").join(kind);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Writes a model that takes rows of numbers.
    fn add(&self, name: &str, model: &PackedModel, options: OnnxOptions, rows: &Array2<f64>) {
        self.add_table(name, model, options, rows, json!({ "input": rows_of(rows) }));
    }

    /// Writes a model that takes the columns of `inputs`, of which `features` are made.
    fn add_table(
        &self,
        name: &str,
        model: &PackedModel,
        options: OnnxOptions,
        features: &Array2<f64>,
        inputs: Value,
    ) {
        let file = to_onnx(model, options).unwrap();
        let predictor = model.predictor().unwrap();
        let parts = model.classifier();
        let logits = predictor.logits(features.view()).unwrap();
        let labels = predictor.predict(features.view()).unwrap();
        let weights: Map<String, Value> = parts
            .layers
            .iter()
            .zip(1..)
            .map(|(layer, number): (_, usize)| {
                let bits = layer.weight.to_array().mapv(|weight| f64::from(weight.to_bits()));
                (format!("z{number}.product"), rows_of(&bits))
            })
            .collect();
        let is_qdq = options.static_inputs == StaticInputs::Qdq;
        let codes: Map<String, Value> = codes(model, features, if is_qdq { 0 } else { BYTE_OFFSET })
            .into_iter()
            .zip(1..)
            .map(|(codes, number): (_, usize)| (format!("x{number}.codes"), rows_of(&codes.mapv(f64::from))))
            .collect();
        let expected = json!({
            "inputs": inputs,
            "labels": labels.iter().map(|&class| parts.classes[class].clone()).collect::<Vec<_>>(),
            "probabilities": rows_of(&predictor.probabilities(logits.view())),
            "logits": rows_of(&logits),
            "arithmetic": match (codes.is_empty(), is_qdq) {
                (true, _) => "floats",
                (false, true) => "qdq",
                (false, false) => "integers",
            },
            "weights": if codes.is_empty() { weights } else { Map::new() },
            "codes": codes,
            "notes": file.notes,
        });
        fs::write(self.0.join(format!("{name}.onnx")), file.bytes).unwrap();
        fs::write(self.0.join(format!("{name}.json")), serde_json::to_vec(&expected).unwrap()).unwrap();
    }
}

fn rows_of(matrix: &Array2<f64>) -> Value {
    matrix.axis_iter(Axis(0)).map(|row| Value::from(row.to_vec())).collect()
}

/// Features that `f32` holds.
fn features(shape: (usize, usize), seed: u64) -> Array2<f64> {
    numbers(shape, seed).mapv(|value| f64::from(value * 3.0))
}

/// The codes of each layer's inputs, as the graph has them; nothing where inputs are floats.
fn codes(model: &PackedModel, features: &Array2<f64>, byte_offset: i32) -> Vec<Array2<i32>> {
    let classifier = model.classifier();
    let mut scaled = features.clone();
    match &classifier.scaling {
        FeatureScaling::None => {}
        FeatureScaling::Divide(divisor) => scaled /= f64::from(*divisor),
        FeatureScaling::DivideEach(divisors) => scaled /= &divisors.mapv(f64::from),
        FeatureScaling::Standard { mean, scale, constant } => {
            for mut row in scaled.rows_mut() {
                for (feature, value) in row.iter_mut().enumerate() {
                    let mean = f64::from(mean[feature]);
                    let is_mean = (*value - mean).abs() <= f64::from(f32::EPSILON) * mean.abs();
                    let deviation = if constant.contains(&feature) && is_mean { 0.0 } else { *value - mean };
                    *value = deviation / f64::from(scale[feature]);
                }
            }
        }
    }
    let mut values = scaled.mapv(|value| value as f32);
    let mut codes = Vec::new();
    for layer in &classifier.layers {
        let (Some(quantizer), Values::Coded(weight)) = (layer.inputs, &layer.weight) else { continue };
        let inputs = quantizer.quantize(values.view()).unwrap();
        let scheme = quantizer.scheme();
        let is_signed = scheme.codes().grid().unwrap().lowest < 0;
        let offset = if is_signed && scheme.bits() <= 8 { byte_offset } else { 0 };
        codes.push(inputs.codes().mapv(|code| code + offset));
        let bias: Array1<f32> = layer.bias.to_array().into_iter().collect();
        values = ScaledLevels::of(weight).unwrap().product(&inputs, bias.view()).unwrap();
        values.mapv_inplace(|value| layer.activation.apply(value));
    }
    if !codes.is_empty() {
        let logits = model.predictor().unwrap().logits(features.view()).unwrap();
        // The first logit of two classes by one output is 0.
        let first = logits.ncols() - values.ncols();
        assert_eq!(values.mapv(f64::from), logits.slice_axis(Axis(1), Slice::from(first..)));
    }
    codes
}

#[test]
fn weights_of_every_scheme() {
    let folder = Folder::new("schemes");
    for (scheme, seed) in all().iter().zip(0..) {
        let model =
            PackedModel::new(classifier(vec![layer((7, 5), seed, scheme, seed.is_multiple_of(2))])).unwrap();
        for opset in [Opset::V21, Opset::V25] {
            // Others are the same in all versions.
            let is_new = match opset {
                Opset::V21 => true,
                Opset::V25 => scheme.bits() <= 2 || scheme.to_string().starts_with("fp4"),
            };
            if is_new {
                let options = OnnxOptions { opset, ..OnnxOptions::default() };
                let name = format!("{seed:03}_opset_{}", opset.version());
                folder.add(&name, &model, options, &features((9, 7), 3));
            }
        }
    }
}

#[test]
fn layers_of_floats() {
    let folder = Folder::new("floats");
    let eight = scheme("bits = 8\ngranularity = 'column'");
    for (activation, number) in ACTIVATIONS.into_iter().zip(0..) {
        for (precision, precision_name) in [(Precision::Single, "single"), (Precision::Mixed, "mixed")] {
            for (head, head_name) in [(Head::Softmax, "softmax"), (Head::OneVsRest, "one_vs_rest")] {
                let mut first = layer((6, 9), number, &eight, false);
                first.activation = activation;
                if number % 2 == 0 {
                    let clip = (number % 4 == 0).then_some(0.75);
                    first.outputs = Some(ClippedOutputs { bits: Bits::new(3).unwrap(), clip });
                }
                let mut classifier = classifier(vec![first, layer((9, 3), 2, &eight, true)]);
                (classifier.precision, classifier.head) = (precision, head);
                if number % 3 > 0 {
                    classifier.classes = ["-3", "20", "7"].map(str::to_owned).into();
                }
                classifier.scaling = match number % 4 {
                    0 => FeatureScaling::DivideEach(Array1::from(vec![0.5, 1.5, 1.0, 2.0, 3.0, 0.1])),
                    1 => FeatureScaling::Divide(0.3),
                    _ => standard(6),
                };
                let model = PackedModel::new(classifier).unwrap();
                let name = format!("{number:02}_{precision_name}_{head_name}");
                folder.add(&name, &model, OnnxOptions::default(), &features((40, 6), number));
            }
        }
    }
    // Logits whose logistic functions underflow, or are 1.
    let mut classifier = classifier(vec![layer((2, 3), 1, &eight, false)]);
    classifier.head = Head::OneVsRest;
    let model = PackedModel::new(classifier).unwrap();
    folder.add("extreme", &model, OnnxOptions::default(), &(features((40, 2), 5) * 4096.0));
}

#[test]
fn one_logit_of_two_classes() {
    let folder = Folder::new("logistic");
    let eight = scheme("bits = 8");
    for (precision, name) in [(Precision::Single, "single"), (Precision::Mixed, "mixed")] {
        let mut first = layer((6, 9), 1, &eight, false);
        first.activation = Activation::Tanh;
        let mut parts = classifier(vec![first, layer((9, 1), 2, &eight, true)]);
        parts.precision = precision;
        parts.classes = vec!["0".to_owned(), "1".to_owned()];
        let model = PackedModel::new(parts).unwrap();
        folder.add(name, &model, OnnxOptions::default(), &features((40, 6), 3));
    }
    for (inputs, x) in INPUTS.iter().zip(0..) {
        let model = coded(WEIGHTS[1], inputs, [11, 9, 1], Activation::Relu);
        folder.add(&format!("inputs_{x:02}"), &model, OnnxOptions::default(), &features((60, 11), x));
    }
}

#[test]
fn features_that_need_double() {
    let folder = Folder::new("double");
    let mut classifier = classifier(vec![layer((6, 3), 1, &scheme("bits = 8"), false)]);
    classifier.scaling = standard(6);
    let model = PackedModel::new(classifier).unwrap();
    let rows = features((40, 6), 1) / 3.0 + 1e6;
    folder.add("double", &model, OnnxOptions { input: InputType::Double, ..OnnxOptions::default() }, &rows);
}

/// Weights: whole numbers with one scale or several, zero points, outliers; and others.
const WEIGHTS: [&str; 24] = [
    "bits = 8",
    "bits = 8\ncode_range = 'full'\ngranularity = 'column'",
    "bits = 8\nsymmetry = 'asymmetric'\ngranularity = 'column'",
    "bits = 4\nsymmetry = 'asymmetric'\ngranularity = { group = 4 }",
    "bits = 4\ngranularity = { group = 2 }\nscale_format = 'f16'",
    "bits = 3\ngranularity = 'row'\nscale_format = 'two-level'",
    "bits = 5\nsymmetry = 'asymmetric'\ngranularity = { rows = 4 }",
    "bits = 1",
    "bits = 2\ngranularity = 'column'",
    "bits = 4\noutliers = { percent = 10 }",
    "bits = 8\nsymmetry = 'asymmetric'\ngranularity = { group = 4 }\noutliers = { percent = 10 }",
    "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'float'",
    "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'minimum'\ngranularity = { group = 4 }",
    "bits = 12\ngranularity = 'column'",
    "bits = 16\nsymmetry = 'asymmetric'\ngranularity = { group = 4 }\noutliers = { percent = 10 }",
    "format = { ternary = 'absmean' }\ngranularity = 'column'",
    "format = 'fp8-e4m3'\ngranularity = { group = 4 }",
    "format = 'fp4-e2m1'\ngranularity = { group = 4 }\nscale_format = 'e8m0-floor'",
    "format = 'nf'\nbits = 4\ngranularity = { group = 4 }\nscale_format = 'double'",
    "format = 'q4_0'",
    "format = 'q4_1'",
    "format = 'f16'",
    "format = { pq = { subvectors = 2, centroids = 3 } }",
    "format = 'dorefa'\nbits = 5",
];

/// Inputs: static and dynamic, with and without sign, of bytes and of more.
const INPUTS: [&str; 12] = [
    "bits = 8\nmode = 'static'",
    "bits = 8\nmode = 'static'\nsymmetry = 'symmetric'",
    "bits = 4\nmode = 'static'",
    "bits = 6\nmode = 'static'\nsymmetry = 'symmetric'\nrounding = 'half-away'",
    "bits = 8\nmode = 'static'\nrange = { percentile = 90 }",
    "bits = 12\nmode = 'static'",
    "bits = 8\nmode = 'dynamic'\nbatch = 7",
    "bits = 8\nmode = 'dynamic'\nbatch = 100",
    "bits = 8\nmode = 'dynamic'\ngranularity = 'row'",
    "bits = 5\nmode = 'dynamic'\nsymmetry = 'symmetric'\nbatch = 8",
    "bits = 4\nmode = 'dynamic'\ngranularity = 'row'\nsymmetry = 'symmetric'",
    "bits = 16\nmode = 'dynamic'\nbatch = 9\nrounding = 'half-away'",
];

/// A model of two layers with codes as inputs.
fn coded(weights: &str, inputs: &str, sizes: [usize; 3], activation: Activation) -> PackedModel {
    let (weights, inputs) = (scheme(weights), input_scheme(inputs));
    let quantizer = |rows: Array2<f32>| Some(ActivationQuantizer::fit(inputs, rows.view()).unwrap());
    let mut first = layer((sizes[0], sizes[1]), 1, &weights, false);
    first.activation = activation;
    first.inputs = quantizer(numbers((30, sizes[0]), 3) * 2.0);
    let mut second = layer((sizes[1], sizes[2]), 2, &weights, true);
    let hidden = numbers((30, sizes[1]), 4).mapv(|value| activation.apply(value * 4.0));
    second.inputs = quantizer(hidden);
    let mut classifier = classifier(vec![first, second]);
    classifier.scaling = standard(sizes[0]);
    PackedModel::new(classifier).unwrap()
}

#[test]
fn inputs_as_codes() {
    let folder = Folder::new("codes");
    for (weights, w) in WEIGHTS.iter().zip(0..) {
        for (inputs, x) in INPUTS.iter().zip(0..) {
            let model = coded(weights, inputs, [11, 9, 4], Activation::Relu);
            let mut rows = features((60, 11), w * 100 + x);
            // A row of nothing but means has zeros as scaled features, whose range is a point.
            let FeatureScaling::Standard { mean, .. } = &model.classifier().scaling else { unreachable!() };
            rows.row_mut(5).assign(&mean.mapv(f64::from));
            folder.add(&format!("weights_{w:02}_inputs_{x:02}"), &model, OnnxOptions::default(), &rows);
        }
    }
    for (activation, number) in ACTIVATIONS.into_iter().zip(0..) {
        let model = coded(WEIGHTS[0], INPUTS[6], [11, 9, 4], activation);
        folder.add(
            &format!("activation_{number:02}"),
            &model,
            OnnxOptions::default(),
            &features((60, 11), 5),
        );
    }
    // As wide as images.
    for (weights, w) in [WEIGHTS[0], WEIGHTS[4], WEIGHTS[9]].iter().zip(0..) {
        for (inputs, x) in [INPUTS[0], INPUTS[8]].iter().zip(0..) {
            let model = coded(weights, inputs, [300, 64, 10], Activation::Relu);
            let rows = features((200, 300), 9);
            folder.add(&format!("wide_{w}_{x}"), &model, OnnxOptions::default(), &rows);
        }
    }
}

#[test]
fn static_inputs_in_other_compilers_pattern() {
    let folder = Folder::new("qdq");
    let options = OnnxOptions { static_inputs: StaticInputs::Qdq, ..OnnxOptions::default() };
    let static_inputs = [INPUTS[0], INPUTS[1], INPUTS[2], INPUTS[4], "bits = 16\nmode = 'static'"];
    for (weights, w) in WEIGHTS.iter().zip(0..) {
        for (inputs, x) in static_inputs.iter().zip(0..) {
            let model = coded(weights, inputs, [11, 9, 4], Activation::Relu);
            folder.add(&format!("weights_{w:02}_inputs_{x:02}"), &model, options, &features((60, 11), w));
        }
    }
}

#[test]
fn scales_that_are_subnormal() {
    let folder = Folder::new("subnormal");
    for (inputs, number) in INPUTS.iter().zip(0..).skip(6) {
        let mut classifier = coded(WEIGHTS[0], inputs, [11, 9, 4], Activation::Relu).into_classifier();
        classifier.scaling = FeatureScaling::None;
        let model = PackedModel::new(classifier).unwrap();
        let rows = numbers((20, 11), 1).mapv(|value| f64::from(value * 1e-37));
        folder.add(&format!("{number:02}"), &model, OnnxOptions::default(), &rows);
    }
}

#[test]
fn groups_of_four_bits() {
    let folder = Folder::new("groups");
    let options = OnnxOptions { groups: FourBitGroups::MatMulNBits, ..OnnxOptions::default() };
    for (text, number) in [
        "bits = 4\ngranularity = { group = 16 }",
        "bits = 4\ngranularity = { group = 32 }\nscale_format = 'f16'",
        "bits = 4\nsymmetry = 'asymmetric'\ngranularity = { group = 16 }",
        "bits = 4\ncode_range = 'covering'\ngranularity = { group = 64 }",
        "format = 'q4_0'",
        // The second layer is said by standard operators.
        "bits = 4\ngranularity = { group = 8 }",
        "format = 'q4_1'",
    ]
    .iter()
    .zip(0..)
    {
        let four = scheme(text);
        let first = if number < 5 { four } else { scheme("bits = 4\ngranularity = { group = 32 }") };
        let mut first = layer((70, 40), 1, &first, false);
        first.activation = Activation::Relu;
        let model = PackedModel::new(classifier(vec![first, layer((40, 5), 2, &four, true)])).unwrap();
        folder.add(&format!("{number:02}"), &model, options, &features((50, 70), 4));
    }
}

#[test]
fn columns_of_numbers_that_are_missing() {
    let folder = Folder::new("missing");
    let nan = f64::NAN;
    let column =
        |name: &str, fill, indicates_missing| Column { fill, indicates_missing, ..Column::numbers(name) };
    let json = |rows: &Array2<f64>| {
        // JSON has no NaN.
        let row = |row: ndarray::ArrayView1<'_, f64>| -> Value {
            row.iter().map(|&number| if number.is_nan() { Value::Null } else { number.into() }).collect()
        };
        json!({ "input": rows.axis_iter(Axis(0)).map(row).collect::<Value>() })
    };
    let table = ndarray::array![[1.5, nan, 3.0], [nan, 2.0, -1.0], [nan, nan, 0.25], [0.0, 1.0, 2.0]];
    for (name, indicates) in [("filled", false), ("indicated", true)] {
        let columns =
            vec![column("a", Some(0.1), indicates), column("b", Some(-2.0), false), column("c", None, false)];
        let mut features = Array2::zeros((4, if indicates { 4 } else { 3 }));
        for (row, mut values) in table.rows().into_iter().zip(features.rows_mut()) {
            let mut own = vec![if row[0].is_nan() { 0.1 } else { row[0] }];
            own.extend(indicates.then(|| f64::from(u8::from(row[0].is_nan()))));
            own.extend([if row[1].is_nan() { -2.0 } else { row[1] }, row[2]]);
            values.assign(&Array1::from(own));
        }
        let mut parts = classifier(vec![layer((features.ncols(), 3), 1, &scheme("bits = 8"), false)]);
        parts.columns = columns;
        parts.scaling = standard(features.ncols());
        let model = PackedModel::new(parts).unwrap();
        folder.add_table(name, &model, OnnxOptions::default(), &features, json(&table));
    }
}

#[test]
fn columns_of_texts() {
    let folder = Folder::new("texts");
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let columns = vec![
        Column { fill: Some(0.1), indicates_missing: true, ..Column::numbers("weight") },
        Column {
            kind: ColumnKind::Levels { texts: owned(&["red", "grün"]), other: true },
            fill: Some(1.0),
            indicates_missing: true,
            ..Column::numbers("colour")
        },
        Column {
            kind: ColumnKind::Ranks(owned(&["small", "large"])),
            fill: Some(0.5),
            ..Column::numbers("size")
        },
        Column {
            kind: ColumnKind::Levels { texts: owned(&["yes", ""]), other: false },
            ..Column::numbers("W1.codes")
        },
    ];
    // weight, is missing; red, grün, other, is missing; size; yes, empty.
    let features = ndarray::array![
        [2.5, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0],
        [0.1, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0],
        [-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.5, 0.0, 0.0],
        [0.1, 1.0, 0.0, 1.0, 0.0, 1.0, 0.5, 1.0, 0.0],
    ];
    let inputs = json!({
        "weight": [[2.5], [null], [-1.0], [null]],
        "colour": [["red"], ["grün"], ["blue"], [""]],
        "size": [["large"], ["small"], [""], [""]],
        "W1.codes": [["yes"], [""], ["no"], ["yes"]],
    });
    let mut parts = classifier(vec![layer((9, 3), 1, &scheme("bits = 8"), false)]);
    parts.columns = columns;
    parts.scaling = standard(9);
    let model = PackedModel::new(parts).unwrap();
    folder.add_table("texts", &model, OnnxOptions::default(), &features, inputs);
}

#[test]
fn one_of_everything() {
    let folder = Folder::new("everything");
    for (model, number) in everything().iter().zip(0..) {
        let name = number.to_string();
        if model.classifier().columns.iter().all(|column| column.kind == ColumnKind::Number) {
            folder.add(&name, model, OnnxOptions::default(), &features((40, 6), number));
            continue;
        }
        let weights = [1.5, f64::NAN, -2.0, f64::NAN, 0.25];
        let colours = [Some("red"), Some("blue"), None, Some("grün"), None];
        let sizes = ["small", "large", "large", "small", "small"];
        let features = model.classifier().features(5, |name| match name {
            "weight" => Some(Cells::Numbers(ArrayView1::from(&weights))),
            "colour" => Some(Cells::Texts(colours.to_vec())),
            "size" => Some(Cells::Texts(sizes.map(Some).to_vec())),
            _ => None,
        });
        let column = |values: Vec<Value>| values.into_iter().map(|value| json!([value])).collect::<Value>();
        let number = |weight: &f64| if weight.is_nan() { Value::Null } else { (*weight).into() };
        let inputs = json!({
            "weight": column(weights.iter().map(number).collect()),
            "colour": column(colours.iter().map(|colour| colour.unwrap_or_default().into()).collect()),
            "size": column(sizes.map(Value::from).to_vec()),
        });
        folder.add_table(&name, model, OnnxOptions::default(), &features.unwrap(), inputs);
    }
}

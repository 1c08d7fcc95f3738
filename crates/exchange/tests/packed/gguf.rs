//! GGUF files: what is written is read as the same values, and what GGUF has no type for is refused by name; `check_gguf.py`
//! holds the files to ggml's own package.

use std::fs;

use bitsweep_exchange::packed::{PackedModel, Values};
use bitsweep_exchange::{FileFormat, ReadOptions, TensorFile, read_network};
use bitsweep_models::Activation;
use bitsweep_quant::ActivationQuantizer;
use ndarray::Array2;
use serde_json::json;

use crate::schemes::all;
use crate::{classifier, everything, input_scheme, layer, left_folder, numbers, scheme, standard};

/// Every scheme that GGUF has a type for.
const TYPES: [(&str, &str); 11] = [
    ("format = 'q4_0'", "Q4_0"),
    ("format = 'q4_1'", "Q4_1"),
    ("format = 'q5_0'", "Q5_0"),
    ("format = 'q5_1'", "Q5_1"),
    ("format = 'q8_0'", "Q8_0"),
    ("format = 'mxfp4'", "MXFP4"),
    ("bits = 4\ngranularity = { group = 32 }\nscale_format = 'f16'\nrange = 'mse'", "Q4_0"),
    ("bits = 8\ngranularity = { group = 32 }\nscale_format = 'f16'", "Q8_0"),
    (
        "bits = 5\ngranularity = { group = 32 }\nscale_format = 'f16'\nsymmetry = 'asymmetric'\nzero_point = 'minimum'",
        "Q5_1",
    ),
    ("format = 'f16'", "float16"),
    ("format = 'bf16'", "bfloat16"),
];

/// A model of two layers, the second of which is no wider than a block.
fn model(text: &str, seed: u64, codes_bias: bool) -> PackedModel {
    let scheme = &scheme(text);
    let mut first = layer((96, 32), seed, scheme, codes_bias);
    first.activation = Activation::LeakyRelu { slope: 0.1 };
    let mut classifier = classifier(vec![first, layer((32, 3), seed + 1, scheme, false)]);
    classifier.scaling = standard(96);
    PackedModel::new(classifier).unwrap()
}

#[test]
fn tensors_are_read_as_the_values_of_the_codes() {
    let folder = left_folder("gguf");
    for ((text, name), seed) in TYPES.into_iter().zip(0..) {
        for codes_bias in [false, true] {
            let model = model(text, seed, codes_bias);
            let path = folder.join(format!("{seed}-{name}-{codes_bias}.gguf"));
            fs::write(&path, model.to_gguf("a model").unwrap()).unwrap();
            fs::write(path.with_extension("json"), expected(&model)).unwrap();
            assert_eq!(FileFormat::of(&path).unwrap(), FileFormat::Gguf);
            let file = TensorFile::open(&path).unwrap();
            let names: Vec<_> = file.entries().iter().map(|entry| entry.name.clone()).collect();
            assert_eq!(names, ["layer.1.weight", "layer.1.bias", "layer.2.weight", "layer.2.bias"]);
            for (layer, number) in model.classifier().layers.iter().zip(1..) {
                for (values, leaf, shape) in [
                    (&layer.weight, "weight", vec![layer.weight.shape().1, layer.weight.shape().0]),
                    (&layer.bias, "bias", vec![layer.bias.shape().1]),
                ] {
                    let entry = file.entry(&format!("layer.{number}.{leaf}")).unwrap().clone();
                    assert_eq!(entry.shape, shape, "{text}");
                    let expected = if matches!(values, Values::Coded(_)) { name } else { "float32" };
                    assert_eq!(entry.element.to_string(), expected);
                    let read = file.read(&entry).unwrap().values;
                    let own = values.to_array().reversed_axes();
                    let bits = |value: f64| value.to_bits();
                    assert!(
                        read.iter().map(|value| bits(*value)).eq(own.iter().map(|&own| bits(own.into()))),
                        "{text}"
                    );
                    let mut each = Vec::new();
                    file.each(&entry, |number| each.push(number)).unwrap();
                    assert_eq!(each, read);
                }
            }
            let options = ReadOptions {
                activation: Some(Activation::LeakyRelu { slope: 0.1 }),
                ..ReadOptions::default()
            };
            assert_eq!(read_network(&path, &options).unwrap().model, model.model().unwrap());
        }
    }
}

/// What `check_gguf.py` compares with.
fn expected(model: &PackedModel) -> String {
    let classifier = model.classifier();
    let tensors: serde_json::Map<_, _> = classifier
        .layers
        .iter()
        .zip(1..)
        .flat_map(|(layer, number)| {
            let values = |values: &Values| -> Vec<f64> {
                values.to_array().reversed_axes().iter().map(|&value| value.into()).collect()
            };
            let (inputs, outputs) = layer.weight.shape();
            [
                (
                    format!("layer.{number}.weight"),
                    json!({ "shape": [outputs, inputs], "values": values(&layer.weight) }),
                ),
                (
                    format!("layer.{number}.bias"),
                    json!({ "shape": [outputs], "values": values(&layer.bias) }),
                ),
            ]
        })
        .collect();
    let features = classifier.layers[0].weight.shape().0;
    let rows = numbers((9, features), 77).mapv(|value| f64::from(value) * 3.0);
    let classes = model.predictor().unwrap().predict(rows.view()).unwrap();
    let rows: Vec<Vec<f64>> =
        rows.outer_iter().map(|row: ndarray::ArrayView1<'_, f64>| row.to_vec()).collect();
    json!({ "tensors": tensors, "class_names": classifier.classes, "rows": rows, "classes": classes })
        .to_string()
}

#[test]
fn equal_models_have_equal_gguf_bytes() {
    let model = model(TYPES[0].0, 5, false);
    let again = PackedModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(again.to_gguf("name").unwrap(), model.to_gguf("name").unwrap());
    assert_ne!(again.to_gguf("other").unwrap(), model.to_gguf("name").unwrap());
}

fn refusal(model: &PackedModel) -> String {
    model.to_gguf("a model").unwrap_err().to_string()
}

#[test]
fn what_gguf_has_no_type_for_is_refused_with_the_nearest_that_it_has() {
    let of = |text: &str| {
        let coded = layer((32, 3), 1, &scheme(text), false);
        refusal(&PackedModel::new(classifier(vec![coded])).unwrap())
    };
    assert_eq!(
        of("bits = 4"),
        "W1 is `4 bit symmetric`, which no type of GGUF is: expected `q4_0`, `mxfp4`, `f16`, `bf16` or floats"
    );
    assert!(of("bits = 8\nsymmetry = 'asymmetric'").ends_with("expected `q8_0`, `f16`, `bf16` or floats"));
    assert!(of("bits = 5\nsymmetry = 'asymmetric'").ends_with("expected `q5_1`, `f16`, `bf16` or floats"));
    assert!(of("format = 'nvfp4'").contains("`q4_0`, `mxfp4`"));
    let ragged = layer((40, 3), 1, &scheme("format = 'q8_0'"), false);
    assert_eq!(
        refusal(&PackedModel::new(classifier(vec![ragged])).unwrap()),
        "W1 is q8_0 in a shape that GGUF has no blocks for: `40` inputs do not fill blocks of 32: expected a multiple of 32, or `f16`, `bf16` or floats, which have no blocks"
    );
    let bias = layer((32, 3), 1, &scheme("format = 'q8_0'"), true);
    assert!(refusal(&PackedModel::new(classifier(vec![bias])).unwrap()).starts_with("b1 is q8_0 in a shape"));
    let mut inputs = layer((32, 3), 1, &scheme("format = 'q8_0'"), false);
    let rows = numbers((20, 32), 7);
    let quantizer = ActivationQuantizer::fit(input_scheme("bits = 8\nmode = 'static'"), rows.view());
    inputs.inputs = Some(quantizer.unwrap());
    let message = refusal(&PackedModel::new(classifier(vec![inputs])).unwrap());
    assert!(message.starts_with("W1 has inputs that are codes"), "{message}");
    assert!(refusal(&everything()[0]).starts_with("W1 has outputs that are clipped"));
}

#[test]
fn every_scheme_has_a_type_or_a_reason() {
    let mut written = 0;
    for scheme in all() {
        let model = PackedModel::new(classifier(vec![layer((32, 4), 3, &scheme, false)])).unwrap();
        match model.to_gguf("a model") {
            Ok(bytes) => {
                written += 1;
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("model.gguf");
                fs::write(&path, bytes).unwrap();
                let read = read_network(&path, &ReadOptions::default()).unwrap();
                assert_eq!(read.model, model.model().unwrap(), "{scheme}");
            }
            Err(error) => assert!(error.to_string().contains(&format!("W1 is `{scheme}`")), "{error}"),
        }
    }
    // Five block types and two formats of floats, each as the formats and as the others spell it.
    assert!((7..100).contains(&written), "{written}");
}

#[test]
fn floats_are_floats() {
    let mut float = layer((3, 2), 1, &scheme("bits = 8"), false);
    float.weight = Values::Float(Array2::from_shape_fn((3, 2), |(row, column)| (10 * row + column) as f32));
    let model = PackedModel::new(classifier(vec![float])).unwrap();
    let bytes = model.to_gguf("a model").unwrap();
    // The tensors are the last bytes: 6 numbers, output after output, then 2, each filled up to 32 bytes.
    let weight: Vec<u8> =
        [0.0_f32, 10.0, 20.0, 1.0, 11.0, 21.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(bytes[bytes.len() - 64..][..24], weight);
    assert_eq!(bytes[bytes.len() - 40..][..8], [0; 8]);
    assert_eq!(bytes.len() % 32, 0);
}

//! Plain arrays say the same as codes; `check_arrays.py` holds them to their formulas.

use std::collections::BTreeMap;
use std::fs;

use bitsweep_exchange::TensorFile;
use bitsweep_exchange::packed::{PackedModel, Values};
use bitsweep_models::{Activation, Precision};
use bitsweep_quant::quantize;
use ndarray::Array2;
use serde_json::{Value, json};

use crate::formats::model;
use crate::schemes::all;
use crate::{classifier, everything, layer, left_folder, numbers, scheme, standard, stream};

/// Models of every format and of everything else that a file can hold.
fn models() -> Vec<(String, PackedModel)> {
    let mut models: Vec<(String, PackedModel)> = Vec::new();
    for (scheme, seed) in all().iter().zip(0..) {
        models.push((format!("scheme-{seed:04}"), model((7, 5), seed, scheme)));
        if !seed.is_multiple_of(5) {
            continue;
        }
        let values = numbers((6, 4), seed).mapv(f64::from);
        let mut double = layer((6, 4), seed, scheme, false);
        double.weight = Values::Coded(quantize(values.view(), scheme, &mut stream(2)).unwrap());
        models.push((format!("double-{seed:04}"), PackedModel::new(classifier(vec![double])).unwrap()));
    }
    // More than one group of 32 a column, and more than 256 blocks.
    for (name, text) in [
        ("q4_1", "format = 'q4_1'"),
        ("mxfp4", "format = 'mxfp4'"),
        ("nvfp4", "format = 'nvfp4'"),
        ("nf", "format = 'nf'\nbits = 4\ngranularity = { group = 8 }\nscale_format = 'double'"),
        ("pq", "format = { pq = { subvectors = 3, centroids = 16 } }\ngranularity = { rows = 32 }"),
    ] {
        let scheme = &scheme(text);
        let first = layer((80, 70), 1, scheme, true);
        let second = layer((70, 4), 2, scheme, true);
        for (precision, activation) in [
            (Precision::Single, Activation::Relu),
            (Precision::Single, Activation::Elu { alpha: 0.7 }),
            (Precision::Mixed, Activation::Tanh),
            (Precision::Single, Activation::Sigmoid),
            (Precision::Mixed, Activation::HardSigmoid { alpha: 0.2, beta: 0.5 }),
            (Precision::Single, Activation::HardSwish),
            (Precision::Single, Activation::GeluTanh),
            (Precision::Mixed, Activation::Gelu),
        ] {
            let mut classifier = classifier(vec![first.clone(), second.clone()]);
            classifier.layers[0].activation = activation;
            classifier.precision = precision;
            classifier.scaling = standard(80);
            let name = format!("{name}-{}", models.len());
            models.push((name, PackedModel::new(classifier).unwrap()));
        }
    }
    models.extend((0..).zip(everything()).map(|(number, model)| (format!("everything-{number}"), model)));
    models
}

/// What the model computes of some rows.
fn expected(model: &PackedModel) -> Value {
    let features = model.classifier().layers[0].weight.shape().0;
    let rows = numbers((9, features), 77).mapv(|value| f64::from(value) * 3.0);
    let predictor = model.predictor().unwrap();
    let logits = predictor.logits(rows.view()).unwrap();
    let of = |rows: &Array2<f64>| rows.outer_iter().map(|row| row.to_vec()).collect::<Vec<_>>();
    json!({ "rows": of(&rows), "logits": of(&logits), "classes": predictor.predict(rows.view()).unwrap() })
}

#[test]
fn arrays_have_the_codes_and_the_values_of_every_model() {
    let folder = left_folder("arrays");
    for (name, model) in models() {
        let npz = model.to_npz().unwrap();
        let path = folder.join(format!("{name}.npz"));
        fs::write(&path, &npz).unwrap();
        fs::write(folder.join(format!("{name}.json")), model.to_json().unwrap()).unwrap();
        let text = serde_json::to_string(&expected(&model)).unwrap();
        fs::write(folder.join(format!("{name}.expected")), text).unwrap();

        let file = TensorFile::open(&path).unwrap();
        let read = |name: &str| {
            let entry = file.entry(name).unwrap().clone();
            file.read(&entry).unwrap()
        };
        for (layer, number) in model.classifier().layers.iter().zip(1..) {
            for (values, id) in [(&layer.weight, format!("W{number}")), (&layer.bias, format!("b{number}"))] {
                let (rows, columns) = values.shape();
                let stored = read(&format!("{id}.values"));
                assert_eq!(stored.shape, [rows, columns], "{name}");
                assert!(stored.values.iter().eq(values.to_array().mapv(f64::from).iter()), "{name}");
                let Values::Coded(quantized) = values else { continue };
                let codes = read(&format!("{id}.codes"));
                let own: Vec<f64> = quantized.codes().iter().map(f64::from).collect();
                assert_eq!(codes.values, own, "{name}");
                assert_eq!(codes.shape[0], rows, "{name}");
            }
        }
    }
}

#[test]
fn json_has_the_arrays_of_the_npz_file() {
    for (name, model) in models().into_iter().step_by(7) {
        let document: Value = serde_json::from_str(&model.to_json().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.npz");
        fs::write(&path, model.to_npz().unwrap()).unwrap();
        let file = TensorFile::open(&path).unwrap();
        let text = folder.path().join("model.json");
        fs::write(&text, document.to_string()).unwrap();
        let same = TensorFile::open(&text).unwrap();
        let arrays = document["arrays"].as_object().unwrap();
        let names: Vec<&str> = file.entries().iter().map(|entry| entry.name.as_str()).collect();
        assert!(arrays.keys().eq(names.iter()), "{name}");
        for entry in file.entries().to_vec() {
            let array = &arrays[&entry.name];
            assert_eq!(array["dtype"], entry.element.to_string(), "{name}");
            assert_eq!(array["shape"], json!(entry.shape), "{name}");
            let data = array["data"].as_array().unwrap();
            let numbers: Vec<f64> = data.iter().map(|number| number.as_f64().unwrap_or(f64::NAN)).collect();
            let own = file.read(&entry).unwrap().values;
            let is_same = |(left, right): (&f64, &f64)| {
                left.to_bits() == right.to_bits() || left.is_nan() && right.is_nan()
            };
            let again = same.entry(&entry.name).unwrap().clone();
            assert_eq!((again.element, &again.shape), (entry.element, &entry.shape), "{name}");
            for numbers in [numbers, same.read(&again).unwrap().values] {
                assert!(
                    numbers.len() == own.len() && numbers.iter().zip(&own).all(is_same),
                    "{name} {}",
                    entry.name
                );
            }
        }
    }
}

#[test]
fn arrays_have_the_names_of_packed_tensors() {
    let names = |text: &str| {
        let model = model((6, 4), 1, &scheme(text));
        let document: Value = serde_json::from_str(&model.to_json().unwrap()).unwrap();
        let arrays: BTreeMap<String, Value> = serde_json::from_value(document["arrays"].clone()).unwrap();
        arrays
            .iter()
            .map(|(name, array)| format!("{name} {} {}", array["dtype"], array["shape"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names("bits = 3\nsymmetry = 'asymmetric'\ngranularity = { group = 4 }"),
        [
            r#"W1.codes "uint8" [6,4]"#,
            r#"W1.scales "float32" [2,4]"#,
            r#"W1.values "float32" [6,4]"#,
            r#"W1.zero_points "int32" [2,4]"#,
            r#"b1.values "float32" [1,4]"#,
        ]
    );
    assert_eq!(
        names("bits = 11\nscale_format = 'f16'")[..2],
        [r#"W1.codes "int16" [6,4]"#, r#"W1.scales "float32" [1,1]"#]
    );
    assert_eq!(
        names("format = 'nf'\nbits = 4\ngranularity = { group = 2 }\nscale_format = 'double'")[1..6],
        [
            r#"W1.levels "float32" [16]"#,
            r#"W1.outer_scales "float32" [1]"#,
            r#"W1.scale_codes "uint8" [3,4]"#,
            r#"W1.scale_levels "float64" [256]"#,
            r#"W1.scale_offset "float32" [1]"#,
        ]
    );
    assert_eq!(
        names("format = { pq = { subvectors = 3, centroids = 4 } }")[..3],
        [
            r#"W1.codebooks "float32" [1,3,1,4,2]"#,
            r#"W1.codes "uint8" [6,3,1]"#,
            r#"W1.subvectors "int64" [4]"#,
        ]
    );
    assert_eq!(
        names("bits = 4\noutliers = { percent = 5 }")[1..3],
        [r#"W1.outlier_positions "int64" [2]"#, r#"W1.outlier_values "float32" [2]"#]
    );
}

#[test]
fn equal_models_have_equal_arrays_without_a_date() {
    let model = everything().remove(0);
    let bytes = model.to_npz().unwrap();
    let again = PackedModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(again.to_npz().unwrap(), bytes);
    assert_eq!(again.to_json().unwrap(), model.to_json().unwrap());
    // The date of the first entry: 1 January 1980, midnight.
    assert_eq!(bytes[10..14], [0, 0, 0x21, 0]);
}

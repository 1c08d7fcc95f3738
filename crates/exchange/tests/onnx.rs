//! ONNX files of other tools compute here what onnxruntime computes of them.
//!
//! `files/make_onnx.py` made the files, and `files/onnx/onnx.json` with onnxruntime's results.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use bitsweep_exchange::{Element, FileFormat, Network, ReadOptions, TensorFile, read_network};
use bitsweep_models::predict;
use ndarray::{Array2, Axis, Slice};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/onnx")
}

fn file(name: &str) -> PathBuf {
    folder().join(format!("{name}.onnx"))
}

fn read(name: &str) -> Network {
    read_network(&file(name), &ReadOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn refused(name: &str) -> String {
    let error = read_network(&file(name), &ReadOptions::default()).unwrap_err();
    let folder = folder().display().to_string();
    error.to_string().replace(&format!("{folder}/"), "")
}

fn records() -> serde_json::Map<String, Value> {
    let text = fs::read_to_string(folder().join("onnx.json")).unwrap();
    let Value::Object(records) = serde_json::from_str(&text).unwrap() else { panic!("no object") };
    records
}

fn matrix(value: &Value) -> Array2<f64> {
    let rows = value.as_array().unwrap();
    let numbers: Vec<f64> = rows
        .iter()
        .flat_map(|row| row.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()))
        .collect();
    Array2::from_shape_vec((rows.len(), numbers.len() / rows.len()), numbers).unwrap()
}

fn texts(value: &Value) -> Option<Vec<String>> {
    Some(value.as_array()?.iter().map(|text| text.as_str().unwrap().to_owned()).collect())
}

/// The logits of rows of features.
fn logits(network: &Network, features: &Array2<f64>) -> Array2<f64> {
    let features = match &network.scaling {
        Some(scaling) => (features - &scaling.mean) / &scaling.scale,
        None => features.clone(),
    };
    network.model.logits(features.view())
}

/// The first number that is not what onnxruntime has.
fn difference(actual: &Array2<f64>, expected: &Array2<f64>) -> Option<String> {
    if actual.dim() != expected.dim() {
        return Some(format!("the shape {:?} is not {:?}", actual.dim(), expected.dim()));
    }
    let largest = expected.iter().fold(1.0_f64, |largest, number| largest.max(number.abs()));
    let is_close = |(actual, expected): &(&f64, &f64)| {
        (*actual - *expected).abs() <= 1e-5 * expected.abs() + 1e-6 * largest
    };
    let pairs = actual.iter().zip(expected);
    pairs.into_iter().find(|pair| !is_close(pair)).map(|(actual, expected)| format!("{actual} is not {expected}"))
}

#[test]
fn files_of_other_tools_compute_what_onnxruntime_computes() {
    let records = records();
    assert!(records.len() > 60, "{}", records.len());
    let mut wrong = Vec::new();
    for (name, record) in &records {
        let network = match read_network(&file(name), &ReadOptions::default()) {
            Ok(network) => network,
            Err(error) => {
                wrong.push(error.to_string());
                continue;
            }
        };
        let logits = logits(&network, &matrix(&record["inputs"]));
        let expected = matrix(&record["scores"]);
        let probabilities = network.model.probabilities(logits.view());
        let actual = match record["kind"].as_str().unwrap() {
            "logits" | "second" => logits.clone(),
            "probabilities" => probabilities,
            "log-probabilities" => probabilities.ln(),
            kind => panic!("{kind}"),
        };
        // One number stands for the second of two classes.
        let last = |scores: &Array2<f64>| scores.slice_axis(Axis(1), Slice::from(1..)).to_owned();
        let (actual, expected) = match (expected.ncols(), record["kind"].as_str()) {
            (1, _) => (last(&actual), expected),
            (_, Some("second")) => (last(&actual), last(&expected)),
            _ => (actual, expected),
        };
        if let Some(difference) = difference(&actual, &expected) {
            wrong.push(format!("{name}: {difference}"));
        }
        assert_eq!(network.classes, texts(&record["classes"]), "{name}");
        if let (Some(labels), Some(classes)) = (texts(&record["labels"]), &network.classes) {
            let predicted: Vec<String> =
                predict(logits.view()).into_iter().map(|class| classes[class].clone()).collect();
            assert_eq!(predicted, labels, "{name}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

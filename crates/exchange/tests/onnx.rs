//! ONNX files of other tools compute here what onnxruntime computes of them.
//!
//! `files/make_onnx.py` and `files/make_random_onnx.py` made the files, and `files/onnx/onnx.json` with onnxruntime's
//! results.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use bitsweep_exchange::{Element, FileFormat, Network, ReadOptions, Stored, TensorFile, read_network};
use bitsweep_models::{Head, predict};
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
    pairs
        .into_iter()
        .find(|pair| !is_close(pair))
        .map(|(actual, expected)| format!("{actual} is not {expected}"))
}

#[test]
fn files_of_other_tools_compute_what_onnxruntime_computes() {
    let records = records();
    assert!(records.len() > 100, "{}", records.len());
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
        // One number stands for the second of two classes, and both scores may be told by it.
        let last = |scores: &Array2<f64>| scores.slice_axis(Axis(1), Slice::from(1..)).to_owned();
        let (actual, expected) = match (expected.ncols(), record["kind"].as_str()) {
            (1, _) => (last(&actual), expected),
            (_, Some("second")) => (last(&actual), last(&expected)),
            (_, Some("logits")) if network.model.head() == Head::Logistic => {
                assert_eq!(expected.column(0), -&expected.column(1), "{name}");
                (last(&actual), last(&expected))
            }
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

#[test]
fn two_classes_by_one_number_have_a_last_layer_of_one_output() {
    let names = [
        "hand_one_row_logistic",
        "hand_one_row_none",
        "keras_binary",
        "sklearn_logistic_binary",
        "sklearn_logistic_binary_names",
        "sklearn_logistic_binary_scores",
        "sklearn_mlp_relu_binary_names",
        "sklearn_mlp_tanh_binary",
        "sklearn_one_vs_rest_binary",
        "sklearn_svc_binary",
        "torch_dynamo_sigmoid",
        "torch_script_sigmoid",
    ];
    for name in names {
        let model = read(name).model;
        assert_eq!((model.head(), model.output_size(), model.classes()), (Head::Logistic, 1, 2), "{name}");
    }
}

#[test]
fn another_head_is_refused_where_it_does_not_take_the_outputs() {
    let with = |name: &str, head| {
        let options = ReadOptions { head: Some(head), ..ReadOptions::default() };
        read_network(&file(name), &options).map_err(|error| error.reason)
    };
    let expected = "the head `softmax` stands behind 1 output: expected one for each of two or more classes, or the head `logistic`";
    assert_eq!(with("sklearn_svc_binary", Head::Softmax).unwrap_err(), expected);
    let expected = "the head `logistic` stands behind 3 outputs: expected a single one, the logit of the second of two classes";
    assert_eq!(with("sklearn_svc", Head::Logistic).unwrap_err(), expected);
    assert_eq!(with("sklearn_svc_binary", Head::Logistic).unwrap(), read("sklearn_svc_binary"));
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let cases = [
        (
            "refused_conv",
            "`refused_conv.onnx`, node `conv1` (Conv): this operator is not supported: expected one of Gemm,",
        ),
        (
            "refused_domain",
            "node `fused` (com.microsoft.FusedMatMul): operators of `com.microsoft` are not supported",
        ),
        ("refused_silu", "is no activation that is supported"),
        ("refused_skip", "node `skip` (Add): combines two results"),
        ("refused_sum_of_scores", "node `N5` (Div): makes probabilities of what are no logistic functions"),
        (
            "refused_modified_huber",
            "or the scores alone (skl2onnx: the option `raw_scores` of the classifier)",
        ),
        (
            "refused_normalizer",
            "node `Normalizer` (ai.onnx.ml.Normalizer): divides each row of features by its L2 norm",
        ),
        ("refused_two_models", "output `other`: is computed otherwise than `y`"),
        ("refused_blown", "node `blown` (ConstantOfShape): makes far more numbers than the file has"),
        (
            "refused_external_parent",
            "`../onnx/hand_external.data`: expected a file in the folder of the model",
        ),
        ("refused_external_absolute", "`/etc/passwd`: expected a file in the folder of the model"),
        ("refused_external_shape", "bytes in `hand_external.data`: expected"),
    ];
    for (name, expected) in cases {
        let error = refused(name);
        assert!(error.contains(expected), "{error}");
    }
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let refused = files.filter(|name| name.to_string_lossy().starts_with("refused_")).count();
    assert_eq!(refused, cases.len());
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_of_the_model_is_not_followed() {
    let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let model = inside.path().join("model.onnx");
    fs::copy(file("hand_external"), &model).unwrap();
    let (data, target) = (inside.path().join("hand_external.data"), outside.path().join("data"));
    fs::copy(folder().join("hand_external.data"), &target).unwrap();
    std::os::unix::fs::symlink(&target, &data).unwrap();
    let error = read_network(&model, &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("expected a file in the folder of the model"), "{error}");
    // The same numbers beside the model are read.
    fs::remove_file(&data).unwrap();
    fs::copy(&target, &data).unwrap();
    read_network(&model, &ReadOptions::default()).unwrap();
    // And too few of them are not.
    fs::write(&data, [0; 10]).unwrap();
    let error = read_network(&model, &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("in `hand_external.data`, which has 10"), "{error}");
}

#[test]
fn scaling_names_and_producer_are_those_of_the_file() {
    let network = read("sklearn_logistic_binary");
    let scaling = network.scaling.unwrap();
    assert_eq!(scaling.mean.len(), 4);
    assert_eq!(network.names, ["node `LinearClassifier` (ai.onnx.ml.LinearClassifier)"]);
    assert_eq!(network.producer.as_deref(), Some("skl2onnx 1.20.0"));
    assert_eq!(read("hand_gemm").names, ["node `first` (Gemm)", "node `second` (Gemm)"]);
}

#[test]
fn weights_are_listed_by_name() {
    let weights = TensorFile::open(&file("torch_script_relu")).unwrap();
    let entries = weights.entries().to_vec();
    let described: Vec<(&str, Stored, &[usize])> =
        entries.iter().map(|entry| (entry.name.as_str(), entry.element, entry.shape.as_slice())).collect();
    let f32 = Stored::Numbers(Element::F32);
    let expected: [(&str, Stored, &[usize]); 4] = [
        ("0.weight", f32, &[6, 5]),
        ("0.bias", f32, &[6]),
        ("3.weight", f32, &[3, 6]),
        ("3.bias", f32, &[3]),
    ];
    assert_eq!(described, expected);
    let bias = weights.read(&entries[3]).unwrap();
    let network = read("torch_script_relu");
    let bitsweep_models::Layer::Linear(last) = &network.model.layers()[1];
    let actual: Vec<f64> = last.bias.iter().map(|&number| number.into()).collect();
    assert_eq!(bias.values, actual);
    // Halves, and numbers in another file.
    let halves = TensorFile::open(&file("hand_float16")).unwrap();
    assert_eq!(halves.entries()[0].element, Stored::Numbers(Element::F16));
    let weights = TensorFile::open(&file("hand_external")).unwrap();
    let entry = weights.entry("w1").unwrap().clone();
    assert_eq!(weights.read(&entry).unwrap().values.len(), 20);
}

#[test]
fn every_file_is_told_by_its_first_bytes() {
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "onnx") {
            let folder = tempfile::tempdir().unwrap();
            let copy = folder.path().join("model");
            fs::copy(&path, &copy).unwrap();
            assert_eq!(FileFormat::of(&copy).unwrap(), FileFormat::Onnx, "{}", path.display());
        }
    }
}

/// Deterministic numbers: splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }
}

#[test]
fn damaged_files_are_read_or_refused_without_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(self::folder().join("hand_external.data"), folder.path().join("hand_external.data")).unwrap();
    let damaged = folder.path().join("damaged.onnx");
    let mut names: Vec<PathBuf> =
        fs::read_dir(self::folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    names.sort();
    let mut random = Random(1);
    for path in names {
        let bytes = fs::read(&path).unwrap();
        for attempt in 0..64 {
            let mut changed = bytes.clone();
            match attempt % 4 {
                0 => changed.truncate(random.below(bytes.len())),
                1 => {
                    let (from, to) = (random.below(bytes.len()), random.below(bytes.len()));
                    changed[from] = bytes[to];
                }
                2 => (0..4).for_each(|_| changed[random.below(bytes.len())] = 0xff),
                _ => changed[random.below(bytes.len())] ^= 1 << random.below(8),
            }
            // A new file is written faster than an old one is overwritten.
            let _ = fs::remove_file(&damaged);
            fs::write(&damaged, &changed).unwrap();
            // A model that is still one is whole.
            if let Ok(network) = read_network(&damaged, &ReadOptions::default()) {
                assert!(network.model.check_finite().is_ok());
            }
            if let Ok(weights) = TensorFile::open(&damaged) {
                for entry in weights.entries().to_vec() {
                    let _ = weights.read(&entry);
                }
            }
        }
    }
    // The most memory that was in use at once.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    let kilobytes: u64 = peak.unwrap_or(0);
    assert!(kilobytes < 300_000, "{kilobytes}");
}

//! Files of tensors that NumPy and safetensors have written, and what scikit-learn and NumPy compute of them.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::PathBuf;

use bitsweep_exchange::{NamedLayer, Network, ReadOptions, TensorFile, read_network};
use bitsweep_models::{Activation, Head};
use ndarray::Array2;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

/// A matrix of the golden file.
fn golden(name: &str) -> Array2<f64> {
    let text = std::fs::read_to_string(path("tensors.json")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rows: Vec<Vec<f64>> = serde_json::from_value(all[name].clone()).unwrap();
    let shape = (rows.len(), rows[0].len());
    Array2::from_shape_vec(shape, rows.into_iter().flatten().collect()).unwrap()
}

fn with(activation: Activation) -> ReadOptions {
    ReadOptions { activation: Some(activation), ..ReadOptions::default() }
}

/// The logits of the golden rows, scaled by the file where it scales.
fn logits(network: &Network) -> Array2<f64> {
    let features = match &network.scaling {
        Some(scaling) => (golden("rows") - &scaling.mean) / &scaling.scale,
        None => golden("scaled"),
    };
    network.model.logits(features.view())
}

fn assert_near(found: &Array2<f64>, expected: &Array2<f64>) {
    assert_eq!(found.dim(), expected.dim());
    let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-6 * largest, "{found} {expected}");
    }
}

#[test]
fn models_of_arrays_compute_what_scikit_learn_computes() {
    for name in ["mlp.npz", "logistic.npz", "two-classes.npz", "mlp-float16.npz"] {
        let network = read_network(&path(name), &with(Activation::Relu)).unwrap();
        assert_near(&logits(&network), &golden(name));
        let is_named = ["mlp.npz", "logistic.npz"].contains(&name);
        assert_eq!(network.classes.is_some(), is_named, "{name}");
        let is_binary = name == "two-classes.npz";
        let expected = if is_binary { (Head::Logistic, 1) } else { (Head::Softmax, network.model.classes()) };
        assert_eq!((network.model.head(), network.model.output_size()), expected, "{name}");
    }
}

#[test]
fn state_dicts_compute_what_their_layers_compute_in_the_order_of_their_names() {
    for (name, activation) in
        [("state-dict.safetensors", Activation::Relu), ("bfloat16.safetensors", Activation::Tanh)]
    {
        let network = read_network(&path(name), &with(activation)).unwrap();
        assert_near(&logits(&network), &golden(name));
    }
}

#[test]
fn layers_that_are_listed_stand_as_they_are_listed() {
    let layer = |name: &str, activation| NamedLayer { name: name.to_owned(), activation };
    let relu = Some(Activation::Relu);
    let layers =
        vec![layer("net.0", relu), layer("net.2", None), layer("net.3", relu), layer("net.10", None)];
    let options = ReadOptions { layers, ..ReadOptions::default() };
    let network = read_network(&path("state-dict.safetensors"), &options).unwrap();
    assert_near(&logits(&network), &golden("state-dict.safetensors"));

    let fewer = ReadOptions { layers: options.layers[..2].to_vec(), ..ReadOptions::default() };
    let error = read_network(&path("state-dict.safetensors"), &fewer).unwrap_err().to_string();
    assert!(error.contains("has a layer `net.3` that `layers` does not list"), "{error}");
    let other = ReadOptions { layers: vec![layer("net.1", None)], ..ReadOptions::default() };
    let error = read_network(&path("state-dict.safetensors"), &other).unwrap_err().to_string();
    assert!(error.contains("has no layer `net.1`; it has `net.0`, `net.2`, `net.3`, `net.10`"), "{error}");
}

#[test]
fn what_stands_between_layers_is_asked_for() {
    let error = read_network(&path("mlp.npz"), &ReadOptions::default()).unwrap_err().to_string();
    assert!(
        error.contains("has 3 dense layers (0, 1, 2)") && error.contains("expected `activation`"),
        "{error}"
    );
}

#[test]
fn entries_say_what_a_file_has() {
    let mut file = TensorFile::open(&path("mlp-float16.npz")).unwrap();
    let entry = file.entry("coefs_0").unwrap().clone();
    assert_eq!((entry.element.to_string().as_str(), entry.shape.as_slice()), ("float16", [13, 6].as_slice()));
    assert_eq!(file.read(&entry).unwrap().values.len(), 78);
    let error = file.entry("coefs_7").unwrap_err().to_string();
    assert!(error.contains("has no tensor `coefs_7`; it has `coefs_0`, "), "{error}");
}

#[test]
fn files_that_are_cut_off_or_changed_are_refused_or_read_and_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["mlp.npz", "mlp-float16.npz", "state-dict.safetensors"] {
        let whole = std::fs::read(path(name)).unwrap();
        let file = folder.path().join(name);
        let mut refused = 0;
        for step in 0..400_usize {
            let mut bytes = whole.clone();
            match step % 2 {
                0 => bytes.truncate(step * whole.len() / 400),
                _ => bytes[step * 7_919 % whole.len()] ^= 1 << (step % 8),
            }
            std::fs::write(&file, bytes).unwrap();
            refused += usize::from(read_network(&file, &with(Activation::Relu)).is_err());
        }
        assert!(refused >= 200, "{name}: {refused}");
    }
}

/// An archive with one array of so many zeros.
fn zeros(count: usize) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("coef_.npy", zip::write::SimpleFileOptions::default()).unwrap();
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': (1, {count}), }}");
    let header = format!("{header:117}\n");
    archive.write_all(b"\x93NUMPY\x01\x00\x76\x00").unwrap();
    archive.write_all(header.as_bytes()).unwrap();
    archive.write_all(&vec![0; 8 * count]).unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn an_archive_that_unpacks_to_much_more_than_it_is_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zeros.npz");
    std::fs::write(&file, zeros(100_000)).unwrap();
    assert!(TensorFile::open(&file).is_ok());
    std::fs::write(&file, zeros(2_000_000)).unwrap();
    let error = TensorFile::open(&file).unwrap_err().to_string();
    assert!(error.contains("unpack to 16000128: expected at most 64 times as many"), "{error}");
}

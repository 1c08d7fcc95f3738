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
    for name in ["mlp.npz", "logistic.npz", "two-classes.npz", "mlp-float16.npz", "texts.npz", "bytes.npz"] {
        let network = read_network(&path(name), &with(Activation::Relu)).unwrap();
        assert_near(&logits(&network), &golden(name));
        let is_named = ["mlp.npz", "logistic.npz", "texts.npz", "bytes.npz"].contains(&name);
        assert_eq!(network.classes.is_some(), is_named, "{name}");
        let is_binary = name == "two-classes.npz";
        let expected = if is_binary { (Head::Logistic, 1) } else { (Head::Softmax, network.model.classes()) };
        assert_eq!((network.model.head(), network.model.output_size()), expected, "{name}");
    }
}

#[test]
fn names_of_classes_may_be_texts() {
    let text = std::fs::read_to_string(path("tensors.json")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let names: Vec<String> = serde_json::from_value(all["names of texts.npz"].clone()).unwrap();
    let network = read_network(&path("texts.npz"), &ReadOptions::default()).unwrap();
    assert_eq!(network.classes, Some(names));
    assert_eq!(network.notes, ["`feature_names_in_` is left aside: it is texts, which layers have none of"]);
    let network = read_network(&path("bytes.npz"), &ReadOptions::default()).unwrap();
    assert_eq!(network.classes.unwrap(), ["a", "bé", "ccc"]);
    // Texts are no tensors.
    let file = TensorFile::open(&path("texts.npz")).unwrap();
    assert!(file.entries().iter().all(|entry| entry.element.is_float()));
}

#[test]
fn texts_that_are_none_and_objects_are_refused() {
    let refusal =
        |path: &std::path::Path| read_network(path, &ReadOptions::default()).unwrap_err().to_string();
    let error = refusal(&path("objects.npz"));
    assert!(
        error.ends_with(
            "tensor `classes_`: its type |O is not supported: expected little-endian floats or integers, or texts (`<U`, `|S`)"
        ),
        "{error}"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.npz");
    for (kind, bytes, reason) in [
        ("<U2", vec![0x61, 0, 0, 0, 0, 0xd8, 0, 0], "has a text with a code point that is none"),
        ("|S2", vec![0x61, 0xff], "has a text that is no UTF-8"),
        (">U2", vec![0, 0, 0, 0x61, 0, 0, 0, 0], "its type >U2 is not supported"),
        ("<U0", vec![], "its type <U0 is not supported"),
    ] {
        std::fs::write(
            &file,
            archive("classes_", &format!("'descr': '{kind}', 'fortran_order': False, 'shape': (1,)"), &bytes),
        )
        .unwrap();
        let error = refusal(&file);
        assert!(error.contains(reason), "{error}");
    }
    std::fs::write(
        &file,
        archive("classes_", "'descr': '|S1', 'fortran_order': False, 'shape': (65537,)", &[0x61; 65_537]),
    )
    .unwrap();
    assert!(refusal(&file).ends_with("has 65537 texts: expected at most 65536"));
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
    let file = TensorFile::open(&path("mlp-float16.npz")).unwrap();
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

/// An archive with a layer of one output and one array more.
fn archive(name: &str, header: &str, bytes: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let layer = "'descr': '<f8', 'fortran_order': False, 'shape': (2, 1)";
    for (name, header, bytes) in [("coef_", layer, &[0; 16][..]), (name, header, bytes)] {
        archive.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        let header = format!("{:117}\n", format!("{{{header}, }}"));
        archive.write_all(b"\x93NUMPY\x01\x00\x76\x00").unwrap();
        archive.write_all(header.as_bytes()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// An archive with one array of so many zeros beside a layer.
fn zeros(count: usize) -> Vec<u8> {
    archive(
        "zeros",
        &format!("'descr': '<f8', 'fortran_order': False, 'shape': (1, {count})"),
        &vec![0; 8 * count],
    )
}

#[test]
fn an_array_whose_header_is_longer_than_it_is_refused_before_there_is_memory_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.npz");
    let mut written = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    written.start_file("coef_.npy", zip::write::SimpleFileOptions::default()).unwrap();
    written.write_all(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr': '<f8'}").unwrap();
    std::fs::write(&file, written.finish().unwrap().into_inner()).unwrap();
    let error = TensorFile::open(&file).unwrap_err().to_string();
    assert!(error.ends_with("tensor `coef_`: has a header that does not fit into it"), "{error}");
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

#[derive(serde::Deserialize)]
struct GgufTensor {
    name: String,
    r#type: String,
    shape: Vec<usize>,
    bytes: usize,
    values: Option<Vec<f64>>,
}

#[test]
fn gguf_files_have_the_tensors_that_ggml_says() {
    let text = std::fs::read_to_string(path("gguf.json")).unwrap();
    let golden: Vec<GgufTensor> = serde_json::from_str(&text).unwrap();
    let file = TensorFile::open(&path("types.gguf")).unwrap();
    let entries = file.entries().to_vec();
    assert_eq!(entries.len(), golden.len());
    for (entry, golden) in entries.iter().zip(golden) {
        let plain = match golden.r#type.as_str() {
            "F32" => "float32",
            "F16" => "float16",
            "F64" => "float64",
            "BF16" => "bfloat16",
            "I8" => "int8",
            "I32" => "int32",
            name => name,
        };
        assert_eq!(entry.element.to_string(), plain);
        assert_eq!((&entry.name, &entry.shape, entry.bytes()), (&golden.name, &golden.shape, golden.bytes));
        assert_eq!(entry.element.has_values(), golden.values.is_some(), "{}", entry.name);
        match golden.values {
            // MXFP4's -0 is 0 to ggml.
            Some(values) => assert_eq!(file.read(entry).unwrap().values, values, "{}", entry.name),
            None => {
                let error = file.read(entry).unwrap_err().to_string();
                assert!(error.contains("whose values are not read: expected Q4_0, "), "{error}");
            }
        }
    }
}

#[test]
fn headers_of_gguf_files_that_do_not_fit_are_refused() {
    let whole = std::fs::read(path("types.gguf")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.gguf");
    let refusal = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        std::fs::write(&file, bytes).unwrap();
        TensorFile::open(&file).unwrap_err().to_string()
    };
    let find = |text: &str| whole.windows(text.len()).position(|part| part == text.as_bytes()).unwrap();
    // Behind a name: dimensions, two lengths, the type, the offset.
    let (first, second) = (find("plain.F32") + 9, find("plain.F16") + 9);
    for (reason, change) in [
        ("its version is 4: expected 2 or 3", &(|bytes: &mut Vec<u8>| bytes[4] = 4) as &dyn Fn(&mut Vec<u8>)),
        ("it is big-endian", &|bytes| bytes[4..8].copy_from_slice(&[0, 0, 0, 3])),
        ("its header does not fit into its", &|bytes| bytes[15] = 1),
        ("its header does not fit into its", &|bytes| bytes[16] = 0xff),
        ("its header does not fit into its 40 bytes", &|bytes| bytes.truncate(40)),
        ("its alignment is 3: expected a power of two", &|bytes| {
            let place = find("general.alignment") + 17 + 4;
            bytes[place] = 3;
        }),
        ("`plain.F32`: has 5 dimensions: expected at most 4", &|bytes| bytes[first] = 5),
        ("is of type 99, which ggml does not have", &|bytes| bytes[first + 20] = 99),
        ("`plain.F32`: is at byte 64 of the tensors: expected 0", &|bytes| bytes[first + 24] = 64),
        ("`plain.F16`: is at byte 0 of the tensors: expected 64", &|bytes| bytes[second + 24] = 0),
        ("has the lengths [5, 3]: expected a multiple of 32", &|bytes| bytes[first + 20] = 2),
        ("no more numbers than memory holds", &|bytes| bytes[first + 11] = 0xff),
        ("tensor `plain.F16`: is there twice", &|bytes| {
            let place = find("plain.F32");
            bytes[place + 7..place + 9].copy_from_slice(b"16");
        }),
        ("tensor `others.IQ2_XXS`: does not fit into the file", &|bytes| bytes.truncate(bytes.len() - 128)),
        ("it has a name that is no UTF-8", &|bytes| bytes[first - 9] = 0xff),
        ("it has a value of type 13, which GGUF does not have", &|bytes| {
            let place = find("a.u8") + 4;
            bytes[place] = 13;
        }),
    ] {
        let error = refusal(change);
        assert!(error.contains(reason), "{error}: {reason}");
    }
}

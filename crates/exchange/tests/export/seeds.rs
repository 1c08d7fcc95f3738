//! Seeds for the reader of ONNX: files with the types and operators that only exports have.

use std::fs;
use std::path::Path;

use bitsweep_exchange::export::{OnnxOptions, Opset, to_onnx};
use bitsweep_exchange::packed::{FeatureScaling, PackedModel};
use bitsweep_models::{Head, Precision};

use crate::models::{classifier, layer, scheme, standard};

/// `cargo test --release -p bitsweep-exchange --test export -- --ignored seeds`
#[test]
#[ignore = "writes into the repository"]
fn seeds_are_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    for (text, opset, number) in [
        ("bits = 4\nsymmetry = 'asymmetric'\ngranularity = { group = 4 }", Opset::V21, 0),
        (
            "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'minimum'\ngranularity = { rows = 3 }",
            Opset::V21,
            1,
        ),
        ("format = 'fp8-e4m3'\nscale_format = 'two-level'\ngranularity = { group = 4 }", Opset::V21, 2),
        ("format = 'fp4-e2m1'\nscale_format = 'e8m0-floor'\ngranularity = { group = 4 }", Opset::V25, 3),
        ("bits = 2\nsymmetry = 'asymmetric'\ngranularity = 'column'", Opset::V25, 4),
        ("bits = 3\noutliers = { percent = 10 }", Opset::V21, 5),
        ("format = { pq = { subvectors = 2, centroids = 3 } }", Opset::V21, 6),
    ] {
        let mut parts = classifier(vec![layer((7, 5), 1, &scheme(text), true)]);
        parts.scaling = standard(7);
        if let FeatureScaling::Standard { constant, .. } = &mut parts.scaling {
            constant.clear();
        }
        if number % 2 == 1 {
            (parts.head, parts.precision) = (Head::OneVsRest, Precision::Mixed);
        }
        let model = PackedModel::new(parts).unwrap();
        let file = to_onnx(&model, OnnxOptions { opset, ..OnnxOptions::default() }).unwrap();
        fs::write(folder.join(format!("exported-{number}.onnx")), file.bytes).unwrap();
    }
}

//! The seeds of `tests/hostile` that are packed models, and what is written of them.

use std::fs;
use std::path::Path;

use bitsweep_exchange::packed::PackedModel;

use crate::{classifier, everything, layer, scheme};

/// `cargo test --release -p bitsweep-exchange --test packed -- --ignored seeds`
#[test]
#[ignore = "writes into the repository"]
fn seeds_are_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let of = |text: &str| {
        let layers =
            vec![layer((32, 3), 1, &scheme(text), false), layer((3, 2), 2, &scheme("bits = 4"), true)];
        PackedModel::new(classifier(layers)).unwrap()
    };
    let mut models = everything();
    models.extend(
        [
            "format = 'nf'\nbits = 4\ngranularity = { group = 8 }\nscale_format = 'double'",
            "format = 'fp8-e4m3'\nscale_format = 'two-level'\ngranularity = 'column'",
            "format = { pq = { subvectors = 2, centroids = 8 } }\ncodebook_format = 'int8'",
            "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'minimum'\noutliers = { percent = 3 }",
        ]
        .map(of),
    );
    for (number, model) in models.iter().enumerate() {
        fs::write(folder.join(format!("packed-{number}.safetensors")), model.to_bytes().unwrap()).unwrap();
    }
    fs::write(folder.join("arrays.npz"), models[0].to_npz().unwrap()).unwrap();
    fs::write(folder.join("arrays.json"), models[0].to_json().unwrap()).unwrap();
    for text in ["q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "mxfp4", "bf16"] {
        let one = layer((32, 3), 1, &scheme(&format!("format = '{text}'")), false);
        let model = PackedModel::new(classifier(vec![one])).unwrap();
        fs::write(folder.join(format!("{text}.gguf")), model.to_gguf(text).unwrap()).unwrap();
    }
}

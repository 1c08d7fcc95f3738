//! Every scheme that a packed file can hold.

use bitsweep_quant::{Scheme, SchemeSpec};

use crate::spellings::{FORMATS, GRANULARITIES, SCALES};

/// Beside those of the scheme's own properties: more widths, and outliers.
const MORE: [&str; 12] = [
    "format = 'power-of-two'\nbits = 5",
    "bits = 4",
    "bits = 5\ncode_range = 'full'",
    "bits = 6\noutliers = { percent = 10 }",
    "bits = 11",
    "bits = 16",
    "bits = 2\nsymmetry = 'asymmetric'",
    "bits = 7\nsymmetry = 'asymmetric'",
    "bits = 13\nsymmetry = 'asymmetric'",
    "bits = 16\nsymmetry = 'asymmetric'",
    "bits = 4\nsymmetry = 'asymmetric'\noutliers = { percent = 3 }",
    "bits = 16\nsymmetry = 'asymmetric'\ncodes = 'signed'",
];

const OTHERS: [&str; 13] = [
    "format = 'f16'",
    "format = 'bf16'",
    "format = 'dorefa'\nbits = 1",
    "format = 'dorefa'\nbits = 5",
    "format = 'dorefa'\nbits = 8",
    "format = 'wrpn'\nbits = 2",
    "format = 'wrpn'\nbits = 16",
    "format = { vq = { centroids = 5 } }",
    "format = { vq = { centroids = 256 } }",
    "format = { vq = { centroids = 4, width = 3 } }",
    "format = { pq = { subvectors = 1, centroids = 3 } }",
    "format = { residual = { stages = 2, centroids = 2, width = 2 } }",
    "format = { residual = { stages = 3, centroids = 4, width = 1 } }",
];

/// Every format with every scale format, granularity and format of centroids that it can have.
pub(crate) fn all() -> Vec<Scheme> {
    let mut schemes = Vec::new();
    let mut add = |text: &str| schemes.extend(toml::from_str::<SchemeSpec>(text).unwrap().resolve());
    for format in FORMATS.into_iter().chain(MORE) {
        for scale in SCALES {
            for granularity in GRANULARITIES {
                add(&format!("{format}\ngranularity = {granularity}\nscale_format = '{scale}'"));
            }
        }
        add(format);
        add(&format!("{format}\nscale_format = 'none'"));
    }
    for format in OTHERS {
        for axis in ["", "codebook_format = 'f16'", "codebook_format = 'int8'", "granularity = { rows = 2 }"]
        {
            add(&format!("{format}\n{axis}"));
        }
    }
    assert!(schemes.len() > 800, "{}", schemes.len());
    schemes
}

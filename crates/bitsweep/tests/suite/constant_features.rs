//! A feature that never changes is rounding errors once it is standardized: transforms take it for what it is.

use std::fs;
use std::path::Path;

use bitsweep_results::Records;
use tempfile::TempDir;

use crate::harness::{measures, run, scores};

/// The table with `constant` in the column that never changes, scaled as `scale` says, by float, no transform, AWQ and
/// SmoothQuant.
fn with_constant(constant: &str, scale: &str, scale_format: &str) -> Records {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/cases/constant-feature/d.csv");
    let table = fs::read_to_string(case).unwrap().replace(",0.1,", &format!(",{constant},"));
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("d.csv");
    fs::write(&path, table).unwrap();
    let text = format!(
        "title = 't'\n[data]\nscale = '{scale}'\n[data.source.csv]\npath = {path:?}\ntarget = 'y'\n\
         [split.holdout]\ntest = 0.2\nstratified = true\n[model.logistic]\n[[quantize]]\n\
         transform = ['none', 'awq', 'smooth']\n\
         weights = {{ bits = 3, granularity = 'column', scale_format = '{scale_format}' }}\n"
    );
    run(&text).unwrap()
}

#[test]
fn a_standardized_constant_counts_as_a_constant_of_0() {
    for scale_format in ["float", "f16"] {
        let zeros = with_constant("0", "standard", scale_format);
        assert_eq!(format!("{:.4}", scores(&zeros.results[2]).macro_f1.value), "0.7746");
        for constant in ["0.1", "14.62", "1e-9", "1e9", "0.3333333333333333", "1e6"] {
            let rows = with_constant(constant, "standard", scale_format).results;
            for (row, expected) in rows.iter().zip(&zeros.results) {
                assert_eq!(scores(row).macro_f1, scores(expected).macro_f1, "{constant}");
                let (error, zero) = (measures(row).error.sse, measures(expected).error.sse);
                assert!((error - zero).abs() <= 1e-3 * zero, "{constant}: {error} {zero}");
            }
        }
    }
}

#[test]
fn features_as_they_are_and_nearly_constant_ones_have_bounded_factors() {
    for (constant, scale) in [("0.1", "none"), ("1e-9", "none"), ("14.62", "none"), ("1e9", "none")] {
        let rows = with_constant(constant, scale, "f16").results;
        // The weights that the factors have multiplied are of the size of the weights.
        let plain = measures(&rows[1]).error.sse;
        for row in &rows[2..] {
            let error = measures(row).error.sse;
            assert!(error <= 100.0 * plain, "{constant}: {error} {plain}");
        }
    }
}

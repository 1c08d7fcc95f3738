//! Errors of transformed weights, in the units of the float model.
//!
//! Where every channel that a transform rescales has a scale of its own, rescaling changes scales and no code: the variant is
//! the one without the transform, and so must be its errors.

use bitsweep_results::ResultRow;

use crate::harness::{experiment, measures, run};

/// What a reader compares: errors of weights and of outputs.
fn errors(row: &ResultRow) -> [f64; 5] {
    let measures = measures(row);
    let error = measures.error;
    let calibration = measures.calibration.unwrap_or_default();
    [error.sse, error.mse, error.max_error, error.sqnr_db, calibration.proxy_loss_nearest]
}

#[track_caller]
fn assert_all_equal_the_first(rows: &[ResultRow]) {
    let plain = errors(&rows[0]);
    for row in &rows[1..] {
        let label = &row.origin.variant;
        for (own, plain) in errors(row).into_iter().zip(plain) {
            assert!((own - plain).abs() <= 1e-5 * plain.abs(), "{own} beside {plain}: {label:?}");
        }
    }
}

#[test]
fn factors_of_inputs_that_have_scales_of_their_own_change_no_error() {
    let text = "title = 't'\n[data]\nsource = 'wine'\nscale = 'standard'\n[split.holdout]\ntest = 0.2\n\
        [model.logistic]\n[quantize]\ntransform = ['none', 'awq', { smooth = { alpha = 0.8 } }]\n\
        calibration = { rows = 50 }\n[quantize.weights]\nbits = 4\ngranularity = 'input-channel'\n";
    let rows = run(text).unwrap().results;
    assert_eq!(rows.len(), 4);
    assert_all_equal_the_first(&rows[1..]);
    // With one scale for all, they do change it.
    let rows = run(&text.replace("'input-channel'", "'tensor'")).unwrap().results;
    let [plain, smooth] = [1, 3].map(|row: usize| measures(&rows[row]).error.sse);
    assert!((plain - smooth).abs() > 1e-3 * plain, "{plain} {smooth}");
}

#[test]
fn equalized_channels_that_have_scales_of_their_own_change_no_error() {
    let transforms =
        "['none', 'absmax-equalization', 'cross-layer-equalization', 'awq', { smooth = { alpha = 0.5 } }]";
    let text = experiment(&format!(
        "[quantize]\ntransform = {transforms}\ncalibration = {{ rows = 50 }}\n\
         [quantize.weights]\nbits = 5\ngranularity = 'output-channel'\n\
         [quantize.layers.W2]\nbits = 5\ngranularity = 'input-channel'\n"
    ));
    let rows = run(&text).unwrap().results;
    assert_eq!(rows.len(), 6);
    // Factors of the features change a scale that W1's inputs share: equalization alone.
    assert_all_equal_the_first(&rows[1..4]);
}

//! A model written into the file: evaluated as it is, without training.

use bitsweep_results::Choice;
use ndarray::{Array2, array};

use crate::harness::{Sandbox, choice, labels, outcome, planned, refused, run, scores};

const LAYERS: &str = "layers = [\n\
    { weight = [[1.0, -0.5, 2.0], [0.25, 1.5, -1.0]], bias = [0.0, -1.0, 0.5], activation = \"relu\" },\n\
    { weight = [[-1.0, 1.0], [2.0, -2.0], [0.5, 0.75]], bias = [0.5, -0.5] },\n]\n";

/// A folder with two features and two classes in 24 rows.
fn with_data() -> Sandbox {
    let sandbox = Sandbox::new();
    let lines: String = rows().iter().map(|([a, b], class)| format!("{a},{b},k{class}\n")).collect();
    sandbox.put("data.csv", format!("a,b,kind\n{lines}"));
    sandbox
}

/// Features that `f32` holds exactly, and classes.
fn rows() -> Vec<([f64; 2], usize)> {
    let row = |row: i32| {
        let features = [f64::from(row * 5 % 11) / 4.0 - 1.0, f64::from(row * 7 % 13) / 8.0 - 0.5];
        (features, usize::from(row % 3 == 0))
    };
    (0..24).map(row).collect()
}

/// A given model on the data.
fn experiment(sandbox: &Sandbox, model: &str, quantize: &str) -> String {
    let path = sandbox.path("data.csv");
    format!(
        "title = \"given\"\n[data]\nsource.csv = {{ path = {path:?}, target = \"kind\" }}\n\
         [split.holdout]\ntest = 8\n[model.given]\n{model}{quantize}"
    )
}

const QUANTIZE: &str = "[quantize.weights]\nbits = [8, 2]\n";

/// The logits of a row, layer by layer.
fn by_hand([a, b]: [f64; 2]) -> [f64; 2] {
    let relu = |value: f64| value.max(0.0);
    let hidden = [relu(a * 1.0 + b * 0.25), relu(a * -0.5 + b * 1.5 - 1.0), relu(a * 2.0 - b + 0.5)];
    [
        -hidden[0] + 2.0 * hidden[1] + 0.5 * hidden[2] + 0.5,
        hidden[0] - 2.0 * hidden[1] + 0.75 * hidden[2] - 0.5,
    ]
}

#[test]
fn the_float_logits_are_those_of_the_layers_by_hand() {
    let sandbox = with_data();
    let plan = planned(&experiment(&sandbox, LAYERS, QUANTIZE)).unwrap();
    let model = &plan.units[0].given().unwrap().model;
    for (features, _) in rows() {
        let row: Array2<f32> = array![[features[0] as f32, features[1] as f32]];
        let logits = model.logits(row.view());
        let expected = by_hand(features);
        assert_eq!([0, 1].map(|class| f64::from(logits[[0, class]])), expected, "{features:?}");
    }
}

#[test]
fn a_given_model_is_scored_as_it_is_without_training() {
    let sandbox = with_data();
    let text = experiment(&sandbox, LAYERS, QUANTIZE);
    let plan = planned(&text).unwrap();
    let outcome = outcome(&plan, &mut ()).unwrap();
    assert!(outcome.records.curves.is_empty());
    assert_eq!(outcome.timings[0].training_seconds, None);

    let float = &outcome.records.results[0];
    let predictions = &outcome.records.predictions[0];
    assert_eq!(predictions.rows.len(), 8);
    let rows = rows();
    let mut log_loss = 0.0;
    for (row, predicted) in predictions.rows.iter().zip(&predictions.float) {
        let (features, class) = rows[*row as usize];
        let logits = by_hand(features);
        assert_eq!(usize::from(*predicted), usize::from(logits[1] > logits[0]));
        log_loss += (1.0 + (logits[1 - class] - logits[class]).exp()).ln();
    }
    assert!((scores(float).log_loss - log_loss / 8.0).abs() < 1e-6);
    assert_eq!(crate::harness::measures(float).size.float, 4 * (2 * 3 + 3 + 3 * 2 + 2));
    assert_eq!(float.origin.unit.task.model, "given(2-3-2)");
    assert_eq!(labels(&plan), ["8 bit", "2 bit"]);
}

#[test]
fn whatever_needs_no_training_can_be_done_to_a_given_model() {
    let quantize = "[[quantize]]\nmethod = [\"nearest\", \"gptq\"]\ncalibration = { rows = 10 }\n\
                    activations = { bits = 8, mode = \"static\" }\nweights = { bits = 4 }\n\
                    [[quantize]]\ntransform = \"absmax-equalization\"\nbiases = \"quantize\"\n\
                    weights = { format = \"f16\" }\n\
                    [[quantize]]\nlayers = { W1 = { bits = 8 } }\nweights = { bits = 3 }\n";
    let sandbox = with_data();
    let records = run(&experiment(&sandbox, LAYERS, quantize)).unwrap();
    assert_eq!(records.results.len(), 5);
    for row in &records.results[1..] {
        assert!(scores(row).agreement > 0.5, "{:?}", row.origin.variant);
    }
    assert_eq!(choice(&records.results[1], Choice::Training), "post-training");
}

#[test]
fn a_given_model_is_refused_where_it_does_not_fit() {
    let sandbox = with_data();
    let with = |model: &str| experiment(&sandbox, model, QUANTIZE);
    refused(
        &with("layers = [{ weight = [[1, 2], [3, 4], [5, 6]] }]\n"),
        &["3 inputs and 2 classes", "2 features and 2 classes"],
    );
    refused(&with("layers = []\n"), &["mine.toml:"]);
    let unchained = "layers = [{ weight = [[1, 2], [3, 4]] }, { weight = [[1, 2]] }]\n";
    refused(&with(unchained), &["mine.toml:"]);
    refused(&with("layers = [{ weight = [[1, 2], [3]] }]\n"), &["row 1", "mine.toml:"]);
    refused(&with("layers = [{ weight = [[1, nan], [3, 4]] }]\n"), &["mine.toml:"]);
    let training = "[quantize]\ntraining = { method = \"lsq\" }\n[quantize.weights]\nbits = 4\n";
    refused(&experiment(&sandbox, LAYERS, training), &["`training` cannot be combined with a given model"]);
    let trained = format!("{}[train]\nepochs = 1\n", with(LAYERS));
    refused(&trained, &["`train`"]);
}

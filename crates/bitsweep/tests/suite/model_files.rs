//! Models in files of other tools: quantized as they are, and scored on the rows that are given.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{
    Sandbox, fixture, planned, printed, refused_by_validate, run_plan, said, scores, unwrapped,
};

/// The built-in wine by a model of it; `more` are further keys of the model.
fn on_wine(name: &str, more: &str) -> String {
    let path = fixture(name);
    format!("data.source = 'wine'\n[model.file]\npath = {path:?}\n{more}[quantize.weights]\nbits = [8, 4]\n")
}

const RELU: &str = "classes = ['class_0', 'class_1', 'class_2']\nactivation = 'relu'\n";

/// A sandbox with a model, and all rows of wine without a header, the class last.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.put("models/net.npz", fs::read(fixture("mlp.npz")).unwrap());
    let wine = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/wine_data.csv");
    let wine = fs::read_to_string(wine).unwrap();
    sandbox.put("wine.csv", wine.split_once('\n').unwrap().1);
    sandbox
}

const ONE_LINE: [&str; 8] = [
    "models/net.npz",
    "--csv",
    "wine.csv",
    "--target",
    "14",
    "--set",
    "model.file.activation=relu",
    "--quiet",
];

#[test]
fn all_rows_are_test_rows_and_the_predictions_are_those_of_scikit_learn() {
    let records = run_plan(&planned(&on_wine("mlp.npz", RELU)).unwrap()).unwrap();
    let golden = fs::read_to_string(fixture("tensors.json")).unwrap();
    let golden: serde_json::Value = serde_json::from_str(&golden).unwrap();
    let golden: Vec<u16> = serde_json::from_value(golden["classes of all rows by mlp.npz"].clone()).unwrap();
    let predictions = &records.predictions[0];
    assert_eq!(*predictions.rows, *(0..178).collect::<Vec<u32>>());
    assert_eq!(*predictions.float, *golden);
    assert!(scores(&records.results[1]).macro_f1.value > 0.95);
    // Nothing was trained, so that there is no majority of training rows to beat.
    assert_eq!(records.results.len(), 3);
}

#[test]
fn a_model_and_a_table_are_an_experiment_of_one_line_and_of_the_file_that_init_writes() {
    let sandbox = sandbox();
    let output = sandbox.succeeds(&[&["run"], ONE_LINE.as_slice()].concat());
    assert!(said(&output).is_empty(), "{}", said(&output));
    let folder = "results/net";
    let report = sandbox.read(&format!("{folder}/report.md"));
    assert!(report.contains("net.npz (SHA-256)"), "{report}");
    assert!(report.contains("178 test rows") && !report.contains("0 training rows"), "{report}");

    // The results are called as the file: by that name a variant is taken away.
    sandbox.succeeds(&["export", "net", "--variant", "8 bit · per tensor", "--quiet"]);
    let verified =
        ["verify", "exports/net-8-bit-per-tensor.safetensors", "--csv", "wine.csv", "--target", "14"];
    assert!(unwrapped(&printed(&sandbox.succeeds(&verified))).contains("on 178 rows: macro-F1"));

    let text = ["init", "wine.csv", "--target", "14", "--given", "models/net.npz"];
    let refused = sandbox.run(&text);
    assert_eq!(refused.status.code(), Some(2));
    assert!(unwrapped(&said(&refused)).contains("expected `activation`"), "{}", said(&refused));
    let written = sandbox.succeeds(&[&text[..], &["--set", "model.file.activation=relu"]].concat());
    sandbox.put("net.toml", printed(&written));
    sandbox.succeeds(&["run", "net.toml", "--quiet", "--out", "other"]);
    for file in ["results.csv", "verdicts.csv", "predictions.csv"] {
        assert_eq!(
            sandbox.read(&format!("{folder}/{file}")),
            sandbox.read(&format!("other/net/{file}")),
            "{file}"
        );
    }
}

#[test]
fn where_a_model_is_and_how_its_file_is_written_is_no_part_of_the_keys() {
    let key = |text: &str| planned(text).unwrap().units[0].key;
    let one = key(&on_wine("mlp.npz", RELU));
    let sandbox = sandbox();
    let moved = sandbox.path("models/net.npz");
    assert_eq!(
        one,
        key(&on_wine("mlp.npz", RELU).replace(fixture("mlp.npz").to_str().unwrap(), moved.to_str().unwrap()))
    );
    let listed = "classes = ['class_0', 'class_1', 'class_2']\nlayers = [{ name = '0', activation = 'relu' }, \
                  { name = '1', activation = 'relu' }, { name = '2' }]\n";
    assert_eq!(one, key(&on_wine("mlp.npz", listed)));
    assert_ne!(one, key(&on_wine("mlp.npz", &RELU.replace("relu", "tanh"))));
    assert_ne!(one, key(&on_wine("mlp.npz", &format!("{RELU}head = 'one-vs-rest'\n"))));
}

#[test]
fn what_does_not_go_together_is_refused_at_its_place() {
    let cases = [
        (on_wine("nothing.npz", RELU), "No such file"),
        (on_wine("mlp.npz", ""), "expected `activation`, or `layers`"),
        (
            on_wine("mlp.npz", "activation = 'relu'\n"),
            "the model has no class `class_0`, which the data have: expected one of `0`, `1`, `2`",
        ),
        (
            on_wine("mlp.npz", "classes = ['a', 'b']\nactivation = 'relu'\n"),
            "tells 3 classes apart, but has 2 names for them: expected one for each",
        ),
        (on_wine("mlp.npz", RELU).replace("'wine'", "'digits'"), "the model has no class `0`"),
        (
            on_wine("mlp.npz", RELU).replace("[model", "data.scale = 'standard'\n[model"),
            "the model's file scales the features itself",
        ),
        (
            format!("{}granularity = 'output-channel'\nrange = 'output-mse'\n", on_wine("mlp.npz", RELU)),
            "all rows are test rows",
        ),
        (
            format!("{}[quantize.layers.W4]\nbits = 2\n", on_wine("mlp.npz", RELU)),
            "has no layer `W4`: expected `W1` to `W3`",
        ),
        (
            "data.source = 'wine'\nsplit = 'test-only'\nmodel = 'logistic'\nquantize.weights.bits = 8\n"
                .to_owned(),
            "needs training rows",
        ),
    ];
    for (text, part) in cases {
        refused_by_validate(&text, part);
    }
}

/// Rows of the four inputs of `sklearn_columns.onnx` with their classes, the columns called and ordered as told; `x` stands for
/// one that the model does not have.
fn rows_of_columns(header: &str) -> String {
    let records = fs::read_to_string(onnx("onnx.json")).unwrap();
    let records: serde_json::Value = serde_json::from_str(&records).unwrap();
    let record = &records["sklearn_columns"];
    let mut text = format!("{header},y\n");
    let (inputs, labels) = (record["inputs"].as_array().unwrap(), record["labels"].as_array().unwrap());
    for (row, label) in inputs.iter().zip(labels) {
        for name in header.split(',') {
            let position = ["a", "b", "c", "d"].iter().position(|own| *own == name.trim_start_matches('q'));
            let cell = position.map_or_else(|| "0".to_owned(), |position| row[position].to_string());
            text += &format!("{cell},");
        }
        text += &format!("{}\n", label.as_str().unwrap());
    }
    text
}

fn onnx(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../exchange/tests/files/onnx").join(name)
}

#[test]
fn columns_are_taken_by_the_names_of_the_inputs_where_these_have_names() {
    let sandbox = Sandbox::new();
    sandbox.put("net.onnx", fs::read(onnx("sklearn_columns.onnx")).unwrap());
    let run = |header: &str, out: &str| {
        sandbox.put("rows.csv", rows_of_columns(header));
        let name = ["net.onnx", "--csv", "rows.csv", "--target", "y", "--bits", "8", "--name", out];
        sandbox.run(&[&["run"], name.as_slice()].concat())
    };
    let mut losses = Vec::new();
    for (header, out, note) in [
        ("a,b,c,d", "ordered", None),
        ("d,x,b,a,c", "mixed", Some("column `x` is no input of the model")),
        (
            "qa,qb,qc,qd",
            "unknown",
            Some("are called otherwise than the columns, which are taken in their order"),
        ),
    ] {
        let output = run(header, out);
        assert!(output.status.success(), "{}", said(&output));
        let said = unwrapped(&said(&output));
        match note {
            Some(note) => assert!(said.contains(note), "{said}"),
            None => assert!(!said.contains("inputs"), "{said}"),
        }
        let results = sandbox.read(&format!("results/{out}/results.csv"));
        let mut rows = csv::Reader::from_reader(results.as_bytes());
        let position = |name: &str| rows.headers().unwrap().iter().position(|own| own == name).unwrap();
        let [score, loss] = ["macro_f1", "log_loss"].map(position);
        let float = rows.records().next().unwrap().unwrap();
        assert_eq!(&float[score], "1.0", "{header}");
        losses.push(float[loss].to_owned());
    }
    assert!(losses.iter().all(|loss| *loss == losses[0]), "{losses:?}");
    let said = unwrapped(&said(&run("a,b,c,q", "less")));
    assert!(said.contains("the data have no column `d`, which the model takes"), "{said}");
}

#[test]
fn with_a_split_there_are_rows_to_calibrate_on() {
    let text =
        on_wine("mlp.npz", RELU).replace("[model", "[split.holdout]\ntest = 0.5\nstratified = true\n[model");
    let text = format!("{text}granularity = 'output-channel'\nrange = 'output-mse'\n");
    let records = run_plan(&planned(&text).unwrap()).unwrap();
    assert!(records.results.iter().all(|row| row.result.is_ok()));
    assert_eq!(records.predictions[0].rows.len(), 89);
}

#[test]
fn inspect_says_what_a_file_has_and_what_would_be_quantized() {
    let sandbox = sandbox();
    sandbox.put("state.safetensors", fs::read(fixture("state-dict.safetensors")).unwrap());
    let page = printed(&sandbox.succeeds(&["inspect", "state.safetensors"]));
    assert!(page.contains("net.3.running_var") && page.contains("No model to run"), "{page}");
    let json = printed(&sandbox.succeeds(&["inspect", "models/net.npz", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let names: Vec<&str> =
        json["tensors"].as_array().unwrap().iter().map(|tensor| tensor["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"coefs_2") && names.contains(&"mean_"), "{names:?}");
    let other = sandbox.run(&["inspect", "wine.csv"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(said(&other).contains("expected ONNX, safetensors, npz or GGUF"), "{}", said(&other));
}

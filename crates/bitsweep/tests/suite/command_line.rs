//! What the program says, kept as snapshots, and where it says it.

use crate::harness::{Sandbox, printed, said};

fn stdout(arguments: &[&str]) -> String {
    printed(&Sandbox::new().succeeds(arguments))
}

#[test]
fn help_tells_of_every_command() {
    insta::assert_snapshot!(stdout(&["--help"]));
    insta::assert_snapshot!(stdout(&["run", "--help"]));
}

#[test]
fn a_plan_shows_units_and_variants() {
    insta::assert_snapshot!(stdout(&["plan", "vector-ranges"]));
}

#[test]
fn an_error_shows_the_line_the_value_and_the_fix() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", "title = \"t\"\n[quantize.weights]\nbits = [4, 40]\nroundin = 3\n");
    let error = |arguments: &[&str]| said(&sandbox.run(arguments));
    insta::assert_snapshot!(error(&["run", "mine.toml"]));
    insta::assert_snapshot!(error(&["run", "wine-mpl"]));
    insta::assert_snapshot!(error(&["plan", "wine-mlp", "--set", "train.epoch=3"]));
}

#[test]
fn results_go_to_stdout_and_notes_to_stderr() {
    let sandbox = Sandbox::new();
    let output = sandbox.run(&["run", "row-wise"]);
    insta::assert_snapshot!(printed(&output));
    let notes = said(&output);
    assert!(notes.contains("report.md") && notes.contains("come out as printed"), "{notes}");
    let quiet = sandbox.run(&["run", "row-wise", "--quiet"]);
    assert!(quiet.stderr.is_empty(), "{}", said(&quiet));
}

#[test]
fn json_is_json_with_one_object_a_row() {
    let run: serde_json::Value = serde_json::from_str(&stdout(&["run", "row-wise", "--json", "-q"])).unwrap();
    let rows = run["results"].as_array().unwrap();
    assert_eq!(rows.len(), 2 * 3);
    assert_eq!(rows[1]["payload_bytes"], 16);
    assert_eq!(run["differing"], 0);
    let names: serde_json::Value = serde_json::from_str(&stdout(&["list", "--json"])).unwrap();
    assert!(names.as_array().unwrap().iter().any(|entry| entry["name"] == "wine-mlp"));
    for command in ["describe", "plan"] {
        serde_json::from_str::<serde_json::Value>(&stdout(&[command, "sweep", "--json"])).unwrap();
    }
}

#[test]
fn validate_tells_of_every_wrong_file() {
    let sandbox = Sandbox::new();
    sandbox.put("wrong.toml", "titel = 1\n");
    sandbox.put(
        "right.toml",
        "title = \"t\"\n[tensor]\nname = \"t\"\nvalues = [1]\n[quantize.weights]\nbits = 4\n",
    );
    let output = sandbox.run(&["validate", "wrong.toml", "right.toml", "missing.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(printed(&output), "right.toml: 1 unit, 1 variant\n");
    let errors = said(&output);
    assert!(
        errors.contains("wrong.toml:1:1") && errors.contains("missing.toml") && errors.contains("2 of 3"),
        "{errors}"
    );
}

#[test]
fn colour_is_for_terminals_only() {
    let output = Sandbox::new().run(&["run", "nothing"]);
    assert!(!said(&output).contains('\u{1b}'));
}

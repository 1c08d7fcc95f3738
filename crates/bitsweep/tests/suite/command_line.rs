//! What the program says, kept as snapshots, and where it says it.

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

fn bitsweep(folder: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bitsweep")).args(arguments).current_dir(folder).output().unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = bitsweep(&TempDir::new().unwrap(), arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
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
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("mine.toml"),
        "title = \"t\"\n[quantize.weights]\nbits = [4, 40]\nroundin = 3\n",
    )
    .unwrap();
    let error = |arguments: &[&str]| String::from_utf8(bitsweep(&folder, arguments).stderr).unwrap();
    insta::assert_snapshot!(error(&["run", "mine.toml"]));
    insta::assert_snapshot!(error(&["run", "wine-mpl"]));
    insta::assert_snapshot!(error(&["plan", "wine-mlp", "--set", "train.epoch=3"]));
}

#[test]
fn results_go_to_stdout_and_notes_to_stderr() {
    let folder = TempDir::new().unwrap();
    let output = bitsweep(&folder, &["run", "row-wise"]);
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap());
    let notes = String::from_utf8(output.stderr).unwrap();
    assert!(notes.contains("report.md") && notes.contains("come out as printed"), "{notes}");
    let quiet = bitsweep(&folder, &["run", "row-wise", "--quiet"]);
    assert!(quiet.stderr.is_empty(), "{}", String::from_utf8_lossy(&quiet.stderr));
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
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("wrong.toml"), "titel = 1\n").unwrap();
    fs::write(
        folder.path().join("right.toml"),
        "title = \"t\"\n[tensor]\nname = \"t\"\nvalues = [1]\n[quantize.weights]\nbits = 4\n",
    )
    .unwrap();
    let output = bitsweep(&folder, &["validate", "wrong.toml", "right.toml", "missing.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "right.toml: 1 unit, 1 variant\n");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        errors.contains("wrong.toml:1:1") && errors.contains("missing.toml") && errors.contains("2 of 3"),
        "{errors}"
    );
}

#[test]
fn colour_is_for_terminals_only() {
    let output = bitsweep(&TempDir::new().unwrap(), &["run", "nothing"]);
    assert!(!String::from_utf8(output.stderr).unwrap().contains('\u{1b}'));
}

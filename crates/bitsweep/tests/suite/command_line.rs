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
fn every_experiment_is_described_in_twenty_lines() {
    for (name, text) in bitsweep::registry::EXPERIMENTS {
        let described = stdout(&["describe", name]);
        assert!(described.lines().count() <= 20, "{described}");
        assert!(described.lines().all(|line| line.chars().count() <= 80), "{described}");
        assert_eq!(stdout(&["describe", name, "--full"]).trim(), text.trim());
    }
    insta::assert_snapshot!(stdout(&["describe", "everything"]));
}

#[test]
fn picks_are_data() {
    let run: serde_json::Value = serde_json::from_str(&stdout(&["run", "wine-mlp", "--json", "-q"])).unwrap();
    let label_of = |key: &serde_json::Value| {
        run["results"].as_array().unwrap().iter().find(|row| row["key"] == *key).unwrap()["label"].clone()
    };
    let picks = run["picks"].as_array().unwrap();
    for (pick, (goal, margin, label, bytes)) in
        picks.iter().zip([("balance", 0.01, "4 bit", 988.0), ("least memory", 0.1, "2 bit", 562.0)])
    {
        assert_eq!(pick["comparison"], "wine · mlp(100)");
        assert_eq!((&pick["goal"], &pick["outcome"]), (&goal.into(), &"picked".into()));
        assert_eq!((&pick["metric"], &pick["confidence"]), (&"macro-f1".into(), &0.95.into()));
        assert_eq!((&pick["margin"], &pick["verdict"]), (&margin.into(), &"undecided".into()));
        let variant = &pick["variant"];
        assert_eq!((&variant["label"], &variant["bytes"]), (&label.into(), &bytes.into()));
        assert_eq!(variant["keys"].as_array().unwrap().len(), 1);
        assert_eq!(label_of(&variant["keys"][0]), label);
        let bound = |name: &str| pick["loss"][name].as_f64().unwrap();
        assert!(bound("lower_bound") < bound("value") && bound("value") < bound("upper_bound"));
        assert!(pick["rows_needed"].as_u64().unwrap() > 1_000 && pick["loss"]["rows"] == 36);
    }
    assert_eq!(picks.len(), 2);
}

#[test]
fn picks_across_models_are_data_and_stand_last_on_a_page() {
    let run: serde_json::Value =
        serde_json::from_str(&stdout(&["run", "digits-logistic", "--json", "-q"])).unwrap();
    let last = run["picks"].as_array().unwrap().last().unwrap();
    assert_eq!(last["comparison"], "digits · logistic(one-vs-rest), digits · logistic(multinomial)");
    assert_eq!(last["variant"]["task"], "digits · logistic(multinomial)");
    assert_eq!((&last["goal"], &last["verdict"]), (&"least memory".into(), &"confirmed".into()));
    insta::assert_snapshot!(stdout(&["run", "digits-logistic", "-q"]));
}

#[test]
fn a_number_of_workers_that_is_none_is_refused_in_plain_words() {
    for wrong in ["x", "0", "-1", "1.5", "70000", ""] {
        let output = Sandbox::new().run(&["run", "row-wise", &format!("--jobs={wrong}")]);
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains("expected a whole number from 1 to 1024"), "{}", said(&output));
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

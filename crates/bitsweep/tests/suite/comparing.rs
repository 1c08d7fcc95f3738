//! Results held against each other: `diff`, `check`, and their tables in other formats.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::harness::{Sandbox, printed, said, unwrapped};

const EXPERIMENT: &str = "\
title = 'gate'
seed = 0
[data.source.csv]
path = 'rows.csv'
target = 'kind'
[split.holdout]
test = 0.5
stratified = true
[model.mlp]
hidden = 8
[train]
epochs = 20
batch_size = 16
learning_rate = 0.1
[quantize.weights]
bits = [8, 4]
";

/// Rows of two classes that overlap a little; `shift` moves the features of one.
fn rows(count: u32, shift: f64) -> String {
    let row = |number: u32| {
        let class = number % 2;
        let noise = f64::from(number * 7919 % 1000) / 500.0 - 1.0;
        let (x, y) = (f64::from(class) * (1.2 + shift) + noise, f64::from(number * 31 % 17) / 8.0);
        format!("{x:.3},{y:.3},{}\n", ["no", "yes"][class as usize])
    };
    format!("x,y,kind\n{}", (0..count).map(row).collect::<String>())
}

/// A sandbox with results called `gate`, and a copy of them without predictions of its own in `kept/gate`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.put("rows.csv", rows(800, 0.0));
    sandbox.put("gate.toml", EXPERIMENT);
    run(&sandbox, &["run", "gate.toml", "-q"]);
    sandbox
}

/// Runs an experiment, whatever it says of its findings.
#[track_caller]
fn run(sandbox: &Sandbox, arguments: &[&str]) {
    sandbox.succeeds(arguments);
}

fn copy(sandbox: &Sandbox, from: &str, to: &str, files: &[&str]) {
    for file in files {
        let content = fs::read(sandbox.path(from).join(file)).unwrap();
        sandbox.put(&format!("{to}/{file}"), content);
    }
}

#[track_caller]
fn answers(output: &Output, code: i32, parts: &[&str]) {
    let all = unwrapped(&format!("{} {}", printed(output), said(output)));
    assert_eq!(output.status.code(), Some(code), "{all}");
    for part in parts {
        assert!(all.contains(part), "`{part}` is not in: {all}");
    }
}

const WHOLE: [&str; 5] =
    ["results.parquet", "picks.json", "experiment.toml", "provenance.json", "predictions.csv"];

#[test]
fn a_difference_is_told_of_settings_variants_scores_and_bytes() {
    let sandbox = sandbox();
    let changed = ["run", "gate.toml", "-q", "--name", "other", "--set", "quantize.weights.bits=[8, 2]"];
    run(&sandbox, &changed);
    let text = sandbox.succeeds(&["diff", "gate", "other"]);
    answers(
        &text,
        0,
        &[
            "A: results/gate B: results/other",
            "quantize.weights.bits: [8, 4] in A, [8, 2] in B",
            "only in A, of rows · mlp(8): 4 bit",
            "only in B, of rows · mlp(8): 2 bit",
            "the same",
            "2 variants are paired row by row over",
            "predictions of A: the store in `results/.bitsweep`",
            "by Holm",
        ],
    );
    assert!(!printed(&text).contains("rows.csv"), "the path is the same: {}", printed(&text));
    let markdown = printed(&sandbox.succeeds(&["diff", "results/gate", "other", "--format", "markdown"]));
    assert!(markdown.contains("| key "), "{markdown}");
    assert!(markdown.contains("| quantize.weights.bits | [8, 4] | [8, 2] |"), "{markdown}");
    let same = sandbox.succeeds(&["diff", "gate", "gate"]);
    answers(&same, 0, &["The configuration is the same."]);
}

#[test]
fn results_elsewhere_are_compared_by_what_they_have() {
    let sandbox = sandbox();
    // Predictions from the table, a path that leads to the same file from elsewhere.
    copy(&sandbox, "results/gate", "deep/kept/gate", &WHOLE);
    let experiment =
        sandbox.read("results/gate/experiment.toml").replace("../../rows.csv", "../../../rows.csv");
    sandbox.put("deep/kept/gate/experiment.toml", experiment);
    let output = sandbox.succeeds(&["diff", "deep/kept/gate", "gate"]);
    answers(
        &output,
        0,
        &["The configuration is the same.", "predictions of A: `predictions.csv`", "paired row by row"],
    );

    copy(&sandbox, "results/gate", "bare/gate", &["results.parquet"]);
    let output = sandbox.succeeds(&["diff", "bare/gate", "gate"]);
    let parts = [
        "Whether the configuration is the same is not known",
        "predictions of A are not known: there is no store in `bare/.bitsweep`; there is no `bare/gate/predictions.csv`",
        "not paired, as A has no predictions: float, 8 bit, 4 bit. Nothing is claimed of them.",
    ];
    answers(&output, 0, &parts);
    // A store that has them, for a folder that says which they are.
    copy(&sandbox, "results/gate", "bare/told", &["results.parquet", "experiment.toml", "provenance.json"]);
    let output = sandbox.succeeds(&["diff", "bare/told", "gate", "--store", "results/.bitsweep"]);
    answers(&output, 0, &["predictions of A: the store in `results/.bitsweep`", "paired row by row"]);
}

#[test]
fn data_that_changed_are_told_by_their_content_and_rows_that_differ_are_not_paired() {
    let sandbox = sandbox();
    sandbox.put("rows.csv", rows(600, 0.0));
    run(&sandbox, &["run", "gate.toml", "-q", "--name", "fewer"]);
    let output = sandbox.succeeds(&["diff", "gate", "fewer"]);
    let parts = [
        "data `rows`: content",
        // The store has the units of other data than those that are there now.
        "predictions of A: `predictions.csv`",
        "not paired, as the test rows differ (seed 0)",
        "Nothing is claimed",
        "A alone",
    ];
    answers(&output, 0, &parts);
    let text = sandbox.read("rows.csv").replace("yes", "jes");
    sandbox.put("rows.csv", text);
    run(&sandbox, &["run", "gate.toml", "-q", "--name", "renamed"]);
    let output = sandbox.succeeds(&["diff", "fewer", "renamed"]);
    answers(&output, 0, &["not paired, as the t"]);
    let output = sandbox.run(&["check", "fewer", "--baseline", "results/gate"]);
    answers(&output, 0, &["not paired: the test rows differ", "never that there is none"]);
}

#[test]
fn names_from_files_are_shown_and_do_nothing() {
    let sandbox = Sandbox::new();
    sandbox.put("a|b \u{1b}[31m.csv", rows(400, 0.0));
    sandbox.put("gate.toml", EXPERIMENT.replace("'rows.csv'", "\"a|b \\u001b[31m.csv\""));
    run(&sandbox, &["run", "gate.toml", "-q"]);
    for arguments in [
        &["diff", "gate", "gate"][..],
        &["diff", "gate", "gate", "--format", "markdown"],
        &["check", "gate", "--baseline", "results/gate"],
        &["export-table", "gate", "--format", "json"],
        &["export-table", "gate", "--format", "markdown"],
    ] {
        let text = printed(&sandbox.succeeds(arguments));
        assert!(text.contains("a|b") || text.contains("a\\|b"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(!(arguments.contains(&"markdown") && text.contains(" a|b")), "{text}");
    }
}

#[test]
fn what_is_no_results_folder_is_said() {
    let sandbox = sandbox();
    sandbox.put("empty/notes.txt", "nothing");
    sandbox.put("damaged/results.parquet", "PAR1");
    for (arguments, part) in [
        (
            ["diff", "gate", "nowhere"],
            "there are no results `nowhere`: neither `results/nowhere` nor `nowhere` is a folder",
        ),
        (["diff", "gate", "no/where"], "`no/where` is no folder"),
        (["diff", "empty", "gate"], "`empty` is no folder of results"),
        (["diff", "damaged", "gate"], "cannot read `damaged/results.parquet`"),
    ] {
        answers(&sandbox.run(&arguments), 2, &[part]);
    }
    answers(
        &sandbox.run(&["check", "gate", "--baseline", "nowhere"]),
        2,
        &["`nowhere` is no folder of results"],
    );
    answers(&sandbox.run(&["check", "gate", "--baseline", "empty"]), 2, &["is no folder of results"]);
    let missing = sandbox.run(&["check", "other", "--baseline", "results/gate"]);
    answers(&missing, 4, &["missing: there are no results in `results/other`"]);
    answers(&sandbox.run(&["check", "gate", "--baseline", "results/gate", "--margin", "2"]), 2, &["0 to 1"]);
}

#[test]
fn the_same_results_pass_and_worse_ones_do_not() {
    let sandbox = sandbox();
    copy(&sandbox, "results/gate", "kept/gate", &WHOLE);
    let output = sandbox.run(&["check", "gate", "--baseline", "kept/gate"]);
    answers(
        &output,
        0,
        &["same: rows · mlp(8), balance pick", "3 comparisons of macro-F1, all row by row, 0 tested"],
    );
    // A model that hardly learns.
    let held_back = ["run", "gate.toml", "-q", "--set", "train.learning_rate=0.0000001", "--name", "worse"];
    run(&sandbox, &held_back);
    let output = sandbox.run(&["check", "worse", "--baseline", "kept/gate"]);
    let text = printed(&output);
    answers(&output, 3, &["regression:", "it loses more than 0.01, at least", "by Holm"]);
    assert!(text.starts_with("regression:"), "the worst comes first: {text}");
    let output = sandbox.run(&["check", "gate", "--baseline", "results/worse"]);
    assert_ne!(output.status.code(), Some(3), "{}", printed(&output));
    // So much may be lost.
    let output = sandbox.run(&["check", "worse", "--baseline", "kept/gate", "--margin", "1"]);
    assert!(!printed(&output).contains("it loses more"), "{}", printed(&output));
}

#[test]
fn a_pick_that_grew_is_a_regression_and_one_that_shrank_is_none() {
    let sandbox = sandbox();
    for (name, bits) in [("small", "[12, 8]"), ("large", "[12]")] {
        let bits = format!("quantize.weights.bits={bits}");
        run(&sandbox, &["run", "gate.toml", "-q", "--name", name, "--set", &bits]);
    }
    let output = sandbox.run(&["check", "large", "--baseline", "results/small", "--margin", "0.5"]);
    let parts = [
        "regression: rows · mlp(8), balance pick:",
        "(12 bit)",
        "before (8 bit)",
        "missing: rows · mlp(8), 8 bit",
        "error: 1 regression of",
    ];
    answers(&output, 3, &parts);
    let output = sandbox.run(&["check", "small", "--baseline", "results/large", "--margin", "0.5"]);
    answers(&output, 0, &["improvement: rows · mlp(8), balance pick:", "balance pick, 8 bit after 12 bit"]);
}

#[test]
fn what_the_new_results_lack_is_named() {
    let sandbox = sandbox();
    copy(&sandbox, "results/gate", "kept/gate", &WHOLE);
    run(&sandbox, &["run", "gate.toml", "-q", "--set", "seed=[0, 1]", "--name", "two"]);
    let output = sandbox.run(&["check", "gate", "--baseline", "results/two"]);
    answers(&output, 4, &["missing: rows · mlp(8), float, seed 1", "paired over"]);
    let other_task = [
        "run",
        "gate.toml",
        "-q",
        "--set",
        "data.source={ csv = { path = 'same.csv', target = 'kind' } }",
        "--name",
        "other",
    ];
    sandbox.put("same.csv", rows(800, 0.0));
    run(&sandbox, &other_task);
    let output = sandbox.run(&["check", "other", "--baseline", "kept/gate"]);
    answers(&output, 4, &["missing: all of rows · mlp(8)", "0 comparisons"]);
    // Predictions that only the baseline has.
    copy(
        &sandbox,
        "results/gate",
        "bare/gate",
        &["results.parquet", "picks.json", "experiment.toml", "provenance.json"],
    );
    let output = sandbox.run(&["check", "gate", "--out", "bare", "--baseline", "kept/gate"]);
    answers(
        &output,
        4,
        &["missing: the predictions of the new results: there is no store in `bare/.bitsweep`"],
    );
    // A pick that is not told any more.
    fs::remove_file(sandbox.path("bare/gate/picks.json")).unwrap();
    let output = sandbox.run(&["check", "gate", "--out", "bare", "--baseline", "kept/gate"]);
    answers(&output, 4, &["balance pick of the new results: cannot read `bare/gate/picks.json`"]);
}

#[test]
fn a_baseline_without_predictions_is_never_passed_in_silence() {
    let sandbox = sandbox();
    copy(&sandbox, "results/gate", "bare/gate", &["results.parquet"]);
    let output = sandbox.run(&["check", "gate", "--baseline", "bare/gate"]);
    let parts = [
        "undecided: rows · mlp(8), float",
        "not paired: the baseline has no predictions",
        "cannot show that there is none",
        "the baseline does not tell its pick",
        "The baseline has no predictions: there is no store",
    ];
    answers(&output, 0, &parts);
    let held_back = ["run", "gate.toml", "-q", "--set", "train.learning_rate=0.0000001", "--name", "worse"];
    run(&sandbox, &held_back);
    let output = sandbox.run(&["check", "worse", "--baseline", "bare/gate"]);
    let text = printed(&output);
    assert!(text.contains("the intervals show a loss above 0.01"), "{text}");
    assert_eq!(output.status.code(), Some(3), "{text}");
    // A metric of which the table has no interval cannot be compared without predictions.
    run(&sandbox, &["run", "gate.toml", "-q", "--set", "pick.metric={ recall = 'yes' }", "--name", "recall"]);
    let output = sandbox.run(&["check", "recall", "--baseline", "bare/gate"]);
    answers(&output, 4, &["it cannot be compared, as no interval is known"]);
}

#[test]
fn predictions_that_do_not_give_the_scores_are_not_believed() {
    let sandbox = sandbox();
    copy(&sandbox, "results/gate", "kept/gate", &WHOLE);
    let swapped = sandbox.read("kept/gate/predictions.csv").replacen(",yes\n", ",no\n", 60);
    sandbox.put("kept/gate/predictions.csv", swapped);
    let output = sandbox.succeeds(&["diff", "kept/gate", "gate"]);
    answers(&output, 0, &["do not give the scores of the results table"]);
    let cut = sandbox.read("results/gate/predictions.csv");
    sandbox.put("kept/gate/predictions.csv", &cut[..cut.len() - 40]);
    let output = sandbox.succeeds(&["diff", "kept/gate", "gate"]);
    answers(&output, 0, &["predictions of A are not known"]);
}

#[test]
fn log_losses_are_paired_from_the_store_and_not_from_the_table() {
    let sandbox = Sandbox::new();
    sandbox.put("rows.csv", rows(400, 0.0));
    sandbox.put("gate.toml", format!("{EXPERIMENT}[pick]\nmetric = 'log-loss'\n"));
    run(&sandbox, &["run", "gate.toml", "-q"]);
    answers(&sandbox.succeeds(&["diff", "gate", "gate"]), 0, &["log loss", "the same", "paired row by row"]);
    copy(&sandbox, "results/gate", "kept/gate", &WHOLE);
    let output = sandbox.run(&["check", "gate", "--baseline", "kept/gate"]);
    // The data are where the copy's path does not lead: the store does not help.
    answers(&output, 4, &["the log loss of each test row is not known", "it cannot be compared"]);
}

#[test]
fn a_table_is_the_same_in_every_format() {
    let sandbox = sandbox();
    let csv = sandbox.succeeds(&["export-table", "gate", "--format", "csv"]);
    assert_eq!(csv.stdout, fs::read(sandbox.path("results/gate/results.csv")).unwrap());
    let json = sandbox.succeeds(&["export-table", "gate", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let header = printed(&csv).lines().next().unwrap().to_owned();
    let rows = json.as_array().unwrap();
    assert_eq!(rows.len(), printed(&csv).lines().count() - 1);
    for row in rows {
        assert!(row.as_object().unwrap().keys().all(|key| header.split(',').any(|name| name == key)));
    }
    run(&sandbox, &["export-table", "results/gate", "--format", "parquet", "--out", "mine.parquet"]);
    let (ours, theirs) = ("mine.parquet", "results/gate/results.parquet");
    let [ours, theirs] = [ours, theirs].map(|name| fs::read(sandbox.path(name)).unwrap());
    assert_eq!(ours, theirs);
    let markdown =
        printed(&sandbox.succeeds(&["export-table", "gate", "--format", "markdown", "--table", "verdicts"]));
    let widths: Vec<usize> = markdown.lines().map(|line| line.matches(" |").count()).collect();
    assert!(widths.len() >= 4 && widths.windows(2).all(|pair| pair[0] == pair[1]), "{markdown}");
    for (arguments, part) in [
        (&["--format", "parquet"][..], "Parquet is not for standard output"),
        (&["--format", "parquet", "--table", "verdicts", "--out", "x"], "only `results` is"),
        (&["--format", "json", "--table", "values"], "values.csv`"),
        (&["--format", "json", "--table", "nothing"], "possible values"),
    ] {
        let arguments: Vec<&str> = ["export-table", "gate"].iter().chain(arguments).copied().collect();
        answers(&sandbox.run(&arguments), 2, &[part]);
    }
}

#[test]
fn every_table_of_committed_results_is_an_object_a_row() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results");
    let sandbox = Sandbox::new();
    let mut tables = 0;
    for folder in ["wine-mlp", "digits-logistic", "row-wise"] {
        for entry in fs::read_dir(results.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "csv") {
                continue;
            }
            let table = path.file_stem().unwrap().to_str().unwrap();
            let arguments = ["export-table", folder, "--format", "json", "--table", table, "--results"];
            let arguments: Vec<&str> = arguments.into_iter().chain([results.to_str().unwrap()]).collect();
            let json: serde_json::Value =
                serde_json::from_slice(&sandbox.succeeds(&arguments).stdout).unwrap();
            let rows = csv::Reader::from_path(&path).unwrap().into_records().count();
            assert_eq!(json.as_array().unwrap().len(), rows, "{folder}, {table}");
            tables += 1;
        }
    }
    assert!(tables > 15, "{tables}");
}

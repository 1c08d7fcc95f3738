//! What fails leaves the rest as it is: rows with reasons, exit codes, and what a plan can foresee.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use bitsweep::failure::Failure;
use bitsweep::plan::Foreseen;
use bitsweep_results::{Labels, PickRule, Records, summarize};
use tempfile::TempDir;

use crate::harness::{experiment, planned, run, run_while};

fn case(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/cases").join(name)).unwrap()
}

/// Thirty seeds, of which one leaves no training row of a class.
fn one_bad_seed() -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["case.toml", "d.csv"] {
        fs::write(folder.path().join(name), case(&format!("one-bad-seed/{name}"))).unwrap();
    }
    folder
}

fn bitsweep(folder: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bitsweep")).args(arguments).current_dir(folder).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The rows of `results.csv`, each with the columns that are asked for.
fn results<const N: usize>(folder: &TempDir, experiment: &str, columns: [&str; N]) -> Vec<[String; N]> {
    let path = folder.path().join("results").join(experiment).join("results.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let positions = columns.map(|name| header.iter().position(|column| column == name).unwrap());
    reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            positions.map(|position| row[position].to_owned())
        })
        .collect()
}

const NO_TRAINING_ROW: &str = "has no training row: expected at least one of each of the 3 classes";

#[test]
fn a_seed_that_fails_is_listed_with_its_reason_and_leaves_the_others() {
    let folder = one_bad_seed();
    let output = bitsweep(&folder, &["run", "case.toml"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("3 of 90 rows failed"), "{}", stderr(&output));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("29 seeds"), "{printed}");
    assert!(
        printed.contains("failed:\n  all variants of ") && printed.contains(NO_TRAINING_ROW),
        "{printed}"
    );

    let rows = results(&folder, "case", ["seed", "variant", "label", "macro_f1", "failure_kind", "failure"]);
    assert_eq!(rows.len(), 29 * 3 + 1);
    let (failed, measured): (Vec<_>, Vec<_>) = rows.iter().partition(|row| !row[5].is_empty());
    assert!(measured.iter().all(|row| !row[3].is_empty() && row[4].is_empty()));
    let [[seed, variant, label, macro_f1, kind, reason]] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!([seed, variant, label, macro_f1, kind], ["26", "0", "float", "", "training"]);
    assert!(reason.contains(NO_TRAINING_ROW), "{reason}");
    assert!(folder.path().join("results/case/report.md").is_file());
}

#[test]
fn the_report_lists_what_failed() {
    let folder = one_bad_seed();
    bitsweep(&folder, &["run", "case.toml", "--quiet"]);
    let report = fs::read_to_string(folder.path().join("results/case/report.md")).unwrap();
    assert!(report.contains("What failed") && report.contains(NO_TRAINING_ROW), "{report}");
}

#[test]
fn statistics_are_those_of_the_seeds_that_were_measured() {
    let folder = one_bad_seed();
    let path = folder.path().join("d.csv");
    let text = case("one-bad-seed/case.toml").replace("\"d.csv\"", &format!("{path:?}"));
    let summarized = |records: &Records| {
        summarize(&records.results, &Labels::of_rows(&records.results), &PickRule::default())
    };
    let all = summarized(&run(&text).unwrap());
    assert_eq!((all.units, all.units_with_results, all.failures.len()), (30, 29, 1));
    let [comparison] = all.comparisons.as_slice() else { panic!("one task") };
    assert_eq!((comparison.units, comparison.failed_units), (29, 1));
    let without = summarized(&run(&text.replace("25, 26, 27", "25, 27")).unwrap());
    let mean = |summary: &bitsweep_results::Summary| {
        summary.comparisons[0].variants.iter().map(|variant| variant.scores.clone()).collect::<Vec<_>>()
    };
    assert_eq!(mean(&all), mean(&without));
}

#[test]
fn a_variant_that_fails_leaves_its_siblings_and_their_numbers() {
    let sibling = "[[quantize]]\nweights = { bits = 4 }\n";
    let failing =
        "[[quantize]]\nweights = { bits = 4 }\ntraining = { method = \"lsq\", learning_rate = 1e30 }\n";
    let alone = run(&experiment(sibling)).unwrap();
    let both = run(&experiment(&format!("{failing}{sibling}"))).unwrap();
    assert_eq!(both.results.len(), 3);
    assert!(both.results[1].result.is_err());
    assert_eq!(alone.results[0].result, both.results[0].result);
    assert_eq!(alone.results[1].result, both.results[2].result);
    assert_eq!(alone.results[1].key, both.results[2].key);
}

#[test]
fn failures_do_not_depend_on_the_number_of_workers() {
    let folder = one_bad_seed();
    for (out, jobs) in [("one", "1"), ("three", "3")] {
        bitsweep(&folder, &["run", "case.toml", "--out", out, "--jobs", jobs, "--quiet"]);
    }
    for name in ["results.csv", "predictions.csv", "tensors.csv", "provenance.json"] {
        let read = |out: &str| fs::read(folder.path().join(out).join("case").join(name)).unwrap();
        assert!(read("one") == read("three"), "{name}");
    }
}

#[test]
fn a_run_in_which_nothing_could_be_measured_writes_nothing_and_says_why() {
    let folder = one_bad_seed();
    // All rows of a class are test rows for this seed.
    let output = bitsweep(&folder, &["run", "case.toml", "--set", "seed=26"]);
    assert_eq!(output.status.code(), Some(1));
    let error = stderr(&output);
    assert!(error.contains("nothing could be measured") && error.contains("seed 26"), "{error}");
    assert!(error.contains(NO_TRAINING_ROW), "{error}");
    assert_eq!(fs::read_dir(folder.path().join("results")).unwrap().count(), 0);
}

#[test]
fn a_run_in_which_nothing_could_be_measured_leaves_earlier_results() {
    let folder = one_bad_seed();
    assert!(bitsweep(&folder, &["run", "case.toml", "--set", "seed=1"]).status.success());
    let results = folder.path().join("results/case/results.csv");
    let earlier = fs::read(&results).unwrap();
    assert_eq!(bitsweep(&folder, &["run", "case.toml", "--set", "seed=26"]).status.code(), Some(1));
    assert_eq!(fs::read(results).unwrap(), earlier);
}

#[test]
fn an_interrupted_run_of_many_units_has_no_records() {
    let text = experiment("[quantize.weights]\nbits = [8, 4]\n");
    let text = format!("seed = [1, 2, 3, 4, 5]\n{text}");
    for steps in [0, 1, 5, 20] {
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let keep_going = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < steps;
        assert!(matches!(run_while(&text, &keep_going), Err(Failure::Interrupted)), "{steps} steps");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_ends_with_1_and_writes_nothing() {
    let folder = TempDir::new().unwrap();
    let text =
        experiment("[quantize.weights]\nbits = [8, 4]\n").replace("epochs = 5", "epochs = [5, 100000000]");
    fs::write(folder.path().join("mine.toml"), format!("seed = [1, 2, 3]\n{text}")).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_bitsweep"))
        .args(["run", "mine.toml", "--jobs", "2"])
        .current_dir(&folder)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let started = std::time::Instant::now();
    let entries = || fs::read_dir(folder.path().join("results")).map_or(0, Iterator::count);
    while entries() == 0 {
        assert!(started.elapsed().as_secs() < 60, "the run does not start");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("interrupted: nothing was written"), "{}", stderr(&output));
    assert_eq!(entries(), 0);
}

#[test]
fn a_plan_foresees_a_class_with_fewer_rows_than_the_split_needs() {
    let folder = one_bad_seed();
    fs::write(folder.path().join("d.csv"), "x1,x2,y\n1,2,a\n2,1,a\n3,5,a\n4,4,a\n5,3,rare\n").unwrap();
    let text = case("one-bad-seed/case.toml").replace("test = 0.4", "test = 2\nstratified = true");
    fs::write(folder.path().join("case.toml"), text).unwrap();
    let seeds = ["case.toml", "--set", "seed=[1, 2]"];
    let output = bitsweep(&folder, &[&["plan"][..], &seeds].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let printed = String::from_utf8(output.stdout).unwrap();
    let foreseen: Vec<&str> = printed.lines().filter_map(|line| line.split("will fail: ").nth(1)).collect();
    let [reason, other] = foreseen.as_slice() else { panic!("{printed}") };
    assert_eq!(reason, other);
    assert!(reason.contains("only one row") && reason.contains("at least 2"), "{reason}");
    let json = bitsweep(&folder, &[&["plan", "--json"][..], &seeds].concat());
    let units: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(units.as_array().unwrap().iter().all(|unit| unit["will_fail"] == *reason), "{units}");
    // What is foreseen is what happens.
    let run = bitsweep(&folder, &[&["run"][..], &seeds].concat());
    assert_eq!(run.status.code(), Some(1));
    assert!(stderr(&run).contains(reason), "{}", stderr(&run));
}

#[test]
fn a_plan_foresees_more_calibration_rows_than_training_rows() {
    let methods =
        "[quantize]\nmethod = \"gptq\"\ncalibration.rows = [142, 143]\n[quantize.weights]\nbits = 4\n";
    let activations = "[quantize]\nactivations = { bits = 8, mode = \"static\" }\ncalibration.rows = 143\n\
                       training = { method = \"lsq\" }\n[quantize.weights]\nbits = 4\n";
    for quantize in [methods, activations] {
        let plan = planned(&experiment(quantize)).unwrap();
        let foreseen = plan.foreseen_failures();
        let [Foreseen { unit, variant: Some(variant), reason }] = foreseen.as_slice() else {
            panic!("{quantize}")
        };
        assert_eq!(unit.key, plan.units[0].key);
        let last = plan.units[0].variants.last().unwrap();
        assert_eq!(variant.variant, last.variant);
        assert_eq!(
            reason,
            "`calibration.rows = 143` but there are 142 training rows: expected at most as many"
        );
        let failures: Vec<String> = run(&experiment(quantize))
            .unwrap()
            .results
            .iter()
            .filter_map(|row| row.result.as_ref().err().map(ToString::to_string))
            .collect();
        assert_eq!(failures, [reason.as_str()]);
    }
    let fitting = experiment("[quantize]\ncalibration.rows = 142\n[quantize.weights]\nbits = 4\n");
    assert!(planned(&fitting).unwrap().foreseen_failures().is_empty());
}

//! What fails leaves the rest as it is: rows with reasons, exit codes, and what a plan can foresee.

use std::fs;
use std::path::Path;

use bitsweep::foresight::{Foreseen, foresee};
use bitsweep_results::{Labels, PickRule, Records, summarize};

use crate::harness::{Sandbox, experiment, planned, printed, run, said, unwrapped};

fn case(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/cases").join(name)).unwrap()
}

/// Thirty seeds, of which one leaves no training row of a class.
fn one_bad_seed() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["case.toml", "d.csv"] {
        sandbox.put(name, case(&format!("one-bad-seed/{name}")));
    }
    sandbox
}

/// The rows of `results.csv`, each with the columns that are asked for.
fn results<const N: usize>(sandbox: &Sandbox, experiment: &str, columns: [&str; N]) -> Vec<[String; N]> {
    let path = sandbox.path("results").join(experiment).join("results.csv");
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
    let sandbox = one_bad_seed();
    let output = sandbox.run(&["run", "case.toml"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("3 of 90 rows failed"), "{}", said(&output));
    let printed = unwrapped(&printed(&output));
    assert!(printed.contains("29 seeds"), "{printed}");
    assert!(printed.contains("failed: all variants of ") && printed.contains(NO_TRAINING_ROW), "{printed}");

    let rows = results(&sandbox, "case", ["seed", "variant", "label", "macro_f1", "failure_kind", "failure"]);
    // Float model, two variants and majority class of each seed but one.
    assert_eq!(rows.len(), 29 * 4 + 1);
    let (failed, measured): (Vec<_>, Vec<_>) = rows.iter().partition(|row| !row[5].is_empty());
    assert!(measured.iter().all(|row| !row[3].is_empty() && row[4].is_empty()));
    let [[seed, variant, label, macro_f1, kind, reason]] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!([seed, variant, label, macro_f1, kind], ["26", "0", "float", "", "training"]);
    assert!(reason.contains(NO_TRAINING_ROW), "{reason}");
    assert!(sandbox.path("results/case/report.md").is_file());
}

#[test]
fn the_report_lists_what_failed() {
    let sandbox = one_bad_seed();
    sandbox.run(&["run", "case.toml", "--quiet"]);
    let report = sandbox.read("results/case/report.md");
    assert!(report.contains("What failed") && report.contains(NO_TRAINING_ROW), "{report}");
}

#[test]
fn statistics_are_those_of_the_seeds_that_were_measured() {
    let sandbox = one_bad_seed();
    let path = sandbox.path("d.csv");
    let text = case("one-bad-seed/case.toml").replace("\"d.csv\"", &format!("{path:?}"));
    let summarized =
        |records: &Records| summarize(records, &Labels::of_rows(&records.results), &PickRule::default());
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
    let sandbox = one_bad_seed();
    for (out, jobs) in [("one", "1"), ("three", "3")] {
        sandbox.run(&["run", "case.toml", "--out", out, "--jobs", jobs, "--quiet"]);
    }
    for name in ["results.csv", "predictions.csv", "tensors.csv", "provenance.json"] {
        let read = |out: &str| fs::read(sandbox.path(out).join("case").join(name)).unwrap();
        assert!(read("one") == read("three"), "{name}");
    }
}

#[test]
fn a_run_in_which_nothing_could_be_measured_writes_nothing_and_says_why() {
    let sandbox = one_bad_seed();
    // All rows of a class are test rows for this seed.
    let output = sandbox.run(&["run", "case.toml", "--set", "seed=26"]);
    assert_eq!(output.status.code(), Some(2));
    let error = said(&output);
    assert!(error.contains("class `rare` ") && error.contains("case.toml:"), "{error}");
    assert!(error.contains(NO_TRAINING_ROW), "{error}");
    assert!(!sandbox.path("results").exists());
}

#[test]
fn a_run_in_which_nothing_could_be_measured_leaves_earlier_results() {
    let sandbox = one_bad_seed();
    let named = |seed: &str| sandbox.run(&["run", "case.toml", "--set", seed, "--name", "one"]);
    assert!(named("seed=1").status.success());
    let results = sandbox.path("results/one/results.csv");
    let earlier = fs::read(&results).unwrap();
    assert_eq!(named("seed=26").status.code(), Some(2));
    assert_eq!(fs::read(results).unwrap(), earlier);
}

#[test]
fn a_plan_foresees_a_class_with_fewer_rows_than_the_split_needs() {
    let sandbox = one_bad_seed();
    sandbox.put("d.csv", "x1,x2,y\n1,2,a\n2,1,a\n3,5,a\n4,4,a\n5,3,rare\n");
    let text = case("one-bad-seed/case.toml").replace("test = 0.4", "test = 2\nstratified = true");
    sandbox.put("case.toml", text);
    // With one class too small nothing is left; another file is split well.
    let seeds = ["case.toml", "--set", "seed=[1, 2]"];
    let refused = sandbox.run(&[&["plan"][..], &seeds].concat());
    assert_eq!(refused.status.code(), Some(2));
    let reason = "class `rare` has only one row (line 6 of `d.csv`): a stratified split needs at least 2 of each class";
    assert!(said(&refused).contains(reason), "{}", said(&refused));
    sandbox.put("e.csv", "x1,x2,y\n1,2,a\n2,1,a\n3,5,b\n4,4,b\n5,3,b\n");
    let seeds = [&seeds[..], &["--set", "data.source.csv.path=[\"d.csv\", \"e.csv\"]"]].concat();
    let output = sandbox.run(&[&["plan"][..], &seeds].concat());
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let printed = printed(&output);
    let foreseen: Vec<&str> = printed.lines().filter_map(|line| line.split("will fail: ").nth(1)).collect();
    assert_eq!(foreseen, [reason, reason]);
    assert!(said(&output).contains("2 of 4 units will fail"), "{}", said(&output));
    assert!(said(&output).contains("6 of 12 rows will fail"), "{}", said(&output));
    let json = sandbox.run(&[&["plan", "--json"][..], &seeds].concat());
    let planned: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let units = &planned["units"];
    let failing = units.as_array().unwrap().iter().filter(|unit| unit["will_fail"] == reason);
    assert_eq!(failing.count(), 2, "{units}");
    // What is foreseen is what happens.
    let run = sandbox.run(&[&["run"][..], &seeds].concat());
    assert_eq!(run.status.code(), Some(3));
    assert!(said(&run).contains("6 of 12 rows failed"), "{}", said(&run));
}

#[test]
fn a_plan_foresees_more_calibration_rows_than_training_rows() {
    let methods =
        "[quantize]\nmethod = \"gptq\"\ncalibration.rows = [142, 143]\n[quantize.weights]\nbits = 4\n";
    let activations = "[quantize]\nactivations = { bits = 8, mode = \"static\" }\ncalibration.rows = [1, 143]\n\
                       training = { method = \"lsq\" }\n[quantize.weights]\nbits = 4\n";
    let reason = "`calibration.rows = 143` but there are 142 training rows: expected at most as many";
    for quantize in [methods, activations] {
        let plan = planned(&experiment(quantize)).unwrap();
        let foreseen = foresee(&plan).unwrap();
        let [Foreseen { unit: 0, variant: Some(variant), diagnostic }] = foreseen.as_slice() else {
            panic!("{quantize}: {foreseen:?}")
        };
        assert_eq!(*variant, plan.units[0].variants.len() - 1);
        assert_eq!(foreseen[0].rows(&plan), 1);
        assert_eq!(diagnostic.message(), reason);
        let failures: Vec<String> = run(&experiment(quantize))
            .unwrap()
            .results
            .iter()
            .filter_map(|row| row.result.as_ref().err().map(ToString::to_string))
            .collect();
        assert_eq!(failures, [reason]);
    }
    let rows = |rows: usize| {
        experiment(&format!("[quantize]\ncalibration.rows = {rows}\n[quantize.weights]\nbits = 4\n"))
    };
    assert!(foresee(&planned(&rows(142)).unwrap()).unwrap().is_empty());
    // Nothing would be left to run.
    let error = foresee(&planned(&rows(143)).unwrap()).unwrap_err().to_string();
    assert!(error.contains(reason) && error.contains("mine.toml:14:20"), "{error}");
}

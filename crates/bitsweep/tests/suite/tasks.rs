//! What is compared with what: every dataset, target, model and tensor is a task of its own, and has a name of its own.

use std::fs;
use std::path::{Path, PathBuf};

use bitsweep_results::{Flag, Labels, PickRule, Records, Summary, distinct_names, summarize};
use tempfile::TempDir;

use crate::harness::{flags, run, scores};

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/cases").join(name)
}

/// The summary of a run, its tasks known to have names of their own.
#[track_caller]
fn summary(text: &str) -> (Records, Summary) {
    let records = run(text).unwrap_or_else(|failure| panic!("{failure}\n{text}"));
    let summary = summarize(&records, &Labels::of_rows(&records.results), &PickRule::default());
    let mut names: Vec<&str> = summary.comparisons.iter().map(|comparison| comparison.name()).collect();
    let tasks: Vec<_> = summary.comparisons.iter().map(|comparison| &*comparison.task).collect();
    assert!(distinct_names(&tasks).iter().all(|name| !name.ends_with(')')), "{:?}", distinct_names(&tasks));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), summary.comparisons.len(), "{names:?}");
    (records, summary)
}

/// The macro-F1 of the float model of each task, none of them a mean of several units.
fn float_scores(summary: &Summary) -> Vec<f64> {
    let score = |comparison: &bitsweep_results::Comparison| {
        assert_eq!(comparison.units, 1, "{}", comparison.name());
        let float = &comparison.variants[comparison.float.unwrap()];
        float.scores.as_ref().unwrap().macro_f1.mean
    };
    summary.comparisons.iter().map(score).collect()
}

/// The experiment with these lines of `[data]`, a logistic regression, 4 and 2 bits.
fn of_data(data: &str) -> String {
    format!(
        "title = \"t\"\n{data}[split.holdout]\ntest = 0.25\nstratified = true\n[model.logistic]\n\
         [quantize.weights]\nbits = [4, 2]\n"
    )
}

#[test]
fn datasets_of_one_file_name_in_two_folders_are_two_tasks() {
    let text = fs::read_to_string(case("same-name/paths.toml")).unwrap();
    let absolute = |name: &str| format!("{:?}", case("same-name").join(name).to_str().unwrap());
    let text = text
        .replace("\"a/data.csv\"", &absolute("a/data.csv"))
        .replace("\"b/data.csv\"", &absolute("b/data.csv"));
    let (records, summary) = summary(&text);
    let scores: Vec<String> = float_scores(&summary).iter().map(|score| format!("{score:.4}")).collect();
    assert_eq!(scores, ["1.0000", "0.5249"]);
    assert_eq!(records.results.len(), 6);
    let names: Vec<&str> = summary.comparisons.iter().map(|comparison| comparison.name()).collect();
    assert!(names[0].contains("a") && names[1].contains("b"), "{names:?}");
}

#[test]
fn the_same_rows_in_two_folders_are_two_tasks_that_agree() {
    let folder = TempDir::new().unwrap();
    let paths = ["a", "b"].map(|name| {
        let path = folder.path().join(name);
        fs::create_dir(&path).unwrap();
        fs::copy(case("same-name/a/data.csv"), path.join("data.csv")).unwrap();
        path.join("data.csv")
    });
    let text = of_data(&format!("[data.source.csv]\npath = {paths:?}\ntarget = \"y\"\n"));
    let (_, summary) = summary(&text);
    let scores = float_scores(&summary);
    assert_eq!(scores.len(), 2);
    assert_eq!(scores[0], scores[1]);
}

#[test]
fn two_targets_of_one_file_are_two_tasks() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.csv");
    // `easy` is a threshold of the first column, `hard` has nothing to do with either.
    let rows: String =
        (0..40).map(|row| format!("{row},{},{},{}\n", row % 7, row / 20, row * row / 3 % 2)).collect();
    fs::write(&path, format!("a,b,easy,hard\n{rows}")).unwrap();
    let text = of_data(&format!(
        "[data]\nscale = \"standard\"\n[data.source.csv]\npath = {path:?}\ntarget = [\"easy\", \"hard\"]\n"
    ));
    let (records, summary) = summary(&text);
    let names: Vec<&str> = summary.comparisons.iter().map(|comparison| comparison.name()).collect();
    assert!(names[0].contains("easy") && names[1].contains("hard"), "{names:?}");
    // Neither is a feature for the other.
    assert!(records.results.iter().all(|row| row.origin.unit.shape.unwrap().features == 2));
    float_scores(&summary);
}

#[test]
fn a_file_called_wine_is_not_the_wine_that_is_built_in() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("wine.csv");
    fs::copy(case("same-name/b/data.csv"), &path).unwrap();
    let text =
        of_data(&format!("[data]\nsource = [\"wine\", {{ csv = {{ path = {path:?}, target = \"y\" }} }}]\n"));
    let (_, summary) = summary(&text);
    let scores = float_scores(&summary);
    assert_eq!(scores.len(), 2);
    assert_ne!(scores[0], scores[1]);
}

#[test]
fn one_dataset_read_in_two_ways_is_two_tasks() {
    let text = of_data("[[data]]\nsource = \"wine\"\n[[data]]\nsource = \"wine\"\nscale = \"standard\"\n");
    let (records, summary) = summary(&text);
    assert_eq!(float_scores(&summary).len(), 2);
    let settings: Vec<_> = records.results.iter().map(|row| row.origin.unit.task.settings.clone()).collect();
    assert!(settings[0].iter().any(|(key, _)| key == "data.scale"), "{settings:?}");
}

#[test]
fn one_path_read_with_two_delimiters_is_two_tasks() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.csv");
    let rows: String = (0..40).map(|row| format!("{row};{};k{}\n", row % 7, row / 20)).collect();
    fs::write(&path, format!("a;b;kind\n{rows}")).unwrap();
    let one = format!("csv = {{ path = {path:?}, target = 3, delimiter = \";\" }}");
    let other = format!(
        "csv = {{ path = {path:?}, target = 3, delimiter = \";\", class_names = [\"low\", \"high\"] }}"
    );
    let text = of_data(&format!("[data]\nsource = [{{ {one} }}, {{ {other} }}]\n"));
    let (_, summary) = summary(&text);
    assert_eq!(float_scores(&summary).len(), 2);
}

#[test]
fn two_tensors_of_one_name_are_two_tasks() {
    let text = "title = \"t\"\n[[tensor]]\nname = \"t\"\nvalues = [1, 2, 4]\n\
                [[tensor]]\nname = \"t\"\nvalues = [1, 2, 50]\n[quantize.weights]\nbits = [4, 2]\n";
    let (records, summary) = summary(text);
    assert_eq!(summary.comparisons.len(), 2);
    assert_eq!(records.results.len(), 6);
    assert!(summary.comparisons.iter().all(|comparison| comparison.units == 1));
    let error = |task: usize| summary.comparisons[task].variants[1].sse.mean;
    assert_ne!(error(0), error(1));
}

#[test]
fn seeds_are_units_of_one_task_and_everything_else_makes_another() {
    let text = crate::harness::experiment("[quantize.weights]\nbits = 4\n");
    let text = format!("seed = [1, 2, 3]\n{text}").replace("epochs = 5", "epochs = [1, 2]");
    let (_, summary) = summary(&text.replace("hidden = 8", "hidden = [8, [8, 4]]"));
    assert_eq!(summary.comparisons.len(), 4);
    assert!(summary.comparisons.iter().all(|comparison| comparison.units == 3));
    let names: Vec<&str> = summary.comparisons.iter().map(|comparison| comparison.name()).collect();
    assert!(names.iter().all(|name| name.contains("epochs")), "{names:?}");
}

#[test]
fn variants_of_a_unit_are_scored_over_the_same_classes() {
    let text = fs::read_to_string(case("untested-class/case.toml")).unwrap();
    let path = case("untested-class/d.csv");
    let (records, summary) = summary(&text.replace("\"d.csv\"", &format!("{path:?}")));
    let scores: Vec<String> =
        records.results.iter().map(|row| format!("{:.4}", scores(row).macro_f1.value)).collect();
    // With seed 1 there is no test row of class `rare`, which 1 bit predicts once.
    assert_eq!((&*scores[3], &*scores[5]), ("0.9576", "0.9283"));
    let untested = Flag::UntestedClasses { count: 1, first: vec!["rare".to_owned()] };
    let flagged: Vec<bool> = records.results.iter().map(|row| flags(row).contains(&untested)).collect();
    assert_eq!(flagged, [false, false, false, true, true, true]);
    let float = &summary.comparisons[0].variants[0];
    assert_eq!(float.flags, [(untested, 1)]);
}

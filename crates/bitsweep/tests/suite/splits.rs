//! Folds, repeats and validation rows: from the file to the tables.

use std::collections::{BTreeMap, BTreeSet};

use bitsweep_results::{Predictions, Records, ResultRow};

use crate::harness::{Sandbox, experiment, planned, printed, refused, run, said, scores};

/// A small network on wine that is split in this way.
fn split(table: &str, lines: &str) -> String {
    experiment("[quantize.weights]\nbits = [4, 2]\n")
        .replace("[split.holdout]\ntest = 0.2\n", &format!("[split.{table}]\n{lines}\n"))
}

fn test_rows(predictions: &Predictions) -> BTreeSet<u32> {
    predictions.rows.iter().copied().collect()
}

/// The seed and the fold of each unit, in order.
fn runs(records: &Records) -> Vec<(u64, Option<usize>)> {
    let mut runs: Vec<_> =
        records.results.iter().map(|row| (row.origin.unit.seed, row.origin.unit.fold)).collect();
    runs.dedup();
    runs
}

#[test]
fn each_fold_is_a_unit_of_one_task_and_tests_rows_of_its_own() {
    let text = format!("seed = [3, 4]\n{}", split("k-fold", "folds = 3\nstratified = true"));
    let records = run(&text).unwrap();
    let folds = [Some(0), Some(1), Some(2)];
    assert_eq!(runs(&records), [3, 4].map(|seed| folds.map(|fold| (seed, fold))).concat());
    let tasks: BTreeSet<_> = records.results.iter().map(|row| row.origin.unit.task.key).collect();
    let units: BTreeSet<_> = records.results.iter().map(|row| row.origin.unit.key).collect();
    assert_eq!((tasks.len(), units.len()), (1, 6));
    for of_seed in records.predictions.chunks(3) {
        let mut rows: Vec<u32> = of_seed.iter().flat_map(|own| own.rows.to_vec()).collect();
        rows.sort_unstable();
        assert!(rows.into_iter().eq(0..178));
    }
    assert_ne!(test_rows(&records.predictions[0]), test_rows(&records.predictions[3]));
}

#[test]
fn the_first_repeat_is_the_split_of_an_experiment_without_repeats() {
    let once = run(&split("holdout", "test = 0.2")).unwrap();
    let several = run(&split("holdout", "test = 0.2\nrepeats = 3")).unwrap();
    assert_eq!(runs(&once), [(0, None)]);
    assert_eq!(runs(&several), [(0, Some(0)), (0, Some(1)), (0, Some(2))]);
    let own = |row: &ResultRow| (row.key, scores(row).clone(), row.origin.unit.task.key);
    let first: Vec<_> = several.results.iter().take(once.results.len()).map(own).collect();
    assert_eq!(once.results.iter().map(own).collect::<Vec<_>>(), first);
    assert_eq!(once.predictions[0].rows, several.predictions[0].rows);
    let sets: BTreeSet<_> = several.predictions.iter().map(test_rows).collect();
    assert_eq!(sets.len(), 3);
    // More repeats move none of those before.
    let more = run(&split("holdout", "test = 0.2\nrepeats = 4")).unwrap();
    assert_eq!(more.results[..several.results.len()].iter().map(own).collect::<Vec<_>>(), {
        several.results.iter().map(own).collect::<Vec<_>>()
    });
}

#[test]
fn only_the_split_differs_between_repeats() {
    // Without an epoch that changes anything the weights are those of the seed, whatever the rows.
    let text =
        split("holdout", "test = 0.2\nrepeats = 2").replace("learning_rate = 0.1", "learning_rate = 1e-30");
    let records = run(&text).unwrap();
    let errors = |fold: usize| {
        let own = records.results.iter().filter(move |row| row.origin.unit.fold == Some(fold));
        own.map(|row| row.measures().unwrap().error.sse).collect::<Vec<_>>()
    };
    assert_eq!(errors(0), errors(1));
}

#[test]
fn validation_rows_leave_test_rows_and_no_training_uses_them() {
    let without = run(&split("holdout", "test = 0.2\nstratified = true")).unwrap();
    let with = run(&split("holdout", "test = 0.2\nstratified = true\nvalidation = 0.25")).unwrap();
    let (own, other) = (&with.predictions[0], &without.predictions[0]);
    assert_eq!((&own.rows, &own.truth), (&other.rows, &other.truth));
    assert_eq!(other.validation, None);
    let validation = own.validation.as_ref().unwrap();
    // A quarter of all 178 rows.
    assert_eq!((validation.rows.len(), validation.truth.len(), validation.float.len()), (45, 45, 45));
    let tested = test_rows(own);
    assert!(validation.rows.iter().all(|row| !tested.contains(row)));
    let shape = with.results[0].origin.unit.shape.unwrap();
    assert_eq!((shape.train_rows, shape.validation_rows, shape.test_rows), (97, 45, 36));
    let positions: Vec<usize> = validation.variants.iter().map(|(position, ..)| *position).collect();
    assert_eq!(positions, [0, 1, 2]);
    assert_eq!(validation.variants[0].2, validation.float);
    assert!(validation.variants.iter().all(|(.., classes)| classes.len() == 45));
    assert_ne!(with.results[0].key, without.results[0].key);
}

/// Neither training, calibration, bits chosen for layers nor sensitivity.
#[test]
fn nothing_but_their_own_truth_depends_on_the_labels_of_validation_rows() {
    let folder = tempfile::tempdir().unwrap();
    let run_with = |name: &str, swapped: &[u32]| {
        let lines = (0..90).map(|row: u32| {
            let class = if swapped.contains(&row) { (row + 1) % 3 } else { row % 3 };
            format!("{},{},{},k{class}\n", row * 7 % 29 + row % 3, row * 5 % 17, row % 3 * 2)
        });
        let path = folder.path().join(name);
        std::fs::write(&path, format!("a,b,c,y\n{}", lines.collect::<String>())).unwrap();
        let source = format!("{{ csv = {{ path = {:?}, target = \"y\" }} }}", path.to_str().unwrap());
        let quantize = "[[quantize]]\nweights = {}\nmixed = { bits = [2, 3], budget = { macro_f1_loss = 0.1 } }\n\
                        [[quantize]]\nmethod = 'gptq'\ncalibration.rows = 20\nweights = { bits = 3 }\n\
                        [record]\nsensitivity = true\n";
        let text = experiment(quantize)
            .replace("\"wine\"", &source)
            .replace("test = 0.2", "test = 0.2\nvalidation = 0.3");
        run(&text).unwrap()
    };
    let own = run_with("own.csv", &[]);
    let validation = own.predictions[0].validation.clone().unwrap();
    let swapped = run_with("swapped.csv", &validation.rows);
    let other = swapped.predictions[0].validation.as_ref().unwrap();
    assert_eq!(validation.rows, other.rows);
    assert!(validation.truth.iter().zip(&other.truth).all(|(own, other)| own != other));
    assert_eq!((validation.float, own.predictions[0].float.clone()), {
        (other.float.clone(), swapped.predictions[0].float.clone())
    });
    let measured = |records: &Records| {
        records.results.iter().map(|row| row.measures().unwrap().clone()).collect::<Vec<_>>()
    };
    assert_eq!(measured(&own), measured(&swapped));
    let readings = |records: &Records| {
        records.sensitivity.iter().map(|row| (row.output_error, row.macro_f1)).collect::<Vec<_>>()
    };
    assert!(!own.sensitivity.is_empty());
    assert_eq!(readings(&own), readings(&swapped));
}

#[test]
fn a_given_model_is_scored_on_every_fold() {
    let weights: Vec<String> = (0..13).map(|row| format!("[{row}, 1, 0.5]")).collect();
    let text = format!(
        "title = 't'\nrng = 'numpy'\n[data]\nsource = 'wine'\nscale = 'standard'\n\
         [split.k-fold]\nfolds = 4\n[model.given]\nlayers = [{{ weight = [{}] }}]\n\
         [quantize.weights]\nbits = 8\n",
        weights.join(", ")
    );
    let records = run(&text).unwrap();
    assert_eq!(runs(&records), [0, 1, 2, 3].map(|fold| (0, Some(fold))));
    let tested: usize = records.predictions.iter().map(|own| own.rows.len()).sum();
    assert_eq!(tested, 178);
}

/// A variant whose transform divides the features, and one with quantized inputs of layers.
#[test]
fn variants_predict_validation_rows_as_they_predict_test_rows() {
    let quantize = "[quantize]\ntransform = { smooth = { alpha = 0.5 } }\n\
                    activations = [{ bits = 8, mode = 'static' }, { bits = 8, mode = 'dynamic' }]\n\
                    [quantize.weights]\nbits = 8\ngranularity = 'output-channel'\n";
    let text = experiment(quantize).replace("epochs = 5", "epochs = 40");
    let records = run(&text.replace("test = 0.2", "test = 0.2\nvalidation = 0.3")).unwrap();
    let validation = records.predictions[0].validation.as_ref().unwrap();
    let right = |classes: &[u16]| classes.iter().zip(&validation.truth).filter(|(a, b)| a == b).count();
    let all = validation.rows.len();
    assert_eq!(validation.variants.len(), 3);
    for (position, _, classes) in &validation.variants {
        assert!(right(classes) * 10 >= all * 8, "{position}: {} of {all}", right(classes));
    }
}

#[test]
fn impossible_splits_are_refused_with_their_reason() {
    for (table, lines, reason) in [
        ("k-fold", "folds = 1", "`folds = 1` leaves no training rows: expected at least 2"),
        ("k-fold", "folds = 179", "expected at most as many as there are rows, 178"),
        (
            "k-fold",
            "folds = 60\nstratified = true",
            "class `class_0` has 59 rows: stratified folds need at least 60 rows of each class",
        ),
        ("k-fold", "folds = 2\nvalidation = 89", "validation count `89` leaves no training rows"),
        ("k-fold", "folds = 2\ntest = 0.2", "unknown field `test`"),
        ("holdout", "test = 0.2\nrepeats = 0", "repeats"),
        (
            "holdout",
            "test = 0.2\nvalidation = 0.9",
            "validation fraction `0.9` leaves no training rows of 142",
        ),
        ("holdout", "test = 0.2\nvalidation = 2\nstratified = true", "the number of validation rows is 2"),
        ("holdout", "test = 0.2\nrepeats = 10000000", "the grid has more than 1000000 points"),
    ] {
        refused(&split(table, lines), &[reason]);
    }
}

#[test]
fn folds_and_validation_rows_are_refused_at_their_key_before_the_run() {
    let sandbox = Sandbox::new();
    for (table, lines, place) in [
        ("k-fold", "folds = 179", "mine.toml:6:9"),
        ("k-fold", "folds = 2\nvalidation = 89", "mine.toml:7:14"),
        ("holdout", "test = 0.2\nvalidation = 0.9", "mine.toml:7:14"),
        ("holdout", "test = 0.2\nrepeats = 0", "mine.toml:7:11"),
    ] {
        sandbox.put("mine.toml", split(table, lines));
        for command in ["validate", "plan", "run"] {
            let output = sandbox.run(&[command, "mine.toml"]);
            assert_eq!(output.status.code(), Some(2), "{command} {lines}");
            assert!(said(&output).contains(place), "{command}: {}", said(&output));
        }
    }
}

/// A file with two classes that a threshold tells apart.
fn file(rows: usize) -> String {
    let lines =
        (0..rows).map(|row| format!("{row},{},{}\n", row * 7 % 5, if row % 3 == 0 { "a" } else { "b" }));
    ["x,z,y\n".to_owned()].into_iter().chain(lines).collect()
}

fn of_file(split: &str) -> String {
    format!(
        "title = 't'\n[data.source.csv]\npath = 'd.csv'\ntarget = 'y'\n{split}\n\
         [model.mlp]\nhidden = 4\n[train]\nepochs = 2\nbatch_size = 8\nlearning_rate = 0.01\n\
         [quantize.weights]\nbits = 4\n"
    )
}

#[test]
fn tables_and_the_terminal_name_the_fold() {
    let sandbox = Sandbox::new();
    sandbox.put("d.csv", file(30));
    let reproduce = "[[reproduce]]\nwhat = 'rows'\ncolumn = 'test_rows'\nvalue = '6'\n\
                     where = { label = 'float', seed = 1, fold = 3 }\n";
    let text = of_file("[split.k-fold]\nfolds = 5\nvalidation = 0.25\n");
    sandbox.put("mine.toml", format!("seed = [0, 1]\n{text}{reproduce}"));
    let plan = printed(&sandbox.succeeds(&["plan", "mine.toml"]));
    assert!(plan.contains("d, mlp(4), seed 1, fold 3: 1 variant"), "{plan}");
    let output = sandbox.succeeds(&["run", "mine.toml"]);
    let heading = "18 training rows, 6 validation rows, 6 test rows, 10 runs";
    assert!(printed(&output).contains(heading), "{}", printed(&output));
    let results = sandbox.read("results/mine/results.csv");
    let mut lines = results.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let mut folds: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in &rows {
        folds.entry(row[at("seed")]).or_default().insert(row[at("fold")]);
        assert_eq!((row[at("train_rows")], row[at("validation_rows")]), ("18", "6"));
    }
    let all = BTreeSet::from(["0", "1", "2", "3", "4"]);
    assert_eq!(folds, BTreeMap::from([("0", all.clone()), ("1", all)]));
    let predictions = sandbox.read("results/mine/predictions.csv");
    let of_part = |part: &str| predictions.lines().filter(|line| line.contains(&format!(",{part},"))).count();
    // Two models of ten units on six rows each.
    assert_eq!((of_part("test"), of_part("validation")), (120, 120));
    assert!(sandbox.read("results/mine/timings.json").contains("seed 1, fold 3"));
}

#[test]
fn a_fold_that_fails_is_named() {
    let sandbox = Sandbox::new();
    // Nine rows of one class and one of the other: its fold has no training row of it.
    let lines = (0..10).map(|row| format!("{row},{}\n", if row == 4 { "rare" } else { "b" }));
    sandbox.put("d.csv", ["x,y\n".to_owned()].into_iter().chain(lines).collect::<String>());
    let text = of_file("[split.k-fold]\nfolds = 5\n").replace(
        "[model.mlp]\nhidden = 4\n[train]\nepochs = 2\nbatch_size = 8\nlearning_rate = 0.01\n",
        "[model.logistic]\n",
    );
    sandbox.put("mine.toml", text);
    let output = sandbox.run(&["run", "mine.toml"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let all = format!("{}{}", said(&output), printed(&output));
    assert!(all.contains("seed 0, fold "), "{all}");
    let report = sandbox.read("results/mine/report.md");
    assert!(report.contains("4 of 5 runs have results"), "{report}");
}

#[test]
fn a_fold_without_a_row_of_a_class_is_flagged() {
    let sandbox = Sandbox::new();
    sandbox.put("d.csv", file(12));
    sandbox.put("mine.toml", of_file("[split.k-fold]\nfolds = 12\n"));
    sandbox.succeeds(&["run", "mine.toml", "-q"]);
    let results = sandbox.read("results/mine/results.csv");
    // Each unit has one test row, and so none of one of the two classes: float, one variant and the majority class of twelve.
    assert_eq!(results.lines().filter(|line| line.contains("without a test row")).count(), 36, "{results}");
}

#[test]
fn a_plan_says_how_many_rows_a_claim_takes() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", split("k-fold", "folds = 5"));
    let plan = printed(&sandbox.succeeds(&["plan", "mine.toml"]));
    for line in [
        "to show at 95 % that a variant loses at most 0.01 of macro-F1 against float takes",
        "    299 test rows, every one predicted as float predicts it (ln 0.05 / ln 0.99)",
        "    about 619 test rows where 1 % are predicted otherwise and as many are right (power 80 %)",
        "    about 3,092 test rows where 5 % are predicted otherwise",
        "    about 6,183 test rows where 10 % are predicted otherwise",
        "wine · mlp(8): 35 to 36 test rows in each of 5 units: too few; 178 different ones in all: too few",
    ] {
        assert!(plan.contains(line), "`{line}` is not in:\n{plan}");
    }
    let json = printed(&sandbox.succeeds(&["plan", "mine.toml", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["units"].as_array().unwrap().len(), 5);
    assert_eq!(json["claim"]["rows_without_flips"], 299);
    assert_eq!(json["claim"]["tasks"][0]["distinct_test_rows"], 178);
    // A wider margin takes fewer, and none at all is never shown.
    sandbox.put("mine.toml", split("k-fold", "folds = 2").replace("title", "pick.margin = 0.1\ntitle"));
    let plan = printed(&sandbox.succeeds(&["plan", "mine.toml"]));
    assert!(plan.contains("    29 test rows, every one predicted as float predicts it"), "{plan}");
    assert!(plan.contains("89 test rows in each of 2 units: enough where up to 10 % differ"), "{plan}");
    sandbox.put("mine.toml", split("k-fold", "folds = 2").replace("title", "pick.margin = 0\ntitle"));
    let plan = printed(&sandbox.succeeds(&["plan", "mine.toml"]));
    assert!(plan.contains("more test rows than there can be"), "{plan}");
}

#[test]
fn equal_repeats_of_two_counts_are_one_unit() {
    let plan = planned(&split("holdout", "test = 0.2\nrepeats = [1, 3]")).unwrap();
    assert_eq!(plan.units.len(), 3);
}

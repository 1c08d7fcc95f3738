//! What a table says of its rows and columns, from the file to the results.

use bitsweep_results::{Records, ResultRow};

use crate::harness::{Sandbox, measures, printed, run, said};

/// Two classes of thirty rows; a text, a gap in every tenth row, six people, and which rows are for the test.
fn table() -> String {
    let mut text = "warm,colour,who,set,state\n".to_owned();
    for row in 0..60 {
        let class = row % 2;
        let warm = if row % 10 == 3 { String::new() } else { format!("{}.{}", 3 * class + row % 3, row % 7) };
        let colour = ["red", "green", "blue"][(row + class) % 3];
        let set = ["train", "train", "validation", "test"][row / 15];
        text += &format!("{warm},{colour},p{},{set},{}\n", row % 6, ["calm", "busy"][class]);
    }
    text
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.put("t.csv", table());
    sandbox
}

fn records(sandbox: &Sandbox, keys: &str, more: &str) -> Records {
    let path = toml::Value::from(sandbox.path("t.csv").display().to_string());
    run(&format!(
        "[data.source.csv]\npath = {path}\ntarget = 'state'\nmissing = 'median'\n{keys}\n[model.logistic]\n{more}\n\
         [quantize.weights]\nbits = [8, 4]\n"
    ))
    .unwrap()
}

fn shape(row: &ResultRow) -> bitsweep_results::DatasetShape {
    row.origin.unit.shape.unwrap()
}

#[test]
fn texts_and_gaps_become_features_and_their_bytes_are_counted() {
    let records = records(&sandbox(), "drop = ['who', 'set']", "");
    let [float, eight, four] = [0, 1, 2].map(|position| &records.results[position]);
    // The number, and three colours.
    assert_eq!((shape(float).features, shape(float).train_rows, shape(float).test_rows), (4, 45, 15));
    // A float for what is filled in, and the words `blue`, `green` and `red` with their ends.
    let encoder = 4 + 5 + 6 + 4;
    assert_eq!(measures(float).size.scaler, encoder);
    // Beside two floats a feature.
    assert_eq!(measures(eight).size.scaler, encoder + 4 * 8);
    assert!(measures(four).size.total() > measures(four).size.scaler);
}

#[test]
fn a_column_divides_the_rows() {
    let records = records(&sandbox(), "drop = ['who']\nsplit = 'set'", "");
    let shape = shape(&records.results[0]);
    assert_eq!((shape.train_rows, shape.validation_rows, shape.test_rows), (30, 15, 15));
}

#[test]
fn the_rows_of_a_group_stay_together() {
    let groups = records(&sandbox(), "drop = ['set']\ngroup = 'who'", "");
    // A quarter of six groups of ten rows, rounded up.
    assert_eq!(shape(&groups.results[0]).test_rows, 20);
    let folds = records(&sandbox(), "drop = ['set']\ngroup = 'who'", "[split.k-fold]\nfolds = 3");
    assert!(folds.results.iter().all(|row| row.origin.is_majority() || shape(row).test_rows == 20));
}

#[test]
fn what_does_not_go_together_is_refused_at_its_place() {
    let sandbox = sandbox();
    let refused = |keys: &str, more: &str| {
        let text = format!(
            "[data.source.csv]\npath = 't.csv'\ntarget = 'state'\nmissing = 'median'\n{keys}\n{more}\n"
        );
        sandbox.put("mine.toml", text);
        let output = sandbox.run(&["validate", "mine.toml"]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        said(&output)
    };
    let told = refused("split = 'set'", "[split.holdout]\ntest = 0.2");
    assert!(told.contains("the data say themselves") && told.contains("mine.toml:6:"), "{told}");
    sandbox.put(
        "given.toml",
        "split = 'given'\n[data.source.csv]\npath = 't.csv'\ntarget = 'state'\nmissing = 'mean'\n",
    );
    let told = said(&sandbox.run(&["validate", "given.toml"]));
    assert!(told.contains("do not say which rows") && told.contains("given.toml:1:"), "{told}");
    let told = refused("group = 'who'", "[split.holdout]\ntest = 0.2\nstratified = true");
    assert!(told.contains("stay together") && told.contains("mine.toml:8:"), "{told}");
    let told = refused("separator = ';'", "");
    assert!(told.contains("separator = \",\""), "{told}");
}

#[test]
fn classes_that_are_rare_and_targets_that_are_numbers_can_be_told() {
    let sandbox = sandbox();
    let plan = |keys: &str| {
        let output = sandbox.run(&["describe", "mine.toml", "--set", keys]);
        assert!(output.status.success(), "{}", said(&output));
        printed(&output)
    };
    sandbox.put(
        "mine.toml",
        "[data.source.csv]\npath = 't.csv'\ntarget = 'warm'\nmissing = 'drop-rows'\nbins = { quantiles = 4 }\n",
    );
    assert!(plan("seed=1").contains("t (54 rows, 4 columns, 4 classes)"));
    assert!(plan("data.source.csv.bins={ edges = [2.5] }").contains("2 classes"));
    // A list of bins is an axis of the grid.
    assert!(
        plan("data.source.csv.bins=[{ quantiles = 2 }, { quantiles = 3 }]")
            .contains("2 classes), t (54 rows")
    );
}

#[test]
fn what_the_order_of_rows_and_the_spelling_of_a_file_do_not_change_has_one_key() {
    let sandbox = sandbox();
    sandbox.put("s.csv", table().replace(',', ";"));
    let keys = |file: &str| {
        let text = format!("[data.source.csv]\npath = '{file}'\ntarget = 'state'\nmissing = 'median'\n");
        sandbox.put("mine.toml", text);
        let planned = sandbox.succeeds(&["plan", "mine.toml", "--json", "--quiet"]);
        let plan: serde_json::Value = serde_json::from_str(&printed(&planned)).unwrap();
        plan["units"].as_array().unwrap().iter().map(|unit| unit["key"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(keys("t.csv"), keys("s.csv"));
}

#[test]
fn a_table_has_two_keys_and_one_meaning() {
    let sandbox = sandbox();
    let plan = |key: &str| {
        sandbox.put("mine.toml", format!("[data.source.{key}]\npath = 't.csv'\ntarget = 'state'\nmissing = 'median'\ncolumns = [1, 2]\n"));
        printed(&sandbox.succeeds(&["plan", "mine.toml", "--json", "--quiet"]))
    };
    assert_eq!(plan("parquet"), plan("csv"));
}

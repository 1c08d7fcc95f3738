//! Whatever a user or a file says, the answer is a result or an error that names the location and the fix.

use std::fs;
use std::path::Path;

use crate::harness::{Sandbox, said};

/// A small experiment; `extra` comes before its tables, `quantize` is the table of weights.
fn experiment(extra: &str, quantize: &str) -> String {
    format!(
        "title = \"test\"\n{extra}\n\
         [data]\nsource = \"wine\"\nscale = \"standard\"\n\
         [split.holdout]\ntest = 0.2\n\
         [model.mlp]\nhidden = 4\n\
         [train]\nepochs = 2\nbatch_size = 32\nlearning_rate = 0.1\n\
         [quantize.weights]\n{quantize}\n"
    )
}

/// The same with a CSV file as its data.
fn csv_experiment(path: &Path, split: &str) -> String {
    format!(
        "title = \"test\"\n\
         [data.source.csv]\npath = {path:?}\ntarget = \"kind\"\n\
         [split.holdout]\n{split}\n\
         [model.mlp]\nhidden = 4\n\
         [train]\nepochs = 2\nbatch_size = 4\nlearning_rate = 0.1\n\
         [quantize.weights]\nbits = 4\n"
    )
}

/// Runs an experiment that must fail with `code`, and returns what it says.
#[track_caller]
fn refused_in(sandbox: &Sandbox, text: &str, code: i32) -> String {
    sandbox.put("mine.toml", text);
    let output = sandbox.run(&["run", "mine.toml"]);
    let error = said(&output);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(!error.contains("panicked"), "{error}");
    assert!(!sandbox.path("results/mine").exists(), "results of a failed run");
    error
}

/// The same in a folder of its own.
#[track_caller]
fn refused(text: &str, code: i32) -> String {
    refused_in(&Sandbox::new(), text, code)
}

/// An experiment on a CSV file that is refused.
#[track_caller]
fn refused_csv(csv: &str, split: &str) -> String {
    let sandbox = Sandbox::new();
    let path = sandbox.put("data.csv", csv);
    refused_in(&sandbox, &csv_experiment(&path, split), 2)
}

#[track_caller]
fn assert_says(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "`{part}` is not said in:\n{error}");
    }
}

#[test]
fn an_unknown_experiment_gets_the_nearest_name() {
    let output = Sandbox::new().run(&["run", "wine-mpl"]);
    assert_eq!(output.status.code(), Some(2));
    assert_says(&said(&output), &["`wine-mpl`", "did you mean `wine-mlp`?", "bitsweep list"]);
}

#[test]
fn an_unknown_key_is_shown_at_its_place_with_the_nearest_key() {
    let text = experiment("", "bits = 4").replace("epochs", "epoch");
    assert_says(&refused(&text, 2), &["unknown field `epoch`", "mine.toml:11:1", "did you mean `epochs`?"]);
    let text = experiment("sed = 4", "bits = 4");
    assert_says(&refused(&text, 2), &["unknown key `sed`", "mine.toml:2:1", "did you mean `seed`?"]);
}

#[test]
fn an_unknown_choice_is_shown_at_its_place_with_the_nearest_choice() {
    let error = refused(&experiment("", "bits = 4\nrounding = \"nearest\""), 2);
    assert_says(&error, &["`nearest`", "mine.toml:16:12", "did you mean `nearest-even`?"]);
}

#[test]
fn a_wrong_type_is_shown_at_its_place() {
    let text = experiment("", "bits = 4").replace("epochs = 2", "epochs = \"two\"");
    assert_says(&refused(&text, 2), &["\"two\"", "mine.toml:11:10"]);
}

#[test]
fn an_override_is_held_to_the_same_rules_as_the_file() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", experiment("", "bits = 4"));
    for (change, parts) in [
        ("train.epochs=two", ["\"two\"", "--set:1:14"]),
        ("train.epoch=2", ["unknown field `epoch`", "did you mean `epochs`?"]),
        ("quantize.weights.bits=[8, 40]", ["`40`", "--set:1:27"]),
        ("train.epochs", ["`train.epochs`", "key=value"]),
        ("seed.x=1", ["seed.x=1", "--set:1:"]),
    ] {
        let output = sandbox.run(&["run", "mine.toml", "--set", change]);
        assert_eq!(output.status.code(), Some(2), "{change}");
        assert_says(&said(&output), &parts);
    }
}

#[test]
fn bits_out_of_range_are_refused_at_their_value() {
    let error = refused(&experiment("", "bits = [4, 17]"), 2);
    assert_says(&error, &["`17`", "1 to 16", "mine.toml:15:12"]);
    assert_says(&refused(&experiment("", "bits = 0"), 2), &["`0`", "1 to 16"]);
}

#[test]
fn a_percentile_of_150_is_refused_at_its_value() {
    let error = refused(&experiment("", "bits = 4\nrange = { percentile = 150 }"), 2);
    assert_says(&error, &["`150`", "mine.toml:16:"]);
}

#[test]
fn a_name_that_no_label_can_show_is_refused() {
    for name in ["", "  ", "two\\nlines"] {
        let text = experiment("", "bits = 4")
            .replace("[quantize.weights]", &format!("[quantize]\nname = \"{name}\"\n[quantize.weights]"));
        let error = refused(&text, 2);
        assert_says(&error, &["expected a name of one line", "mine.toml:15:"]);
    }
}

#[test]
fn a_group_of_0_is_refused_at_its_value() {
    let error = refused(&experiment("", "bits = 4\ngranularity = { group = 0 }"), 2);
    assert_says(&error, &["`0`", "mine.toml:16:"]);
}

#[test]
fn an_empty_axis_is_refused() {
    let error = refused(&experiment("", "bits = []"), 2);
    assert_says(&error, &["`quantize.weights.bits` is empty", "mine.toml:15:8"]);
}

#[test]
fn a_value_twice_on_an_axis_and_an_axis_zipped_twice_are_refused() {
    let error = refused(&experiment("", "bits = [4, 8, 4]"), 2);
    assert_says(&error, &["`4` is twice", "mine.toml:15:15"]);
    let twice =
        "seed = [1, 2]\nrng = [\"numpy\", \"modern\"]\nzip = [[\"seed\", \"rng\"], [\"seed\", \"rng\"]]";
    assert_says(&refused(&experiment(twice, "bits = 4"), 2), &["`seed` is zipped twice", "mine.toml:4:"]);
    let error = refused(&experiment("seed = 1\nseed = 2", "bits = 4"), 2);
    assert_says(&error, &["duplicate key", "mine.toml:3:1"]);
}

#[test]
fn zipped_axes_of_unequal_length_are_refused() {
    let zip = "seed = [1, 2, 3]\nrng = [\"numpy\", \"modern\"]\nzip = [[\"seed\", \"rng\"]]";
    let error = refused(&experiment(zip, "bits = 4"), 2);
    assert_says(&error, &["`rng` has 2 values", "`seed`, zipped with it, has 3"]);
}

#[test]
fn an_exclusion_that_matches_nothing_is_refused() {
    let text = experiment("exclude = [{ \"quantize.weights.bits\" = 5 }]", "bits = [4, 8]");
    assert_says(&refused(&text, 2), &["matches no point", "mine.toml:2:12"]);
}

#[test]
fn exclusions_that_leave_nothing_are_refused_at_their_place() {
    let text = experiment("exclude = [{ \"quantize.weights.bits\" = [4, 8] }]", "bits = [4, 8]");
    assert_says(&refused(&text, 2), &["leave no point", "mine.toml:2:11"]);
}

#[test]
fn what_a_message_quotes_of_a_long_text_is_its_beginning() {
    let long = "x".repeat(5_000_000);
    for text in [
        format!("{long} = 1\n{}", experiment("", "bits = 4")),
        experiment("", &format!("bits = \"{long}\"")),
        experiment("", &format!("bits = 4\nrounding = \"{long}\"")),
        experiment("", &format!("bits = 4\n{long} = 1")),
    ] {
        let error = refused(&text, 2);
        assert!(error.len() < 5_000, "{} bytes: {}", error.len(), &error[..2_000]);
        assert_says(&error, &["mine.toml:", "…"]);
    }
}

#[test]
fn contradicting_axes_are_refused_with_a_sentence() {
    for quantize in [
        "bits = 4\nsymmetry = \"symmetric\"\nzero_point = \"integer\"",
        "bits = 4\nformat = \"f16\"",
        "bits = 1\nformat = \"wrpn\"",
        "bits = 4\nsymmetry = \"symmetric\"\ncodes = \"unsigned\"",
        "format = \"int\"",
    ] {
        let error = refused(&experiment("", quantize), 2);
        assert_says(&error, &["mine.toml:14:"]);
    }
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let nothing = "[tensor]\nname = \"t\"\nvalues = [1, 2]\n";
    assert_says(&refused(nothing, 2), &["`quantize` is missing", "mine.toml:1:"]);
    let nowhere = "[model.mlp]\n[quantize.weights]\nbits = 3\n";
    assert_says(&refused(nowhere, 2), &["needs `data`", "mine.toml:1:"]);
    let both = experiment("tensor = { name = \"t\", values = [1, 2] }", "bits = 4");
    assert_says(&refused(&both, 2), &["beside `tensor`"]);
    let useless = experiment("", "bits = 4").replace("[model.mlp]\nhidden = 4", "[model.logistic]");
    assert_says(&refused(&useless, 2), &["gradient descent", "remove `train`"]);
}

#[test]
fn a_seed_too_large_for_numpy_is_refused() {
    let error = refused(&experiment("seed = 4294967296\nrng = \"numpy\"", "bits = 4"), 2);
    assert_says(&error, &["`4294967296`", "mine.toml:2:8"]);
}

#[test]
fn a_dataset_with_one_class_is_refused() {
    let error = refused_csv("a,kind\n1,x\n2,x\n3,x\n", "test = 1");
    assert_says(&error, &["data.csv", "class", "`x`"]);
}

#[test]
fn a_class_too_small_for_a_stratified_split_is_refused() {
    let error = refused_csv("a,kind\n1,x\n2,x\n3,x\n4,x\n5,y\n", "test = 2\nstratified = true");
    assert_says(&error, &["class `y` has only one row (line 6 of `", "mine.toml:6:"]);
}

#[test]
fn a_test_set_larger_than_the_data_is_refused() {
    let error = refused_csv("a,kind\n1,x\n2,y\n3,x\n", "test = 30");
    assert_says(&error, &["30", "3"]);
}

#[test]
fn missing_and_extra_columns_are_refused_with_their_row() {
    assert_says(&refused_csv("a,b,kind\n1,2,x\n1,y\n", "test = 1"), &["data.csv", "3"]);
    assert_says(&refused_csv("a,b,kind\n1,2,x\n1,2,3,y\n", "test = 1"), &["data.csv", "3", "4"]);
}

#[test]
fn an_unknown_target_column_gets_the_nearest_name() {
    let error = refused_csv("a,kinds\n1,x\n2,y\n", "test = 1");
    assert_says(&error, &["`kind`", "`kinds`"]);
}

#[test]
fn text_where_a_number_belongs_is_refused_with_row_and_column() {
    let error = refused_csv("a,kind\n1,x\nmany,y\n", "test = 1");
    assert_says(&error, &["data.csv", "3", "`a`", "`many`"]);
}

#[test]
fn nan_and_infinity_are_refused_with_row_and_column() {
    for value in ["NaN", "inf", "-Infinity"] {
        let error = refused_csv(&format!("a,kind\n1,x\n{value},y\n"), "test = 1");
        assert_says(&error, &["data.csv", "3", "`a`"]);
    }
}

#[test]
fn a_value_of_a_tensor_that_is_not_finite_is_refused_with_its_place() {
    for value in ["nan", "inf", "-inf"] {
        let text = format!(
            "title = \"t\"\n[tensor]\nname = \"t\"\nvalues = [[1, 2], [{value}, 3]]\n[quantize.weights]\nbits = 4\n"
        );
        assert_says(&refused(&text, 2), &["row 1", "column 0", "mine.toml:4:"]);
    }
}

#[test]
fn rows_of_unequal_length_within_a_tensor_are_refused() {
    let text =
        "title = \"t\"\n[tensor]\nname = \"t\"\nvalues = [[1, 2], [3]]\n[quantize.weights]\nbits = 4\n";
    assert_says(&refused(text, 2), &["row 1 has length 1", "mine.toml:4:10"]);
}

#[test]
fn lists_in_which_there_is_nothing_are_refused_where_they_stand() {
    let tensor = |values: &str| {
        format!("title = \"t\"\n[tensor]\nname = \"t\"\nvalues = {values}\n[quantize.weights]\nbits = 4\n")
    };
    for values in ["[]", "[[]]", "[[], []]"] {
        assert_says(&refused(&tensor(values), 2), &["there are no values", "mine.toml:4:10"]);
    }
    for (text, place) in [
        (experiment("seed = []", "bits = 4"), "mine.toml:2:8"),
        (experiment("", "bits = 4").replace("hidden = 4", "hidden = []"), "mine.toml:9:10"),
        (experiment("", "bits = 4").replace("hidden = 4", "hidden = [[]]"), "mine.toml:9:"),
        (experiment("quantize = []", "").replace("[quantize.weights]", ""), "mine.toml:2:"),
        (experiment("", "[quantize.mixed]\nbits = []\nbudget = { bytes = 900 }"), "mine.toml:15:"),
        (experiment("", "[quantize.mixed]\nbits = [2, 4]\nbudget = []"), "mine.toml:17:"),
    ] {
        assert_says(&refused(&text, 2), &[place]);
    }
}

#[test]
fn class_names_that_tell_no_classes_apart_are_refused_where_they_stand() {
    let sandbox = Sandbox::new();
    let path = sandbox.put("data.csv", "a,kind\n1,x\n2,y\n3,x\n4,y\n");
    for (names, said) in [
        ("[\"same\", \"same\"]", "two classes are named `same`"),
        ("[\"one\", \" \"]", "a name for each class"),
        ("[]", "a name for each class"),
    ] {
        let text = csv_experiment(&path, "test = 1")
            .replace("target = \"kind\"", &format!("target = \"kind\"\nclass_names = {names}"));
        assert_says(&refused_in(&sandbox, &text, 2), &[said, "mine.toml:5:15"]);
    }
}

#[test]
fn an_empty_experiment_and_an_empty_dataset_are_refused() {
    assert_says(&refused("", 2), &["`data` or `tensor`", "[data.source.csv]"]);
    assert_says(&refused_csv("", "test = 1"), &["data.csv", "empty"]);
    assert_says(&refused_csv("a,kind\n", "test = 1"), &["data.csv"]);
}

#[test]
fn a_folder_a_missing_file_and_bytes_that_are_no_text_are_refused() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("folder.toml")).unwrap();
    sandbox.put("bytes.toml", [0x74, 0xff, 0xfe]);
    for (name, part) in
        [("folder.toml", "is a folder"), ("missing.toml", "cannot read"), ("bytes.toml", "not UTF-8")]
    {
        let output = sandbox.run(&["run", name]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert_says(&said(&output), &[name, part]);
    }
    let text = csv_experiment(&sandbox.path(""), "test = 1");
    assert_says(&refused_in(&sandbox, &text, 2), &["director", "mine.toml:3:8"]);
}

#[test]
fn diverged_training_is_an_error_that_says_so() {
    let text = experiment("", "bits = 4").replace("0.1", "1e30");
    let error = refused(&text, 1);
    assert_says(&error, &["wine", "seed 0", "diverged"]);
}

#[test]
fn training_that_diverges_in_its_last_step_is_told_as_such() {
    // Three layers of weights that are finite overflow together, after a loss that did not.
    let text = experiment("", "bits = 4").replace("hidden = 4", "hidden = [[8, 8, 8]]");
    let text = text.replace("epochs = 2", "epochs = 1").replace("batch_size = 32", "batch_size = 1000");
    let error = refused(&text.replace("0.1", "1e20"), 1);
    assert_says(&error, &["training diverged in epoch 0", "not finite", "learning_rate below `1e20`"]);
    assert!(!error.contains("probability"), "{error}");
}

#[test]
fn all_reasons_are_told_where_nothing_could_be_measured() {
    let text = experiment("", "bits = 4").replace("0.1", "[1e30, 1e35]");
    let error = refused(&text, 1);
    assert_says(&error, &["nothing could be measured", "below `1e30`", "below `1e35`"]);
}

#[test]
fn a_place_that_cannot_be_written_is_refused_before_anything_runs() {
    let sandbox = Sandbox::new();
    sandbox.put("taken", "a file");
    let output = sandbox.run(&["run", "row-wise", "--out", "taken"]);
    assert_eq!(output.status.code(), Some(1));
    assert_says(&said(&output), &["cannot write", "taken"]);
}

#[test]
fn iterations_without_end_are_refused_before_anything_runs() {
    let method = |method: &str| {
        format!("bits = 4\n[quantize]\nmethod = {{ {method} = {{ iterations = 1000000000 }} }}")
    };
    for text in [
        experiment("", &method("adaround")),
        experiment("", &method("learned-scale")),
        experiment("", "bits = 4").replace("epochs = 2", "epochs = 1000000000"),
    ] {
        let error = refused(&text, 2);
        assert_says(&error, &["1000000000", "1000000\n", "mine.toml:"]);
    }
}

#[test]
fn usage_errors_end_with_2() {
    let sandbox = Sandbox::new();
    for arguments in
        [&["fly"][..], &["run"], &["run", "row-wise", "--jobs", "0"], &["run", "row-wise", "-q", "-v"]]
    {
        assert_eq!(sandbox.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

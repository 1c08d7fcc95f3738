//! What can be known before anything is trained is said by `validate`, `plan` and `run` alike, at its place.

use std::fs;
use std::path::Path;

use crate::harness::{Sandbox, experiment, safetensors, said};

fn folder_with(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, text) in files {
        sandbox.put(name, text);
    }
    sandbox
}

/// What all three commands say of `mine.toml`, which is wrong.
#[track_caller]
fn refused_in(sandbox: &Sandbox) -> String {
    let said = ["validate", "plan", "run"].map(|command| {
        let output = sandbox.run(&[command, "mine.toml"]);
        assert_eq!(output.status.code(), Some(2), "{command}: {}", said(&output));
        said(&output)
    });
    assert!(said.iter().all(|error| *error == said[0]), "{said:#?}");
    assert!(!sandbox.path("results").exists(), "something was written");
    said.into_iter().next().unwrap()
}

#[track_caller]
fn refused(text: &str, parts: &[&str]) {
    let error = refused_in(&folder_with(&[("mine.toml", text)]));
    for part in parts {
        assert!(error.contains(part), "`{part}` is not said in:\n{error}");
    }
}

/// A small network on wine with weights of 4 bits.
fn network() -> String {
    experiment("[quantize.weights]\nbits = 4\n")
}

/// With numbers to reproduce: `lines` beside `what` and `value = "1"`.
fn reproducing(lines: &str) -> String {
    format!("{}[[reproduce]]\nwhat = \"a number\"\n{lines}\n", network())
}

#[test]
fn a_misspelled_column_to_reproduce_is_refused() {
    let number = "value = \"1\"\ntable = \"results\"\n";
    refused(
        &reproducing(&format!("{number}column = \"macro_f2\"")),
        &["no column `macro_f2`", "mine.toml:19:10", "did you mean `macro_f1`?"],
    );
    refused(
        &reproducing("value = \"1\"\ntable = \"effects\"\ncolumn = \"lower\""),
        &["no column `lower`", "`low`"],
    );
    refused(
        &reproducing(&format!("{number}column = \"sse\"\nwhere = {{ lable = \"4 bit\" }}")),
        &["no column `lable`", "mine.toml:20:19", "did you mean `label`?"],
    );
    refused(
        &reproducing(&format!("{number}column = \"sse\"\nper = {{ column = \"float_byte\", decimals = 2 }}")),
        &["no column `float_byte`", "mine.toml:20:18", "did you mean `float_bytes`?"],
    );
}

#[test]
fn rows_to_reproduce_that_there_are_none_of_are_refused() {
    let number = "value = \"1\"\ntable = \"results\"\ncolumn = \"sse\"\n";
    refused(
        &reproducing(&format!("{number}where = {{ label = \"5 bit\" }}")),
        &["no row of the table", "`label`", "`4 bit`, `float`", "mine.toml:20:19"],
    );
    refused(&reproducing(&format!("{number}where = {{ seed = 1 }}")), &["`seed`", "`0`"]);
    // Of measures nothing is known beforehand.
    let sandbox = folder_with(&[("mine.toml", &reproducing(&format!("{number}where = {{ macro_f1 = 7 }}")))]);
    assert!(sandbox.run(&["validate", "mine.toml"]).status.success());
}

#[test]
fn a_table_to_reproduce_that_is_not_written_is_refused() {
    for (table, column, fix) in [
        ("values", "code", "record.values = true"),
        ("codebooks", "value", "no variant has a codebook"),
        ("products", "lookup", "`query`"),
    ] {
        refused(
            &reproducing(&format!("value = \"1\"\ntable = \"{table}\"\ncolumn = \"{column}\"")),
            &["does not write the table", table, "mine.toml:18:9", fix],
        );
    }
    let number = "value = \"1\"\ntable = \"tensors\"\ncolumn = \"sse\"";
    refused(
        &format!("record.tensors = false\n{}", reproducing(number)),
        &["does not write the table `tensors`", "record.tensors = true"],
    );
    refused(
        "title = \"test\"\n[tensor]\nname = \"two\"\nvalues = [1, 2]\n[quantize.weights]\nbits = 4\n\
         [[reproduce]]\nvalue = \"1\"\ntable = \"effects\"\ncolumn = \"low\"\n",
        &["does not write the table `effects`", "it takes a model"],
    );
}

#[test]
fn numbers_to_reproduce_that_are_none_are_refused() {
    let of = |value: &str, line: &str| {
        reproducing(&format!("value = \"{value}\"\ntable = \"results\"\ncolumn = \"sse\"\n{line}"))
    };
    refused(&of("one", ""), &["`one` is no finite number", "mine.toml:17:9"]);
    refused(&of("", ""), &["there is no number", "mine.toml:17:9"]);
    refused(&of("1 2", "aggregate = \"sum\""), &["one number, not 2"]);
    refused(&of("1", "decimals = 100000"), &["`100000` decimals", "mine.toml:20:12"]);
}

#[test]
fn what_is_taken_off_and_columns_of_text_are_checked_like_the_rest() {
    let wanted = "value = \"1\"\ntable = \"results\"\ncolumn = \"macro_f1\"\nwhere = { label = \"4 bit\" }\n";
    let less = |less: &str| reproducing(&format!("{wanted}less = {{ {less} }}"));
    refused(&less("foo = 1"), &["no column `foo`", "mine.toml:21:"]);
    refused(&less("label = \"flota\""), &["no row of the table has this value in `label`", "mine.toml:21:"]);
    refused(&reproducing(&wanted.replace("macro_f1", "label")), &["`label` has text, such as `4 bit`"]);
    let folder = folder_with(&[("mine.toml", &less("label = \"float\""))]);
    assert!(folder.run(&["validate", "mine.toml"]).status.success());
}

#[test]
fn rows_of_two_tasks_of_one_name_are_refused_as_ambiguous() {
    let wanted = "value = \"1\"\ntable = \"results\"\ncolumn = \"sse\"\n";
    let two = |conditions: &str| {
        reproducing(&format!("{wanted}where = {{ {conditions} }}")).replace("epochs = 5", "epochs = [1, 2]")
    };
    refused(
        &two("label = \"4 bit\""),
        &["two tasks on `wine`", "differ in `train.epochs`", "mine.toml:20:9"],
    );
    let sandbox = folder_with(&[("mine.toml", &two("label = \"4 bit\", \"train.epochs\" = 1"))]);
    assert!(sandbox.run(&["validate", "mine.toml"]).status.success());
}

#[test]
fn impossible_splits_are_refused() {
    for (split, reason) in [
        ("test = 178", "test count `178` leaves no training rows"),
        ("test = 0.999", "leaves no training rows"),
        ("test = 2\nstratified = true", "there are 3 classes, but the number of test rows is 2"),
        ("test = 176\nstratified = true", "there are 3 classes, but the number of training rows is 2"),
    ] {
        refused(&network().replace("test = 0.2", split), &[reason, "mine.toml:6:8"]);
    }
}

#[test]
fn a_budget_below_the_least_possible_is_refused_with_the_least() {
    let of = |budget: &str| {
        experiment(&format!("[quantize.weights]\n[quantize.mixed]\nbits = [2, 4]\nbudget = {{ {budget} }}\n"))
    };
    // 13 × 8 and 8 × 3 codes of 2 bits are 26 and 6 bytes, with a scale of 4 bytes each and 11 biases, and mean and deviation
    // of 13 features: 188 in all.
    refused(&of("bytes = 187"), &["expected at least 188 bytes", "mine.toml:16:10"]);
    let sandbox = folder_with(&[("mine.toml", &of("bytes = 188"))]);
    let output = sandbox.run(&["run", "mine.toml", "-q"]);
    assert!(output.status.success(), "{}", said(&output));
    refused(&of("bits_per_weight = 1.0"), &["expected at least 188 bytes"]);
}

#[test]
fn a_given_model_that_does_not_fit_its_data_is_refused() {
    let of = |layers: &str| {
        format!(
            "title = \"t\"\n[data]\nsource = \"wine\"\n[split.holdout]\ntest = 9\n[model.given]\nlayers = [{layers}]\n\
             [quantize.weights]\nbits = 4\n"
        )
    };
    refused(
        &of("{ weight = [[1, 2, 3]] }"),
        &["has 1 input and 3 classes", "13 features and 3 classes", "mine.toml:6:"],
    );
    refused(&of("{ weight = [[1, 2, 1e39]] }"), &["`1e39` is beyond f32", "mine.toml:6:"]);
}

#[test]
fn weights_of_classes_that_the_data_do_not_have_are_refused_with_the_nearest() {
    let of = |weights: &str| {
        network().replace("learning_rate = 0.1", &format!("learning_rate = 0.1\nclass_weights = {weights}"))
    };
    refused(
        &of("{ class_1 = 2, clas_2 = 3 }"),
        &["`wine` has no class `clas_2`, did you mean `class_2`?", "mine.toml:13:41"],
    );
    refused(&of("{ rare = 3 }"), &["no class `rare`, expected one of `class_0`, `class_1`, `class_2`"]);
    let logistic = network().replace("[model.mlp]\nhidden = 8", "[model.logistic]\nclass_weights.b = 2");
    let logistic = logistic.replace("[train]\nepochs = 5\nbatch_size = 32\nlearning_rate = 0.1\n", "");
    refused(&logistic, &["`wine` has no class `b`", "mine.toml:8:19"]);
    // What is no weight is wrong whatever the data are.
    for (weights, reason) in [
        ("{ class_1 = 0 }", "found the number `0.0`, expected a finite number above 0"),
        ("{ class_1 = -2 }", "found the number `-2.0`, expected a finite number above 0"),
        ("{ class_1 = inf }", "found the number `inf`, expected a finite number above 0"),
        ("\"balance\"", "did you mean `balanced`?"),
        ("{}", "found nothing, expected the weight of at least one class"),
        ("[[1, 2, 3]]", "a list within the list `train.class_weights`"),
    ] {
        refused(&of(weights), &[reason, "mine.toml:13:"]);
    }
}

#[test]
fn weights_of_the_classes_of_one_dataset_are_a_fault_of_the_units_of_others() {
    let text = network()
        .replace("source = \"wine\"", "source = [\"wine\", \"wine-quality\"]")
        .replace("learning_rate = 0.1", "learning_rate = 0.1\nclass_weights = { class_2 = 3 }");
    let folder = folder_with(&[("mine.toml", &text)]);
    for command in ["validate", "plan", "run"] {
        let output = folder.run(&[command, "mine.toml"]);
        assert_eq!(output.status.code(), Some(3), "{command}: {}", said(&output));
        assert!(
            said(&output).contains("`wine-quality` has no class `class_2`"),
            "{command}: {}",
            said(&output)
        );
    }
}

#[test]
fn a_number_beyond_f32_is_called_by_what_was_written() {
    let tensor = "title = \"t\"\n[tensor]\nname = \"t\"\nvalues = [1, 1e39]\n[quantize.weights]\nbits = 4\n";
    refused(tensor, &["`1e39` is beyond f32", "mine.toml:4:10", "`dtype = \"f64\"`"]);
    let text = network().replace(
        "source = \"wine\"\nscale = \"standard\"",
        "source.csv = { path = \"d.csv\", target = \"y\" }\nscale = \"none\"",
    );
    let csv = "a,b,y\n1,1,x\n1,2,z\n1,1e39,x\n2,2,z\n";
    let error = refused_in(&folder_with(&[("mine.toml", &text), ("d.csv", csv)]));
    assert!(error.contains("line 4 of `d.csv`, column `b`: `1e39` is beyond f32"), "{error}");
    assert!(!error.contains("inf"), "{error}");
}

#[test]
fn features_that_their_scale_takes_beyond_f32_are_refused() {
    let scaled = |scale: &str| network().replace("scale = \"standard\"", &format!("scale = {scale}"));
    // No feature of wine is above 1680, the most of `proline`; every alcohol is from 11.03 to 14.83.
    let beyond = "e41`, beyond f32, in which models compute: divide by a larger number";
    for (divisor, said) in [
        ("1e-40", ["of `wine`, column `alcohol`", beyond]),
        (
            "1e-308",
            ["divisor `1e-308` is out of range", "expected a positive finite number that f32 can hold"],
        ),
    ] {
        refused(&scaled(&format!("{{ divide = {divisor} }}")), &[said[0], said[1], "mine.toml:4:9"]);
    }
    // Of some units alone.
    let folder = folder_with(&[("mine.toml", &scaled("[{ divide = 1e-40 }, \"standard\"]"))]);
    for command in ["validate", "plan", "run"] {
        let output = folder.run(&[command, "mine.toml"]);
        assert_eq!(output.status.code(), Some(3), "{command}: {}", said(&output));
        assert!(said(&output).contains("divide by a larger number"), "{command}: {}", said(&output));
    }
}

#[test]
fn a_model_that_fits_into_no_memory_is_refused_with_the_figure() {
    let text = network().replace("hidden = 8", &format!("hidden = [{:?}]", [65_536; 16]));
    // 13·65,536 + 15·65,536² + 65,536·3 weights and 16·65,536 + 3 biases, and 7 numbers of 4 bytes for each.
    refused(&text, &["needs about 1804.0 GB", "64,426,606,595 weights and their training", "mine.toml:7:"]);
}

#[test]
fn of_widened_models_the_widest_counts_in_whatever_order() {
    for widening in ["[2, 64]", "[64, 2]"] {
        let quantize = format!(
            "[quantize.weights]\nformat = \"wrpn\"\nbits = 4\n[quantize.training]\nepochs = 1\n\
             start = \"scratch\"\nmethod = {{ wrpn = {{ widening = {widening} }} }}\n"
        );
        let text = experiment(&quantize).replace("hidden = 8", &format!("hidden = {:?}", vec![[1_024; 16]]));
        // 64 times 1,024 are 65,536 units: the weights of the test above.
        refused(&text, &["64,426,606,595 weights after widening", "mine.toml:16:1"]);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault_of_its_units_alone() {
    let csv = "source.csv = { path = [\"missing.csv\", \"d.csv\"], target = \"y\" }";
    let text = network().replace("source = \"wine\"\nscale = \"standard\"", csv);
    let rows: String = (0..20).map(|row| format!("{row},{},k{}\n", row % 7, row / 10)).collect();
    let sandbox = folder_with(&[("mine.toml", &text), ("d.csv", &format!("a,b,y\n{rows}"))]);
    let place = fs::canonicalize(sandbox.path("")).unwrap().join("missing.csv");
    let reason = format!("`missing.csv`: no such file: looked for `{}`", place.display());
    for command in ["validate", "plan", "run"] {
        let output = sandbox.run(&[command, "mine.toml"]);
        assert_eq!(output.status.code(), Some(3), "{command}: {}", said(&output));
        let error = said(&output);
        assert!(error.contains(&reason) && error.contains("mine.toml:3:24"), "{command}: {error}");
    }
    let results = sandbox.read("results/mine/results.csv");
    // A header, the unit that failed, and float model, variant and majority class of the other.
    assert_eq!(results.lines().count(), 1 + 1 + 3, "{results}");
    assert!(results.lines().nth(1).unwrap().contains("no such file"), "{results}");
}

#[test]
fn paths_start_at_the_folder_of_the_file_that_names_them() {
    let csv = "source.csv = { path = \"data/d.csv\", target = \"y\" }";
    let text = network().replace("source = \"wine\"\nscale = \"standard\"", csv);
    let rows: String = (0..20).map(|row| format!("{row},{},k{}\n", row % 7, row / 10)).collect();
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("study/data")).unwrap();
    fs::create_dir(sandbox.path("elsewhere")).unwrap();
    sandbox.put("study/mine.toml", text);
    sandbox.put("study/data/d.csv", format!("a,b,y\n{rows}"));
    let mut tables = Vec::new();
    for (from, file) in
        [("study", "mine.toml"), (".", "study/mine.toml"), ("elsewhere", "../study/mine.toml")]
    {
        let from = sandbox.path(from);
        for command in ["validate", "plan", "describe"] {
            let output = sandbox.command(&[command, file]).current_dir(&from).output().unwrap();
            assert!(output.status.success(), "{command}: {}", said(&output));
        }
        let output = sandbox.command(&["run", file, "-q"]).current_dir(&from).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        tables.push(fs::read(from.join("results/mine/results.csv")).unwrap());
    }
    assert!(tables.iter().all(|table| *table == tables[0]));
}

#[test]
fn class_names_name_the_rows_of_numbers_in_their_order() {
    let csv = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/cases/number-classes.csv"),
    );
    let text = "title = \"t\"\n[data]\nscale = \"standard\"\n[data.source.csv]\npath = \"d.csv\"\ntarget = \"y\"\n\
                class_names = [\"one\", \"two\", \"ten\"]\n[split.holdout]\ntest = 0.25\nstratified = true\n\
                [model.logistic]\n[quantize.weights]\nbits = 8\n";
    let sandbox = folder_with(&[("mine.toml", text), ("d.csv", &csv.unwrap())]);
    assert!(sandbox.run(&["run", "mine.toml", "-q"]).status.success());
    let classes = sandbox.read("results/mine/classes.csv");
    let float = classes.lines().filter(|line| line.contains(",float,"));
    let support: Vec<(&str, &str)> = float
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[3], cells[7])
        })
        .collect();
    // Of 20, 28 and 12 rows a quarter each.
    assert_eq!(support, [("one", "5"), ("two", "7"), ("ten", "3")]);
}

#[test]
fn slips_in_the_classes_are_said_and_stand_in_the_report() {
    let rows: String = (0..24).map(|row| format!("{row},{}\n", ["yes", "Yes", "NA"][row % 3])).collect();
    let text = network().replace(
        "source = \"wine\"\nscale = \"standard\"",
        "source.csv = { path = \"d.csv\", target = \"y\" }",
    );
    let sandbox = folder_with(&[("mine.toml", &text), ("d.csv", &format!("a,y\n{rows}"))]);
    let notes = ["`Yes`, `yes` differ only in case", "`NA` usually stands for a missing value"];
    for command in ["validate", "plan", "run"] {
        let error = said(&sandbox.run(&[command, "mine.toml"]));
        assert!(notes.iter().all(|note| error.contains(note)), "{command}: {error}");
        assert!(said(&sandbox.run(&[command, "mine.toml", "--quiet"])).is_empty());
    }
    for file in ["report.md", "provenance.json"] {
        let text = fs::read_to_string(sandbox.path("results/mine").join(file)).unwrap();
        assert!(text.contains("differ only in case") && text.contains("missing value"), "{file}");
    }
}

#[test]
fn sixteen_thousand_variants_are_checked_at_once() {
    let variant = |number: usize| {
        format!(
            "[[quantize]]\nname = \"v{number}\"\nweights = {{ bits = 4, range = {{ percentile = 9{}.{number} }} }}\n",
            number % 10
        )
    };
    let variants = |count: usize| experiment(&(10_000..10_000 + count).map(variant).collect::<String>());
    let networks = |count: usize| {
        let hidden: Vec<String> = (1..=count).map(|units| units.to_string()).collect();
        network().replace("hidden = 8", &format!("hidden = [{}]", hidden.join(", ")))
    };
    let seeds = |count: usize| {
        let seeds: Vec<String> = (0..count).map(|seed| seed.to_string()).collect();
        format!("seed = [{}]\n{}", seeds.join(", "), network())
    };
    let tensors = |_: usize| {
        "title = \"test\"\n[tensor]\nfile = \"many.safetensors\"\nselect = \"*\"\n[quantize.weights]\nbits = 4\n"
            .to_owned()
    };
    let seconds = |text: &dyn Fn(usize) -> String, count: usize| {
        let sandbox = folder_with(&[("mine.toml", &text(count))]);
        sandbox.put("many.safetensors", safetensors((0..count).map(|number| (format!("t{number}"), [4, 4]))));
        let started = std::time::Instant::now();
        let output = sandbox.run(&["validate", "mine.toml"]);
        assert!(output.status.success(), "{}", said(&output));
        started.elapsed().as_secs_f64()
    };
    // Four times as many took sixteen times as long when every location was counted from the top of the file, or every
    // unit was compared with those before it.
    for (what, text) in [
        ("variants", &variants as &dyn Fn(usize) -> String),
        ("networks", &networks),
        ("seeds", &seeds),
        ("tensors", &tensors),
    ] {
        // The least of two, as other processes take time, too.
        let [few, many] = [4_000, 16_000].map(|count| seconds(text, count).min(seconds(text, count)));
        assert!(many < 8.0 * few, "{what}: {few} s, then {many} s");
    }
}

//! A table and its target are enough: `run --csv`, and the experiment that `init` writes.

use std::fs;

use crate::harness::{Sandbox, printed, said, unwrapped};

/// Three classes of 40 rows, told apart by two columns, with what real files have: a column that counts, semicolons, decimal
/// commas, gaps, a text, and names that say who was measured when.
fn sensor() -> String {
    let mut text = "id;name;warm;wet;colour;day;state\n".to_owned();
    for row in 0..120 {
        let class = row % 3;
        let number = |center: usize, step: usize| format!("{},{:02}", center, row * step % 100);
        let warm = if row % 40 == 7 { "?".to_owned() } else { number(4 * class, 37) };
        let colour = ["red", "green", "blue"][row * 7 % 3];
        let state = ["calm", "busy", "alarm"][class];
        text += &format!(
            "{row};p{row};{warm};{};{colour};2024-05-{:02};{state}\n",
            number(9 - 3 * class, 61),
            1 + row % 28
        );
    }
    text
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("sensor.csv"), sensor()).unwrap();
    sandbox
}

const RUN: [&str; 5] = ["run", "--csv", "sensor.csv", "--target", "state"];

/// Every file of a results folder but the one that depends on the machine.
fn files(sandbox: &Sandbox, folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![sandbox.path(folder)];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("timings.json") {
                found.push((path.display().to_string(), fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_table_and_its_target_are_enough_and_init_writes_what_is_run() {
    let sandbox = sandbox();
    let output = sandbox.run(&RUN);
    assert!(output.status.success(), "{}", said(&output));
    let of_one_line = files(&sandbox, "results/sensor");
    let written = sandbox.run(&["init", "sensor.csv", "--target", "state"]);
    assert!(written.status.success(), "{}", said(&written));
    let text = String::from_utf8(written.stdout).unwrap();
    for line in [
        "# sensor.csv: 120 rows, 3 columns beside the class, 3 classes: alarm (40), busy (40), calm (40)",
        "separator = \";\"",
        "decimal = \",\"",
        "encoding = \"utf-8\"",
        "    \"id\",  # counts the rows",
        "    \"name\",  # 120 different texts in 120 rows",
        "    \"day\",  # dates or times",
        "missing = \"median\"                   # 3 of `warm`; or",
        "stratified = true",
        "logistic = {}",
        "mlp = { hidden = 32 }",
        "epochs = 200",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    fs::write(sandbox.path("sensor.toml"), &text).unwrap();
    let output = sandbox.run(&["run", "sensor.toml"]);
    assert!(output.status.success(), "{}", said(&output));
    // All but the command that makes them again, and the checksums of what has it.
    let of_file = files(&sandbox, "results/sensor");
    assert_eq!(of_file.len(), of_one_line.len());
    let one_line = "run --csv sensor.csv --target state";
    let plain = |name: &str, bytes: &[u8]| {
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        if name.ends_with("provenance.json") {
            let mut provenance: serde_json::Value = serde_json::from_str(&text).unwrap();
            let checksums = provenance["files"].as_object_mut().unwrap();
            assert!(["report.md", "report.html"].iter().all(|report| checksums.remove(*report).is_some()));
            text = provenance.to_string();
        }
        text.replace(one_line, "run sensor.toml").into_bytes()
    };
    for ((name, one), (other_name, other)) in of_file.iter().zip(&of_one_line) {
        let is_told = [".md", ".html", "provenance.json"].iter().any(|end| name.ends_with(end));
        let same = one == other || is_told && plain(name, one) == plain(name, other);
        assert!(name == other_name && same, "{name}");
    }
    // The line that makes the file is told, without the keys that it does not take.
    let output = sandbox.run(&[RUN.as_slice(), &["--set", "train.epochs=3", "--name", "short"]].concat());
    let told = unwrapped(&said(&output));
    assert!(told.contains("as a file: bitsweep init sensor.csv --target state > sensor.toml"), "{told}");
}

#[test]
fn models_bits_and_any_key_can_be_changed_on_the_command_line() {
    let sandbox = sandbox();
    let plan = |more: &[&str]| {
        let output = sandbox.run(&[&["plan", "--csv", "sensor.csv", "--target", "7"], more].concat());
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(plan(&[]).starts_with("10 units, 130 variants"));
    let logistic = plan(&["--model", "logistic", "--bits", "8,5"]);
    assert!(logistic.starts_with("5 units, 20 variants") && !logistic.contains("mlp"), "{logistic}");
    assert!(!logistic.contains("by output"));
    let perceptron =
        plan(&["--model", "mlp", "--bits", "4", "--set", "model.mlp.hidden=8", "--set", "seed=7"]);
    assert!(perceptron.starts_with("1 unit, 3 variants"), "{perceptron}");
    assert!(perceptron.contains("mlp(8), seed 7"), "{perceptron}");
    // One of the models of a list, and one in place of another.
    assert!(plan(&["--set", "model.mlp.hidden=[8, 16]"]).starts_with("15 units"));
    assert!(plan(&["--set", "model=mlp"]).contains("mlp(100)"));
    assert!(plan(&["--model", "logistic", "--set", "model.mlp.hidden=5"]).contains("mlp(5)"));
    let output =
        sandbox.run(&["init", "sensor.csv", "--target", "state", "--set", "data.source.csv.missing=mean"]);
    assert!(printed(&output).contains("missing = \"mean\""), "{}", said(&output));
}

#[test]
fn three_lines_are_an_experiment() {
    let sandbox = sandbox();
    let lines = "[data.source.csv]\npath = \"sensor.csv\"\ntarget = \"state\"\n";
    fs::write(
        sandbox.path("short.toml"),
        lines.replace("target", "drop = ['name', 'day']\nmissing = 'mean'\ntarget"),
    )
    .unwrap();
    let output = sandbox.run(&["plan", "short.toml"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("2 units, 26 variants"));
    let output =
        sandbox.run(&["plan", "short.toml", "--set", "model.mlp.hidden=4", "--set", "train.epochs=3"]);
    assert!(printed(&output).contains("mlp(4)"), "{}", said(&output));
    let output = sandbox.run(&["describe", "short.toml"]);
    assert!(printed(&output).starts_with("short: short"), "{}", said(&output));
}

#[test]
fn what_is_wrong_with_a_table_is_said_as_of_an_experiment() {
    let sandbox = sandbox();
    let refused = |arguments: &[&str]| {
        let output = sandbox.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        said(&output)
    };
    let told = refused(&["run", "--csv", "sensor.csv", "--target", "stat"]);
    assert!(
        told.contains("did you mean `state`") && told.contains("sensor.toml of `bitsweep init`:3:"),
        "{told}"
    );
    let told = refused(&["init", "sensor.csv", "--target", "wet"]);
    assert!(told.contains("continuous") && told.contains("bins = { quantiles = 3 }"), "{told}");
    let bins = "data.source.csv.bins={ quantiles = 3 }";
    let output = sandbox.run(&["init", "sensor.csv", "--target", "wet", "--set", bins]);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("bins = { quantiles = 3 }"),
        "{}",
        said(&output)
    );
    assert!(
        refused(&["init", "sensor.csv", "--target", "state", "--set", "seed=1"])
            .contains("no key of the table")
    );
    assert!(refused(&["run", "--csv", "none.csv", "--target", "state"]).contains("no such file"));
    assert!(refused(&["run", "sensor.csv"]).contains("--csv sensor.csv --target COLUMN"));
    assert!(refused(&["run", "--csv", "sensor.csv"]).contains("--target"));
    assert!(refused(&["run", "wine-mlp", "--bits", "4"]).contains("an experiment has its own"));
    assert!(
        refused(&["run", "wine-mlp", "--csv", "sensor.csv", "--target", "state"])
            .contains("`wine-mlp` has its own data")
    );
}

#[test]
fn what_is_assumed_of_a_table_is_told_and_what_is_set_of_it_stays() {
    let sandbox = sandbox();
    let told = said(&sandbox.succeeds(&["plan", "--csv", "sensor.csv", "--target", "state"]));
    for note in [
        "note: sensor: column `id` is left out: counts the rows",
        "note: sensor: column `day` is left out: dates or times",
        "note: sensor: cells are taken as separated by semicolons",
        "note: sensor: commas are taken as the sign before a number's fraction",
    ] {
        assert!(told.contains(note), "{note}\n{told}");
    }
    assert!(
        said(&sandbox.succeeds(&["plan", "--csv", "sensor.csv", "--target", "state", "--quiet"])).is_empty()
    );
    // What is dropped by itself is dropped beside what is asked for.
    let set = "data.source.csv.drop=['wet']";
    let output = sandbox.succeeds(&["init", "sensor.csv", "--target", "state", "--set", set]);
    let text = printed(&output);
    assert!(text.contains("\"wet\",") && text.contains("\"id\",  # counts the rows"), "{text}");
    assert!(text.contains("What was assumed of the table: column `day` is left out"), "{text}");
    let set = "split.holdout.stratified=false";
    sandbox.succeeds(&["plan", "--csv", "sensor.csv", "--target", "state", "--set", set]);
}

#[test]
fn results_of_another_target_are_not_replaced() {
    let sandbox = sandbox();
    let quick = ["--set", "seed=0", "--model", "logistic", "--bits", "8"];
    let arguments = |target| [&["run", "--csv", "sensor.csv", "--target", target], &quick[..]].concat();
    sandbox.succeeds(&arguments("state"));
    sandbox.succeeds(&arguments("state"));
    let output = sandbox.run(&arguments("colour"));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("give --name"), "{}", said(&output));
}

#[test]
fn names_of_any_characters_stay_names_in_what_is_written() {
    let sandbox = Sandbox::new();
    let rows = (0..30).map(|row| format!("{row}.5,{},{}\n", ["a\u{1b}b", "c"][row % 2], row * 7 % 3));
    let header = "\"x\n[split.holdout]\ntest = 0.5\n#\",\"what \"\"kind\"\"\",y\n";
    sandbox.put("t.csv", header.to_owned() + &rows.collect::<String>());
    let written = sandbox.succeeds(&["init", "t.csv", "--target", "what \"kind\""]);
    sandbox.put("t.toml", &written.stdout);
    let planned = printed(&sandbox.succeeds(&["describe", "t.toml"]));
    assert!(planned.contains("t (30 rows, 2 columns, 2 classes)"), "{planned}");
}

#[test]
fn validate_takes_names_as_the_others_do() {
    let sandbox = Sandbox::new();
    let output = sandbox.run(&["validate", "wine-mlp", "row-wise"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(printed(&output).contains("wine-mlp: 1 unit, 4 variants"), "{}", printed(&output));
}

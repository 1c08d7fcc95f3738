//! The named experiments: all of them plan, the notebooks come out, and nothing depends on the number of workers.

use std::fs;
use std::path::{Path, PathBuf};

use bitsweep::plan::Plan;
use bitsweep::record::{Folder, LargeTables, write};
use bitsweep::registry::{EXPERIMENTS, Found, Source, find};
use bitsweep_results::summarize;
use tempfile::TempDir;

use crate::harness::{Sandbox, outcome, printed};

fn plan(name: &str) -> Plan {
    let Found { name, document, .. } = find(name, &[]).unwrap();
    Plan::new(&name, &document).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_named_experiment_plans() {
    for (name, _) in EXPERIMENTS {
        let plan = plan(name);
        assert!(plan.variants() > 0, "{name} has no variants");
        let mut keys: Vec<_> = plan.units.iter().map(|unit| unit.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), plan.units.len(), "{name} has units of the same key");
        for unit in &plan.units {
            let label = |position: usize| plan.labels.get(&unit.variants[position].identity.row).text();
            let mut labels: Vec<&str> = (0..unit.variants.len()).map(label).collect();
            labels.sort_unstable();
            labels.dedup();
            assert_eq!(labels.len(), unit.variants.len(), "{name} has variants of the same label");
        }
    }
}

#[test]
fn every_number_of_the_notebooks_comes_out_as_printed() {
    let mut notebooks = 0;
    for (name, _) in EXPERIMENTS {
        let plan = plan(name);
        if plan.header.reproduce.is_empty() {
            continue;
        }
        notebooks += 1;
        let folder = TempDir::new().unwrap();
        let results = Folder::create(folder.path(), name, name, &Source::Registry).unwrap();
        let mut large = LargeTables::new(&results, &plan.labels);
        let outcome = outcome(&plan, &mut large).unwrap();
        large.finish().unwrap();
        let summary = summarize(&outcome.records, &plan.labels, &plan.header.pick);
        let written = write(&plan, "", &outcome, &summary, &[], &[], &results).unwrap();
        assert_eq!(written.reproduction.len(), plan.header.reproduce.len());
        for row in &written.reproduction {
            assert!(row.comes_out(), "{name}: {}: printed {}, ours {}", row.what, row.wanted, row.ours);
        }
    }
    assert_eq!(notebooks, 5);
}

/// A grid of several units with every random stage: split, first weights, shuffling, stochastic rounding, k-means.
const RANDOM: &str = "title = \"random\"\nseed = [3, 4, 5]\n\
    [data]\nsource = \"wine\"\nscale = \"standard\"\n\
    [split.holdout]\ntest = 40\nstratified = true\n\
    [model.mlp]\nhidden = 9\n\
    [train]\nepochs = 5\nbatch_size = 7\nlearning_rate = 0.05\nshuffle = true\noptimizer = \"adam\"\n\
    [[quantize]]\n[quantize.weights]\nbits = [5, 2]\nrounding = [\"stochastic\", \"nearest-even\"]\n\
    [[quantize]]\n[quantize.weights]\nformat = { pq = { subvectors = 3, centroids = 4 } }\n\
    [[quantize]]\n[quantize.weights]\nformat = { residual = { stages = 2, centroids = 4, width = 2 } }\n\
    granularity = { rows = 4 }\ncodebook_format = \"int8\"\n";

fn run(sandbox: &Sandbox, out: &str, jobs: &str) -> PathBuf {
    sandbox.succeeds(&["run", "random.toml", "--out", out, "--jobs", jobs, "--quiet"]);
    sandbox.path(out).join("random")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

#[test]
fn results_are_the_same_bytes_for_any_number_of_workers() {
    let sandbox = Sandbox::new();
    // Nine and three columns divide into three sub-vectors.
    sandbox.put("random.toml", RANDOM);
    let (one, three) = (run(&sandbox, "one", "1"), run(&sandbox, "three", "3"));
    let names = |root: &Path| -> Vec<PathBuf> {
        files(root).iter().map(|path| path.strip_prefix(root).unwrap().to_owned()).collect()
    };
    assert_eq!(names(&one), names(&three));
    for name in names(&one) {
        if name != Path::new("timings.json") {
            assert!(
                fs::read(one.join(&name)).unwrap() == fs::read(three.join(&name)).unwrap(),
                "{} differs",
                name.display()
            );
        }
    }
}

#[test]
fn the_order_of_the_grid_is_the_order_of_the_table() {
    let sandbox = Sandbox::new();
    sandbox.put("random.toml", RANDOM);
    let table = fs::read_to_string(run(&sandbox, "out", "2").join("results.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let (seed, variant) = (column("seed"), column("variant"));
    let rows: Vec<(u64, usize)> = reader
        .records()
        .map(|row| row.map(|row| (row[seed].parse().unwrap(), row[variant].parse().unwrap())).unwrap())
        .collect();
    let expected: Vec<(u64, usize)> =
        [3, 4, 5].into_iter().flat_map(|seed| (0..8).map(move |variant| (seed, variant))).collect();
    assert_eq!(rows, expected);
}

#[test]
fn an_override_is_written_into_the_resolved_experiment_and_runs_again_to_the_same_bytes() {
    let sandbox = Sandbox::new();
    sandbox.put("random.toml", RANDOM);
    sandbox.succeeds(&["run", "random.toml", "--out", "first", "--set", "seed=8", "--set", "train.epochs=2"]);
    let changed = sandbox.path("first/random--seed=8,train.epochs=2");
    let resolved = changed.join("experiment.toml");
    assert!(fs::read_to_string(&resolved).unwrap().contains("seed = 8"));
    fs::copy(&resolved, sandbox.path("random.toml")).unwrap();
    sandbox.succeeds(&["run", "random.toml", "--out", "second"]);
    let results = |folder: &Path| fs::read(folder.join("results.csv")).unwrap();
    assert_eq!(results(&changed), results(&sandbox.path("second/random")));
}

#[test]
fn the_committed_pages_are_the_generated_ones() {
    for (command, page) in [
        ("formats", "number-formats.md"),
        ("combinations", "combinations.md"),
        ("reference", "reference.md"),
        ("schema", "schema.json"),
    ] {
        let output = Sandbox::new().succeeds(&[command]);
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
        let committed = fs::read_to_string(committed).unwrap();
        let generated = printed(&output);
        assert!(committed == generated, "run `bitsweep {command} > docs/{page}`");
    }
}

#[test]
fn a_query_and_ragged_subvectors_are_recorded_value_by_value() {
    let sandbox = Sandbox::new();
    let text = "title = \"t\"\n[tensor]\nname = \"t\"\nvalues = [[1, 2, 3], [4, 5, 6]]\nquery = [1, 0, 2]\n\
                [quantize.weights]\nformat = { pq = { subvectors = 2, centroids = 2 } }\n";
    sandbox.put("random.toml", text);
    let results = run(&sandbox, "out", "1");
    let values = fs::read_to_string(results.join("values.csv")).unwrap();
    assert_eq!(values.lines().count(), 1 + 6);
    let products = fs::read_to_string(results.join("products.csv")).unwrap();
    let lookups: Vec<&str> = products.lines().skip(1).filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(lookups, ["7.0", "16.0"]);
}

#[test]
fn the_table_of_the_readme_is_what_the_main_command_prints() {
    let output = Sandbox::new().succeeds(&["run", "wine-mlp", "--quiet"]);
    let printed = printed(&output);
    let lines =
        printed.lines().take(1).chain(printed.lines().skip(1).take_while(|line| line.starts_with("  ")));
    let table: String = lines.map(|line| format!("{line}\n")).collect();
    assert!(table.lines().count() > 5, "{printed}");
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    assert!(readme.contains(&table), "README.md does not have:\n{table}");
}

#[test]
fn models_that_look_alike_are_told_apart_by_a_column_of_their_own() {
    let sandbox = Sandbox::new();
    let text = RANDOM.replace(
        "[model.mlp]\nhidden = 9\n",
        "[[model]]\nmlp = { hidden = 9 }\n[[model]]\nmlp = { hidden = 9, initialization = \"xavier\" }\n[[model]]\nlogistic = {}\n",
    );
    let text = text.replace("optimizer = \"adam\"", "optimizer = [\"adam\", \"sgd\"]");
    sandbox.put("random.toml", text);
    let table = fs::read_to_string(run(&sandbox, "out", "2").join("results.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let (unit, model, initialization, optimizer) =
        (column("unit"), column("model"), column("model.mlp.initialization"), column("train.optimizer"));
    let mut units: Vec<[String; 4]> = reader
        .records()
        .map(|row| {
            row.map(|row| [unit, model, initialization, optimizer].map(|column| row[column].to_owned()))
                .unwrap()
        })
        .collect();
    units.dedup();
    // Two perceptrons with two optimizers, and one logistic regression, which has none; three seeds each.
    assert_eq!(units.len(), 3 * (2 * 2 + 1));
    let logistic = units.iter().find(|unit| unit[1].starts_with("logistic")).unwrap();
    assert_eq!(logistic[2..], ["", ""]);
}

#[test]
fn a_notebook_experiment_that_was_changed_is_not_held_to_the_notebook() {
    let sandbox = Sandbox::new();
    sandbox.succeeds(&["run", "wine-mlp", "--set", "train.epochs=3", "--set", "seed=7"]);
    let results = sandbox.path("results/wine-mlp--seed=7,train.epochs=3");
    assert!(!fs::read_to_string(results.join("report.md")).unwrap().contains("The notebook's numbers"));
    assert!(!fs::read_to_string(results.join("experiment.toml")).unwrap().contains("reproduce"));
}

#[test]
fn test_rows_that_also_stand_among_the_training_rows_are_counted() {
    let sandbox = Sandbox::new();
    // Rows 2 k and 2 k + 1 are the same but for the sign of zero: a test row is new if its twin is tested, too.
    let rows: String = (0..20)
        .map(|row| format!("{},{}0,{}\n", row / 2, if row % 2 == 0 { "-" } else { "" }, row / 10))
        .collect();
    sandbox.put("twins.csv", format!("a,b,kind\n{rows}"));
    let text =
        RANDOM.replace("source = \"wine\"", "source.csv = { path = \"twins.csv\", target = \"kind\" }");
    let text = text.replace("test = 40", "test = 8").replace("subvectors = 3", "subvectors = 2");
    sandbox.put("random.toml", text);
    let results = run(&sandbox, "out", "1");
    let column = |table: &str, name: &str| -> Vec<(String, usize)> {
        let mut reader = csv::Reader::from_path(results.join(table)).unwrap();
        let header = reader.headers().unwrap().clone();
        let at = |name: &str| header.iter().position(|column| column == name).unwrap();
        let (unit, name) = (at("unit"), at(name));
        let rows = reader.records().map(|row| row.unwrap());
        rows.map(|row| (row[unit].to_owned(), row[name].parse().unwrap())).collect()
    };
    let mut tested = column("predictions.csv", "row");
    tested.sort();
    tested.dedup();
    let mut counted = column("results.csv", "seen_test_rows");
    counted.dedup();
    assert_eq!(counted.len(), 3);
    for (unit, seen) in counted {
        let own = |row: usize| tested.contains(&(unit.clone(), row));
        let expected = (0..20).filter(|row| own(*row) && !own(row ^ 1)).count();
        assert_eq!(seen, expected, "{unit}");
        assert!(expected > 0);
    }
}

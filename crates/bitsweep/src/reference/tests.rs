//! The examples of the reference are parsed, and every key of the reference stands in a file that is.

use std::collections::BTreeSet;

use toml::{Table as Toml, Value};

use super::page::{all_keys, in_toml, page, part};
use super::reader::tables;
use super::{Keys, Table};
use crate::registry::EXPERIMENTS;
use bitsweep_experiment::config::{Document, Experiment};

/// Settings of choices that have no table, and with it no example, of their own.
const SETTINGS: &str = "title = 't'\ndata.source = 'wine'\nsplit.holdout.test = 0.2\n\
    [model.given]\nlayers = [\n\
    { weight = [[1], [2]], activation = { leaky-relu = { slope = 0.01 } } },\n\
    { weight = [[1]], activation = { elu = { alpha = 1 } } },\n\
    { weight = [[1]], activation = { hard-sigmoid = { alpha = 0.2, beta = 0.5 } } },\n\
    { weight = [[1, 2]], activation = { hard-tanh = { min = 0, max = 6 } } },\n]\n\
    [quantize.weights]\nformat = [{ vq = { centroids = 2, width = 2 } },\n\
    { vq = { centroids = 2, clustering = 'exact' } }, { pq = { subvectors = 1, centroids = 2 } },\n\
    { residual = { stages = 2, centroids = 2, width = 1 } }, { fp = { exponent = 2, mantissa = 1 } }]\n";

/// The activations of a file of tensors, which is not read here.
const FILE_SETTINGS: &str = "data.source = 'wine'\nquantize.weights.bits = 4\n[model.file]\npath = 'm.npz'\n\
    activation = [{ leaky-relu = { slope = 0.01 } }, { elu = { alpha = 1 } },\n\
    { hard-sigmoid = { alpha = 0.2, beta = 0.5 } }, { hard-tanh = { min = 0, max = 6 } }]\n\
    layers = [{ name = 'a', activation = { leaky-relu = { slope = 0.01 } } },\n\
    { name = 'b', activation = { elu = { alpha = 1 } } },\n\
    { name = 'c', activation = { hard-sigmoid = { alpha = 0.2, beta = 0.5 } } },\n\
    { name = 'd', activation = { hard-tanh = { min = 0, max = 6 } } }]\n";

/// The examples of a table, each with what an experiment needs beside it.
fn whole(table: &Table) -> Vec<Toml> {
    in_toml(table).into_iter().map(|example| whole_example(table, example)).collect()
}

fn whole_example(table: &Table, mut example: String) -> Toml {
    if table.path == "reproduce.per" {
        example.insert_str(0, "[[reproduce]]\nvalue = '1'\ncolumn = 'sse'\n");
    }
    if table.path == "model.file.layers" {
        example.insert_str(0, "[model.file]\npath = 'm.npz'\n");
    }
    let mut whole: Toml = example.parse().unwrap();
    let weights = match table.path.as_str() {
        "quantize.mixed" => "weights.symmetry = 'symmetric'",
        "quantize.method.hqq" => "weights = { bits = 4, symmetry = 'asymmetric', zero_point = 'float' }",
        "quantize.training.method.dorefa" => "weights = { bits = 4, format = 'dorefa' }",
        "quantize.training.method.wrpn" => "weights = { bits = 4, format = 'wrpn' }",
        "quantize.activations.range.moving-average" => {
            "weights.bits = 4\nactivations = { bits = 8, mode = 'static' }"
        }
        _ => "weights.bits = 4",
    };
    let is_of = |kind: &str| table.path.starts_with(kind);
    let mut beside =
        vec![("title", "title = 't'".to_owned()), ("quantize", format!("[quantize]\n{weights}"))];
    if !is_of("tensor") {
        let rows = [
            ("data", "data.source = 'wine'"),
            // Some tables say themselves how their rows are divided.
            ("split", if is_of("data.source.csv") { "" } else { "split.holdout.test = 9" }),
            ("model", "model.mlp = {}"),
        ];
        beside.extend(rows.map(|(key, text)| (key, text.to_owned())));
        if !["model.given", "model.file", "model.logistic"].into_iter().any(is_of) {
            beside.push(("train", "train = {}".to_owned()));
        }
    }
    for (key, text) in beside {
        match whole.get_mut(key) {
            // What stands there is whole, but for tables within `quantize`.
            Some(own) if key == "quantize" => add(own, text.parse::<Toml>().unwrap().remove(key).unwrap()),
            Some(_) => {}
            None => whole.extend(text.parse::<Toml>().unwrap()),
        }
    }
    whole
}

/// Adds the keys of a table that another does not have.
fn add(to: &mut Value, more: Value) {
    if let (Value::Table(to), Value::Table(more)) = (to, more) {
        for (key, value) in more {
            match to.get_mut(&key) {
                Some(own) => add(own, value),
                None => drop(to.insert(key, value)),
            }
        }
    }
}

fn parsed(file: &str) -> Result<Experiment, String> {
    Experiment::parse(&Document::new("mine.toml", file, &[])).map_err(|error| error.to_string())
}

#[test]
fn every_table_has_an_example_that_is_parsed() {
    for table in tables().iter().filter(|table| matches!(table.keys, Keys::Own(_))) {
        let examples = whole(table);
        assert!(!examples.is_empty(), "`{}` has no example", table.path);
        for text in examples.iter().map(ToString::to_string) {
            parsed(&text).unwrap_or_else(|error| panic!("`{}`: {error}\n{text}", table.path));
        }
    }
}

/// The dotted keys of a file, whatever lists they stand in.
fn add_keys(value: &Value, path: &str, known: &mut BTreeSet<String>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                add_keys(value, &path, known);
                known.insert(path);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| add_keys(value, path, known)),
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
    }
}

#[test]
fn every_key_stands_in_a_file_that_is_parsed() {
    let tables = tables();
    for text in [SETTINGS, FILE_SETTINGS] {
        parsed(text).unwrap();
    }
    let files = EXPERIMENTS.iter().map(|(_, text)| *text).chain([SETTINGS, FILE_SETTINGS]);
    let files = files.map(|text| text.parse::<Toml>().unwrap()).chain(tables.iter().flat_map(whole));
    let mut known = BTreeSet::new();
    files.for_each(|file| add_keys(&Value::Table(file), "", &mut known));
    let keys: Vec<&str> = tables.iter().flat_map(all_keys).map(|key| key.path.as_str()).collect();
    assert!(keys.len() > 120, "{}", keys.len());
    let missing: Vec<&str> = keys.into_iter().filter(|key| !known.contains(*key)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "no example and no experiment has them");
}

#[test]
fn no_key_is_left_without_a_sentence_or_speaks_of_rust() {
    let page = page();
    for rust in ["](crate", "](Self", "](super", "::", "[`Self", "Option", "usize", ": .\n"] {
        assert!(!page.contains(rust), "{rust}: {:?}", page.lines().find(|line| line.contains(rust)));
    }
    for key in tables().iter().flat_map(all_keys) {
        assert!(!key.text.paragraphs.is_empty(), "`{}`", key.path);
    }
}

#[test]
fn a_part_is_found_by_the_end_of_its_name() {
    let of = |name: &str| part(name).unwrap();
    assert!(of("quantize.weights.range").contains("`range`: `\"min-max\"` by default"));
    assert!(of("quantize.weights.range").contains("### `range`"), "what it combines with");
    let ranges = of("range");
    assert!(ranges.contains("## `[quantize.weights]`") && ranges.contains("## `[quantize.activations]`"));
    assert!(of("gptq").starts_with("## `[quantize.method.gptq]`"));
    assert!(of("centroids").contains("whole number from 2 to 256"));
    assert!(part("train.epoch").unwrap_err().to_string().contains("did you mean `train.epochs`?"));
    assert!(part("stratifed").unwrap_err().to_string().contains("did you mean `stratified`?"));
    assert!(part("").is_err() && part("ange").is_err());
}

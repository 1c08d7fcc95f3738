//! What is set, and where it stands.

use super::Document;
use super::overrides::MOST_KEYS;
use crate::config::Experiment;

fn document(text: &str, overrides: &[&str]) -> Document {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    Document::new("mine.toml", text, &overrides)
}

/// The axes of a document, and of what a run leaves of it.
fn axes(text: &str, overrides: &[&str]) -> (Vec<String>, Vec<String>) {
    let document = document(text, overrides);
    let resolved = document.resolved_text(&document.changes().unwrap()).unwrap();
    let resolved = Document::new("resolved.toml", &resolved, &[]);
    let names = |document: &Document| {
        let axes = Experiment::parse(document).unwrap().axes;
        axes.into_iter().map(|axis| axis.name).collect()
    };
    (names(&document), names(&resolved))
}

#[test]
fn what_is_set_stands_where_the_file_has_it_or_before_the_first_table() {
    let text = "[quantize.weights]\nformat = [{ ternary = 'absmean' }, 'nf4']\ngranularity = ['tensor', 'output-channel']\n\
                [tensor]\nname = 't'\nvalues = [1, 2]\ndtype = ['f32', 'f64']\n";
    let [format, granularity, dtype] =
        ["quantize.weights.format", "quantize.weights.granularity", "tensor.dtype"];
    let expected = ["seed", dtype, format, granularity].map(str::to_owned).to_vec();
    let set =
        ["quantize.weights.format=[{ ternary = 'least-error' }, { ternary = 'absmean' }]", "seed=[1, 2]"];
    assert_eq!(axes(text, &set), (expected.clone(), expected));
}

#[test]
fn defaults_come_in_one_order_whatever_of_them_is_set() {
    let (own, resolved) = axes("[data]\nsource = 'wine'\n", &["train.epochs=[1, 2]"]);
    assert_eq!(own[..2], ["model", "train.epochs"]);
    assert_eq!(own, resolved);
}

#[test]
fn defaults_are_those_of_the_model_that_is_set() {
    let variants = |text: &str, overrides: &[&str]| {
        Experiment::parse(&document(text, overrides)).unwrap().variants.len()
    };
    let data = "data.source.csv = { path = 'a.csv', target = 'y' }\n";
    let written = variants(&format!("{data}model.file.path = 'm.onnx'"), &[]);
    assert_eq!(variants(data, &["model.file.path=m.onnx"]), written);
    assert_eq!(variants(data, &[]), written + 3);
}

#[test]
fn training_that_is_set_for_a_model_without_training_is_refused() {
    let text = "data.source = 'wine'\nmodel = 'logistic'\nquantize.weights.bits = 4\n";
    let error = Experiment::parse(&document(text, &["train.epochs=3"])).unwrap_err().to_string();
    assert!(error.contains("no model of this experiment is trained by gradient descent"), "{error}");
    assert!(error.contains("--> --set:1:14"), "{error}");
    assert!(Experiment::parse(&document(text, &[])).is_ok());
}

#[test]
fn an_override_of_very_many_keys_is_refused() {
    let deep = |keys: usize| document("", &[&format!("{}a=1", "a.".repeat(keys - 1))]).tree().err();
    assert_eq!(deep(MOST_KEYS), None);
    for keys in [MOST_KEYS + 1, 1_000_000] {
        let error = deep(keys).unwrap().to_string();
        assert!(error.starts_with("more than 80 keys, expected one as `train.epochs`\n"), "{error}");
    }
}

#[test]
fn units_and_variants_are_refused_before_they_fill_the_memory() {
    let refused = |rest: &str| {
        let text = format!("data.source = 'wine'\nmodel = 'logistic'\n{rest}");
        Experiment::parse(&document(&text, &[])).map(|_| ()).map_err(|error| error.message().to_owned())
    };
    let list = |count: usize| format!("{:?}", (1..=count).collect::<Vec<_>>());
    let too_many = || Err("the grid has more than 100000 units or variants".to_owned());
    let seeds = |count: usize| format!("seed = {}\nquantize.weights.bits = 4\n", list(count));
    assert_eq!(refused(&seeds(1_000)), Ok(()));
    assert_eq!(
        refused(&format!("{}split.holdout = {{ test = 0.2, repeats = 101 }}", seeds(1_000))),
        too_many()
    );
    assert_eq!(refused(&seeds(100_001)), too_many());
    let rows = list(60_000);
    let variants =
        |bits: u8| format!("{{ method = 'greedy', calibration.rows = {rows}, weights.bits = {bits} }}");
    assert_eq!(refused(&format!("quantize = [{}, {}]", variants(4), variants(2))), too_many());
    assert_eq!(
        refused("quantize.weights.bits = [4, 2]\nsplit.holdout = { test = 0.2, repeats = 1000000 }"),
        Err("the grid has more than 1000000 points".to_owned())
    );
}

#[test]
fn activations_of_a_file_are_refused_at_their_place_where_they_compute_nothing() {
    for (model, place, message) in [
        ("activation = { elu = { alpha = nan } }", "4:14", "`elu (alpha NaN)`: expected a finite number"),
        (
            "layers = [{ name = 'a', activation = { hard-tanh = { min = 1, max = 0 } } }]",
            "4:10",
            "`hard-tanh (1 to 0)`: expected a lower limit not above the upper one",
        ),
    ] {
        let text = format!(
            "data.source = 'wine'\nquantize.weights.bits = 4\n[model.file]\n{model}\npath = 'm.npz'\n"
        );
        let error = Experiment::parse(&document(&text, &[])).unwrap_err();
        assert_eq!(error.message(), message);
        assert!(error.to_string().contains(&format!("mine.toml:{place}")), "{error}");
    }
}

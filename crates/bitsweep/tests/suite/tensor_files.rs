//! Tensors of files, quantized without a model.

use crate::harness::{Sandbox, fixture, measures, planned, refused_by_validate, run};

fn on_file(name: &str, more: &str) -> String {
    let file = fixture(name);
    format!(
        "[tensor]\nfile = {file:?}\n{more}[quantize.weights]\nbits = [8, 3]\n\
         granularity = ['tensor', 'output-channel', 'input-channel', {{ group = 5 }}]\n"
    )
}

#[test]
fn each_selected_tensor_is_a_unit_and_integers_are_none() {
    let units = |more: &str| {
        let plan = planned(&on_file("state-dict.safetensors", more)).unwrap();
        plan.units.iter().map(|unit| unit.spec.subject.name()).collect::<Vec<_>>()
    };
    let mut weights = units("select = 'net.*.weight'\n");
    weights.sort();
    assert_eq!(weights, ["net.0.weight", "net.10.weight", "net.2.weight", "net.3.weight"]);
    let all = units("");
    assert_eq!(all.len(), 10, "{all:?}");
    assert!(!all.contains(&"net.3.num_batches_tracked".to_owned()));
    assert_eq!(units("select = 'net.?.bias'\n").len(), 3);
}

#[test]
fn a_matrix_is_the_same_in_either_layout() {
    let errors = |text: &str| {
        let records = run(text).unwrap();
        records.results.iter().map(|row| measures(row).error.sse).collect::<Vec<f64>>()
    };
    let by_inputs = errors(&on_file("mlp.npz", "select = 'coefs_0'\n"));
    assert_eq!(by_inputs, errors(&on_file("state-dict.safetensors", "select = 'net.0.weight'\n")));
    assert!(by_inputs.len() == 9 && by_inputs[1..].iter().all(|sse| *sse > 0.0), "{by_inputs:?}");
    let turned = on_file("state-dict.safetensors", "select = 'net.0.weight'\nlayout = 'in-out'\n");
    assert_ne!(by_inputs, errors(&turned));
}

#[test]
fn the_key_of_a_tensor_is_of_its_numbers_and_not_of_its_place() {
    let sandbox = Sandbox::new();
    let copy = sandbox.put("copy.npz", std::fs::read(fixture("mlp.npz")).unwrap());
    let key = |text: &str| planned(text).unwrap().units[0].key;
    let text = on_file("mlp.npz", "select = 'coefs_0'\n");
    let moved = text.replace(fixture("mlp.npz").to_str().unwrap(), copy.to_str().unwrap());
    assert_eq!(key(&text), key(&moved));
    assert_ne!(key(&text), key(&text.replace("mlp.npz", "mlp-float16.npz")));
}

#[test]
fn what_is_wrong_is_said_at_its_key() {
    let cases = [
        (on_file("nothing.npz", ""), "No such file"),
        (on_file("mlp.npz", "select = 'encoder.*'\n"), "no float tensor of the file is called so"),
        (on_file("mlp.npz", "name = 'w'\n"), "`name` goes with `values`"),
        (on_file("mlp.npz", "values = [1]\n"), "expected only one of them"),
        ("[tensor]\nname = 'w'\n[quantize.weights]\nbits = 8\n".to_owned(), "neither `values` nor a `file`"),
        (
            "[tensor]\nname = 'w'\nvalues = [1]\nlayout = 'in-out'\n[quantize.weights]\nbits = 8\n"
                .to_owned(),
            "`layout` goes with `file`",
        ),
        ("[tensor]\nvalues = [1]\n[quantize.weights]\nbits = 8\n".to_owned(), "missing field `name`"),
    ];
    for (text, part) in cases {
        refused_by_validate(&text, part);
    }
}

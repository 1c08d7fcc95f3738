//! Tensors of files, quantized without a model.

use bitsweep_exchange::TensorFile;
use bitsweep_results::summarize;

use crate::harness::{Sandbox, fixture, measures, planned, refused_by_validate, run, run_plan};

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
fn many_tensors_are_told_together() {
    let text = on_file("state-dict.safetensors", "select = 'net.*.weight'\n");
    let plan = planned(&text).unwrap();
    let records = run_plan(&plan).unwrap();
    let summary = summarize(&records, &plan.labels, &plan.header.pick);
    let own = summary.over_tensors.as_ref().unwrap();
    assert_eq!((own.tensors, own.together.name()), (4, "all 4 tensors"));
    // The values themselves, from the file.
    let file = TensorFile::open(&fixture("state-dict.safetensors")).unwrap();
    let weights: Vec<_> =
        file.entries().iter().filter(|entry| entry.name.ends_with("weight")).cloned().collect();
    assert_eq!(weights.len(), 4);
    let values: Vec<f64> = weights.iter().flat_map(|entry| file.read(entry).unwrap().values).collect();
    let signal: f64 = values.iter().map(|value| value * value).sum();
    assert_eq!(own.together.variants.len(), 9);
    for (variant, lowest) in own.together.variants.iter().zip(&own.lowest) {
        let rows = records.results.iter().filter(|row| row.origin.variant == variant.origin.variant);
        let rows: Vec<_> = rows.map(|row| (row.origin.unit.task.dataset.clone(), measures(row))).collect();
        assert_eq!(rows.len(), 4);
        let noise: f64 = rows.iter().map(|(_, own)| own.error.sse).sum();
        assert_eq!(variant.sse.mean, noise);
        assert_eq!(variant.true_bytes, rows.iter().map(|(_, own)| own.size.total() as f64).sum::<f64>());
        if variant.origin.is_float() {
            assert_eq!((variant.mse.mean, variant.sqnr_db.mean, lowest), (0.0, f64::INFINITY, &None));
            continue;
        }
        let is_near = |actual: f64, expected: f64| (actual - expected).abs() <= 1e-9 * expected.abs();
        assert!(is_near(variant.mse.mean, noise / values.len() as f64), "{}", variant.label);
        assert!(is_near(variant.sqnr_db.mean, 10.0 * (signal / noise).log10()), "{}", variant.label);
        let (name, ratio) = lowest.as_ref().unwrap();
        let least = rows.iter().min_by(|one, other| one.1.error.sqnr_db.total_cmp(&other.1.error.sqnr_db));
        assert_eq!((name, *ratio), (&least.unwrap().0, least.unwrap().1.error.sqnr_db));
    }
    // Two are told one by one, and so are models.
    let two = planned(&on_file("state-dict.safetensors", "select = 'net.10.*'\n")).unwrap();
    let records = run_plan(&two).unwrap();
    assert!(summarize(&records, &two.labels, &two.header.pick).over_tensors.is_none());
}

#[test]
fn a_float_tensor_has_the_bytes_that_its_file_has() {
    for (name, bytes) in [("bfloat16.safetensors", 2), ("mlp-float16.npz", 2), ("mlp.npz", 4)] {
        let plan = planned(&on_file(name, "")).unwrap();
        let records = run_plan(&plan).unwrap();
        let file = TensorFile::open(&fixture(name)).unwrap();
        let float = records.results.iter().filter(|row| row.origin.is_float());
        for row in float {
            let entry = file.entry(&row.origin.unit.task.dataset).unwrap().clone();
            let count = file.read(&entry).unwrap().values.len() as u64;
            assert_eq!(measures(row).size.total(), bytes * count, "{name}, {}", entry.name);
        }
        let quantized = records.results.iter().find(|row| !row.origin.is_float()).unwrap();
        assert_eq!(measures(quantized).size.float, measures(&records.results[0]).size.total());
    }
}

#[test]
fn numbers_that_changed_since_the_experiment_was_read_are_no_row() {
    for (name, wanted) in [("state-dict.safetensors", "net.3.weight"), ("mlp.npz", "coefs_0")] {
        let sandbox = Sandbox::new();
        let mut bytes = std::fs::read(fixture(name)).unwrap();
        let copy = sandbox.put(name, &bytes);
        let text = on_file(name, &format!("select = '{wanted}'\n"))
            .replace(fixture(name).to_str().unwrap(), copy.to_str().unwrap());
        let plan = planned(&text).unwrap();
        // The last numbers of the one; the first of the other, behind the name of their array and NumPy's header.
        let array = bytes.windows(wanted.len()).position(|part| part == wanted.as_bytes()).unwrap();
        let changed =
            if name.ends_with("npz") { array + 200..array + 210 } else { bytes.len() - 8..bytes.len() };
        bytes[changed].iter_mut().for_each(|byte| *byte ^= 1);
        std::fs::write(&copy, &bytes).unwrap();
        let records = run_plan(&plan).unwrap();
        let failures: Vec<_> =
            records.results.iter().map(|row| &row.result.as_ref().unwrap_err().reason).collect();
        let [reason] = failures.as_slice() else { panic!("{failures:?}") };
        assert!(reason.contains(name) && reason.contains(wanted), "{reason}");
        if name.ends_with("safetensors") {
            assert!(reason.contains("has changed since the experiment was read"), "{reason}");
        }
    }
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
        (on_file("mlp.npz", "select = 'encoder.*'\n"), "no tensor of the file is called so: it has `mean_`"),
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

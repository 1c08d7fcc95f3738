//! Times of variants on this machine: which there are, and what is said where there are none. How long they are is the machine's.

use serde_json::Value;

use crate::harness::{Sandbox, experiment, printed, said, unwrapped};

const VARIANTS: &str = "\
[[quantize]]
name = 'weights alone'
weights = { bits = 4, granularity = { group = 8 } }
[[quantize]]
name = 'codes'
weights = { bits = 8, symmetry = 'symmetric' }
activations = { bits = 8, mode = 'static' }
[[quantize]]
name = 'whole numbers'
weights = { bits = 8, symmetry = 'symmetric' }
activations = { bits = 8, mode = 'static', requantize = 'fixed-point' }
[[quantize]]
name = 'halves'
weights = { format = 'f16' }
";

fn measured(sandbox: &Sandbox, others: &[&str]) -> Value {
    let arguments = ["bench", "mine.toml", "--largest-width", "32", "--json"];
    let output = sandbox.succeeds(&[&arguments, others].concat());
    serde_json::from_str(&printed(&output)).unwrap()
}

#[test]
fn every_variant_has_times_or_a_reason() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", experiment(VARIANTS));
    let file = measured(&sandbox, &[]);
    let models = file["models"].as_array().unwrap();
    let names: Vec<&str> = models.iter().map(|model| model["variant"].as_str().unwrap()).collect();
    assert_eq!(names, ["float", "weights alone", "codes", "whole numbers", "halves"]);
    let reasons = [None, None, None, Some("whole numbers"), Some("16 bits")];
    for (model, reason) in models.iter().zip(reasons) {
        let batches = model["batches"].as_array().unwrap();
        let of = |batch: &Value, what: &str| batch[what].as_u64().unwrap();
        let on_one = batches.iter().filter(|batch| of(batch, "threads") == 1).map(|batch| of(batch, "rows"));
        let on_one: Vec<u64> = on_one.collect();
        assert_eq!(&on_one[..2], [1, 32]);
        // Several threads share several rows.
        let on_all = batches.iter().filter(|batch| of(batch, "threads") > 1).map(|batch| of(batch, "rows"));
        let on_all: Vec<u64> = on_all.collect();
        assert!(on_all.is_empty() || on_all == on_one[1..], "{batches:?}");
        let has_packed = reason.is_none() && model["variant"] != "float";
        for batch in batches {
            assert!(batch["float"]["median"].as_f64().unwrap() > 0.0);
            assert_eq!(batch["packed"].is_object(), has_packed, "{model}");
        }
        match reason {
            None => assert!(model["without_kernel"].is_null(), "{model}"),
            Some(reason) => assert!(model["without_kernel"].as_str().unwrap().contains(reason), "{model}"),
        }
    }
    // The same arithmetic, so the same classes.
    assert_eq!(models[2]["other_classes"], 0);
    for layers in file["layers"].as_array().unwrap() {
        assert_eq!(layers["widths"], serde_json::json!([16, 32]));
        assert_eq!(layers["formats"].as_array().unwrap().len(), 5);
        for format in layers["formats"].as_array().unwrap() {
            assert_eq!(format["seconds"].as_array().unwrap().len(), 2);
        }
    }
    let folder = sandbox.path("bench/mine");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_by_key(|name| name.len());
    let [page, json, chart] = names.as_slice() else { panic!("{names:?}") };
    let stem = page.strip_suffix(".md").unwrap();
    assert_eq!(
        (json.as_str(), chart.as_str()),
        (&*format!("{stem}.json"), &*format!("{stem}-break-even.png"))
    );
    let page = unwrapped(&sandbox.read(&format!("bench/mine/{page}")));
    assert!(page.contains("- halves: n/a, as no kernel multiplies"), "{page}");
    assert!(page.contains("NF4, inputs of f32"), "{page}");
}

#[test]
fn a_report_shows_times_that_it_is_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", experiment(VARIANTS));
    sandbox.succeeds(&["run", "mine.toml"]);
    let plain = sandbox.read("results/mine/report.md");
    let failed = sandbox.run(&["report", "mine.toml", "--bench"]);
    assert!(said(&failed).contains("has no times of this configuration"), "{}", said(&failed));
    let host = measured(&sandbox, &[])["host"]["name"].as_str().unwrap().to_owned();
    sandbox.succeeds(&["report", "mine.toml"]);
    assert_eq!(sandbox.read("results/mine/report.md"), plain);

    sandbox.succeeds(&["report", "mine.toml", "--bench"]);
    let (page, html) = (sandbox.read("results/mine/report.md"), sandbox.read("results/mine/report.html"));
    assert!(page.contains(&format!("## Speed on {host}")) && page.contains("### Break-even"), "{page}");
    assert!(html.contains("From which width on a format is faster than f32"));
    let picture = page.split("](charts/").find_map(|rest| rest.split_once("-break-even.png)")).unwrap().0;
    assert!(sandbox.path(&format!("results/mine/charts/{picture}-break-even.png")).is_file());

    // Times of another configuration are not those of this one, and what is no file of times is said.
    let changed = ["report", "mine.toml", "--bench", "--set", "train.epochs=4"];
    sandbox.succeeds(&["run", "mine.toml", "--set", "train.epochs=4"]);
    assert!(said(&sandbox.run(&changed)).contains("has no times of this configuration"));
    sandbox.put("bench/mine/other.json", "{}");
    let failed = sandbox.run(&["report", "mine.toml", "--bench"]);
    assert!(said(&failed).contains("other.json` cannot be read"), "{}", said(&failed));
}

#[test]
fn a_pick_is_measured_beside_float_alone() {
    let sandbox = Sandbox::new();
    sandbox.put("mine.toml", experiment(VARIANTS).replace("epochs = 5", "epochs = 60"));
    let file = measured(&sandbox, &["--pick=memory"]);
    let models = file["models"].as_array().unwrap();
    assert_eq!(models.len(), 2, "{models:?}");
    assert_eq!(models[0]["variant"], "float");
}

#[test]
fn kernels_stand_beside_the_limits_of_the_machine() {
    let sandbox = Sandbox::new();
    let output = sandbox.succeeds(&[
        "bench",
        "kernels",
        "int8, inputs of 8",
        "PQ of 4",
        "quantize NF4",
        "calibrate",
        "--side",
        "64",
        "--json",
    ]);
    let file: Value = serde_json::from_str(&printed(&output)).unwrap();
    let limits = &file["limits"];
    let peaks = ["bytes_multiplied", "floats_multiplied"].map(|peak| &limits[peak]["times"]);
    for times in [&limits["read"], &limits["copy"], peaks[0], peaks[1]] {
        for threads in ["one", "all"] {
            assert!(times[threads]["median"].as_f64().unwrap() > 0.0, "{limits}");
        }
    }
    let shapes: Vec<&Value> = file["products"].as_array().unwrap().iter().map(|own| &own["shape"]).collect();
    let squares = [[16, 16, 16], [32, 32, 32]];
    let all = [[1, 64, 64], [8, 64, 64], [32, 64, 64]].into_iter().chain(squares).map(Value::from);
    assert_eq!(shapes, all.chain([Value::Null, Value::Null]).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    // A byte for each weight, for each input, and four for each output.
    assert_eq!(file["products"][1]["bytes"].as_u64().unwrap(), 64 * 64 + 64 * 4 + 8 * (64 + 4 * 64));
    assert_eq!(file["products"][1]["products"], 8 * 64 * 64);
    let [scheme] = file["quantizing"].as_array().unwrap().as_slice() else { panic!("{file}") };
    assert_eq!(scheme["scheme"], "format = 'nf4'");
    let calibrating = file["calibrating"].as_array().unwrap();
    let shapes: Vec<&Value> = calibrating.iter().map(|own| &own["shape"]).collect();
    assert_eq!(shapes, [&Value::from([8, 16, 16]); 2]);
    let names = std::fs::read_dir(sandbox.path("bench/kernels")).unwrap();
    let names: Vec<String> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let page = names.iter().find(|name| name.ends_with(".md")).unwrap();
    let page = sandbox.read(&format!("bench/kernels/{page}"));
    assert!(page.contains("| int8, inputs of 8 bits") && page.contains("-roofline.png)"), "{page}");

    let failed = sandbox.run(&["bench", "kernels", "int9", "--side", "64"]);
    assert!(said(&failed).contains("no line has `int9` in its name"), "{}", said(&failed));
    assert!(!failed.status.success());
}

//! Whether the float model has learned anything, and what a reader is told where it has not.

use std::fs;
use std::path::Path;

use bitsweep_results::Records;

use crate::harness::{Sandbox, planned, run, scores};

/// The experiment that the README gives as an example.
fn template() -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let (_, rest) = readme.split_once("```toml\ntitle = \"My sensor").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    format!("title = \"My sensor{text}")
}

/// 160 rows of two classes: features that tell them apart by a little, beside one of thousands that does not.
fn sensor() -> String {
    let mut table = "humidity,pressure,vibration,state\n".to_owned();
    for row in 0..160_i32 {
        let class = row % 2;
        let noise = |step: i32| f64::from((row * step) % 31) / 31.0;
        let humidity = 0.02 * noise(7) + 0.03 * f64::from(class);
        let pressure = 90_000.0 + 40_000.0 * noise(11);
        let vibration = 0.2 * noise(17) - 0.15 * f64::from(class);
        table += &format!("{humidity},{pressure},{vibration},{}\n", ["idle", "running"][class as usize]);
    }
    table
}

/// The template with its data, changed as `change` says.
fn run_template(change: impl Fn(String) -> String) -> Records {
    let sandbox = Sandbox::new();
    let path = sandbox.put("sensor.csv", sensor());
    run(&change(template()).replace("\"sensor.csv\"", &format!("{path:?}"))).unwrap()
}

#[test]
fn the_template_of_the_readme_learns_from_features_of_very_different_ranges() {
    let records = run_template(|template| template);
    let float: Vec<f64> = records
        .results
        .iter()
        .filter(|row| row.origin.is_float())
        .map(|row| scores(row).macro_f1.value)
        .collect();
    assert_eq!(float.len(), 5);
    assert!(float.iter().all(|macro_f1| *macro_f1 > 0.95), "{float:?}");
}

#[test]
fn a_trained_model_has_its_features_standardized_and_a_given_one_has_not() {
    let scaled = |model: &str| {
        let plan = planned(&format!(
            "title = 't'\n[data]\nsource = 'wine'\n[split.holdout]\ntest = 0.2\n{model}[quantize.weights]\nbits = 4\n"
        ));
        let plan = plan.unwrap();
        let (data, _) = plan.units[0].spec.subject.rows().unwrap();
        serde_json::to_string(&data.scale).unwrap()
    };
    let row = format!("[{}]", vec!["1"; 3].join(", "));
    let given = format!("[model.given]\nlayers = [{{ weight = [{}] }}]\n", vec![row; 13].join(", "));
    for (model, scale) in [
        ("[model.logistic]\n", "\"standard\""),
        (
            "[model.mlp]\nhidden = 4\n[train]\nepochs = 1\nbatch_size = 8\nlearning_rate = 0.1\n",
            "\"standard\"",
        ),
        (given.as_str(), "\"none\""),
    ] {
        assert_eq!(scaled(model), scale, "{model}");
    }
}

//! Classes weighed in training: who is rare is found more often, in every kind of training.

use std::fs;

use bitsweep_results::{Predictions, Records};
use tempfile::TempDir;

use crate::harness::{experiment, planned, run};

/// 400 rows of two classes that overlap, one in ten of class `rare`.
fn rows() -> String {
    let mut table = "a,b,kind\n".to_owned();
    for row in 0..400_usize {
        let is_rare = row % 10 == 0;
        let noise = |step: usize| (row * step % 397) as f64 / 397.0;
        let shift = if is_rare { 0.3 } else { 0.0 };
        let kind = if is_rare { "rare" } else { "common" };
        table += &format!("{},{},{kind}\n", noise(71) + shift, noise(149) - shift);
    }
    table
}

/// The records of these tables on the rows.
fn records(tables: &str) -> Records {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rows.csv");
    fs::write(&path, rows()).unwrap();
    let data = format!(
        "title = \"t\"\n[data.source.csv]\npath = {path:?}\ntarget = \"kind\"\n\
         [split.holdout]\ntest = 0.5\nstratified = true\n"
    );
    run(&format!("{data}{tables}")).unwrap()
}

/// How much of the rare class is found by the variant at `position`, the float model the first.
fn recall_of_rare(predictions: &Predictions, position: usize) -> f64 {
    let rare = predictions.classes.iter().position(|class| class == "rare").unwrap();
    let (_, _, predicted) = predictions.variants.iter().find(|(other, _, _)| *other == position).unwrap();
    let rows = predictions.truth.iter().zip(predicted).filter(|(truth, _)| usize::from(**truth) == rare);
    let found: Vec<bool> = rows.map(|(truth, predicted)| truth == predicted).collect();
    found.iter().filter(|found| **found).count() as f64 / found.len() as f64
}

const TRAIN: &str = "[train]\nepochs = 40\nbatch_size = 16\nlearning_rate = 0.05\n";

#[test]
fn the_rare_class_is_found_more_often_where_classes_are_balanced() {
    let weights = "class_weights = [\"none\", \"balanced\", { rare = 9 }]\n";
    let quantize = "[quantize.weights]\nbits = 8\n";
    for tables in [
        format!("[model.mlp]\nhidden = 8\n{TRAIN}{weights}{quantize}"),
        format!("[model.softmax-regression]\n{TRAIN}{weights}{quantize}"),
        format!("[model.logistic]\n{weights}{quantize}"),
        format!("[model.logistic]\nmulticlass = \"one-vs-rest\"\n{weights}{quantize}"),
    ] {
        let records = records(&tables);
        let recalls: Vec<f64> = records.predictions.iter().map(|unit| recall_of_rare(unit, 0)).collect();
        let [none, balanced, ninefold] = recalls[..] else { panic!("{recalls:?}") };
        assert!(none < 0.4 && balanced > none + 0.3, "{recalls:?} of\n{tables}");
        assert_eq!(balanced, ninefold, "360 and 40 rows: both weigh the classes as 1 to 9");
    }
}

#[test]
fn a_training_with_quantization_in_the_loop_has_the_weights_of_the_float_training() {
    let tables = |weights: &str| {
        format!(
            "[model.mlp]\nhidden = 8\n{TRAIN}class_weights = {weights}\n\
             [quantize]\ntraining = {{ method = \"straight-through\", start = \"scratch\" }}\nweights = {{ bits = 8 }}\n"
        )
    };
    let [plain, balanced] = ["\"none\"", "\"balanced\""].map(|weights| records(&tables(weights)));
    let recall = |records: &Records| recall_of_rare(&records.predictions[0], 1);
    assert!(recall(&balanced) > recall(&plain) + 0.3, "{} after {}", recall(&balanced), recall(&plain));
    // Each curve is that of the weighted loss: at first, with few of the rare class found, it is larger.
    let first =
        |records: &Records| records.curves.iter().map(|curve| curve.losses[0].loss).collect::<Vec<_>>();
    let (plain, balanced) = (first(&plain), first(&balanced));
    assert!(plain.len() == 2 && plain.iter().zip(&balanced).all(|(plain, balanced)| balanced > plain));
}

#[test]
fn weights_are_a_setting_that_tells_tasks_apart() {
    let text = experiment("[quantize.weights]\nbits = 4\n").replace(
        "learning_rate = 0.1",
        "learning_rate = 0.1\nclass_weights = [\"none\", \"balanced\", { class_1 = 2, class_0 = 0.5 }]",
    );
    let plan = planned(&text).unwrap();
    let settings: Vec<String> = plan.units.iter().map(|unit| unit.describe()).collect();
    let named = |weights: &str| format!("wine, mlp(8), seed 0, train.class_weights {weights}");
    assert_eq!(settings, ["none", "balanced", "class 0 0.5, class 1 2"].map(named));
    let [axis] = plan.axes.as_slice() else { panic!("{:?}", plan.axes) };
    assert_eq!(axis.values, ["none", "balanced", "{ class_1 = 2, class_0 = 0.5 }"]);
}

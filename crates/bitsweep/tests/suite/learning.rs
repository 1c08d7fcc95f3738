//! Whether the float model has learned anything, and what a reader is told where it has not.

use std::fs;
use std::path::Path;

use bitsweep_results::{Flag, Records, ResultRow};

use crate::harness::{Sandbox, experiment, flags, measures, planned, run_whole, scores};

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
    let text = change(template()).replace("\"sensor.csv\"", &format!("{path:?}"));
    run_whole(&planned(&text).unwrap()).unwrap()
}

/// The rows of the float models.
fn float(records: &Records) -> Vec<&ResultRow> {
    records.results.iter().filter(|row| row.origin.is_float()).collect()
}

/// The rows of the majority class.
fn majority(records: &Records) -> Vec<&ResultRow> {
    records.results.iter().filter(|row| row.origin.is_majority()).collect()
}

/// The template with features as they are.
fn unscaled(template: String) -> String {
    template.replace("[data.source.csv]", "[data]\nscale = \"none\"\n[data.source.csv]")
}

#[test]
fn the_template_of_the_readme_learns_from_features_of_very_different_ranges() {
    let records = run_template(|template| template);
    let float = float(&records);
    assert_eq!(float.len(), 5);
    for row in float {
        assert!(scores(row).macro_f1.value > 0.95, "{:?}", scores(row).macro_f1);
        assert_eq!(flags(row), []);
    }
}

#[test]
fn on_features_of_very_different_ranges_as_they_are_it_does_not_and_is_told_why() {
    let records = run_template(unscaled);
    for (row, majority) in float(&records).into_iter().zip(majority(&records)) {
        let baseline = scores(majority).macro_f1.value;
        let [one_class, no_better, scale] = flags(row) else { panic!("{:?}", flags(row)) };
        assert!(matches!(one_class, Flag::PredictsOneClass { .. }), "{one_class:?}");
        assert_eq!(*no_better, Flag::NoBetterThanMajority { macro_f1: baseline });
        let Flag::FeaturesOfDifferentScale { widest, widest_range, narrowest, narrowest_range } = scale
        else {
            panic!("{scale:?}")
        };
        assert_eq!([widest.as_str(), narrowest], ["pressure", "humidity"]);
        assert!((30_000.0..=40_000.0).contains(widest_range), "{widest_range}");
        assert!((0.04..=0.05).contains(narrowest_range), "{narrowest_range}");
    }
    // Quantized variants are no worse than the model that they are made of: the flags are the float model's.
    let others = records.results.iter().filter(|row| !row.origin.is_float());
    assert!(others.flat_map(|row| flags(row)).all(|flag| !matches!(flag, Flag::PredictsOneClass { .. })));
}

#[test]
fn too_short_a_training_is_told_by_the_fall_of_its_loss() {
    let short = |template: String| {
        template.replace("epochs = 50", "epochs = 2").replace("learning_rate = 0.05", "learning_rate = 0.005")
    };
    let records = run_template(short);
    let dead = float(&records).into_iter().filter(|row| !flags(row).is_empty());
    let causes: Vec<&Flag> = dead.filter_map(|row| flags(row).last()).collect();
    assert!(!causes.is_empty());
    for cause in causes {
        assert!(matches!(cause, Flag::LossStillFalling { epochs: 2, rate } if *rate > 0.01), "{cause:?}");
    }
}

#[test]
fn the_majority_class_has_the_scores_of_its_frequencies() {
    let records = run_whole(&planned(&experiment("[quantize.weights]\nbits = [8, 4]\n")).unwrap()).unwrap();
    let [_, _, _, row] = records.results.as_slice() else { panic!("{} rows", records.results.len()) };
    assert!(row.origin.is_majority() && row.origin.position == 3);
    let Some(predictions) = records.predictions.first() else { panic!() };
    // It has no rows in the tables of predictions and classes.
    assert_eq!(predictions.variants.len(), 3);
    // Wine has 59, 71 and 48 rows of its classes; what is not a test row is a training row.
    let mut training = [59.0, 71.0, 48.0];
    let mut test = [0.0; 3];
    for class in &predictions.truth {
        training[usize::from(*class)] -= 1.0;
        test[usize::from(*class)] += 1.0;
    }
    let (rows, trained): (f64, f64) = (test.iter().sum(), training.iter().sum());
    let most = (0..3).max_by(|a, b| training[*a].total_cmp(&training[*b])).unwrap();
    let scores = scores(row);
    assert!((scores.accuracy.value - test[most] / rows).abs() < 1e-12);
    let (precision, recall) = (test[most] / rows, 1.0);
    let f1 = 2.0 * precision * recall / (precision + recall);
    assert!((scores.macro_f1.value - f1 / 3.0).abs() < 1e-12);
    let loss: f64 = (0..3).map(|class| -test[class] * f64::ln(training[class] / trained)).sum();
    assert!((scores.log_loss - loss / rows).abs() < 1e-12, "{} {}", scores.log_loss, loss / rows);
    let agreeing = predictions.float.iter().filter(|class| usize::from(**class) == most).count();
    assert!((scores.agreement - agreeing as f64 / rows).abs() < 1e-12);
    let size = measures(row).size;
    assert_eq!((size.total(), size.payload), (0, 0));
}

#[test]
fn a_tensor_has_no_majority_class() {
    let text = "title = 't'\n[tensor]\nname = 't'\nvalues = [1, 2]\n[quantize.weights]\nbits = 4\n";
    let plan = planned(text).unwrap();
    assert!(plan.units[0].majority.is_none());
    assert_eq!(run_whole(&plan).unwrap().results.len(), 2);
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
    let row = format!("[{}]", ["1"; 3].join(", "));
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

//! What class weights do: scikit-learn's minima (see `golden/make_class_weights.py`), and rows that count several times.

#![allow(clippy::unwrap_used)]

use bitsweep_models::{
    ClassWeights, Hook, Linear, Logistic, Mlp, Model, Multiclass, Optimizer, Precision, SampleError, Sgd,
    TrainError, Trained, Training, fit_logistic, initial_mlp, train, train_hooked,
};
use bitsweep_random::{Generator, Stream};
use ndarray::{Array2, Axis};
use serde_json::Value;

const KINDS: [Multiclass; 2] = [Multiclass::Multinomial, Multiclass::OneVsRest];

/// Standardized features of wine with their classes.
fn wine() -> (Array2<f64>, Vec<usize>) {
    let lines = || include_str!("golden/wine_train.csv").lines();
    let numbers: Vec<f64> =
        lines().flat_map(|line| line.split(',').map(|number| number.parse().unwrap())).collect();
    let table = Array2::from_shape_vec((lines().count(), 14), numbers).unwrap();
    let labels = table.column(13).iter().map(|&label| label as usize).collect();
    (table.select(Axis(1), &Vec::from_iter(0..13)), labels)
}

/// These rows.
fn of_rows(features: &Array2<f64>, labels: &[usize], rows: &[usize]) -> (Array2<f64>, Vec<usize>) {
    (features.select(Axis(0), rows), rows.iter().map(|&row| labels[row]).collect())
}

/// Wine with 12, 57 and 5 rows of its classes.
fn imbalanced() -> (Array2<f64>, Vec<usize>) {
    let (features, labels) = wine();
    let mut rows = Vec::new();
    for (class, most) in [12, usize::MAX, 5].into_iter().enumerate() {
        rows.extend((0..labels.len()).filter(|&row| labels[row] == class).take(most));
    }
    of_rows(&features, &labels, &rows)
}

/// Every row as often as its class says.
fn repeated(features: &Array2<f64>, labels: &[usize], times: [usize; 3]) -> (Array2<f64>, Vec<usize>) {
    let rows: Vec<usize> = (0..labels.len()).flat_map(|row| vec![row; times[labels[row]]]).collect();
    of_rows(features, labels, &rows)
}

fn linear(model: &Model) -> &Linear {
    model.linear_layers().next().unwrap().1
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn weighed_logistic_regression_is_scikit_learns() {
    let golden: Value = serde_json::from_str(include_str!("golden/class_weights.json")).unwrap();
    let (features, labels) = imbalanced();
    assert_eq!(golden["kept"].as_array().unwrap().len(), labels.len());
    for (multiclass, kind) in KINDS.into_iter().zip(["multinomial", "one_vs_rest"]) {
        for name in ["balanced", "given", "thousandfold"] {
            let class_weights = match name {
                "balanced" => ClassWeights::Balanced,
                _ => ClassWeights::Numbered(numbers(&golden["weights"][name])),
            };
            let logistic = Logistic { multiclass, c: 0.5, class_weights, ..Logistic::default() };
            let model = fit_logistic(features.view(), &labels, 3, &logistic).unwrap();
            let (layer, expected) = (linear(&model), &golden[kind][name]);
            for class in 0..3 {
                let ours = layer.weight.column(class).to_vec().into_iter().chain([layer.bias[class]]);
                let mut theirs = numbers(&expected["coefficients"][class]);
                theirs.push(numbers(&expected["intercepts"])[class]);
                for (ours, theirs) in ours.zip(theirs) {
                    // What is left is the rounding to f32.
                    let difference = f64::from(ours) - theirs;
                    assert!(
                        difference.abs() <= 1e-9 + 6e-8 * theirs.abs(),
                        "{kind}, {name}, class {class}: {ours} is not {theirs}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_logistic_regression_with_whole_weights_is_that_of_repeated_rows() {
    let (features, labels) = imbalanced();
    let times = [3, 1, 8];
    let (more_features, more_labels) = repeated(&features, &labels, times);
    for multiclass in KINDS {
        let plain = Logistic { multiclass, ..Logistic::default() };
        let class_weights = ClassWeights::Numbered(times.map(|times| times as f64).to_vec());
        let weighed = Logistic { class_weights, ..plain.clone() };
        let weighed = fit_logistic(features.view(), &labels, 3, &weighed).unwrap();
        let repeated = fit_logistic(more_features.view(), &more_labels, 3, &plain).unwrap();
        for ((_, ours), (_, theirs)) in weighed.weights().zip(repeated.weights()) {
            for (ours, theirs) in ours.iter().zip(theirs) {
                assert!((ours - theirs).abs() <= 2e-9 + 1.2e-7 * theirs.abs(), "{ours} is not {theirs}");
            }
        }
    }
}

#[test]
fn logistic_regression_converges_with_weights_a_thousand_times_as_large_as_others() {
    let (features, labels) = wine();
    for weights in [[1.0, 1e3, 1.0], [1e-3, 1.0, 1.0], [1e3, 1.0, 1e-3], [1.0, 1.0, 1e-6]] {
        for multiclass in KINDS {
            for c in [0.01, 1.0, 100.0] {
                let class_weights = ClassWeights::Numbered(weights.to_vec());
                let logistic = Logistic { multiclass, c, class_weights, ..Logistic::default() };
                let fitted = fit_logistic(features.view(), &labels, 3, &logistic);
                assert!(fitted.is_ok(), "{multiclass:?}, {weights:?}, {c}: {}", fitted.unwrap_err());
            }
        }
    }
}

fn stream(stage: &str) -> Stream {
    Stream::new(Generator::Modern, 7, stage).unwrap()
}

/// Always the same.
fn untrained() -> Model {
    let mlp = Mlp { hidden: 9.into(), ..Mlp::default() };
    initial_mlp(13, 3, &mlp, &mut stream("init")).unwrap()
}

fn trained(features: &Array2<f64>, labels: &[usize], training: &Training) -> Result<Trained, TrainError> {
    train(untrained(), features.view(), labels, training, &mut stream("shuffle"))
}

#[test]
fn weights_of_1_train_to_the_same_bits_as_none() {
    let (features, labels) = imbalanced();
    let ones = || ClassWeights::Numbered(vec![1.0; 3]);
    for precision in [Precision::Single, Precision::Mixed] {
        let plain = Training { epochs: 5, precision, ..Training::default() };
        let weighed = Training { class_weights: ones(), ..plain.clone() };
        let [plain, weighed] = [plain, weighed].map(|t| trained(&features, &labels, &t).unwrap());
        assert_eq!(plain, weighed);
    }
    for multiclass in KINDS {
        let plain = Logistic { multiclass, ..Logistic::default() };
        let weighed = Logistic { class_weights: ones(), ..plain.clone() };
        let [plain, weighed] =
            [plain, weighed].map(|l| fit_logistic(features.view(), &labels, 3, &l).unwrap());
        assert_eq!(plain, weighed);
    }
}

#[test]
fn a_perceptron_of_whole_batches_with_whole_weights_is_that_of_repeated_rows() {
    let (features, labels) = imbalanced();
    let times = [3, 1, 8];
    let (more_features, more_labels) = repeated(&features, &labels, times);
    // The mean is over the rows: of repeated ones there are more.
    let growth = more_labels.len() as f64 / labels.len() as f64;
    for momentum in [0.0, 0.5] {
        let plain = Training {
            epochs: 20,
            batch_size: usize::MAX,
            learning_rate: 0.1,
            optimizer: Optimizer::Sgd(Sgd { momentum }),
            precision: Precision::Mixed,
            ..Training::default()
        };
        let weighed = Training {
            learning_rate: plain.learning_rate / growth,
            class_weights: ClassWeights::Numbered(times.map(|times| times as f64).to_vec()),
            ..plain.clone()
        };
        let ours = trained(&features, &labels, &weighed).unwrap();
        let theirs = trained(&more_features, &more_labels, &plain).unwrap();
        for (ours, theirs) in ours.curve.iter().zip(&theirs.curve) {
            assert!((ours.loss / growth - theirs.loss).abs() < 1e-5, "{} is not {}", ours.loss, theirs.loss);
        }
        for ((_, ours), (_, theirs)) in ours.model.weights().zip(theirs.model.weights()) {
            assert!(ours.iter().zip(theirs).all(|(ours, theirs)| (ours - theirs).abs() < 1e-5));
        }
    }
}

#[test]
fn balanced_weights_are_those_of_the_training_rows_and_leave_absent_classes_out() {
    let (features, labels) = imbalanced();
    // 74 rows of two classes: 12 + 5 and 57.
    let two: Vec<usize> = labels.iter().map(|&label| usize::from(label == 1) * 2).collect();
    let balanced = Training { epochs: 3, class_weights: ClassWeights::Balanced, ..Training::default() };
    let given = ClassWeights::Numbered(vec![74.0 / (2.0 * 17.0), 123.0, 74.0 / (2.0 * 57.0)]);
    let given = Training { class_weights: given, ..balanced.clone() };
    let [balanced, given] = [balanced, given].map(|t| trained(&features, &two, &t).unwrap());
    assert_eq!(balanced, given);
}

/// Does nothing on the way of a hook.
struct Idle;

impl Hook for Idle {}

#[test]
fn a_hook_trains_with_the_same_weights() {
    let (features, labels) = imbalanced();
    let training = Training { epochs: 5, class_weights: ClassWeights::Balanced, ..Training::default() };
    let hooked =
        train_hooked(untrained(), features.view(), &labels, &training, &mut stream("shuffle"), &mut Idle);
    assert_eq!(hooked.unwrap(), trained(&features, &labels, &training).unwrap());
}

#[test]
fn weights_that_are_not_those_of_the_classes_are_refused() {
    let (features, labels) = imbalanced();
    let named = ClassWeights::Named([("rare".to_owned(), 5.0)].into());
    let wrong =
        [vec![1.0; 2], vec![1.0, 0.0, 1.0], vec![1.0, -2.0, 1.0], vec![1.0, f64::NAN, 1.0], vec![1e39; 3]];
    for given in wrong.map(ClassWeights::Numbered).into_iter().chain([named]) {
        let refusal = SampleError::ClassWeights { given: given.clone(), classes: 3 };
        let training = Training { class_weights: given.clone(), ..Training::default() };
        let error = trained(&features, &labels, &training).unwrap_err();
        assert!(matches!(&error, TrainError::Samples(SampleError::ClassWeights { .. })), "{error}");
        assert_eq!(error.to_string(), refusal.to_string());
        let logistic = Logistic { class_weights: given, ..Logistic::default() };
        let error = fit_logistic(features.view(), &labels, 3, &logistic).unwrap_err();
        assert_eq!(error.to_string(), refusal.to_string());
    }
}

//! What training refuses, and how it ends early.

use bitsweep_random::{Generator, Stream};
use ndarray::{Array1, Array2, ArrayView2};

use super::{model, rows};
use crate::activation::Activation;
use crate::head::Head;
use crate::linear::Linear;
use crate::model::Model;
use crate::samples::SampleError;
use crate::specification::{Mlp, Precision, Training};
use crate::training::{TrainError, Trained, train, train_mlp};

fn stream() -> Stream {
    Stream::new(Generator::Modern, 3, "init").unwrap()
}

fn attempt(
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    training: &Training,
) -> Result<Trained, TrainError> {
    let mlp = Mlp { hidden: 4.into(), ..Mlp::default() };
    train_mlp(features, labels, 3, &mlp, training, &mut stream(), &mut stream())
}

fn sample_error(result: Result<Trained, TrainError>) -> SampleError {
    match result {
        Err(TrainError::Samples(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn diverged_training_names_the_epoch_and_the_rate() {
    let (features, labels) = rows(20, 5, 3, 1);
    for precision in [Precision::Single, Precision::Mixed] {
        let training = Training { learning_rate: 1e40, precision, ..Training::default() };
        let error = attempt(features.view(), &labels, &training).unwrap_err();
        assert!(matches!(error, TrainError::Diverged { .. }), "{error}");
        assert!(error.to_string().starts_with("training diverged in epoch "), "{error}");
        assert!(error.to_string().contains("learning_rate below `1e40`"), "{error}");
    }
}

#[test]
fn rows_that_cannot_be_learnt_from_are_refused() {
    let (features, labels) = rows(6, 2, 3, 1);
    let training = Training::default();
    let attempt =
        |features: ArrayView2<'_, f64>, labels: &[usize]| sample_error(attempt(features, labels, &training));

    assert_eq!(attempt(Array2::zeros((0, 2)).view(), &[]), SampleError::Empty { rows: 0, columns: 2 });
    assert_eq!(attempt(Array2::zeros((6, 0)).view(), &labels), SampleError::Empty { rows: 6, columns: 0 });
    assert_eq!(attempt(features.view(), &labels[..5]), SampleError::LabelCount { rows: 6, labels: 5 });
    assert_eq!(
        attempt(features.view(), &[0, 1, 2, 3, 0, 1]),
        SampleError::Label { row: 3, label: 3, classes: 3 }
    );
    for value in [f64::INFINITY, f64::NEG_INFINITY, 1e39] {
        let mut broken = features.clone();
        broken[[4, 1]] = value;
        assert_eq!(attempt(broken.view(), &labels), SampleError::NotFinite { row: 4, column: 1, value });
    }
}

#[test]
fn a_single_class_is_refused() {
    let (features, _) = rows(6, 2, 3, 1);
    let (mlp, training) = (Mlp::default(), Training::default());
    let result = train_mlp(features.view(), &[0; 6], 1, &mlp, &training, &mut stream(), &mut stream());
    assert_eq!(sample_error(result), SampleError::Classes(1));
}

#[test]
fn settings_of_no_meaning_are_refused() {
    let (features, labels) = rows(6, 2, 3, 1);
    for epochs in [0, Training::MAX_EPOCHS + 1] {
        let training = Training { epochs, ..Training::default() };
        let error = attempt(features.view(), &labels, &training).unwrap_err();
        assert_eq!(error.to_string(), format!("epochs is `{epochs}`: expected a number from 1 to 1000000"));
    }
    let mlp = Mlp { hidden: 0.into(), ..Mlp::default() };
    let training = Training::default();
    let error =
        train_mlp(features.view(), &labels, 3, &mlp, &training, &mut stream(), &mut stream()).unwrap_err();
    assert_eq!(error.to_string(), "hidden is `0`: expected a number of units from 1 to 65536");
}

#[test]
fn a_model_with_other_inputs_is_refused() {
    let (features, labels) = rows(6, 2, 3, 1);
    let result = train(model(&[4, 3], 1), features.view(), &labels, &Training::default(), &mut stream());
    assert_eq!(result.unwrap_err(), TrainError::Inputs { features: 2, inputs: 4 });
}

#[test]
fn a_model_that_does_not_end_in_a_softmax_is_refused() {
    let (features, labels) = rows(6, 4, 2, 1);
    let layer = model(&[4, 3], 1).linear_layers().next().unwrap().1.clone();
    let one =
        Linear { weight: Array2::ones((4, 1)), bias: Array1::zeros(1), activation: Activation::Identity };
    let logistic = Model::new([one], Head::Logistic).unwrap();
    let one_vs_rest = Model::new(vec![layer.clone()], Head::OneVsRest).unwrap();
    let rectified =
        Model::new(vec![Linear { activation: Activation::Relu, ..layer }], Head::Softmax).unwrap();
    for model in [one_vs_rest, rectified, logistic] {
        let result = train(model, features.view(), &labels, &Training::default(), &mut stream());
        assert_eq!(result.unwrap_err(), TrainError::Head);
    }
}

//! The float model of a unit: trained here, or given.

use std::time::Instant;

use bitsweep_models::{
    EpochLoss, Mlp, Model, TrainError, Training, fit_logistic, initial_mlp, initial_softmax_regression,
};
use bitsweep_results::FailureKind;
use bitsweep_results::numbers::counted;

use super::KeepGoing;
use super::prepare::{Prepared, stream};
use super::stop::{At, Step, Stop, failed};
use crate::plan::Unit;
use crate::subject::{GivenSpec, Subject, TrainedModel, TrainedSpec};

/// A float model, and how it came about.
pub(super) struct FloatModel {
    pub(super) model: Model,
    /// The losses of its training by gradient descent; none of other models.
    pub(super) curve: Vec<EpochLoss>,
    /// Seconds spent on training; `None` where nothing was trained.
    pub(super) training_seconds: Option<f64>,
}

/// The unit's float model.
pub(super) fn float_model(
    unit: &Unit,
    prepared: &Prepared<'_>,
    keep_going: KeepGoing<'_>,
) -> Step<FloatModel> {
    match &unit.spec.subject {
        Subject::Trained(TrainedSpec { model, .. }) => {
            let started = Instant::now();
            let (model, curve) = train(unit, model, prepared, keep_going)?;
            Ok(FloatModel { model, curve, training_seconds: Some(started.elapsed().as_secs_f64()) })
        }
        Subject::Given(GivenSpec { model, .. }) => {
            let model = model.model().at(FailureKind::Data)?;
            let (inputs, outputs) = (model.input_size(), model.output_size());
            let (features, classes) = (prepared.train_features.ncols(), prepared.classes());
            if (inputs, outputs) != (features, classes) {
                return Err(failed(
                    FailureKind::Data,
                    format!(
                        "the given model has {} and {}, but the data have {} and {}",
                        counted(inputs, "input", "inputs"),
                        counted(outputs, "output", "outputs"),
                        counted(features, "feature", "features"),
                        counted(classes, "class", "classes")
                    ),
                ));
            }
            Ok(FloatModel { model, curve: Vec::new(), training_seconds: None })
        }
        Subject::Tensor(tensor) => {
            Err(failed(FailureKind::Training, format!("`{}` is a tensor, not a model", tensor.name)))
        }
    }
}

fn train(
    unit: &Unit,
    model: &TrainedModel,
    prepared: &Prepared<'_>,
    keep_going: KeepGoing<'_>,
) -> Step<(Model, Vec<EpochLoss>)> {
    let features = prepared.train_features.view();
    let labels = &prepared.train_labels;
    match model {
        TrainedModel::Mlp(_, training) | TrainedModel::SoftmaxRegression(_, training) => {
            let untrained = initial(unit, model, prepared, 1)?;
            let mut shuffle = stream(unit, "shuffle")?;
            let trained =
                bitsweep_models::train(untrained, features, labels, training, &mut shuffle, keep_going);
            let trained = trained.map_err(|error| stopped(FailureKind::Training, error))?;
            Ok((trained.model, trained.curve))
        }
        TrainedModel::Logistic(logistic) => {
            let model = fit_logistic(features, labels, prepared.classes(), logistic);
            Ok((model.at(FailureKind::Training)?, Vec::new()))
        }
    }
}

/// The untrained model of a unit that is trained by gradient descent, with `widening` times as many hidden units.
pub(super) fn initial(
    unit: &Unit,
    model: &TrainedModel,
    prepared: &Prepared<'_>,
    widening: usize,
) -> Step<Model> {
    let (features, classes) = (prepared.train_features.ncols(), prepared.classes());
    let mut init = stream(unit, "init")?;
    match model {
        TrainedModel::Mlp(mlp, _) => {
            let widened = Mlp { hidden: mlp.hidden.widened(widening), ..mlp.clone() };
            initial_mlp(features, classes, &widened, &mut init).at(FailureKind::Training)
        }
        TrainedModel::SoftmaxRegression(regression, _) => {
            initial_softmax_regression(features, classes, regression, &mut init).at(FailureKind::Training)
        }
        TrainedModel::Logistic(_) => Err(failed(
            FailureKind::Training,
            "a logistic regression is fitted by a solver: it has no first weights",
        )),
    }
}

/// Why a training ended early.
pub(super) fn stopped(kind: FailureKind, error: TrainError) -> Stop {
    match error {
        TrainError::Interrupted { .. } => Stop::Interrupted,
        error => failed(kind, error),
    }
}

/// How the unit's model is trained by gradient descent, where it is.
pub(super) fn training(unit: &Unit) -> Option<(&TrainedModel, &Training)> {
    match &unit.spec.subject {
        Subject::Trained(TrainedSpec { model, .. }) => Some((model, model.training()?)),
        Subject::Given(_) | Subject::Tensor(_) => None,
    }
}

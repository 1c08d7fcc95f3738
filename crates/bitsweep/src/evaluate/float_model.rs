//! The float model of a unit: trained here, or given.

use std::time::Instant;

use bitsweep_datasets::{Dataset, Scaling, Split, encode, list};
use bitsweep_models::{
    ClassWeights, EpochLoss, Logistic, Mlp, Model, Trained, Training, UnknownClass, fit_logistic,
    initial_mlp, initial_softmax_regression,
};
use bitsweep_results::FailureKind;
use bitsweep_results::numbers::counted;

use super::evaluation::{Evaluation, Stop};
use super::prepare::{Fault, Prepared, stream};
use super::stop::{At, Step, failed};
use crate::plan::{Unit, unknown_class};
use bitsweep_experiment::subject::{Given, Subject, TrainedModel, TrainedSpec};
use bitsweep_experiment::variant::{Refusal, Variant};

/// A float model, and how it came about.
pub(super) struct FloatModel {
    pub(super) model: Model,
    /// The losses of its training by gradient descent; none of other models.
    pub(super) curve: Vec<EpochLoss>,
    /// Seconds spent on training; `None` where nothing was trained.
    pub(super) training_seconds: Option<f64>,
}

/// The unit's float model. One that has been trained before is read, and one that is trained is kept.
pub(super) fn float_model(evaluation: &Evaluation<'_>, prepared: &Prepared<'_>) -> Result<FloatModel, Stop> {
    let Evaluation { unit, models, .. } = *evaluation;
    let checked = check_model(unit, prepared.dataset, &prepared.split);
    checked.map_err(|fault| fault.reason).at(match &unit.spec.subject {
        Subject::Trained(_) => FailureKind::Training,
        Subject::Given(_) | Subject::Tensor(_) => FailureKind::Data,
    })?;
    match &unit.spec.subject {
        Subject::Trained(TrainedSpec { model, .. }) => {
            let known = models.map(|models| models.trained(unit)).transpose()?.flatten();
            let fits = |trained: &Trained| {
                let sizes = (trained.model.input_size(), trained.model.classes());
                sizes == (prepared.train_features.ncols(), prepared.classes())
            };
            if let Some(Trained { model, curve }) = known.filter(fits) {
                return Ok(FloatModel { model, curve, training_seconds: None });
            }
            let started = Instant::now();
            let trained = train(unit, model, prepared)?;
            let training_seconds = Some(started.elapsed().as_secs_f64());
            if let Some(models) = models.filter(|_| evaluation.keeps_models) {
                models.keep_trained(unit, &trained)?;
            }
            let Trained { model, curve } = trained;
            Ok(FloatModel { model, curve, training_seconds })
        }
        Subject::Given(_) => {
            let given =
                unit.given.as_ref().ok_or_else(|| failed(FailureKind::Data, "the model is missing"))?;
            let model = given.as_ref().at(FailureKind::Data)?.model.clone();
            Ok(FloatModel { model, curve: Vec::new(), training_seconds: None })
        }
        Subject::Tensor(tensor) => {
            Err(failed(FailureKind::Training, format!("`{}` is a tensor, not a model", tensor.name)).into())
        }
    }
}

/// Whether the unit's model goes with its data: a given one takes the features and tells the classes apart, the classes that
/// a training weighs by name are there, and a logistic regression has a training row of each class.
///
/// # Errors
/// What does not, in the dataset's names.
pub(crate) fn check_model(unit: &Unit, dataset: &Dataset, split: &Split) -> Result<(), Fault> {
    let classes = dataset.classes();
    match &unit.spec.subject {
        Subject::Tensor(_) => Ok(()),
        Subject::Given(given) => check_given(unit, &given.model, dataset, split),
        Subject::Trained(TrainedSpec { model, split: rule, .. }) => {
            let (key, weights) = model.class_weights();
            weights.numbered(&dataset.class_names).map_err(|UnknownClass(class)| Fault {
                reason: unknown_class(dataset, &class),
                key: format!("{key}.{class}"),
            })?;
            let absent = match model {
                TrainedModel::Mlp(..) | TrainedModel::SoftmaxRegression(..) => None,
                TrainedModel::Logistic(_) => {
                    split.classes_without_training_rows(&dataset.labels, classes).first().copied()
                }
            };
            match absent {
                None => Ok(()),
                Some(class) => Err(Fault {
                    key: rule.table().to_owned(),
                    reason: format!(
                        "class `{}` has no training row: expected at least one of each of the {classes} classes",
                        dataset.class_names[class]
                    ),
                }),
            }
        }
    }
}

/// Whether a given model has the layers that a variant names.
///
/// # Errors
/// The first that it does not have.
pub(crate) fn check_layers(unit: &Unit, variant: &Variant) -> Result<(), Refusal> {
    match unit.given() {
        Some(given) => variant.check_layers(given.model.layers().len(), &unit.spec.subject.model_words()),
        None => Ok(()),
    }
}

fn check_given(unit: &Unit, given: &Given, dataset: &Dataset, split: &Split) -> Result<(), Fault> {
    let (table, place) = match given {
        Given::Here(_) => ("model.given", "model.given"),
        Given::File(_) => ("model.file", "model.file.path"),
    };
    let fault = |key: &str, reason: String| Err(Fault { key: key.to_owned(), reason });
    let model = match unit.given.as_ref() {
        Some(Ok(model)) => model,
        Some(Err(error)) => return fault(place, error.to_string()),
        None => return Ok(()),
    };
    let encoder = encode(dataset, &split.train)
        .map_err(|error| Fault { key: "data.source".to_owned(), reason: error.to_string() })?;
    let (features, classes) = (encoder.names().len(), dataset.classes());
    let (inputs, model_classes) = (model.model.input_size(), model.model.classes());
    let scale = unit.spec.subject.rows().map_or(Scaling::None, |(data, _)| data.scale);
    if let Some(Err(error)) = model.classes.as_ref().map(|classes| dataset.positions_among(classes)) {
        return fault(table, error.to_string());
    }
    if let Some(Err(error)) = model.inputs.as_ref().map(|inputs| dataset.positions_of_columns(inputs)) {
        return fault(table, error.to_string());
    }
    if (inputs, model_classes) != (features, classes) {
        let reason = format!(
            "the given model has {} and {}, but the data have {} and {}: {}; {}",
            counted(inputs, "input", "inputs"),
            counted(model_classes, "class", "classes"),
            counted(features, "feature", "features"),
            counted(classes, "class", "classes"),
            list(encoder.names()),
            list(&dataset.class_names)
        );
        return fault(table, reason);
    }
    if model.scaler.is_some() && scale != Scaling::None {
        return fault(
            "data.scale",
            "the model's file scales the features itself: expected no `scale`".to_owned(),
        );
    }
    Ok(())
}

fn train(unit: &Unit, model: &TrainedModel, prepared: &Prepared<'_>) -> Step<Trained> {
    let features = prepared.train_features.view();
    let labels = &prepared.train_labels;
    match model {
        TrainedModel::Mlp(_, training) | TrainedModel::SoftmaxRegression(_, training) => {
            let untrained = initial(unit, model, prepared, 1)?;
            let mut shuffle = stream(unit, "shuffle")?;
            let class_weights = numbered(&training.class_weights, prepared)?;
            let training = Training { class_weights, ..training.clone() };
            let trained = bitsweep_models::train(untrained, features, labels, &training, &mut shuffle);
            trained.at(FailureKind::Training)
        }
        TrainedModel::Logistic(logistic) => {
            let class_weights = numbered(&logistic.class_weights, prepared)?;
            let logistic = Logistic { class_weights, ..logistic.clone() };
            let model = fit_logistic(features, labels, prepared.classes(), &logistic);
            Ok(Trained { model: model.at(FailureKind::Training)?, curve: Vec::new() })
        }
    }
}

/// Class weights as training takes them: by the numbers of the dataset's classes.
pub(super) fn numbered(weights: &ClassWeights, prepared: &Prepared<'_>) -> Step<ClassWeights> {
    weights.numbered(&prepared.dataset.class_names).at(FailureKind::Training)
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

/// How the unit's model is trained by gradient descent, where it is.
pub(super) fn training(unit: &Unit) -> Option<(&TrainedModel, &Training)> {
    match &unit.spec.subject {
        Subject::Trained(TrainedSpec { model, .. }) => Some((model, model.training()?)),
        Subject::Given(_) | Subject::Tensor(_) => None,
    }
}

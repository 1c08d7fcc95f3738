//! Logits of the test rows, and what they are worth.

use std::borrow::Cow;

use bitsweep_metrics::{
    Changes, Confusion, MetricError, accuracy_interval, agreement, log_loss, macro_f1_interval,
    sample_log_loss,
};
use bitsweep_models::{ForwardBuffers, Model, Precision, predict};
use bitsweep_results::Scores;
use ndarray::{Array2, ArrayView2};

use super::fake_quantization::HiddenActivations;
use super::float_model::training;
use crate::plan::Unit;

/// Features in the precision in which the model computes.
pub(super) enum Inputs {
    Single(Array2<f32>),
    Double(Array2<f64>),
}

/// Memory for the logits of one variant after another.
#[derive(Default)]
pub(super) struct Buffers {
    single: ForwardBuffers<f32>,
    double: ForwardBuffers<f64>,
}

/// What a model says of the test rows.
pub(super) struct Inference {
    pub(super) predictions: Vec<usize>,
    pub(super) probabilities: Array2<f64>,
}

impl Inference {
    /// What `logits` of a model say.
    pub(super) fn of<T: bitsweep_models::Real>(model: &Model, logits: ArrayView2<'_, T>) -> Self {
        Self { predictions: predict(logits), probabilities: model.probabilities(logits) }
    }
}

impl Inputs {
    /// `features` in the precision of the unit's training.
    pub(super) fn new(unit: &Unit, features: &Array2<f64>) -> Inputs {
        match training(unit).map_or(Precision::default(), |(_, training)| training.precision) {
            Precision::Mixed => Inputs::Double(features.clone()),
            Precision::Single => Inputs::Single(features.mapv(|value| value as f32)),
        }
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        match self {
            Inputs::Single(features) => features.nrows(),
            Inputs::Double(features) => features.nrows(),
        }
    }

    /// The features in single precision.
    pub(super) fn single(&self) -> Cow<'_, Array2<f32>> {
        match self {
            Inputs::Single(features) => Cow::Borrowed(features),
            Inputs::Double(features) => Cow::Owned(features.mapv(|value| value as f32)),
        }
    }

    /// The logits of all rows.
    pub(super) fn logits(&self, model: &Model, buffers: &mut Buffers) -> Array2<f64> {
        match self {
            Inputs::Single(features) => logits(model, features, None, &mut buffers.single).mapv(f64::from),
            Inputs::Double(features) => logits(model, features, None, &mut buffers.double).to_owned(),
        }
    }

    /// `activations` are those of a model that was trained with quantized ones.
    pub(super) fn infer(
        &self,
        model: &Model,
        activations: Option<&HiddenActivations>,
        buffers: &mut Buffers,
    ) -> Inference {
        match self {
            Inputs::Single(features) => {
                Inference::of(model, logits(model, features, activations, &mut buffers.single))
            }
            Inputs::Double(features) => {
                Inference::of(model, logits(model, features, activations, &mut buffers.double))
            }
        }
    }

    /// Predictions alone, for the measuring of time.
    pub(super) fn predict(
        &self,
        model: &Model,
        activations: Option<&HiddenActivations>,
        buffers: &mut Buffers,
    ) -> Vec<usize> {
        match self {
            Inputs::Single(features) => predict(logits(model, features, activations, &mut buffers.single)),
            Inputs::Double(features) => predict(logits(model, features, activations, &mut buffers.double)),
        }
    }
}

fn logits<'b, T: bitsweep_models::Real>(
    model: &Model,
    features: &Array2<T>,
    activations: Option<&HiddenActivations>,
    buffers: &'b mut ForwardBuffers<T>,
) -> ArrayView2<'b, T> {
    match activations {
        None => model.logits_with(features.view(), buffers),
        Some(activations) => model.logits_changed(features.view(), buffers, &mut |layer, outputs| {
            activations.quantize(layer, outputs);
        }),
    }
}

/// The log loss of each test row.
pub(super) fn log_losses(inference: &Inference, truth: &[usize]) -> Box<[f32]> {
    let rows = inference.probabilities.rows().into_iter().zip(truth);
    rows.map(|(probabilities, &class)| sample_log_loss(probabilities[class]) as f32).collect()
}

/// Scores of one variant beside the float model's predictions.
pub(super) fn score(
    inference: &Inference,
    truth: &[usize],
    float: &[usize],
    classes: usize,
) -> Result<Scores, MetricError> {
    let Inference { predictions, probabilities } = inference;
    let confusion = Confusion::new(truth, predictions, classes)?;
    let changes = Changes::between(truth, float, predictions)?;
    Ok(Scores {
        accuracy: accuracy_interval(confusion.right(), confusion.samples())?,
        macro_f1: macro_f1_interval(&confusion),
        log_loss: log_loss(probabilities.view(), truth)?,
        agreement: agreement(float, predictions)?,
        lost: changes.lost,
        gained: changes.gained,
        p_value: changes.p_value(),
    })
}

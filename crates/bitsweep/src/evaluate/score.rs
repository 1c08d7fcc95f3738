//! Logits of the test rows, and what they are worth.

use std::borrow::Cow;
use std::sync::Arc;

use bitsweep_metrics::{
    CalibrationError, Changes, Confusion, MetricError, accuracy_interval, agreement, brier_score,
    brier_scores, divergence, log_loss, macro_f1_interval, macro_f1_permutation, margin, mean_and_deviation,
    sample_log_loss,
};
use bitsweep_models::{ForwardBuffers, Model, Precision, predict};
use bitsweep_random::Stream;
use bitsweep_results::{AgainstFloat, FlipRow, Origin, Scores};
use ndarray::{Array2, ArrayView2};

use super::fake_quantization::HiddenActivations;
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
    pub(super) fn of<T: bitsweep_models::Float>(model: &Model, logits: ArrayView2<'_, T>) -> Self {
        Self { predictions: predict(logits), probabilities: model.probabilities(logits) }
    }
}

impl Inputs {
    /// `features` in the precision of the unit's training.
    pub(super) fn new(unit: &Unit, features: &Array2<f64>) -> Inputs {
        match unit.precision() {
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

fn logits<'b, T: bitsweep_models::Float>(
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

/// How far off the probabilities are as frequencies; `None` of too few rows.
fn calibration_error(
    inference: &Inference,
    truth: &[usize],
) -> Result<Option<CalibrationError>, MetricError> {
    match CalibrationError::new(inference.probabilities.view(), truth) {
        Ok(error) => Ok(Some(error)),
        Err(MetricError::TooFew { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Scores of the float model.
pub(super) fn score_float(float: &Inference, truth: &[usize], classes: usize) -> Result<Scores, MetricError> {
    let Inference { predictions, probabilities } = float;
    let confusion = Confusion::new(truth, predictions, classes)?;
    let calibration_error = calibration_error(float, truth)?.map(|error| error.root());
    Ok(Scores {
        accuracy: accuracy_interval(confusion.right(), confusion.samples())?,
        macro_f1: macro_f1_interval(&confusion),
        log_loss: log_loss(probabilities.view(), truth)?,
        brier: brier_score(probabilities.view(), truth)?,
        calibration_error,
        agreement: 1.0,
        lost: 0,
        gained: 0,
        p_value: None,
        against_float: None,
    })
}

/// Scores of one variant, and what it changes of the float model. `permutation` draws the exchanges of the test of macro-F1
/// where there are too many to try all: each variant begins the unit's stream of that name anew, so that its number depends
/// on nothing but the unit and its own predictions.
pub(super) fn score(
    inference: &Inference,
    truth: &[usize],
    float: &Inference,
    classes: usize,
    mut permutation: Stream,
) -> Result<Scores, MetricError> {
    let Inference { predictions, probabilities } = inference;
    let changes = Changes::between(truth, &float.predictions, predictions)?;
    let draw = || permutation.next_u64();
    let test = macro_f1_permutation(truth, &float.predictions, predictions, classes, draw)?;
    let divergence = divergence(float.probabilities.view(), probabilities.view(), truth)?;
    let brier = {
        let [own, float] = [probabilities, &float.probabilities].map(|own| brier_scores(own.view(), truth));
        let changes: Vec<f64> = own?.iter().zip(&float?).map(|(own, float)| own - float).collect();
        mean_and_deviation(&changes)?
    };
    let calibration = match (calibration_error(inference, truth)?, calibration_error(float, truth)?) {
        (Some(own), Some(float)) => Some(own.difference(&float)?),
        _ => None,
    };
    Ok(Scores {
        agreement: agreement(&float.predictions, predictions)?,
        lost: changes.lost,
        gained: changes.gained,
        p_value: Some(changes.p_value()),
        against_float: Some(AgainstFloat {
            macro_f1_p_value: test.p_value,
            kl_mean: divergence.kl_mean,
            kl_standard_error: divergence.kl_standard_error,
            kl_median: divergence.kl_median,
            kl_p99: divergence.kl_p99,
            probability_change_rms: divergence.probability_change_rms,
            margin_change_mean: divergence.margin_change_mean,
            brier_change: brier.mean,
            brier_change_standard_error: brier.standard_error(),
            calibration_change: calibration.map(|change| change.difference),
            calibration_change_standard_error: calibration.map(|change| change.standard_error),
        }),
        ..score_float(inference, truth, classes)?
    })
}

/// The first test rows whose class a variant changes.
pub(super) fn flips(
    origin: &Origin,
    inference: &Inference,
    float: &Inference,
    (truth, rows): (&[usize], &[usize]),
    class_names: &[String],
) -> Vec<FlipRow> {
    let name = |class: usize| Arc::from(class_names[class].as_str());
    let changed = (0..truth.len()).filter(|&test| inference.predictions[test] != float.predictions[test]);
    let margin = |inference: &Inference, test: usize| {
        margin(inference.probabilities.row(test), inference.predictions[test])
    };
    let flip = |test: usize| FlipRow {
        origin: origin.clone(),
        row: rows[test] as u32,
        truth: name(truth[test]),
        float: name(float.predictions[test]),
        quantized: name(inference.predictions[test]),
        float_margin: margin(float, test),
        quantized_margin: margin(inference, test),
    };
    changed.take(FlipRow::MOST).map(flip).collect()
}

//! Logits of the test rows, and what they are worth.

use bitsweep_metrics::{
    Changes, Confusion, MetricError, accuracy_interval, agreement, log_loss, macro_f1_interval,
};
use bitsweep_models::{DenseStack, ForwardBuffers, predict};
use bitsweep_results::{Interval, Scores};
use ndarray::{Array2, ArrayView2};

/// Test features in the precision in which the model computes.
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

impl Inputs {
    pub(super) fn infer(&self, stack: &DenseStack, buffers: &mut Buffers) -> Inference {
        fn conclude<T: bitsweep_models::Real>(stack: &DenseStack, logits: ArrayView2<'_, T>) -> Inference {
            Inference { predictions: predict(logits), probabilities: stack.probabilities(logits) }
        }
        match self {
            Inputs::Single(features) => {
                conclude(stack, stack.logits_with(features.view(), &mut buffers.single))
            }
            Inputs::Double(features) => {
                conclude(stack, stack.logits_with(features.view(), &mut buffers.double))
            }
        }
    }

    /// Predictions alone, for the measuring of time.
    pub(super) fn predict(&self, stack: &DenseStack, buffers: &mut Buffers) -> Vec<usize> {
        match self {
            Inputs::Single(features) => predict(stack.logits_with(features.view(), &mut buffers.single)),
            Inputs::Double(features) => predict(stack.logits_with(features.view(), &mut buffers.double)),
        }
    }
}

/// Scores of one variant beside the float model's predictions.
pub(super) fn score(
    inference: &Inference,
    truth: &[usize],
    float: &[usize],
    classes: usize,
) -> Result<(Scores, Confusion), MetricError> {
    let Inference { predictions, probabilities } = inference;
    let confusion = Confusion::new(truth, predictions, classes)?;
    let changes = Changes::between(truth, float, predictions)?;
    let scores = Scores {
        accuracy: interval(accuracy_interval(confusion.right(), confusion.samples())?),
        macro_f1: interval(macro_f1_interval(&confusion)),
        log_loss: log_loss(probabilities.view(), truth)?,
        agreement: agreement(float, predictions)?,
        lost: changes.lost,
        gained: changes.gained,
        p_value: changes.p_value(),
    };
    Ok((scores, confusion))
}

fn interval(interval: bitsweep_metrics::Interval) -> Interval {
    Interval { value: interval.value, low: interval.low, high: interval.high }
}

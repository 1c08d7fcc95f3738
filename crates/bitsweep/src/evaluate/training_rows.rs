//! What a change of the weights does on the training rows: all that a choice between schemes may look at.

use bitsweep_metrics::Confusion;
use bitsweep_models::{Model, predict};
use ndarray::Array2;

use bitsweep_results::FailureKind;

use super::prepare::{NO_TRAINING_ROWS, Prepared};
use super::score::{Buffers, Inputs};
use super::stop::{At, Step, failed};
use crate::plan::Unit;

/// The training rows, and what the float model says of them.
pub(super) struct TrainingRows<'u> {
    inputs: Inputs,
    labels: &'u [usize],
    classes: usize,
    float_logits: Array2<f64>,
    buffers: Buffers,
}

/// A changed model on the training rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reading {
    /// `Σ(z - ẑ)²/n`, the mean squared change over the logits of all rows.
    pub(super) output_error: f64,
    pub(super) macro_f1: f64,
}

impl<'u> TrainingRows<'u> {
    /// # Errors
    /// When all rows are test rows.
    pub(super) fn new(unit: &Unit, prepared: &'u Prepared<'_>, float: &Model) -> Step<TrainingRows<'u>> {
        if prepared.train_labels.is_empty() {
            return Err(failed(FailureKind::Data, NO_TRAINING_ROWS));
        }
        let inputs = Inputs::new(unit, &prepared.train_features);
        let mut buffers = Buffers::default();
        let float_logits = inputs.logits(float, &mut buffers);
        let (labels, classes) = (prepared.train_labels.as_slice(), prepared.classes());
        Ok(TrainingRows { inputs, labels, classes, float_logits, buffers })
    }

    pub(super) fn read(&mut self, model: &Model) -> Step<Reading> {
        let logits = self.inputs.logits(model, &mut self.buffers);
        self.read_logits(&logits)
    }

    /// What a model that has these logits does.
    pub(super) fn read_logits(&self, logits: &Array2<f64>) -> Step<Reading> {
        let changes = self.float_logits.iter().zip(logits).map(|(float, changed)| float - changed);
        let sum: f64 = changes.map(|change| change * change).sum();
        let confusion = Confusion::new(self.labels, &predict(logits.view()), self.classes);
        let macro_f1 = confusion.at(FailureKind::Scoring)?.macro_f1();
        Ok(Reading { output_error: sum / logits.len() as f64, macro_f1 })
    }
}

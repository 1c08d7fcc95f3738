//! Training by mini-batch gradient descent.

mod backward;
mod initialization;
mod loss;
mod trainer;

use bitsweep_random::Stream;
use ndarray::ArrayView2;
use thiserror::Error;

use crate::dense::Activation;
use crate::head::Head;
use crate::real::Real;
use crate::samples::{SampleError, check_samples};
use crate::specification::{Mlp, Precision, SpecificationError, Training};
use crate::stack::{DenseStack, StackError};
use initialization::initialize;
use trainer::{Batches, Trainer};

/// Why a model was not trained.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum TrainError {
    /// A setting means nothing.
    #[error(transparent)]
    Specification(#[from] SpecificationError),
    /// The training rows cannot be learnt from.
    #[error(transparent)]
    Samples(#[from] SampleError),
    /// The first weights do not make a model.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The rows do not fit the model.
    #[error("the features have {features} columns, but the model takes {inputs} inputs")]
    Inputs {
        /// Columns of the features.
        features: usize,
        /// Inputs of the model's first layer.
        inputs: usize,
    },
    /// The model does not end as the loss needs it.
    #[error("training by cross-entropy needs a softmax head on a last layer without activation")]
    Head,
    /// The loss or a weight became NaN or infinite.
    #[error(
        "training diverged in epoch {epoch}: {what} is not finite; try a learning_rate below `{learning_rate:?}`, \
         standardized features, or `he` initialization"
    )]
    Diverged {
        /// Counted from 0, as in the learning curve.
        epoch: usize,
        /// `the loss` or a tensor's name.
        what: String,
        /// The learning rate that was too large.
        learning_rate: f64,
    },
    /// The caller asked to stop.
    #[error("training was interrupted before epoch {epoch}")]
    Interrupted {
        /// The first epoch that was not run, counted from 0.
        epoch: usize,
    },
}

/// A trained model and how its training went.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The model after the last epoch.
    pub stack: DenseStack,
    /// The loss of each epoch.
    pub curve: Vec<EpochLoss>,
}

/// The training loss of one epoch, each mini-batch's measured before the update that it causes.
///
/// The loss of a row is `-ln(p + 1e-8)`, where `p` is the probability of its label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochLoss {
    /// The sum of the mini-batches' mean losses: what notebook 000 prints.
    pub loss_sum: f64,
    /// The mean over the rows.
    pub loss: f64,
}

/// Trains a two-layer perceptron on `features`, `(rows, columns)`, and `labels` from 0 to `classes - 1`.
///
/// Weights are drawn from `init`; the order of the rows from `shuffle` if [`Training::shuffle`] says so. `keep_going` is
/// asked before each epoch.
///
/// # Errors
/// When a setting means nothing, the rows cannot be learnt from, training diverges, or `keep_going` says no.
#[allow(clippy::too_many_arguments)]
pub fn train_mlp(
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    classes: usize,
    mlp: &Mlp,
    training: &Training,
    init: &mut Stream,
    shuffle: &mut Stream,
    keep_going: &dyn Fn() -> bool,
) -> Result<Trained, TrainError> {
    mlp.check()?;
    training.check()?;
    check_samples(features, labels, classes)?;
    let layers = initialize(features.ncols(), mlp, classes, init);
    let initial = DenseStack::new(layers, Head::Softmax)?;
    train(initial, features, labels, training, shuffle, keep_going)
}

/// Trains any stack of dense layers with a softmax head from where it is; [`train_mlp`] without its choice of model.
///
/// # Errors
/// As [`train_mlp`]; also when the stack has another head, an activation on its last layer, or other inputs than
/// `features` has columns.
pub fn train(
    initial: DenseStack,
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    training: &Training,
    shuffle: &mut Stream,
    keep_going: &dyn Fn() -> bool,
) -> Result<Trained, TrainError> {
    training.check()?;
    check_samples(features, labels, initial.output_size())?;
    if features.ncols() != initial.input_size() {
        return Err(TrainError::Inputs { features: features.ncols(), inputs: initial.input_size() });
    }
    let last = &initial.layers()[initial.layers().len() - 1];
    match (initial.head(), last.activation) {
        (Head::Softmax, Activation::Identity) => {}
        (Head::Softmax, Activation::Relu) | (Head::OneVsRest, _) => return Err(TrainError::Head),
    }
    match training.precision {
        Precision::Single => train_in::<f32>(initial, features, labels, training, shuffle, keep_going),
        Precision::Mixed => train_in::<f64>(initial, features, labels, training, shuffle, keep_going),
    }
}

/// [`train`] with activations and gradients of type `T`.
fn train_in<T: Real>(
    initial: DenseStack,
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    training: &Training,
    shuffle: &mut Stream,
    keep_going: &dyn Fn() -> bool,
) -> Result<Trained, TrainError> {
    let mut batches = Batches::<T>::new(features.view(), labels, training.batch_size);
    let mut trainer = Trainer::new(&initial, training);
    let mut curve = Vec::new();
    for epoch in 0..training.epochs {
        if !keep_going() {
            return Err(TrainError::Interrupted { epoch });
        }
        if training.shuffle {
            batches.reorder(&shuffle.permutation(labels.len()));
        }
        let loss = trainer.epoch(&batches);
        let diverged =
            if loss.loss.is_finite() { trainer.tensor_not_finite() } else { Some("the loss".to_owned()) };
        if let Some(what) = diverged {
            return Err(TrainError::Diverged { epoch, what, learning_rate: training.learning_rate });
        }
        curve.push(loss);
    }
    Ok(Trained { stack: trainer.write_back(initial), curve })
}

#[cfg(test)]
mod tests;

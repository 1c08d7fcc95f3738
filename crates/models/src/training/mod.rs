//! Training by mini-batch gradient descent.

mod backward;
mod hook;
mod hooked;
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
use crate::specification::{Mlp, Precision, SoftmaxRegression, SpecificationError, Training};
use crate::stack::{Model, ModelError};
use initialization::{initialize, initialize_softmax_regression};
use trainer::{Batches, Trainer};

pub use hook::{Hook, HookParameters, NoHook, WeightId};

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
    Stack(#[from] ModelError),
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
    /// The hook had no tensor to compute with.
    #[error("in epoch {epoch} {message}")]
    Hook {
        /// Counted from 0.
        epoch: usize,
        /// What the hook says.
        message: String,
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
    pub stack: Model,
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

/// Trains a perceptron on `features`, `(rows, columns)`, and `labels` from 0 to `classes - 1`.
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
    let initial = initial_mlp(features.ncols(), classes, mlp, init)?;
    train(initial, features, labels, training, shuffle, keep_going)
}

/// The untrained perceptron that [`train_mlp`] begins with, its weights drawn from `init`.
///
/// # Errors
/// When the settings mean nothing, or there are no features or classes.
pub fn initial_mlp(
    features: usize,
    classes: usize,
    mlp: &Mlp,
    init: &mut Stream,
) -> Result<Model, TrainError> {
    mlp.check()?;
    Ok(Model::new(initialize(features, mlp, classes, init), Head::Softmax)?)
}

/// An untrained softmax regression for [`train`], its weights drawn from `init`.
///
/// # Errors
/// When there are no features or classes.
pub fn initial_softmax_regression(
    features: usize,
    classes: usize,
    regression: &SoftmaxRegression,
    init: &mut Stream,
) -> Result<Model, TrainError> {
    let layers = initialize_softmax_regression(features, regression, classes, init);
    Ok(Model::new(layers, Head::Softmax)?)
}

/// Trains any stack of dense layers with a softmax head from where it is; [`train_mlp`] without its choice of model.
///
/// # Errors
/// As [`train_mlp`]; also when the stack has another head, an activation on its last layer, or other inputs than
/// `features` has columns.
pub fn train(
    initial: Model,
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    training: &Training,
    shuffle: &mut Stream,
    keep_going: &dyn Fn() -> bool,
) -> Result<Trained, TrainError> {
    train_hooked(initial, features, labels, training, shuffle, keep_going, &mut NoHook)
}

/// [`train`] with a hook between the weights that are trained and those that are computed with.
///
/// The stack that comes back has the *latent* weights, and the curve the losses of those that were computed with. The
/// rows come in the same order as without the hook.
///
/// # Errors
/// As [`train`]; also when the hook fails, or one of its parameters does not stay finite.
pub fn train_hooked<H: Hook>(
    initial: Model,
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    training: &Training,
    shuffle: &mut Stream,
    keep_going: &dyn Fn() -> bool,
    hook: &mut H,
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
        Precision::Single => {
            train_in::<f32, H>(initial, features, labels, training, shuffle, keep_going, hook)
        }
        Precision::Mixed => {
            train_in::<f64, H>(initial, features, labels, training, shuffle, keep_going, hook)
        }
    }
}

/// [`train_hooked`] with activations and gradients of type `T`.
fn train_in<T: Real, H: Hook>(
    initial: Model,
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    training: &Training,
    shuffle: &mut Stream,
    keep_going: &dyn Fn() -> bool,
    hook: &mut H,
) -> Result<Trained, TrainError> {
    let mut batches = Batches::<T>::new(features.view(), labels, training.batch_size);
    let mut trainer = Trainer::new(&initial, training, hook.parameters().values.len());
    let mut curve = Vec::new();
    for epoch in 0..training.epochs {
        if !keep_going() {
            return Err(TrainError::Interrupted { epoch });
        }
        if training.shuffle {
            batches.reorder(&shuffle.permutation(labels.len()));
        }
        let loss = trainer.epoch(&batches, hook);
        let diverged = match &loss {
            Ok(loss) if !loss.loss.is_finite() => Some("the loss".to_owned()),
            Ok(_) | Err(_) => trainer.tensor_not_finite().or_else(|| own_not_finite(hook)),
        };
        if let Some(what) = diverged {
            return Err(TrainError::Diverged { epoch, what, learning_rate: training.learning_rate });
        }
        curve.push(loss.map_err(|message| TrainError::Hook { epoch, message })?);
    }
    Ok(Trained { stack: trainer.write_back(initial), curve })
}

/// What to call a hook's parameter that is not finite.
fn own_not_finite<H: Hook>(hook: &mut H) -> Option<String> {
    let broken = hook.parameters().values.iter().position(|value| !value.is_finite())?;
    Some(format!("learned parameter {}", broken + 1))
}

#[cfg(test)]
mod tests;

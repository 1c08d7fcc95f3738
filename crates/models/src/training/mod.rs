//! Training by mini-batch gradient descent.

mod backward;
mod error;
mod hook;
mod hooked;
mod initialization;
mod loss;
mod trainer;

use bitsweep_random::Stream;
use ndarray::ArrayView2;

use crate::activation::Activation;
use crate::float::Float;
use crate::head::Head;
use crate::model::Model;
use crate::samples::{check_samples, weights_of_classes};
use crate::specification::{Mlp, Precision, SoftmaxRegression, Training};
use hooked::HookMemory;
use initialization::{initialize, initialize_softmax_regression};
use trainer::{Batches, Trainer};

pub use error::TrainError;
pub use hook::{Hook, HookParameters};
pub use trainer::EpochLoss;

/// A trained model and how its training went.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The model after the last epoch.
    pub model: Model,
    /// The loss of each epoch.
    pub curve: Vec<EpochLoss>,
}

/// Trains a perceptron on `features`, `(rows, columns)`, and `labels` from 0 to `classes - 1`.
///
/// Weights are drawn from `init`; the order of the rows from `shuffle` if [`Training::shuffle`] says so.
///
/// # Errors
/// When a setting means nothing, the rows cannot be learnt from, or training diverges.
pub fn train_mlp(
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    classes: usize,
    mlp: &Mlp,
    training: &Training,
    init: &mut Stream,
    shuffle: &mut Stream,
) -> Result<Trained, TrainError> {
    mlp.check()?;
    training.check()?;
    check_samples(features, labels, classes)?;
    let initial = initial_mlp(features.ncols(), classes, mlp, init)?;
    train(initial, features, labels, training, shuffle)
}

/// The untrained perceptron that [`train_mlp`] begins with, its weights drawn from `init`.
///
/// # Errors
/// When the settings mean nothing, there are no features, or fewer than two classes.
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
/// When there are no features, or fewer than two classes.
pub fn initial_softmax_regression(
    features: usize,
    classes: usize,
    regression: &SoftmaxRegression,
    init: &mut Stream,
) -> Result<Model, TrainError> {
    let layers = initialize_softmax_regression(features, regression, classes, init);
    Ok(Model::new(layers, Head::Softmax)?)
}

/// Trains any model with a softmax head from where it is; [`train_mlp`] without its choice of model.
///
/// # Errors
/// As [`train_mlp`]; also when the model has another head, an activation on its last layer, or other inputs than
/// `features` has columns.
pub fn train(
    initial: Model,
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    training: &Training,
    shuffle: &mut Stream,
) -> Result<Trained, TrainError> {
    train_with(initial, features, labels, training, shuffle, None)
}

/// [`train`] with a hook between the weights that are trained and those that are computed with.
///
/// The model that comes back has the *latent* weights, and the curve the losses of those that were computed with. The
/// rows come in the same order as without the hook.
///
/// # Errors
/// As [`train`]; also when the hook fails, or one of its parameters does not stay finite.
pub fn train_hooked(
    initial: Model,
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    training: &Training,
    shuffle: &mut Stream,
    hook: &mut dyn Hook,
) -> Result<Trained, TrainError> {
    train_with(initial, features, labels, training, shuffle, Some(hook))
}

/// [`train_hooked`], or [`train`] where there is no hook.
fn train_with(
    initial: Model,
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    training: &Training,
    shuffle: &mut Stream,
    hook: Option<&mut dyn Hook>,
) -> Result<Trained, TrainError> {
    training.check()?;
    check_samples(features, labels, initial.classes())?;
    if features.ncols() != initial.input_size() {
        return Err(TrainError::Inputs { features: features.ncols(), inputs: initial.input_size() });
    }
    match initial.head() {
        Head::Softmax if ends_in_sums(&initial) => {}
        Head::Softmax | Head::OneVsRest | Head::Logistic => return Err(TrainError::Head),
    }
    match training.precision {
        Precision::Single => train_in::<f32>(initial, features, labels, training, shuffle, hook),
        Precision::Mixed => train_in::<f64>(initial, features, labels, training, shuffle, hook),
    }
}

/// [`train_with`] with activations and gradients of type `T`.
fn train_in<T: Float>(
    initial: Model,
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    training: &Training,
    shuffle: &mut Stream,
    mut hook: Option<&mut dyn Hook>,
) -> Result<Trained, TrainError> {
    let mut batches = Batches::<T>::new(features.view(), labels, training.batch_size);
    let class_weights = weights_of_classes(&training.class_weights, labels, initial.classes())?;
    let own = hook.as_deref_mut().map_or(0, |hook| hook.parameters().values.len());
    let mut trainer = Trainer::new(initial, training, &class_weights, own);
    let mut memory = HookMemory::default();
    let mut curve = Vec::new();
    for epoch in 0..training.epochs {
        if training.shuffle {
            batches.reorder(&shuffle.permutation(labels.len()));
        }
        let loss = match &mut hook {
            Some(hook) => trainer.epoch(&batches, |trainer, batch| memory.step(trainer, batch, *hook)),
            None => trainer.epoch(&batches, |trainer, batch| Ok(trainer.plain_step(batch))),
        };
        let diverged = match &loss {
            Ok(loss) if !loss.loss.is_finite() => Some("the loss".to_owned()),
            Ok(_) | Err(_) => {
                let weight = trainer.weight_not_finite().map(|id| id.to_string());
                weight.or_else(|| own_not_finite(hook.as_deref_mut()?))
            }
        };
        if let Some(what) = diverged {
            return Err(TrainError::Diverged { epoch, what, learning_rate: training.learning_rate });
        }
        curve.push(loss.map_err(|message| TrainError::Hook { epoch, message })?);
    }
    Ok(Trained { model: trainer.into_model()?, curve })
}

/// Whether the logits are what the last layer gives without an activation.
fn ends_in_sums(model: &Model) -> bool {
    model.layers().last().is_some_and(|last| last.activation() == Activation::Identity)
}

/// What to call a hook's parameter that is not finite.
fn own_not_finite(hook: &mut dyn Hook) -> Option<String> {
    let is_broken = hook.parameters().values.iter().any(|value| !value.is_finite());
    is_broken.then(|| "a learned parameter".to_owned())
}

#[cfg(test)]
mod tests;

//! Models for bitsweep: layers, what they compute, and the ways to train them.
//!
//! Whatever trained it, a model is a [`Model`]: a list of [`Layer`]s, of which the dense one, [`Linear`], is the first kind.
//! Logistic regression ([`fit_logistic`]) is one of them, the multi-layer perceptron ([`train_mlp`]) two or more. The crate
//! knows nothing of quantization: it names weights by a [`WeightId`] and takes changed ones, and a [`Hook`] may stand
//! between the weights that are trained and those that are computed with.

mod activation;
mod class_weights;
mod each;
mod evaluation;
mod float;
mod forward;
mod head;
mod hidden_layers;
mod layer;
mod linear;
mod logistic;
mod model;
mod optimizer;
mod panels;
mod product;
mod samples;
mod specification;
mod specification_error;
mod training;
mod weight_id;

pub use activation::Activation;
pub use class_weights::{ClassWeights, UnknownClass};
pub use evaluation::{ForwardBuffers, inputs_behind};
pub use float::Float;
pub use head::{Head, predict, predict_into};
pub use hidden_layers::HiddenLayers;
pub use layer::Layer;
pub use linear::Linear;
pub use logistic::{LogisticError, fit_logistic};
pub use model::{Model, ModelError};
pub use optimizer::{Adam, Optimizer, Sgd};
pub use samples::SampleError;
pub use specification::{Initialization, Logistic, Mlp, Multiclass, Precision, SoftmaxRegression, Training};
pub use specification_error::SpecificationError;
pub use training::{
    EpochLoss, Hook, HookParameters, TrainError, Trained, initial_mlp, initial_softmax_regression, train,
    train_hooked, train_mlp,
};
pub use weight_id::{WeightId, WeightIdError};

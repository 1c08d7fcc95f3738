//! Models for bitsweep: stacks of dense layers and the ways to train them.
//!
//! Whatever trained it, a model is a [`Model`]: logistic regression ([`fit_logistic`]) is one layer, the multi-layer
//! perceptron ([`train_mlp`]) two or more. The crate knows nothing of quantization: it exposes named tensors and takes changed
//! ones, and a [`Hook`] may stand between the weights that are trained and those that are computed with.

mod dense;
mod forward;
mod head;
mod hidden_layers;
mod logistic;
mod optimizer;
mod panels;
mod product;
mod real;
mod samples;
mod specification;
mod stack;
mod training;

pub use dense::{Activation, Linear};
pub use head::{Head, predict, predict_into};
pub use hidden_layers::HiddenLayers;
pub use logistic::{LogisticError, fit_logistic};
pub use optimizer::{Adam, Optimizer, Sgd};
pub use real::Real;
pub use samples::SampleError;
pub use specification::{
    Initialization, Logistic, Mlp, Multiclass, Precision, SoftmaxRegression, SpecificationError, Training,
};
pub use stack::{ForwardBuffers, Model, ModelError};
pub use training::{
    EpochLoss, Hook, HookParameters, NoHook, TrainError, Trained, WeightId, initial_mlp,
    initial_softmax_regression, train, train_hooked, train_mlp,
};

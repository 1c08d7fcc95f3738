//! What is said of a model beside its file.

use bitsweep_models::{Activation, Head};

/// What is said of a model beside its file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadOptions {
    /// The layers of a file of tensors, in the order of their computation; empty for the order of their names.
    pub layers: Vec<NamedLayer>,
    /// What stands between the layers of a file of tensors.
    pub activation: Option<Activation>,
    /// How logits become probabilities, where the file does not say it.
    pub head: Option<Head>,
}

/// A layer of a file of tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedLayer {
    /// What its tensors' names begin with: `fc1` of `fc1.weight` and `fc1.bias`.
    pub name: String,
    /// What is applied to its outputs.
    pub activation: Option<Activation>,
}

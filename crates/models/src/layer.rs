//! The kinds of layers.

use crate::activation::Activation;
use crate::linear::Linear;

/// A layer of a [`Model`](crate::Model).
///
/// Matches over it are exhaustive everywhere: the compiler lists what a new kind must answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// A dense layer.
    Linear(Linear),
}

impl Layer {
    /// The number of inputs of one row.
    pub fn input_size(&self) -> usize {
        match self {
            Self::Linear(linear) => linear.input_size(),
        }
    }

    /// The number of outputs of one row.
    pub fn output_size(&self) -> usize {
        match self {
            Self::Linear(linear) => linear.output_size(),
        }
    }

    /// The number of trained numbers.
    pub fn parameters(&self) -> usize {
        match self {
            Self::Linear(linear) => linear.parameters(),
        }
    }

    /// What the layer applies to each element of its output.
    pub fn activation(&self) -> Activation {
        match self {
            Self::Linear(linear) => linear.activation,
        }
    }
}

impl From<Linear> for Layer {
    fn from(linear: Linear) -> Self {
        Self::Linear(linear)
    }
}

//! One dense layer.

use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

/// What a layer applies to each element of its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `a(z) = z`.
    Identity,
    /// The rectified linear unit, `a(z) = max(z, 0)`.
    Relu,
}

/// A dense layer, `y = a(x · W + b)`.
///
/// `x` is `(batch, inputs)`, `y` is `(batch, outputs)`; an output channel is a column of the weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// `W`, of shape `(inputs, outputs)`.
    pub weight: Array2<f32>,
    /// `b`, of shape `(outputs)`.
    pub bias: Array1<f32>,
    /// `a`.
    pub activation: Activation,
}

impl Linear {
    /// The number of inputs, the rows of the weight.
    pub fn inputs(&self) -> usize {
        self.weight.nrows()
    }

    /// The number of outputs, the columns of the weight.
    pub fn outputs(&self) -> usize {
        self.weight.ncols()
    }

    /// The number of trained numbers, `inputs · outputs + outputs`.
    pub fn parameters(&self) -> usize {
        self.weight.len() + self.bias.len()
    }
}

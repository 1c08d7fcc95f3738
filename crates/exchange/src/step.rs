//! What a file computes, one operation after the other.

use bitsweep_models::Activation;
use ndarray::{Array1, Array2};

/// One operation on rows of numbers, and what the file calls it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The node or tensor that it was made from, in words for errors: ``node `fc1` (Gemm)``.
    pub place: String,
    /// What is computed.
    pub operation: Operation,
}

/// An operation on a row `x`.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// `x · weight`, the weight `(in, out)`.
    Dense(Array2<f64>),
    /// `x + term`, one term per column.
    Add(Array1<f64>),
    /// `x · factor`, column by column.
    Multiply(Array1<f64>),
    /// `x / divisor`, column by column.
    Divide(Array1<f64>),
    /// `a(x)` of each number.
    Activation(Activation),
    /// The softmax of a row, or its logarithm.
    Softmax,
    /// Each row divided by its sum of magnitudes: behind logistic functions, what makes probabilities of them.
    NormalizeSum,
    /// `[1 - x, x]` of rows of one number: the probabilities of two classes.
    Complement,
}

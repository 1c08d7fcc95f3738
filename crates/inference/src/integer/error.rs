//! Why a classifier cannot compute in whole numbers.

use bitsweep_models::Activation;
use bitsweep_quant::{ActivationError, IntegerError, QuantizeError};

/// Why a classifier cannot compute in whole numbers, or features cannot become codes.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// What is wrong with a layer.
    #[error("W{}: {error}", .layer + 1)]
    Layer {
        /// Its position, counted from 0.
        layer: usize,
        /// What is wrong.
        error: IntegerError,
    },
    /// Inputs that cannot be encoded.
    #[error("inputs of W{}: {error}", .layer + 1)]
    Inputs {
        /// The layer's position, counted from 0.
        layer: usize,
        /// What is wrong.
        error: ActivationError,
    },
    /// The scales of inputs are not known before.
    #[error("inputs of W{} have no scale that is known before: expected `mode = \"static\"`", .layer + 1)]
    Dynamic {
        /// The layer's position, counted from 0.
        layer: usize,
    },
    /// A bias that 32 bits do not hold.
    #[error("b{}: the bias of output {output} (counted from 0) is {steps:e} steps, beyond 32 bits", .layer + 1)]
    Bias {
        /// The layer's position, counted from 0.
        layer: usize,
        /// The output.
        output: usize,
        /// The bias in units of the accumulator.
        steps: f64,
    },
    /// Logits that are no sums.
    #[error("the last layer applies {activation}, and the class is taken from its sums: expected `identity`")]
    LastActivation {
        /// What the last layer applies.
        activation: Activation,
    },
    /// A slope that is no shift.
    #[error(
        "`leaky-relu` with the slope {slope} is no shift: expected a power of two, or `requantize = \"fixed-point\"`"
    )]
    Slope {
        /// The factor of negative numbers.
        slope: f32,
    },
    /// A feature that no code stands for.
    #[error("row {row}, feature {feature}: `{value:e}` is no finite number of f32")]
    Feature {
        /// The row, counted from 0.
        row: usize,
        /// The feature, counted from 0.
        feature: usize,
        /// The value.
        value: f64,
    },
    /// A feature that is no whole number, where whole numbers become codes.
    #[error(
        "row {row}, feature {feature} (counted from 0): `{value}` is no whole number of 32 bits: expected one, or `features = \"float\"`"
    )]
    Fraction {
        /// The row, counted from 0.
        row: usize,
        /// The feature, counted from 0.
        feature: usize,
        /// The value.
        value: f64,
    },
    /// A step of a feature that `f32` does not hold, or a negative one of whole numbers.
    #[error(
        "feature {feature} (counted from 0) is divided by {step:e} to become a code, which is no divisor: expected one that f32 holds, above 0 where `features = \"integer\"`"
    )]
    Step {
        /// The feature, counted from 0.
        feature: usize,
        /// What it is divided by.
        step: f64,
    },
    /// Features or codes of another number.
    #[error("`{found}` inputs do not fit a network of {expected}: expected as many")]
    Width {
        /// What the network takes.
        expected: usize,
        /// What it was given.
        found: usize,
    },
}

impl NetworkError {
    /// What is wrong with the inputs of a layer.
    pub(super) fn inputs(layer: usize, error: QuantizeError) -> Self {
        Self::Inputs { layer, error: error.into() }
    }
}

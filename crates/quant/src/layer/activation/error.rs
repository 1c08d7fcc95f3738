//! Why inputs cannot be quantized or multiplied.

use std::num::NonZeroUsize;

use crate::number::OtherDtype;
use crate::scheme::{Rounding, SchemeError};
use crate::tensor::QuantizeError;

use super::features::FeatureNumbers;
use super::range::MovingAverage;
use super::requantize::Requantize;

/// Why an activation scheme, its calibration or a product is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ActivationError {
    /// The codes contradict themselves.
    #[error(transparent)]
    Scheme(#[from] SchemeError),
    /// The inputs cannot be quantized.
    #[error(transparent)]
    Quantize(#[from] QuantizeError),
    /// Weights of another type than the kernels'.
    #[error(transparent)]
    Dtype(#[from] OtherDtype),
    /// One bit leaves zero and nothing to tell inputs apart by, or no zero at all.
    #[error(
        "`bits = 1` is too few for activations, which need a code for 0 and codes beside it: expected 2 to 16"
    )]
    OneBit,
    /// The same request must have the same answer.
    #[error(
        "`rounding = {rounding}` would answer the same request differently each time: expected `nearest-even` or `half-away` for activations"
    )]
    Rounding {
        /// The rounding that was asked for.
        rounding: Rounding,
    },
    /// Weights have more axes than inputs.
    #[error(
        "`{codes}` are no codes of inputs: expected format `int` with what `bits`, `symmetry`, `range` and `rounding` say of activations, and one block"
    )]
    Codes {
        /// The short name of the codes' scheme.
        codes: String,
    },
    /// Rows to come have no range yet.
    #[error(
        "`granularity = row` needs the row at hand, and `mode = static` fits its range before: expected `granularity = tensor` or `mode = dynamic`"
    )]
    StaticRow,
    /// A fixed range is that of all batches.
    #[error(
        "`batch = {batch}` does not apply to `mode = static`, which has one range for all rows: leave `batch` out"
    )]
    StaticBatch {
        /// The batch that was asked for.
        batch: NonZeroUsize,
    },
    /// A row is no batch.
    #[error(
        "`batch = {batch}` contradicts `granularity = row`, which has a range for each row: leave one of them out"
    )]
    RowBatch {
        /// The batch that was asked for.
        batch: NonZeroUsize,
    },
    /// A range that is found anew has no past to average over.
    #[error(
        "`range = {average}` runs over batches of calibration rows, and `mode = dynamic` looks at none: expected `mode = static` or another range"
    )]
    DynamicMovingAverage {
        /// The range that was asked for.
        average: MovingAverage,
    },
    /// Scales that are found anew have no multiplier that is known before.
    #[error(
        "`requantize = {requantize}` needs the scales of all layers before, and `mode = dynamic` finds them anew: expected `mode = static`"
    )]
    DynamicRequantize {
        /// The requantization that was asked for.
        requantize: Requantize,
    },
    /// Codes of whole numbers, and floats between layers.
    #[error(
        "`features = {features}` makes codes in whole numbers, and `requantize = float` has floats between layers: expected another `requantize`"
    )]
    FloatRequantize {
        /// The features that were asked for.
        features: FeatureNumbers,
    },
    /// Codes of more bits than a product of 32 bits has room for.
    #[error(
        "`features = {features}` makes codes of at most 8 bits by products of 32, and these have {bits}: expected fewer bits, or `features = float`"
    )]
    WideFeatures {
        /// The features that were asked for.
        features: FeatureNumbers,
        /// Bits of a code.
        bits: u32,
    },
    /// A moving average that stands still or overshoots.
    #[error("`momentum = {momentum}` means nothing: expected a number above 0 and at most 1")]
    Momentum {
        /// The momentum that was asked for.
        momentum: f64,
    },
    /// Nothing to fit a range to.
    #[error("there are no calibration inputs: expected at least `1` row and `1` column")]
    NoInputs,
    /// Stored parameters where there are none, or none where there are.
    #[error("{}", if *.is_static { "`mode = static` has a scale, and none is given" } else { "`mode = dynamic` finds its scales anew, and one is given" })]
    Fitted {
        /// Whether the scheme is static.
        is_static: bool,
    },
    /// Stored parameters that no range leads to.
    #[error(
        "scale `{scale}` and zero point `{zero_point}` are no parameters of these codes: expected a positive scale, and a code"
    )]
    Parameters {
        /// The scale.
        scale: f32,
        /// The zero point.
        zero_point: i32,
    },
    /// Inputs of another layer.
    #[error("`{found}` inputs do not fit weights of {expected}: expected as many")]
    Inputs {
        /// Rows of the weights.
        expected: usize,
        /// Columns of the inputs.
        found: usize,
    },
    /// Biases of another layer.
    #[error("`{found}` biases do not fit weights of {expected} outputs: expected as many")]
    Biases {
        /// Columns of the weights.
        expected: usize,
        /// Number of biases.
        found: usize,
    },
    /// A sum that may not be exact.
    #[error("a sum over `{inputs}` inputs may not be exact: expected at most {most}")]
    TooManyInputs {
        /// Rows of the weights.
        inputs: usize,
        /// The most inputs of an exact sum.
        most: usize,
    },
}

impl ActivationError {
    /// The setting that is out of range, where that is what is wrong.
    #[must_use]
    pub const fn setting(&self) -> Option<&'static str> {
        if let Self::Momentum { .. } = self { Some("momentum") } else { None }
    }
}

//! Why a layer cannot compute in whole numbers.

use crate::number::OtherDtype;

/// Why a layer cannot compute in whole numbers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum IntegerError {
    /// Weights of another type than the kernels'.
    #[error(transparent)]
    Dtype(#[from] OtherDtype),
    /// Weights that are no whole numbers of a step.
    #[error("weights of `{scheme}` are no whole numbers of one step: {fix}")]
    Levels {
        /// The short name of the scheme.
        scheme: String,
        /// What would do.
        fix: &'static str,
    },
    /// Steps that no shift makes one of.
    #[error(
        "the steps of `{scheme}` are no powers of two: expected `granularity = \"tensor\"`, `scale_format = \"e8m0-ceiling\"`, or `requantize = \"fixed-point\"`"
    )]
    Steps {
        /// The short name of the scheme.
        scheme: String,
    },
    /// A sum that 32 bits do not hold.
    #[error(
        "the sum of output {output} (counted from 0) may reach {bound}, beyond 32 bits: expected fewer bits or inputs, or a smaller bias"
    )]
    Accumulator {
        /// The output.
        output: usize,
        /// The largest magnitude that the codes allow.
        bound: f64,
    },
    /// A sum that is too large for the step it is scaled to.
    #[error(
        "the sum of output {output} (counted from 0) may be beyond 2^30 steps of what it becomes, or over its groups beyond 64 bits: expected calibration rows that are like the others, or larger groups"
    )]
    Sum {
        /// The output.
        output: usize,
    },
    /// A ratio that no shift makes.
    #[error(
        "the scales of output {output} (counted from 0) are no power of two apart from the others': expected `requantize = \"fixed-point\"`"
    )]
    NoPowerOfTwo {
        /// The output.
        output: usize,
    },
    /// A step so large beside the next one that there is no shift for it.
    #[error("the outputs are scaled by {ratio:e}: expected less than 2^30")]
    Ratio {
        /// The largest ratio of the steps.
        ratio: f64,
    },
}

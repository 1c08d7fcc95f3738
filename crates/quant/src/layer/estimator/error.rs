//! Why gradients do not pass.

use crate::number::OtherDtype;
use crate::scheme::{Outliers, Range, Scheme};

/// Why a scheme cannot be trained with an estimator.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EstimatorError {
    /// Nothing is rounded to an even grid.
    #[error(
        "there is no straight-through estimator for format `{format}`: expected `int`, `dorefa` or `wrpn`"
    )]
    NotEven {
        /// The format's name.
        format: String,
    },
    /// The estimators reckon with scales and zero points as they are fitted.
    #[error(
        "training does not know `{axis} = {value}`, which stores parameters rounded: expected `scale_format = float` and a zero point"
    )]
    StoredParameters {
        /// The axis that rounds parameters.
        axis: &'static str,
        /// Its value.
        value: String,
    },
    /// Weights beside the codes are not rounded.
    #[error("training does not know `outliers = {outliers}`, weights beside the codes: leave `outliers` out")]
    Outliers {
        /// The outliers that were asked for.
        outliers: Outliers,
    },
    /// The steps of another format are fixed.
    #[error("`lsq` learns the steps of an even grid, format `{format}` has none to learn: expected `int`")]
    NoStep {
        /// The format's name.
        format: String,
    },
    /// Only the step is learned.
    #[error("`lsq` learns the step, not a zero point: expected `symmetry = symmetric`")]
    ZeroPoint,
    /// A learned step stays above 0.
    #[error(
        "`lsq` keeps steps above 0, and `code_range = covering` has scales of both signs: expected `code_range = full` or `narrow`"
    )]
    Sign,
    /// The highest code of one bit is 0.
    #[error("`lsq` divides by the highest code, which is 0 at 1 bit: expected at least 2 bits")]
    OneBit,
    /// There is no range to estimate.
    #[error("`range = {range}` does not apply to `lsq`, which learns the step: leave `range` out")]
    Range {
        /// The range that was asked for.
        range: Range,
    },
    /// Matrices that do not belong together.
    #[error("a gradient of shape `{found:?}` does not fit values of shape `{expected:?}`")]
    Shape {
        /// Rows and columns of the values.
        expected: (usize, usize),
        /// Rows and columns of the gradient or latent values.
        found: (usize, usize),
    },
    /// Weights of another type than the latent values.
    #[error(transparent)]
    Dtype(#[from] OtherDtype),
    /// Steps of another number than blocks.
    #[error("`{found}` steps do not fit `{expected}` blocks")]
    Steps {
        /// Number of blocks.
        expected: usize,
        /// Number of steps.
        found: usize,
    },
}

/// Refuses parameters that are stored in another form than the one they are fitted in, and weights without codes.
pub(super) fn expect_plain_parameters(scheme: &Scheme) -> Result<(), EstimatorError> {
    if scheme.outliers != Outliers::None {
        return Err(EstimatorError::Outliers { outliers: scheme.outliers });
    }
    match scheme.rounded_parameters() {
        Some((axis, value)) => Err(EstimatorError::StoredParameters { axis: axis.name(), value }),
        None => Ok(()),
    }
}

pub(super) fn expect_shape(
    expected: (usize, usize),
    found: [(usize, usize); 2],
) -> Result<(), EstimatorError> {
    match found.into_iter().find(|found| *found != expected) {
        None => Ok(()),
        Some(found) => Err(EstimatorError::Shape { expected, found }),
    }
}

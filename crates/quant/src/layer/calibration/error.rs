//! Why a layer cannot be calibrated.

use crate::scheme::{Outliers, Rounding};
use crate::tensor::QuantizeError;

/// Why [`calibrate`](crate::calibrate) refuses a layer, a scheme or a setting.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CalibrationError {
    /// The weights cannot be quantized by the scheme at all.
    #[error(transparent)]
    Quantize(#[from] QuantizeError),
    /// The method chooses among the codes of an even grid with a scale.
    #[error(
        "`method = {method}` does not apply to format `{format}`: expected format `int`, or `method = nearest`"
    )]
    Format {
        /// The method's name.
        method: &'static str,
        /// The format's name.
        format: String,
    },
    /// Binary codes have no neighbours to step to.
    #[error(
        "`method = {method}` does not apply to 1-bit symmetric weights, which keep the sign: expected `method = nearest` or at least 2 bits"
    )]
    Binary {
        /// The method's name.
        method: &'static str,
    },
    /// The method is itself a way to round.
    #[error(
        "`rounding = {rounding}` contradicts `method = {method}`, which chooses the codes itself: expected `rounding = nearest-even`"
    )]
    Rounding {
        /// The method's name.
        method: &'static str,
        /// The rounding that was asked for.
        rounding: Rounding,
    },
    /// The methods reckon with scales and zero points as they are fitted.
    #[error(
        "`method = {method}` does not apply to `{axis} = {value}`, which stores parameters rounded: expected `scale_format = float` and a zero point"
    )]
    StoredParameters {
        /// The method's name.
        method: &'static str,
        /// The axis that rounds parameters.
        axis: &'static str,
        /// Its value.
        value: String,
    },
    /// The methods weigh the codes of all weights.
    #[error(
        "`outliers = {outliers}` does not combine with `method = {method}`, which chooses a code for every weight: expected `method = nearest`"
    )]
    Outliers {
        /// The method's name.
        method: &'static str,
        /// The outliers that were asked for.
        outliers: Outliers,
    },
    /// HQQ moves the zero point off the whole numbers.
    #[error(
        "`method = hqq` chooses a zero point between codes: expected `symmetry = asymmetric` with `zero_point = float`"
    )]
    ZeroPoint,
    /// Scales are learned, zero points are not.
    #[error("`method = learned-scale` learns scales alone: expected `symmetry = symmetric`")]
    LearnedZeroPoint,
    /// A learned scale stays above 0.
    #[error(
        "`method = learned-scale` keeps scales above 0, and `code_range = covering` has scales of both signs: expected `code_range = full` or `narrow`"
    )]
    LearnedSign,
    /// GPTQ finds the parameters of a group on weights that have moved, for inputs still to come.
    #[error(
        "`range = output-mse` does not combine with `method = gptq` in groups, whose parameters come from updated weights: expected another range or granularity"
    )]
    OutputRangeOfGroups,
    /// A setting outside the range that is accepted.
    #[error("`{key} = {value}` of method `{method}`: expected {expected}")]
    Setting {
        /// The method's name.
        method: &'static str,
        /// The setting's name, as a file writes it.
        key: &'static str,
        /// What it was set to.
        value: String,
        /// What it may be, as the end of a sentence.
        expected: &'static str,
    },
    /// A mean over no rows.
    #[error("there are no calibration inputs: expected at least `1` row")]
    NoRows,
    /// An input is NaN or infinite.
    #[error(
        "the calibration input `{value}` in row {row}, column {column} (counted from 0) means nothing: expected a finite number"
    )]
    NotFinite {
        /// Row of the first such input.
        row: usize,
        /// Column of the first such input.
        column: usize,
        /// The input.
        value: f64,
    },
    /// A batch of other inputs than the first.
    #[error("a batch of `{found}` inputs does not follow batches of {expected}: expected as many")]
    Batch {
        /// Inputs of the batches before.
        expected: usize,
        /// Inputs of this one.
        found: usize,
    },
    /// The variance is that of other rows than the mean.
    #[error(
        "the variance of `{found}` rows does not fit the mean of {expected}: expected the same rows again"
    )]
    Passes {
        /// Rows of the first pass.
        expected: usize,
        /// Rows of the second.
        found: usize,
    },
    /// Squares of inputs overflow.
    #[error("calibration inputs up to `{largest}` overflow when squared: expected magnitudes below 1e150")]
    TooLarge {
        /// The largest magnitude.
        largest: f64,
    },
    /// A Hessian of another layer.
    #[error("a Hessian of `{hessian}` inputs does not fit weights of {weights}: expected as many")]
    Inputs {
        /// Rows of the weights.
        weights: usize,
        /// Rows and columns of the Hessian.
        hessian: usize,
    },
    /// Factors of another layer's outputs.
    #[error("`{factors}` factors do not fit `{outputs}` outputs: expected as many")]
    OutputFactors {
        /// Columns of the weights.
        outputs: usize,
        /// Factors.
        factors: usize,
    },
    /// Moments of another layer.
    #[error("moments of `{moments}` inputs do not fit weights of {weights}: expected as many")]
    Moments {
        /// Rows of the weights.
        weights: usize,
        /// Inputs whose moments are known.
        moments: usize,
    },
    /// Calibration inputs of another layer.
    #[error(
        "`{inputs}` columns of calibration inputs do not fit weights of {weights} inputs: expected as many"
    )]
    InputColumns {
        /// Rows of the weights.
        weights: usize,
        /// Columns of the inputs.
        inputs: usize,
    },
    /// The inputs do not determine every direction, and nothing was added to the diagonal.
    #[error(
        "the Hessian of the calibration inputs is singular with `damp = {damp}`: expected a larger `damp`, such as 0.01"
    )]
    Singular {
        /// The damping that was asked for.
        damp: f64,
    },
    /// Outputs before and after quantization that are not those of the same rows.
    #[error("outputs of shape `{found:?}` cannot be compared with outputs of shape `{expected:?}`")]
    Outputs {
        /// Rows and columns before quantization.
        expected: (usize, usize),
        /// Rows and columns after.
        found: (usize, usize),
    },
}

impl CalibrationError {
    /// The setting that is out of range, where that is what is wrong.
    #[must_use]
    pub const fn setting(&self) -> Option<&'static str> {
        if let Self::Setting { key, .. } = self { Some(key) } else { None }
    }
}

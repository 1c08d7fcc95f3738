//! Why values cannot be quantized.

use crate::number::OtherDtype;
use crate::scheme::SchemeError;

/// Why [`quantize`](crate::quantize) refuses a tensor.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum QuantizeError {
    /// The scheme contradicts itself.
    #[error(transparent)]
    Scheme(#[from] SchemeError),
    /// A range that is found by the output error, where there are no inputs.
    #[error(
        "`range = output-mse` looks at the inputs of a layer, and there are none: expected `range = mse`, or calibration inputs"
    )]
    NoInputs,
    /// A value is NaN or infinite.
    #[error(
        "`{value}` in row {row}, column {column} (counted from 0) cannot be quantized: expected a finite number"
    )]
    NotFinite {
        /// Row of the first such value.
        row: usize,
        /// Column of the first such value.
        column: usize,
        /// The value.
        value: f64,
    },
    /// The scale or the ends of the grid overflow.
    #[error(
        "the range `{low:e}` to `{high:e}` of block {block} is too wide for its number type: expected values well below its largest number"
    )]
    RangeTooWide {
        /// Number of the block.
        block: usize,
        /// Lower end of the range.
        low: f64,
        /// Upper end of the range.
        high: f64,
    },
    /// The zero point lies so far out that 32 bits cannot hold it.
    #[error(
        "zero point `{zero_point}` of block {block} does not fit in 32 bits, the values lie too far from zero for their spread: expected `zero_point = float` or `symmetry = symmetric`"
    )]
    ZeroPointTooLarge {
        /// Number of the block.
        block: usize,
        /// The zero point.
        zero_point: f64,
    },
    /// A row has fewer values than the scheme wants sub-vectors.
    #[error("`subvectors = {subvectors}` splits rows of length {columns}: expected at most {columns}")]
    TooFewColumns {
        /// Sub-vectors asked for.
        subvectors: usize,
        /// Columns there are.
        columns: usize,
    },
    /// Scales cannot be given.
    #[error(
        "scheme `{scheme}` does not reconstruct by one scale a block alone: expected a symmetric integer scheme"
    )]
    NoGivenScales {
        /// The scheme's short name.
        scheme: String,
    },
    /// More or fewer scales than blocks.
    #[error("`{found}` scales do not fit `{expected}` blocks")]
    ScaleCount {
        /// Number of blocks.
        expected: usize,
        /// Number of scales.
        found: usize,
    },
    /// A scale that no grid has.
    #[error("`{value}` is not a scale for block {block}: expected a positive number whose levels are finite")]
    NotAScale {
        /// Number of the block.
        block: usize,
        /// The number.
        value: f64,
    },
    /// Values of another shape than the parameters were made for.
    #[error("values of shape `{found:?}` do not fit parameters of shape `{expected:?}`")]
    Shape {
        /// Rows and columns that were expected.
        expected: (usize, usize),
        /// Rows and columns that were given.
        found: (usize, usize),
    },
    /// Values of another type than the parameters were made for.
    #[error(transparent)]
    Dtype(#[from] OtherDtype),
}

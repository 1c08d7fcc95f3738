//! Why a scheme is refused.

use super::choice::{CodeRange, Granularity, Outliers, Range, Rounding, SchemeAxis, ZeroPoint};
use super::scale_format::ScaleFormat;

/// Why a scheme is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SchemeError {
    /// The format needs a number of bits.
    #[error("format `{format}` needs `bits`: expected 1 to 16")]
    BitsMissing {
        /// The format's name.
        format: &'static str,
    },
    /// The format has no such choice.
    #[error("`{axis} = {value}` does not apply to format `{format}`: leave `{axis}` out")]
    NotApplicable {
        /// The axis that was set.
        axis: SchemeAxis,
        /// The value it was set to.
        value: String,
        /// The format's name.
        format: String,
    },
    /// A symmetric grid has its zero at code 0.
    #[error(
        "`zero_point = {zero_point}` contradicts symmetric quantization, whose zero point is 0: expected `symmetry = asymmetric` beside it"
    )]
    ZeroPointOfSymmetric {
        /// The zero point that was asked for.
        zero_point: ZeroPoint,
    },
    /// Unsigned codes around zero have no negative half.
    #[error(
        "`codes = unsigned` cannot represent negative weights in symmetric quantization: expected `codes = signed` or `symmetry = asymmetric`"
    )]
    UnsignedSymmetric,
    /// One bit without its lowest code is a single code.
    #[error(
        "`code_range = narrow` leaves a single code of 1 bit: expected `code_range = full` or at least 2 bits"
    )]
    OneBitNarrow,
    /// Binary codes are -1 and +1, there is no code 0 to add.
    #[error(
        "`code_range = {code_range}` does not apply to 1-bit symmetric weights, which are -s and +s: expected `code_range = narrow` or at least 2 bits"
    )]
    BinaryFull {
        /// The code range that was asked for.
        code_range: CodeRange,
    },
    /// A zero point already lays all codes over the range.
    #[error(
        "`code_range = covering` chooses scale and sign of a symmetric grid: expected `symmetry = symmetric`, or `code_range = full`"
    )]
    CoveringAsymmetric,
    /// Scales of which only the magnitude is stored.
    #[error(
        "`code_range = covering` has scales of both signs, and `scale_format = {scale_format}` stores none: expected `scale_format = float`, `f16` or `bf16`, or `code_range = full`"
    )]
    ScaleWithoutSign {
        /// The scale format asked for.
        scale_format: ScaleFormat,
    },
    /// The scale of binary weights is a mean, not a range.
    #[error(
        "`range = {range}` does not apply to 1-bit symmetric weights, whose scale is the mean magnitude: expected `range = min-max` or at least 2 bits"
    )]
    BinaryRange {
        /// The range that was asked for.
        range: Range,
    },
    /// Binary codes are signs, nothing is rounded.
    #[error(
        "`rounding = {rounding}` does not apply to 1-bit `{format}` weights, which keep the sign: expected `rounding = nearest-even` or at least 2 bits"
    )]
    BinaryRounding {
        /// The rounding that was asked for.
        rounding: Rounding,
        /// The format's name.
        format: String,
    },
    /// Signs have one scale, a mean magnitude, and no range that outliers could widen.
    #[error(
        "`outliers = {outliers}` does not apply to 1-bit symmetric weights, whose scale is a mean magnitude: expected at least 2 bits"
    )]
    BinaryOutliers {
        /// The outliers that were asked for.
        outliers: Outliers,
    },
    /// WRPN's grid of one bit would divide by zero.
    #[error("`bits = 1` is undefined for format `wrpn`, whose grid has 2^(bits-1)-1 steps: expected 2 to 16")]
    WrpnOneBit,
    /// The format is not defined for that many bits.
    #[error("`{bits}` bits are undefined for format `{format}`: expected {least} to {most}")]
    Width {
        /// Bits asked for.
        bits: u32,
        /// The format's name.
        format: String,
        /// The fewest bits.
        least: u32,
        /// The most bits.
        most: u32,
    },
    /// Levels that are not even merge bins of a histogram in another way.
    #[error(
        "`range = kl` merges a histogram into even levels, which format `{format}` does not have: expected format `int`, or `range = mse`"
    )]
    DivergenceOfLevels {
        /// The format's name.
        format: String,
    },
    /// The histogram of a KL range has too few bins for so many levels.
    #[error(
        "`range = kl` compares histograms of 2048 bins, too few for `{bits}` bits: expected at most 8, or `range = mse`"
    )]
    DivergenceBits {
        /// Bits asked for.
        bits: u32,
    },
    /// The output error is measured on even grids with parameters as fitted.
    #[error(
        "`range = output-mse` compares even grids with plain parameters and `nearest-even` rounding: `{axis} = {value}` does not combine with it"
    )]
    OutputError {
        /// The axis that does not combine.
        axis: SchemeAxis,
        /// Its value.
        value: String,
    },
    /// A power of two is found from the largest magnitude, which an asymmetric range does not have in its middle.
    #[error(
        "`scale_format = {scale_format}` needs a symmetric range: expected `symmetry = symmetric` or another scale format"
    )]
    PowerOfTwoAsymmetric {
        /// The scale format asked for.
        scale_format: ScaleFormat,
    },
    /// A power of two is found from a range, and the scale of these weights is a mean.
    #[error(
        "`scale_format = {scale_format}` does not apply to `{scheme}`, whose scale is a mean magnitude: expected another scale format"
    )]
    PowerOfTwoOfMean {
        /// The scale format asked for.
        scale_format: ScaleFormat,
        /// Binary or ternary weights.
        scheme: String,
    },
    /// The sub-vectors of a codebook are parts of rows.
    #[error(
        "`granularity = {granularity}` would cut the rows that format `{format}` splits into sub-vectors: expected `tensor`, `input-channel` or `{{ rows = n }}`"
    )]
    CodebookGranularity {
        /// The granularity asked for.
        granularity: Granularity,
        /// The format's name.
        format: String,
    },
    /// Clustering in several dimensions has no exact way that ends in time.
    #[error(
        "`clustering = exact` is of single values, and format `{format}` has sub-vectors: expected `width = 1`, or `clustering = fast`"
    )]
    ExactSubvectors {
        /// The format's name.
        format: String,
    },
    /// Only floats have levels of their own size.
    #[error(
        "`scale_format = none` needs a format with levels of its own size, such as `fp8-e4m3`: format `{format}` expects a scale"
    )]
    Unscaled {
        /// The format's name.
        format: String,
    },
    /// Without scales there are no blocks and no range.
    #[error("`{axis} = {value}` does not apply to `scale_format = none`: leave `{axis}` out")]
    UnscaledAxis {
        /// The axis that was set.
        axis: SchemeAxis,
        /// The value it was set to.
        value: String,
    },
    /// The preset, or the format, says something else.
    #[error(
        "`{axis} = {value}` contradicts format `{preset}`, which means `{axis} = {expected}`: leave `{axis}` out, or spell out the axes without the preset"
    )]
    Preset {
        /// The axis that was set.
        axis: SchemeAxis,
        /// The value it was set to.
        value: String,
        /// The preset's name.
        preset: String,
        /// What the preset sets it to.
        expected: String,
    },
}

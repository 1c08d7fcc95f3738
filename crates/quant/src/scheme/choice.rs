//! One enum per axis of choice.

use std::fmt;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::bounded::{GroupSize, OutlierPercent, Percentile};

/// The name of an axis, as tables and TOML spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SchemeAxis {
    /// The kind of element.
    Format,
    /// Bits of one code.
    Bits,
    /// Whether zero is the middle of the range.
    Symmetry,
    /// How the zero point is kept.
    ZeroPoint,
    /// Whether codes have a sign.
    Codes,
    /// Whether the lowest code is used.
    CodeRange,
    /// Which values share parameters.
    Granularity,
    /// How the scales are stored.
    ScaleFormat,
    /// How the centroids are stored.
    CodebookFormat,
    /// How the range of a block is found.
    Range,
    /// How a position on the grid becomes a code.
    Rounding,
    /// Which weights are kept beside the codes.
    Outliers,
}

impl SchemeAxis {
    /// All axes, in the order of table columns.
    pub const ALL: [Self; 12] = [
        Self::Format,
        Self::Bits,
        Self::Symmetry,
        Self::ZeroPoint,
        Self::Codes,
        Self::CodeRange,
        Self::Granularity,
        Self::ScaleFormat,
        Self::CodebookFormat,
        Self::Range,
        Self::Rounding,
        Self::Outliers,
    ];

    /// The key in TOML and the name of the column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Bits => "bits",
            Self::Symmetry => "symmetry",
            Self::ZeroPoint => "zero_point",
            Self::Codes => "codes",
            Self::CodeRange => "code_range",
            Self::Granularity => "granularity",
            Self::ScaleFormat => "scale_format",
            Self::CodebookFormat => "codebook_format",
            Self::Range => "range",
            Self::Rounding => "rounding",
            Self::Outliers => "outliers",
        }
    }
}

impl fmt::Display for SchemeAxis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// Where the zero of the values lies on the grid of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Symmetry {
    /// Zero is code 0: `ŵ = s·q`.
    #[default]
    Symmetric,
    /// Zero is where the range of the block puts it: `ŵ = s·(q - z)`, or `ŵ = s·(q - lowest) + m` from a minimum.
    Asymmetric(ZeroPoint),
}

impl Symmetry {
    /// The codes of integers where nothing else is asked for.
    #[must_use]
    pub const fn usual_codes(self) -> (Codes, CodeRange) {
        match self {
            Self::Symmetric => (Codes::Signed, CodeRange::Narrow),
            Self::Asymmetric(ZeroPoint::Float) => (Codes::Signed, CodeRange::Full),
            Self::Asymmetric(ZeroPoint::Integer | ZeroPoint::Minimum) => (Codes::Unsigned, CodeRange::Full),
        }
    }
}

/// How the zero point `z` of an asymmetric grid is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ZeroPoint {
    /// Rounded to a whole number, so that zero is reconstructed exactly; stored in 4 bytes.
    Integer,
    /// Not rounded, so that the ends of the range are reconstructed exactly; stored as wide as the values.
    Float,
    /// No zero point but the smallest value `m` of the block, which the lowest code stands for: `ŵ = s·(q - lowest) + m`.
    /// Stored like the scales where those are `f16` or `bf16`, else as wide as the values.
    Minimum,
}

/// Whether integer codes have a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Codes {
    /// `-2^(b-1) … 2^(b-1)-1`.
    Signed,
    /// `0 … 2^b-1`.
    Unsigned,
}

/// Which of the `2^b` codes are used, and how symmetric ones are laid over a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CodeRange {
    /// All of them. With a symmetric scheme the scale is `2·max|w|/(2^b-1)`, the convention of GPTQ and torchao, which
    /// clips `+max|w|` by half a step (at 2 bits to two thirds of itself).
    Full,
    /// All but the lowest, so that signed codes are symmetric around 0: `-(2^(b-1)-1) … 2^(b-1)-1`; unsigned codes
    /// start at 1 (TensorFlow's `narrow_range`).
    Narrow,
    /// All of them, and a symmetric scale of the least magnitude with which no value clips:
    /// `s = max(-min/2^(b-1), max/(2^(b-1)-1))`, or `s = -max(max/2^(b-1), -min/(2^(b-1)-1))` where that is smaller: a
    /// negative scale mirrors the grid, so that the code without a counterpart lies on the side of the largest magnitude.
    Covering,
}

/// Which values share one scale and zero point, or one set of codebooks.
///
/// Weights are `(in, out)` here: a row holds the weights of one input channel, a column those of one output channel. Tools
/// that store `(out, in)` call the same choices by other names, of which `row` and `axis 0` mean the opposite:
///
/// | here | NumPy axis of `(in, out)` | PyTorch, torchao `(out, in)` | ONNX `MatMul` `(in, out)` | ONNX `Gemm` with `transB` `(out, in)` |
/// |---|---|---|---|---|
/// | `tensor` | | `per_tensor` | per tensor | per tensor |
/// | `input-channel` | a scale for each index of axis 0 | `axis = 1` | `axis = 0` | `axis = 1` |
/// | `output-channel` | a scale for each index of axis 1 | `axis = 0`, "per row", "per channel" | `axis = 1` | `axis = 0` |
/// | `{ group = n }` | `n` along axis 0 | groups of `n` along a row | blocked, `block_size = n`, `axis = 0` | blocked, `axis = 1` |
///
/// `row` is another name of `input-channel`, and `column` of `output-channel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Granularity {
    /// The whole tensor.
    #[default]
    Tensor,
    /// Each row: the weights of one input, one for each output.
    #[serde(alias = "row")]
    #[schemars(transform = also_called("row"))]
    InputChannel,
    /// Each `n` consecutive rows; the last group may have fewer.
    Rows(GroupSize),
    /// Each column: the weights of one output, one for each input.
    #[serde(alias = "column")]
    #[schemars(transform = also_called("column"))]
    OutputChannel,
    /// Each `n` consecutive values down a column, along the inputs of one output; the last group of a column may be
    /// shorter. A matrix with one row (a bias) is grouped along that row.
    Group(GroupSize),
}

/// The schema of a name that has an alias.
fn also_called(alias: &'static str) -> impl FnMut(&mut Schema) {
    move |schema| {
        let name = schema.remove("const");
        schema.insert("enum".to_owned(), json!([name, alias]));
    }
}

/// How the range of a block is found.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Range {
    /// Smallest and largest value; symmetric: the largest magnitude.
    #[default]
    MinMax,
    /// Percentiles `p` and `100 - p` of the values; symmetric: percentile `p` of the magnitudes. Values outside clip.
    Percentile(Percentile),
    /// The range of least squared reconstruction error among multiples of the min-max range, from a hundredth of it to about
    /// twice as much in steps of a hundredth: itself included, and wider than where it clips nothing.
    Mse,
    /// Clipped where the histogram of magnitudes, once quantized, is nearest to their own by Kullback–Leibler divergence
    /// (Migacz 2017): for many values, such as activations, on even grids of at most 8 bits.
    Kl,
    /// The range of least error of the layer's *outputs* on the calibration rows, `tr(ΔᵀHΔ)`, among the ranges that
    /// `mse` searches.
    OutputMse,
}

/// How a position between two codes becomes a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// To the nearest code, ties to the even one (IEEE 754's, NumPy's and PyTorch's `round`).
    #[default]
    NearestEven,
    /// To the nearest code, ties away from zero (C's `round`).
    HalfAway,
    /// Up with the probability of the fraction: `⌊x + u⌋`, `u` uniform in `[0, 1)`; unbiased inside the range.
    Stochastic,
}

/// Which weights are kept beside the codes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outliers {
    /// None.
    #[default]
    None,
    /// So many per cent of the tensor, those of largest magnitude, as 16-bit floats with their positions; the range of a
    /// block is that of its other values.
    Percent(OutlierPercent),
}

impl fmt::Display for Outliers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.pad("none"),
            Self::Percent(percent) => formatter.pad(&format!("{percent} %")),
        }
    }
}

impl fmt::Display for Symmetry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Symmetric => "symmetric",
            Self::Asymmetric(_) => "asymmetric",
        })
    }
}

impl fmt::Display for ZeroPoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Minimum => "minimum",
        })
    }
}

impl fmt::Display for Codes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Signed => "signed",
            Self::Unsigned => "unsigned",
        })
    }
}

impl fmt::Display for CodeRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Full => "full",
            Self::Narrow => "narrow",
            Self::Covering => "covering",
        })
    }
}

impl fmt::Display for Granularity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tensor => formatter.pad("tensor"),
            Self::InputChannel => formatter.pad("input-channel"),
            Self::Rows(count) => formatter.pad(&format!("rows {count}")),
            Self::OutputChannel => formatter.pad("output-channel"),
            Self::Group(size) => formatter.pad(&format!("group {size}")),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MinMax => formatter.pad("min-max"),
            Self::Percentile(percentile) => formatter.pad(&format!("percentile {percentile}")),
            Self::Mse => formatter.pad("mse"),
            Self::Kl => formatter.pad("kl"),
            Self::OutputMse => formatter.pad("output-mse"),
        }
    }
}

impl fmt::Display for Rounding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::NearestEven => "nearest-even",
            Self::HalfAway => "half-away",
            Self::Stochastic => "stochastic",
        })
    }
}

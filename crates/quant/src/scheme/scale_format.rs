//! How scales are stored.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::number::{BFLOAT16_ROUNDING, BINARY16_ROUNDING};

/// The number format of the scales.
///
/// Values are quantized with the scale as stored, so that the reconstruction is what the
/// bytes say; a scale too small or too large for the format becomes its smallest positive or its largest number, which
/// the table [flags](crate::FarParameters).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScaleFormat {
    /// As wide as the values: 4 bytes for the weights of a model.
    #[default]
    Float,
    /// IEEE 754 binary16, to nearest even.
    F16,
    /// bfloat16, to nearest even.
    Bf16,
    /// A power of two in one byte (E8M0, bias 127), by the rule of OCP Microscaling Formats 1.0, §6.3:
    /// `s = 2^(⌊log₂ max|w|⌋ - e)`, `e` being the exponent of the largest power of two among the levels. The largest values
    /// of a block may saturate. The levels of integers count as fixed-point numbers with `b - 2` binary places, as in
    /// OCP's INT8.
    E8m0Floor,
    /// A power of two in one byte: the smallest with which no value saturates.
    E8m0Ceiling,
    /// FP8 E4M3 for each block, times one f32 for the tensor, `max(s)/448` (NVFP4): 1 byte a block and 4 bytes.
    TwoLevel,
    /// Double quantization (Dettmers et al. 2023, QLoRA, §3; bitsandbytes' `compress_statistics`): the mean of all scales is
    /// subtracted; each 256 differences share their largest magnitude as f32, and each is one of bitsandbytes' 256
    /// dynamic levels: 1 byte a block, 4 bytes for each 256 blocks and 4 for the mean. A scale that would not come out
    /// positive takes the next level that does.
    Double,
    /// No scale: values are cast to the format as they are. Only for minifloats.
    None,
}

impl ScaleFormat {
    /// Whether scales are powers of two.
    #[must_use]
    pub const fn is_power_of_two(self) -> bool {
        match self {
            Self::E8m0Floor | Self::E8m0Ceiling => true,
            Self::Float | Self::F16 | Self::Bf16 | Self::TwoLevel | Self::Double | Self::None => false,
        }
    }

    /// By which part of it rounding may change a scale among the normal numbers of the format (of two nested levels FP8
    /// E4M3's, of powers of two up to a factor of two), and a minimum beside it; `None` where nothing is rounded.
    pub(crate) const fn rounding(self) -> Option<f64> {
        match self {
            Self::Float | Self::None => None,
            Self::F16 => Some(BINARY16_ROUNDING),
            Self::Bf16 => Some(BFLOAT16_ROUNDING),
            Self::TwoLevel | Self::Double => Some(1.0 / 16.0),
            Self::E8m0Floor | Self::E8m0Ceiling => Some(1.0),
        }
    }

    /// Whether scales are codes with scales of their own.
    #[must_use]
    pub const fn is_nested(self) -> bool {
        match self {
            Self::TwoLevel | Self::Double => true,
            Self::Float | Self::F16 | Self::Bf16 | Self::E8m0Floor | Self::E8m0Ceiling | Self::None => false,
        }
    }
}

impl fmt::Display for ScaleFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Float => "float",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::E8m0Floor => "e8m0-floor",
            Self::E8m0Ceiling => "e8m0-ceiling",
            Self::TwoLevel => "two-level",
            Self::Double => "double",
            Self::None => "none",
        })
    }
}

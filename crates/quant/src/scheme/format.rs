//! The kind of element that a value becomes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::bounded::Bits;
use super::choice::{CodeRange, Codes, SchemeAxis};
use super::codebook_layout::CodebookLayout;
use super::gguf_type::GgufType;
use super::level_format::{LevelFormat, ScaleRule};

/// The kind of element that a value becomes, with what only this kind has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Format {
    /// Codes on an even grid, with a scale (and zero point) per block.
    #[serde(rename = "int")]
    Integer {
        /// Bits of one code.
        bits: Bits,
        /// With or without sign.
        codes: Codes,
        /// Which codes are used.
        code_range: CodeRange,
    },
    /// IEEE 754 binary16: 1 sign, 5 exponent, 10 mantissa bits; the code is the bit pattern.
    #[serde(rename = "f16")]
    Float16,
    /// bfloat16: 1 sign, 8 exponent, 7 mantissa bits; the code is the bit pattern.
    #[serde(rename = "bf16")]
    BFloat16,
    /// Codes are positions in tables of centroids: scalar, vector, product and residual quantization.
    Codebook(CodebookLayout),
    /// DoReFa-Net's weight function (Zhou et al. 2016, §2.3). It rescales the weights: a network must be trained with
    /// it.
    DoReFa {
        /// Bits of one code.
        bits: Bits,
    },
    /// WRPN's weight function (Mishra et al. 2017, §3): clip to `[-1, 1]`, then a fixed grid.
    Wrpn {
        /// Bits of one code, at least 2.
        bits: Bits,
    },
    /// Codes that name the levels of a table, with a scale per block: small floats, NormalFloat, ternary, powers of two.
    Levels(LevelFormat),
    /// A block type of GGUF, which fixes every axis.
    Gguf(GgufType),
}

/// The codes that an integer grid uses: `lowest ≤ q ≤ highest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grid {
    /// The lowest code.
    pub lowest: i32,
    /// The highest code.
    pub highest: i32,
}

impl Grid {
    /// The grid of `bits` bits.
    ///
    /// ```
    /// use bitsweep_quant::{Bits, CodeRange, Codes, Grid};
    ///
    /// let grid = Grid::new(Bits::new(8).unwrap(), Codes::Signed, CodeRange::Narrow);
    /// assert_eq!((grid.lowest, grid.highest), (-127, 127));
    /// ```
    #[must_use]
    pub const fn new(bits: Bits, codes: Codes, code_range: CodeRange) -> Self {
        let count = 1_i32 << bits.get();
        let lowest = match codes {
            Codes::Signed => -(count / 2),
            Codes::Unsigned => 0,
        };
        Self {
            lowest: match code_range {
                CodeRange::Full | CodeRange::Covering => lowest,
                CodeRange::Narrow => lowest + 1,
            },
            highest: lowest + count - 1,
        }
    }

    /// Whether `code` is one of the grid's.
    #[must_use]
    pub const fn contains(self, code: i32) -> bool {
        self.lowest <= code && code <= self.highest
    }

    /// The steps between the lowest and the highest code.
    #[must_use]
    pub const fn steps(self) -> i32 {
        self.highest - self.lowest
    }
}

impl Format {
    /// Bits of one code.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            Self::Integer { bits, .. } | Self::DoReFa { bits } | Self::Wrpn { bits } => bits.get(),
            Self::Levels(format) => format.bits(),
            Self::Gguf(block) => block.bits().get(),
            Self::Float16 | Self::BFloat16 => 16,
            Self::Codebook(layout) => layout.bits(),
        }
    }

    /// The same format with another number of bits; `None` where its name fixes them.
    ///
    /// A scheme that has it must be [checked](super::point::Scheme::check) anew.
    #[must_use]
    pub const fn with_bits(self, bits: Bits) -> Option<Self> {
        match self {
            Self::Integer { codes, code_range, .. } => Some(Self::Integer { bits, codes, code_range }),
            Self::DoReFa { .. } => Some(Self::DoReFa { bits }),
            Self::Wrpn { .. } => Some(Self::Wrpn { bits }),
            Self::Levels(format) => match format.with_bits(bits) {
                Some(format) => Some(Self::Levels(format)),
                None => None,
            },
            Self::Float16 | Self::BFloat16 | Self::Codebook(_) | Self::Gguf(_) => None,
        }
    }

    /// The axes that mean anything for this format, besides the format itself. All have bits; whether they can be chosen,
    /// [`with_bits`](Self::with_bits) tells.
    #[must_use]
    pub const fn axes(self) -> &'static [SchemeAxis] {
        match self {
            Self::Integer { .. } => &[
                SchemeAxis::Bits,
                SchemeAxis::Symmetry,
                SchemeAxis::ZeroPoint,
                SchemeAxis::Codes,
                SchemeAxis::CodeRange,
                SchemeAxis::Granularity,
                SchemeAxis::ScaleFormat,
                SchemeAxis::Range,
                SchemeAxis::Rounding,
                SchemeAxis::Outliers,
            ],
            Self::Float16 | Self::BFloat16 => &[SchemeAxis::Bits],
            Self::Codebook(_) => &[SchemeAxis::Bits, SchemeAxis::Granularity, SchemeAxis::CodebookFormat],
            Self::DoReFa { .. } | Self::Wrpn { .. } => &[SchemeAxis::Bits, SchemeAxis::Rounding],
            Self::Levels(format) => match format.scale_rule() {
                ScaleRule::Range => {
                    &[SchemeAxis::Bits, SchemeAxis::Granularity, SchemeAxis::ScaleFormat, SchemeAxis::Range]
                }
                ScaleRule::Ternary(_) => {
                    &[SchemeAxis::Bits, SchemeAxis::Granularity, SchemeAxis::ScaleFormat]
                }
            },
            Self::Gguf(_) => &[
                SchemeAxis::Bits,
                SchemeAxis::Symmetry,
                SchemeAxis::ZeroPoint,
                SchemeAxis::Codes,
                SchemeAxis::Granularity,
                SchemeAxis::ScaleFormat,
            ],
        }
    }

    /// Whether a choice on `axis` means anything for this format.
    #[must_use]
    pub fn has(self, axis: SchemeAxis) -> bool {
        axis == SchemeAxis::Format || self.axes().contains(&axis)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer { .. } => formatter.pad("int"),
            Self::Float16 => formatter.pad("f16"),
            Self::BFloat16 => formatter.pad("bf16"),
            Self::Codebook(layout) => layout.fmt(formatter),
            Self::DoReFa { .. } => formatter.pad("dorefa"),
            Self::Wrpn { .. } => formatter.pad("wrpn"),
            Self::Levels(format) => format.fmt(formatter),
            Self::Gguf(block) => block.fmt(formatter),
        }
    }
}

//! The block types of GGUF files that are plain rounding.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::bounded::Bits;
use super::choice::{CodeRange, Codes};

/// A block type of GGUF: 32 values down a column (the inputs of one output) with an f16 scale `d`, and an f16 minimum
/// `m` in the types that end in 1; rounding is that of ggml's reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GgufType {
    /// `d = w/-8` of the value `w` of largest magnitude, `q = ⌊w/d + 8.5⌋ - 8` up to 7.
    Q4_0,
    /// `d = (max - min)/15`, `q = ⌊(w - min)/d + 0.5⌋`.
    Q4_1,
    /// `d = w/-16` of the value `w` of largest magnitude, `q = ⌊w/d + 16.5⌋ - 16` up to 15.
    Q5_0,
    /// `d = (max - min)/31`, `q = ⌊(w - min)/d + 0.5⌋`.
    Q5_1,
    /// `d = max|w|/127`, `q = round(w/d)`, halves away from zero.
    Q8_0,
}

impl GgufType {
    /// All types.
    pub const ALL: [Self; 5] = [Self::Q4_0, Self::Q4_1, Self::Q5_0, Self::Q5_1, Self::Q8_0];

    /// Values of one block.
    pub const BLOCK: u32 = 32;

    /// Whether a block has a minimum beside its scale.
    #[must_use]
    pub const fn has_minimum(self) -> bool {
        match self {
            Self::Q4_1 | Self::Q5_1 => true,
            Self::Q4_0 | Self::Q5_0 | Self::Q8_0 => false,
        }
    }

    /// Whether codes lie around 0 or start at the minimum.
    #[must_use]
    pub const fn codes(self) -> Codes {
        if self.has_minimum() { Codes::Unsigned } else { Codes::Signed }
    }

    /// Whether the lowest code is used.
    #[must_use]
    pub const fn code_range(self) -> CodeRange {
        match self {
            Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q5_1 => CodeRange::Full,
            Self::Q8_0 => CodeRange::Narrow,
        }
    }

    /// Bits of one code.
    #[must_use]
    pub const fn bits(self) -> Bits {
        match self {
            Self::Q4_0 | Self::Q4_1 => Bits::literal(4),
            Self::Q5_0 | Self::Q5_1 => Bits::literal(5),
            Self::Q8_0 => Bits::literal(8),
        }
    }
}

impl fmt::Display for GgufType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Q4_0 => "q4_0",
            Self::Q4_1 => "q4_1",
            Self::Q5_0 => "q5_0",
            Self::Q5_1 => "q5_1",
            Self::Q8_0 => "q8_0",
        })
    }
}

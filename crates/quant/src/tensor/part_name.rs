//! What the parts of a quantized matrix are called, and what their numbers are.

use std::fmt;

use crate::number::Dtype;

/// What a part of the bytes of a quantized matrix is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartName {
    /// All codes.
    Codes,
    /// The scales of all blocks, one by one.
    Scales,
    /// The codes that nested scales are.
    ScaleCodes,
    /// What the codes of nested scales are multiplied by.
    OuterScales,
    /// What is added to nested scales.
    ScaleOffset,
    /// The zero points of all blocks, or their minimums.
    ZeroPoints,
    /// The centroids of all codebooks.
    Codebooks,
    /// The values beside the codes, with their positions.
    Outliers,
}

/// The type of the numbers of a part, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartElement {
    /// Unsigned integers of 8 bits, or bytes that hold something else.
    U8,
    /// Signed integers of 8 bits.
    I8,
    /// Unsigned integers of 16 bits.
    U16,
    /// Signed integers of 16 bits.
    I16,
    /// Signed integers of 32 bits.
    I32,
    /// IEEE 754 half precision.
    F16,
    /// The upper half of a single-precision number.
    Bf16,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision.
    F64,
}

impl PartName {
    /// All names, in the order in which parts are packed.
    pub const ALL: [Self; 8] = [
        Self::Codes,
        Self::Scales,
        Self::ScaleCodes,
        Self::OuterScales,
        Self::ScaleOffset,
        Self::ZeroPoints,
        Self::Codebooks,
        Self::Outliers,
    ];
}

impl fmt::Display for PartName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Codes => "codes",
            Self::Scales => "scales",
            Self::ScaleCodes => "scale_codes",
            Self::OuterScales => "outer_scales",
            Self::ScaleOffset => "scale_offset",
            Self::ZeroPoints => "zero_points",
            Self::Codebooks => "codebooks",
            Self::Outliers => "outliers",
        })
    }
}

impl PartElement {
    /// Bytes of one number.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Numbers as wide as the values.
    pub(super) const fn of(dtype: Dtype) -> Self {
        match dtype {
            Dtype::F32 => Self::F32,
            Dtype::F64 => Self::F64,
        }
    }
}

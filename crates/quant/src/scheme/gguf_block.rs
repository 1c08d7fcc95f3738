//! The block types of GGUF files that schemes can be stored as.

use std::fmt;

use super::bounded::Bits;
use super::choice::{Codes, Granularity, Outliers, Symmetry, ZeroPoint};
use super::format::Format;
use super::gguf_type::GgufType;
use super::level_format::LevelFormat;
use super::minifloat::Minifloat;
use super::point::Scheme;
use super::presets;
use super::scale_format::ScaleFormat;

/// A block type of GGUF: 32 values down a column, the inputs of one output, with what they share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GgufBlock {
    /// Codes with an f16 scale, and an f16 minimum in some.
    Plain(GgufType),
    /// MXFP4: E2M1 floats that share a power of two.
    Mxfp4,
}

impl GgufBlock {
    /// All block types.
    pub const ALL: [Self; 6] = [
        Self::Plain(GgufType::Q4_0),
        Self::Plain(GgufType::Q4_1),
        Self::Plain(GgufType::Q5_0),
        Self::Plain(GgufType::Q5_1),
        Self::Plain(GgufType::Q8_0),
        Self::Mxfp4,
    ];

    /// Bytes of a block.
    #[must_use]
    pub const fn bytes(self) -> usize {
        let values = GgufType::BLOCK as usize;
        match self {
            Self::Plain(block) => {
                let parameters = if block.has_minimum() { 4 } else { 2 };
                parameters + values * block.bits().get() as usize / 8
            }
            Self::Mxfp4 => 1 + values / 2,
        }
    }

    /// The scheme whose codes and scales a block has.
    #[must_use]
    pub const fn scheme(self) -> Scheme {
        match self {
            Self::Plain(block) => presets::gguf(block),
            Self::Mxfp4 => presets::mx_float(Minifloat::E2M1),
        }
    }
}

/// As in TOML.
impl fmt::Display for GgufBlock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(block) => block.fmt(formatter),
            Self::Mxfp4 => formatter.pad("mxfp4"),
        }
    }
}

impl Scheme {
    /// The block type of GGUF that has the scheme's codes and scales; `None` where none has.
    ///
    /// Beside ggml's own types these are integers in groups of 32 with f16 scales: symmetric ones of 4, 5 and 8 bits, which
    /// `q4_0`, `q5_0` and `q8_0` store, and unsigned ones of 4 and 5 bits above an f16 minimum, which `q4_1` and `q5_1` do,
    /// however range and codes were found.
    ///
    /// ```
    /// use bitsweep_quant::{Bits, GgufBlock, GgufType, Granularity, GroupSize, ScaleFormat, Scheme, presets};
    ///
    /// let integers = Scheme {
    ///     granularity: Granularity::Group(GroupSize::new(32).unwrap()),
    ///     scale_format: ScaleFormat::F16,
    ///     ..presets::symmetric_narrow(Bits::new(8).unwrap())
    /// };
    /// assert_eq!(integers.gguf_block(), Some(GgufBlock::Plain(GgufType::Q8_0)));
    /// assert_eq!(presets::nf4().gguf_block(), None);
    /// ```
    #[must_use]
    pub fn gguf_block(&self) -> Option<GgufBlock> {
        let is_group = matches!(self.granularity, Granularity::Group(size) if size.get() == GgufType::BLOCK);
        if !is_group || self.outliers != Outliers::None {
            return None;
        }
        match (self.format, self.symmetry, self.scale_format) {
            (Format::Gguf(block), ..) => Some(GgufBlock::Plain(block)),
            (
                Format::Levels(LevelFormat::Minifloat(Minifloat::E2M1)),
                _,
                ScaleFormat::E8m0Floor | ScaleFormat::E8m0Ceiling,
            ) => Some(GgufBlock::Mxfp4),
            (Format::Integer { bits, codes: Codes::Signed, .. }, Symmetry::Symmetric, ScaleFormat::F16) => {
                plain(bits, &[GgufType::Q4_0, GgufType::Q5_0, GgufType::Q8_0])
            }
            (
                Format::Integer { bits, codes: Codes::Unsigned, .. },
                Symmetry::Asymmetric(ZeroPoint::Minimum),
                ScaleFormat::F16,
            ) => plain(bits, &[GgufType::Q4_1, GgufType::Q5_1]),
            (
                Format::Integer { .. }
                | Format::Float16
                | Format::BFloat16
                | Format::Codebook(_)
                | Format::DoReFa { .. }
                | Format::Wrpn { .. }
                | Format::Levels(_),
                ..,
            ) => None,
        }
    }
}

/// The type of so many bits.
fn plain(bits: Bits, types: &[GgufType]) -> Option<GgufBlock> {
    types.iter().copied().find(|block| block.bits() == bits).map(GgufBlock::Plain)
}

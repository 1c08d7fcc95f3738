//! What turns codes into values.

use std::fmt;

use crate::number::{Real, decode_bfloat16, decode_binary16};
use crate::scheme::{Bits, CodeRange, CodebookLayout, Codes, Format, GgufType, Grid, LevelFormat, Scheme};

use super::affine::Affine;
use super::codebook::Codebook;
use super::codebooks::Codebooks;

/// What turns codes into values.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameters<T> {
    /// Scale and zero point of each block: integer formats, levels, GGUF's blocks, and DoReFa's with 1 bit.
    Affine(Affine<T>),
    /// Tables of centroids.
    Codebooks(Codebooks<T>),
    /// Nothing beyond the format.
    Fixed(FixedGrid),
}

/// Levels that the format alone determines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FixedGrid {
    /// IEEE 754 binary16; codes are bit patterns.
    Float16,
    /// bfloat16; codes are bit patterns.
    BFloat16,
    /// `2·q/(2^b-1) - 1`.
    DoReFa(Bits),
    /// `q/(2^(b-1)-1)`.
    Wrpn(Bits),
}

/// Which [`Parameters`] a scheme has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    /// Scales and zero points of an even grid, or of signs.
    Affine,
    /// Scales of levels.
    Levels(LevelFormat),
    /// Scales and minimums by ggml's rules.
    Gguf(GgufType),
    /// Tables of centroids.
    Codebooks(CodebookLayout),
    Fixed(FixedGrid),
}

impl ParameterKind {
    pub(crate) fn of(scheme: &Scheme) -> Self {
        match scheme.format {
            Format::Integer { .. } => Self::Affine,
            Format::Levels(format) => Self::Levels(format),
            Format::Gguf(block) => Self::Gguf(block),
            Format::DoReFa { .. } if scheme.is_binary() => Self::Affine,
            Format::DoReFa { bits } => Self::Fixed(FixedGrid::DoReFa(bits)),
            Format::Wrpn { bits } => Self::Fixed(FixedGrid::Wrpn(bits)),
            Format::Float16 => Self::Fixed(FixedGrid::Float16),
            Format::BFloat16 => Self::Fixed(FixedGrid::BFloat16),
            Format::Codebook(layout) => Self::Codebooks(layout),
        }
    }
}

/// One block of a quantized matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockParameters {
    /// Number of the block.
    pub block: usize,
    /// Values in the block.
    pub count: usize,
    /// The step between neighbouring levels, where there is one per block; exact.
    pub scale: Option<f64>,
    /// The code of zero, where there is one per block; as the tensor's type rounds it.
    pub zero_point: Option<f64>,
}

impl<T: Real> Parameters<T> {
    /// The codebooks, in the order of [`Codebooks::all`]; none where the format has none.
    pub(crate) fn codebooks(&self) -> &[Codebook<T>] {
        match self {
            Self::Codebooks(codebooks) => codebooks.all(),
            Self::Affine(_) | Self::Fixed(_) => &[],
        }
    }
}

impl FixedGrid {
    /// The codes of the lowest and of the highest finite level.
    pub(crate) const fn end_codes(self) -> (i32, i32) {
        match self {
            Self::Float16 => (0xfbff, 0x7bff),
            Self::BFloat16 => (0xff7f, 0x7f7f),
            Self::DoReFa(bits) => {
                let Grid { lowest, highest } = Grid::new(bits, Codes::Unsigned, CodeRange::Full);
                (lowest, highest)
            }
            Self::Wrpn(bits) => {
                let Grid { lowest, highest } = Grid::new(bits, Codes::Signed, CodeRange::Narrow);
                (lowest, highest)
            }
        }
    }

    /// The value of a code.
    pub(crate) fn level<T: Real>(self, code: i32) -> T {
        match self {
            // Codes of 16-bit floats are 16 bits wide.
            Self::Float16 => T::from_f64(decode_binary16(code as u16)),
            Self::BFloat16 => T::from_f64(decode_bfloat16(code as u16)),
            Self::DoReFa(bits) => EvenLevels::dorefa(bits).level(code),
            Self::Wrpn(bits) => EvenLevels::wrpn(bits).level(code),
        }
    }
}

/// Levels `factor·(q/steps) - offset`.
#[derive(Clone, Copy)]
pub(crate) struct EvenLevels<T> {
    steps: T,
    factor: T,
    offset: T,
}

impl<T: Real> EvenLevels<T> {
    /// `2·(q/n) - 1`, `n` the highest code.
    pub(crate) fn dorefa(bits: Bits) -> Self {
        let grid = Grid::new(bits, Codes::Unsigned, CodeRange::Full);
        Self { steps: T::from_i32(grid.highest), factor: T::ONE + T::ONE, offset: T::ONE }
    }

    /// `q/n`, `n` the highest code.
    pub(crate) fn wrpn(bits: Bits) -> Self {
        let grid = Grid::new(bits, Codes::Signed, CodeRange::Narrow);
        Self { steps: T::from_i32(grid.highest), factor: T::ONE, offset: T::ZERO }
    }

    /// The value of a code.
    #[inline(always)]
    pub(crate) fn level(self, code: i32) -> T {
        T::from_i32(code) / self.steps * self.factor - self.offset
    }
}

impl fmt::Display for FixedGrid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Float16 => "f16",
            Self::BFloat16 => "bf16",
            Self::DoReFa(_) => "dorefa",
            Self::Wrpn(_) => "wrpn",
        })
    }
}

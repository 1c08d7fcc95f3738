//! Famous combinations, as constructors.

use super::bounded::{Bits, GroupSize};
use super::choice::{CodeRange, Codes, Granularity, Outliers, Range, Rounding, Symmetry, ZeroPoint};
use super::codebook_format::CodebookFormat;
use super::format::Format;
use super::gguf_type::GgufType;
use super::level_format::LevelFormat;
use super::minifloat::Minifloat;
use super::point::Scheme;
use super::scale_format::ScaleFormat;

/// The combinations with a name of their own, as a file writes it in `format`.
pub const NAMED: [(&str, Scheme); 13] = [
    ("mxfp8-e4m3", mx_float(Minifloat::E4M3)),
    ("mxfp8-e5m2", mx_float(Minifloat::E5M2)),
    ("mxfp6-e3m2", mx_float(Minifloat::E3M2)),
    ("mxfp6-e2m3", mx_float(Minifloat::E2M3)),
    ("mxfp4", mx_float(Minifloat::E2M1)),
    ("mxint8", mx_int8()),
    ("nvfp4", nvfp4()),
    ("nf4", nf4()),
    ("q4_0", gguf(GgufType::Q4_0)),
    ("q4_1", gguf(GgufType::Q4_1)),
    ("q5_0", gguf(GgufType::Q5_0)),
    ("q5_1", gguf(GgufType::Q5_1)),
    ("q8_0", gguf(GgufType::Q8_0)),
];

impl Scheme {
    /// The name of the preset that this scheme is, axis by axis: `mxfp4`, `nf4`, `q4_0` …; `None` of other schemes.
    ///
    /// ```
    /// use bitsweep_quant::{Range, Scheme, presets};
    ///
    /// assert_eq!(presets::nf4().preset_name(), Some("nf4"));
    /// assert_eq!(Scheme { range: Range::Mse, ..presets::nf4() }.preset_name(), None);
    /// ```
    #[must_use]
    pub fn preset_name(&self) -> Option<&'static str> {
        NAMED.iter().find(|(_, preset)| preset == self).map(|(name, _)| *name)
    }
}

/// Notebook 000: asymmetric, signed codes, the zero point kept as a float.
///
/// `s = (max-min)/(qmax-qmin)`, `z = qmin - min/s`, `q = clip(round(z + w/s), qmin, qmax)`.
#[must_use]
pub const fn asymmetric_float_zero_point(bits: Bits) -> Scheme {
    integer(bits, Symmetry::Asymmetric(ZeroPoint::Float), Codes::Signed, CodeRange::Full)
}

/// Notebooks 001 and 004: asymmetric, unsigned codes, integer zero point (the zero point may lie outside the codes).
///
/// `s = (max-min)/(2^b-1)`, `z = -round(min/s)`, `q = clip(round(w/s + z), 0, 2^b-1)`.
#[must_use]
pub const fn asymmetric_unsigned(bits: Bits) -> Scheme {
    integer(bits, Symmetry::Asymmetric(ZeroPoint::Integer), Codes::Unsigned, CodeRange::Full)
}

/// Notebook 003 (by column, one output class each): asymmetric, signed codes, integer zero point.
///
/// `s = (max-min)/(2^b-1)`, `z = round(-min/s) - 2^(b-1)`, `q = clip(round(w/s + z), -2^(b-1), 2^(b-1)-1)`.
#[must_use]
pub const fn asymmetric_signed(bits: Bits) -> Scheme {
    integer(bits, Symmetry::Asymmetric(ZeroPoint::Integer), Codes::Signed, CodeRange::Full)
}

/// Notebooks 001, 002 and 004: symmetric, the lowest code left out.
///
/// `s = max|w|/(2^(b-1)-1)`, `q = clip(round(w/s), -(2^(b-1)-1), 2^(b-1)-1)`; 1 bit is `sign(w)·mean|w|`.
#[must_use]
pub const fn symmetric_narrow(bits: Bits) -> Scheme {
    integer(bits, Symmetry::Symmetric, Codes::Signed, CodeRange::Narrow)
}

/// GPTQ's and torchao's symmetric convention: all codes, `s = 2·max|w|/(2^b-1)`; clips `+max|w|` by half a step.
/// Refused for 1 bit.
#[must_use]
pub const fn symmetric_full(bits: Bits) -> Scheme {
    integer(bits, Symmetry::Symmetric, Codes::Signed, CodeRange::Full)
}

const fn integer(bits: Bits, symmetry: Symmetry, codes: Codes, code_range: CodeRange) -> Scheme {
    Scheme {
        format: Format::Integer { bits, codes, code_range },
        symmetry,
        granularity: Granularity::Tensor,
        scale_format: ScaleFormat::Float,
        codebook_format: CodebookFormat::Float,
        range: Range::MinMax,
        rounding: Rounding::NearestEven,
        outliers: Outliers::None,
    }
}

/// OCP Microscaling Formats 1.0, §5: blocks of 32 small floats down a column, which share a power of two. Of `element`s
/// E4M3 it is MXFP8 E4M3, and so on; the last block of a column may be shorter.
#[must_use]
pub const fn mx_float(element: Minifloat) -> Scheme {
    Scheme { scale_format: ScaleFormat::E8m0Floor, ..levels(LevelFormat::Minifloat(element), 32) }
}

/// MXINT8 (OCP Microscaling Formats 1.0, §5.3.4): blocks of 32 integers of 8 bits, counted in steps of 2⁻⁶, which share a
/// power of two. The code -128 is left out, so that negation is exact.
#[must_use]
pub const fn mx_int8() -> Scheme {
    Scheme {
        granularity: Granularity::Group(GroupSize::literal(32)),
        scale_format: ScaleFormat::E8m0Floor,
        codebook_format: CodebookFormat::Float,
        ..symmetric_narrow(Bits::literal(8))
    }
}

/// NVIDIA's NVFP4: blocks of 16 E2M1 floats down a column, a scale in FP8 E4M3 for each and one in f32 for all.
#[must_use]
pub const fn nvfp4() -> Scheme {
    Scheme { scale_format: ScaleFormat::TwoLevel, ..levels(LevelFormat::Minifloat(Minifloat::E2M1), 16) }
}

/// NF4 (Dettmers et al. 2023, QLoRA, §3): blocks of 64, whose scale is the largest magnitude.
#[must_use]
pub const fn nf4() -> Scheme {
    levels(LevelFormat::NormalFloat { bits: Bits::literal(4) }, 64)
}

/// A block type of GGUF. Blocks of 32 run down a column. The last block of a column may be shorter here, which GGUF does
/// not allow: [`Quantized::gguf_bytes`](crate::Quantized::gguf_bytes) refuses it.
#[must_use]
pub const fn gguf(block: GgufType) -> Scheme {
    Scheme::of_gguf(block)
}

const fn levels(format: LevelFormat, group: u32) -> Scheme {
    Scheme {
        format: Format::Levels(format),
        symmetry: Symmetry::Symmetric,
        granularity: Granularity::Group(GroupSize::literal(group)),
        scale_format: ScaleFormat::Float,
        codebook_format: CodebookFormat::Float,
        range: Range::MinMax,
        rounding: Rounding::NearestEven,
        outliers: Outliers::None,
    }
}

//! Famous combinations, as constructors.

use super::bounded::Bits;
use super::choice::{CodeRange, Codes, Granularity, Range, Rounding, Symmetry, ZeroPoint};
use super::format::Format;
use super::scheme::Scheme;

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
        range: Range::MinMax,
        rounding: Rounding::NearestEven,
    }
}

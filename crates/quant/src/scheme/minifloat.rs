//! Floats of at most 8 bits.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::spelling;

use super::bounded::{ExponentBits, MantissaBits};

/// A float of one sign bit, `e` exponent bits with bias `2^(e-1)-1`, and `m` mantissa bits, subnormal numbers included.
///
/// A code is the bit pattern. With sign `S`, exponent field `E` and mantissa field `M` it stands for
/// `(-1)^S·2^(E-bias)·(1 + M/2^m)`, and for `(-1)^S·2^(1-bias)·M/2^m` where `E = 0`. Rounding saturates: a value beyond
/// the largest number becomes the largest number, never infinity.
///
/// ```
/// use bitsweep_quant::Minifloat;
///
/// assert_eq!(Minifloat::E4M3.value(0x7e), Some(448.0));
/// assert_eq!(Minifloat::E4M3.value(0x7f), None);
/// assert_eq!(Minifloat::E2M1.value(0b0111), Some(6.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minifloat {
    exponent: ExponentBits,
    mantissa: MantissaBits,
    #[serde(default, skip_serializing_if = "spelling::is_neutral")]
    non_finite: NonFinite,
}

/// Which bit patterns of a minifloat are no numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NonFinite {
    /// None: every pattern is a number (OCP's FP6 and FP4).
    #[default]
    None,
    /// All ones below the sign is NaN; there is no infinity (`E4M3FN`, OCP's FP8 E4M3).
    Nan,
    /// All ones in the exponent are infinity and NaN, as in IEEE 754 (`E5M2`).
    InfinityAndNan,
}

impl Minifloat {
    /// OCP FP8 E4M3 (`float8_e4m3fn`): bias 7, largest number 448, smallest 2⁻⁹ (Micikevicius et al. 2022, table 1).
    pub const E4M3: Self = Self {
        exponent: ExponentBits::literal(4),
        mantissa: MantissaBits::literal(3),
        non_finite: NonFinite::Nan,
    };
    /// OCP FP8 E5M2 (`float8_e5m2`): bias 15, largest number 57344, smallest 2⁻¹⁶ (Micikevicius et al. 2022, table 1).
    pub const E5M2: Self = Self {
        exponent: ExponentBits::literal(5),
        mantissa: MantissaBits::literal(2),
        non_finite: NonFinite::InfinityAndNan,
    };
    /// OCP FP6 E3M2: bias 3, largest number 28 (OCP Microscaling Formats 1.0, §5.3.2).
    pub const E3M2: Self = Self::finite(ExponentBits::literal(3), MantissaBits::literal(2));
    /// OCP FP6 E2M3: bias 1, largest number 7.5 (OCP Microscaling Formats 1.0, §5.3.2).
    pub const E2M3: Self = Self::finite(ExponentBits::literal(2), MantissaBits::literal(3));
    /// OCP FP4 E2M1: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives (OCP Microscaling Formats 1.0, §5.3.3).
    pub const E2M1: Self = Self::finite(ExponentBits::literal(2), MantissaBits::literal(1));

    /// A float whose every bit pattern is a number.
    #[must_use]
    pub const fn finite(exponent: ExponentBits, mantissa: MantissaBits) -> Self {
        Self { exponent, mantissa, non_finite: NonFinite::None }
    }

    /// The bits of exponent and mantissa of a float whose every bit pattern is a number; `None` of others.
    pub(super) fn as_finite(self) -> Option<(ExponentBits, MantissaBits)> {
        (self.non_finite == NonFinite::None).then_some((self.exponent, self.mantissa))
    }

    /// Bits of one code.
    #[must_use]
    pub const fn bits(self) -> u32 {
        1 + self.exponent.get() + self.mantissa.get()
    }

    /// Bits of the exponent.
    #[must_use]
    pub const fn exponent_bits(self) -> u32 {
        self.exponent.get()
    }

    /// Bits of the mantissa.
    #[must_use]
    pub const fn mantissa_bits(self) -> u32 {
        self.mantissa.get()
    }

    /// The smallest positive number with a full mantissa: `2^(1-bias)`.
    #[must_use]
    pub fn smallest_normal(self) -> f64 {
        libm::scalbn(1.0, 1 - self.bias())
    }

    /// The number that a bit pattern stands for; `None` for infinity, NaN, and what has more bits than the format.
    #[must_use]
    pub fn value(self, code: u32) -> Option<f64> {
        let mantissa_bits = self.mantissa.get();
        let field = code & ((1 << mantissa_bits) - 1);
        let exponent = code >> mantissa_bits & ((1 << self.exponent.get()) - 1);
        let is_top = exponent == (1 << self.exponent.get()) - 1;
        let is_number = match self.non_finite {
            NonFinite::None => true,
            NonFinite::Nan => !is_top || field != (1 << mantissa_bits) - 1,
            NonFinite::InfinityAndNan => !is_top,
        };
        if !is_number || code >> self.bits() != 0 {
            return None;
        }
        let hidden = if exponent == 0 { 0 } else { 1 << mantissa_bits };
        // Both fit in 7 bits.
        let power = exponent.max(1) as i32 - self.bias() - mantissa_bits as i32;
        let magnitude = libm::scalbn(f64::from(hidden + field), power);
        let is_negative = code >> (self.bits() - 1) == 1;
        Some(if is_negative { -magnitude } else { magnitude })
    }

    fn bias(self) -> i32 {
        (1 << (self.exponent.get() - 1)) - 1
    }
}

/// `fp8-e4m3`, `fp6-e3m2` …; formats of the shape of a named one that has patterns without a number are told apart.
impl fmt::Display for Minifloat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (exponent, mantissa) = (self.exponent.get(), self.mantissa.get());
        let usual = match (exponent, mantissa) {
            (4, 3) => NonFinite::Nan,
            (5, 2) => NonFinite::InfinityAndNan,
            _ => NonFinite::None,
        };
        let suffix = match self.non_finite {
            known if known == usual => "",
            NonFinite::None => "-finite",
            NonFinite::Nan => "-nan",
            NonFinite::InfinityAndNan => "-ieee",
        };
        formatter.pad(&format!("fp{}-e{exponent}m{mantissa}{suffix}", self.bits()))
    }
}

//! Formats whose codes are names of levels: every level is a number of its own, times the scale of its block.

use std::fmt;
use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bounded::Bits;
use super::minifloat::Minifloat;
use super::{normal_float, power_of_two, student_float};

/// A format that is a table of levels: `ŵ = s·level(q)`, a value becomes the nearest level.
///
/// A new one is a variant here: the compiler asks for all that it must say of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum LevelFormat {
    /// A float of at most 8 bits; the code is the bit pattern.
    Minifloat(Minifloat),
    /// Quantiles of the normal distribution (Dettmers et al. 2023, QLoRA, §3); codes in ascending order from 0.
    NormalFloat {
        /// Bits of one code, 2 to 8.
        bits: Bits,
    },
    /// Quantiles of Student's t distribution (Dotzel et al. 2024, §4); codes in ascending order from 0.
    StudentFloat {
        /// Bits of one code, 2 to 8.
        bits: Bits,
    },
    /// `{-1, 0, 1}`, stored in 2 bits.
    Ternary(TernaryScale),
    /// 0 and `±2^-k` (Zhou et al. 2017, INQ, §2.1); the code is a sign bit and the rank of the magnitude.
    PowerOfTwo {
        /// Bits of one code, 2 to 8.
        bits: Bits,
    },
    /// Sums of powers of two (Li et al. 2020, APoT, §2.2); the code is a sign bit and the rank of the magnitude.
    AdditivePowerOfTwo {
        /// Bits of one code, 3 to 7.
        bits: Bits,
    },
}

/// What the scale of ternary weights is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TernaryScale {
    /// Threshold and scale of least `Σ(w - s·t)²`, exactly (Li & Liu 2016, TWN, eq. 3): with the `k` largest
    /// magnitudes kept, `s` is their mean and the error `Σw² - k·s²`; the best `k` is found by trying all.
    LeastError,
    /// `s = mean|w|`, `t = clip(round(w/s), -1, 1)` (Ma et al. 2024, BitNet b1.58, eq. 1–3, without its `ε`).
    Absmean,
}

/// How the scale of a block is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScaleRule {
    /// The largest magnitude of the block's range is the largest level.
    Range,
    /// The format's own.
    Ternary(TernaryScale),
}

impl LevelFormat {
    /// Bits of one code.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Minifloat(float) => float.bits(),
            Self::NormalFloat { bits }
            | Self::StudentFloat { bits }
            | Self::PowerOfTwo { bits }
            | Self::AdditivePowerOfTwo { bits } => bits.get(),
            Self::Ternary(_) => 2,
        }
    }

    /// The same format with another number of bits; `None` where its name fixes them.
    pub(crate) const fn with_bits(self, bits: Bits) -> Option<Self> {
        match self {
            Self::NormalFloat { .. } => Some(Self::NormalFloat { bits }),
            Self::StudentFloat { .. } => Some(Self::StudentFloat { bits }),
            Self::PowerOfTwo { .. } => Some(Self::PowerOfTwo { bits }),
            Self::AdditivePowerOfTwo { .. } => Some(Self::AdditivePowerOfTwo { bits }),
            Self::Minifloat(_) | Self::Ternary(_) => None,
        }
    }

    /// The numbers of bits for which the format is defined.
    pub(crate) const fn widths(self) -> RangeInclusive<u32> {
        match self {
            Self::Minifloat(_) => 3..=8,
            Self::NormalFloat { .. } | Self::StudentFloat { .. } | Self::PowerOfTwo { .. } => 2..=8,
            Self::Ternary(_) => 2..=2,
            Self::AdditivePowerOfTwo { .. } => 3..=7,
        }
    }

    /// Whether codes are numbers with a sign, written in two's complement.
    pub(crate) const fn has_negative_codes(self) -> bool {
        match self {
            Self::Ternary(_) => true,
            Self::Minifloat(_)
            | Self::NormalFloat { .. }
            | Self::StudentFloat { .. }
            | Self::PowerOfTwo { .. }
            | Self::AdditivePowerOfTwo { .. } => false,
        }
    }

    /// Whether a bit of the code is a sign: the levels below zero mirror those above.
    pub(crate) const fn has_sign_bit(self) -> bool {
        match self {
            Self::Minifloat(_)
            | Self::Ternary(_)
            | Self::PowerOfTwo { .. }
            | Self::AdditivePowerOfTwo { .. } => true,
            Self::NormalFloat { .. } | Self::StudentFloat { .. } => false,
        }
    }

    /// Whether the name says the number of bits.
    pub(crate) const fn names_its_bits(self) -> bool {
        match self {
            Self::Minifloat(_) | Self::NormalFloat { .. } | Self::StudentFloat { .. } | Self::Ternary(_) => {
                true
            }
            Self::PowerOfTwo { .. } | Self::AdditivePowerOfTwo { .. } => false,
        }
    }

    pub(crate) const fn scale_rule(self) -> ScaleRule {
        match self {
            Self::Ternary(scale) => ScaleRule::Ternary(scale),
            Self::Minifloat(_)
            | Self::NormalFloat { .. }
            | Self::StudentFloat { .. }
            | Self::PowerOfTwo { .. }
            | Self::AdditivePowerOfTwo { .. } => ScaleRule::Range,
        }
    }

    /// All codes with their levels, in ascending order of codes. A sign bit makes one code for 0 and one for -0.
    ///
    /// ```
    /// use bitsweep_quant::{LevelFormat, Minifloat};
    ///
    /// let levels = LevelFormat::Minifloat(Minifloat::E2M1).levels();
    /// assert_eq!(levels[..3], [(0, 0.0), (1, 0.5), (2, 1.0)]);
    /// assert_eq!(levels[15], (15, -6.0));
    /// ```
    #[must_use]
    pub fn levels(self) -> Vec<(i32, f64)> {
        match self {
            Self::Minifloat(float) => {
                let number = |code: u32| float.value(code).map(|value| (code as i32, value));
                (0..1 << float.bits()).filter_map(number).collect()
            }
            Self::NormalFloat { bits } => (0..).zip(normal_float::levels(bits.get())).collect(),
            Self::StudentFloat { bits } => (0..).zip(student_float::levels(bits.get())).collect(),
            Self::Ternary(_) => vec![(-1, -1.0), (0, 0.0), (1, 1.0)],
            Self::PowerOfTwo { bits } => with_sign_bit(&power_of_two::powers(bits.get())),
            Self::AdditivePowerOfTwo { bits } => with_sign_bit(&power_of_two::sums_of_powers(bits.get())),
        }
    }
}

/// Codes of magnitudes: their ranks, and the same with the sign bit set for the negatives.
fn with_sign_bit(magnitudes: &[f64]) -> Vec<(i32, f64)> {
    let negative = magnitudes.iter().map(|magnitude| -magnitude);
    (0..).zip(magnitudes.iter().copied().chain(negative)).collect()
}

impl fmt::Display for LevelFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minifloat(float) => float.fmt(formatter),
            Self::NormalFloat { bits } => formatter.pad(&format!("nf{bits}")),
            Self::StudentFloat { bits } => formatter.pad(&format!("sf{bits}")),
            Self::Ternary(scale) => formatter.pad(&format!("ternary {scale}")),
            Self::PowerOfTwo { .. } => formatter.pad("power-of-two"),
            Self::AdditivePowerOfTwo { .. } => formatter.pad("additive-power-of-two"),
        }
    }
}

impl fmt::Display for TernaryScale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::LeastError => "least-error",
            Self::Absmean => "absmean",
        })
    }
}

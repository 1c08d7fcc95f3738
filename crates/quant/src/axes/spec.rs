//! What a file says about a scheme.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::bounded::{Bits, Centroids, Subvectors};
use super::choice::{Axis, CodeRange, Codes, Granularity, Range, Rounding, Symmetry, ZeroPoint};
use super::format::Format;
use super::scheme::{Scheme, SchemeError};

/// A scheme as a file spells it: flat, every key optional.
///
/// | key | values | default |
/// |---|---|---|
/// | `format` | `"int"`, `"f16"`, `"bf16"`, `{ vq = { centroids = 16 } }`, `{ pq = { subvectors = 2, centroids = 16 } }`, `"dorefa"`, `"wrpn"` | `"int"` |
/// | `bits` | 1 to 16 | none: required for `int`, `dorefa` and `wrpn` |
/// | `symmetry` | `"symmetric"`, `"asymmetric"` | `"symmetric"` |
/// | `zero_point` | `"integer"`, `"float"` | `"integer"` when asymmetric |
/// | `codes` | `"signed"`, `"unsigned"` | `"unsigned"` with an integer zero point, else `"signed"` |
/// | `code_range` | `"full"`, `"narrow"` | `"narrow"` when symmetric, else `"full"` |
/// | `granularity` | `"tensor"`, `"row"`, `"column"`, `{ group = 32 }` | `"tensor"` |
/// | `range` | `"min-max"`, `{ percentile = 99.9 }`, `"mse"` | `"min-max"` |
/// | `rounding` | `"nearest-even"`, `"half-away"`, `"stochastic"` | `"nearest-even"` |
///
/// ```
/// use bitsweep_quant::SchemeSpec;
///
/// let spec: SchemeSpec = toml::from_str("bits = 4\ngranularity = 'column'").unwrap();
/// assert_eq!(spec.resolve().unwrap().to_string(), "4 bit symmetric · column");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemeSpec {
    /// The kind of element.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<FormatSpec>,
    /// Bits of one code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<Bits>,
    /// Whether zero is the middle of the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symmetry: Option<SymmetrySpec>,
    /// How the zero point is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zero_point: Option<ZeroPoint>,
    /// Whether codes have a sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Codes>,
    /// Whether the lowest code is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_range: Option<CodeRange>,
    /// Which values share parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granularity: Option<Granularity>,
    /// How the range of a block is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// How a position on the grid becomes a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<Rounding>,
}

/// The kind of element as a file spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum FormatSpec {
    /// Integers on an even grid.
    #[default]
    Int,
    /// IEEE 754 binary16.
    F16,
    /// bfloat16.
    Bf16,
    /// A codebook of values.
    Vq {
        /// Entries of the codebook.
        centroids: Centroids,
    },
    /// A codebook of sub-vectors for each part of a row.
    Pq {
        /// Sub-vectors per row.
        subvectors: Subvectors,
        /// Entries of each codebook.
        centroids: Centroids,
    },
    /// DoReFa-Net's weight function.
    Dorefa,
    /// WRPN's weight function.
    Wrpn,
}

/// Whether zero is the middle of the range, as a file spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SymmetrySpec {
    /// Zero is code 0.
    #[default]
    Symmetric,
    /// The range of the block decides.
    Asymmetric,
}

impl SchemeSpec {
    /// The exact scheme: defaults filled in, contradictions refused.
    ///
    /// # Errors
    /// A sentence for what is missing, does not apply to the format, or contradicts another choice.
    pub fn resolve(&self) -> Result<Scheme, SchemeError> {
        let symmetry = self.symmetry()?;
        let format = self.format(symmetry)?;
        if let Some((axis, value)) = self.given().find(|(axis, _)| !format.has(*axis)) {
            return Err(SchemeError::NotApplicable { axis, value, format: format.to_string() });
        }
        let scheme = Scheme {
            format,
            symmetry,
            granularity: self.granularity.unwrap_or_default(),
            range: self.range.unwrap_or_default(),
            rounding: self.rounding.unwrap_or_default(),
        };
        scheme.check()?;
        Ok(scheme)
    }

    fn symmetry(&self) -> Result<Symmetry, SchemeError> {
        match (self.symmetry.unwrap_or_default(), self.zero_point) {
            (SymmetrySpec::Symmetric, None) => Ok(Symmetry::Symmetric),
            (SymmetrySpec::Symmetric, Some(zero_point)) if self.symmetry_applies() => {
                Err(SchemeError::ZeroPointOfSymmetric { zero_point })
            }
            // That the format has no zero point at all is the better sentence, and comes later.
            (SymmetrySpec::Symmetric, Some(_)) => Ok(Symmetry::Symmetric),
            (SymmetrySpec::Asymmetric, zero_point) => {
                Ok(Symmetry::Asymmetric(zero_point.unwrap_or(ZeroPoint::Integer)))
            }
        }
    }

    fn symmetry_applies(&self) -> bool {
        matches!(self.format.unwrap_or_default(), FormatSpec::Int)
    }

    fn format(&self, symmetry: Symmetry) -> Result<Format, SchemeError> {
        let spec = self.format.unwrap_or_default();
        let required = |name| self.bits.ok_or(SchemeError::BitsMissing { format: name });
        let refuse_bits = |format: Format| match self.bits {
            None => Ok(format),
            Some(bits) => Err(SchemeError::NotApplicable {
                axis: Axis::Bits,
                value: bits.to_string(),
                format: format.to_string(),
            }),
        };
        match spec {
            FormatSpec::Int => Ok(Format::Integer {
                bits: required("int")?,
                codes: self.codes.unwrap_or(match symmetry {
                    Symmetry::Symmetric | Symmetry::Asymmetric(ZeroPoint::Float) => Codes::Signed,
                    Symmetry::Asymmetric(ZeroPoint::Integer) => Codes::Unsigned,
                }),
                code_range: self.code_range.unwrap_or(match symmetry {
                    Symmetry::Symmetric => CodeRange::Narrow,
                    Symmetry::Asymmetric(_) => CodeRange::Full,
                }),
            }),
            FormatSpec::F16 => refuse_bits(Format::Float16),
            FormatSpec::Bf16 => refuse_bits(Format::BFloat16),
            FormatSpec::Vq { centroids } => refuse_bits(Format::ScalarCodebook { centroids }),
            FormatSpec::Pq { subvectors, centroids } => {
                refuse_bits(Format::ProductCodebook { subvectors, centroids })
            }
            FormatSpec::Dorefa => Ok(Format::DoReFa { bits: required("dorefa")? }),
            FormatSpec::Wrpn => Ok(Format::Wrpn { bits: required("wrpn")? }),
        }
    }

    /// The axes that the file sets besides format and bits, with their values.
    fn given(&self) -> impl Iterator<Item = (Axis, String)> {
        fn entry<T: fmt::Display>(axis: Axis, value: Option<T>) -> Option<(Axis, String)> {
            value.map(|value| (axis, value.to_string()))
        }
        [
            entry(Axis::Symmetry, self.symmetry),
            entry(Axis::ZeroPoint, self.zero_point),
            entry(Axis::Codes, self.codes),
            entry(Axis::CodeRange, self.code_range),
            entry(Axis::Granularity, self.granularity),
            entry(Axis::Range, self.range),
            entry(Axis::Rounding, self.rounding),
        ]
        .into_iter()
        .flatten()
    }
}

impl fmt::Display for SymmetrySpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Symmetric => "symmetric",
            Self::Asymmetric => "asymmetric",
        })
    }
}

//! What will be done to a tensor, exactly.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::spelling;

use super::bounded::{Bits, GroupSize};
use super::choice::{
    CodeRange, Codes, Granularity, Outliers, Range, Rounding, SchemeAxis, Symmetry, ZeroPoint,
};
use super::codebook_format::CodebookFormat;
use super::format::{Format, Grid};
use super::gguf_type::GgufType;
use super::level_format::LevelFormat;
use super::scale_format::ScaleFormat;

/// How a tensor is quantized: one value on each axis.
///
/// Built by [`SchemeSpec::resolve`](crate::SchemeSpec::resolve), by a constructor in [`presets`](crate::presets), or
/// from a preset with some axes replaced:
///
/// ```
/// use bitsweep_quant::{Bits, Granularity, Scheme, presets};
///
/// let bits = Bits::new(8).unwrap();
/// let scheme = Scheme { granularity: Granularity::InputChannel, ..presets::symmetric_narrow(bits) };
/// assert!(scheme.check().is_ok());
/// ```
///
/// Its serialized form is canonical: equal schemes have equal JSON and different ones different JSON, which makes it the
/// scheme's identity. An axis with its neutral value is left out, so that an axis added later changes no identity. Reading
/// it back does not [`check`](Self::check) it.
///
/// ```
/// use bitsweep_quant::presets;
///
/// let text = serde_json::to_string(&presets::nvfp4()).unwrap();
/// assert_eq!(
///     text,
///     r#"{"format":{"levels":{"minifloat":{"exponent":2,"mantissa":1}}},"granularity":{"group":16},"scale_format":"two-level"}"#,
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// The kind of element.
    pub format: Format,
    /// Where zero lies on the grid; [`Symmetry::Symmetric`] for formats without this axis.
    #[serde(default, skip_serializing_if = "spelling::is_neutral")]
    pub symmetry: Symmetry,
    /// Which values share parameters; [`Granularity::Tensor`] for formats without this axis.
    #[serde(default, skip_serializing_if = "spelling::is_neutral")]
    pub granularity: Granularity,
    /// How scales are stored; [`ScaleFormat::Float`] for formats without this axis.
    #[serde(default, skip_serializing_if = "spelling::is_neutral")]
    pub scale_format: ScaleFormat,
    /// How centroids are stored; [`CodebookFormat::Float`] for formats without this axis.
    #[serde(default, skip_serializing_if = "spelling::is_neutral")]
    pub codebook_format: CodebookFormat,
    /// How the range of a block is found; [`Range::MinMax`] for formats without this axis.
    #[serde(default, skip_serializing_if = "spelling::is_neutral")]
    pub range: Range,
    /// How a position becomes a code; [`Rounding::NearestEven`] for formats without this axis.
    #[serde(default, skip_serializing_if = "spelling::is_neutral")]
    pub rounding: Rounding,
    /// Which weights are kept beside the codes; [`Outliers::None`] for formats without this axis.
    #[serde(default, skip_serializing_if = "spelling::is_neutral")]
    pub outliers: Outliers,
}

impl Scheme {
    /// The axes that a block type of GGUF fixes.
    pub(super) const fn of_gguf(block: GgufType) -> Self {
        let symmetry =
            if block.has_minimum() { Symmetry::Asymmetric(ZeroPoint::Minimum) } else { Symmetry::Symmetric };
        Self {
            format: Format::Gguf(block),
            symmetry,
            granularity: Granularity::Group(GroupSize::literal(GgufType::BLOCK)),
            scale_format: ScaleFormat::F16,
            codebook_format: CodebookFormat::Float,
            range: Range::MinMax,
            rounding: Rounding::NearestEven,
            outliers: Outliers::None,
        }
    }

    /// The axis that stores scales or zero points in another form than the one they are fitted in, with its value; `None`
    /// where they are stored as they are.
    pub(crate) fn rounded_parameters(&self) -> Option<(SchemeAxis, String)> {
        if self.scale_format != ScaleFormat::Float {
            return Some((SchemeAxis::ScaleFormat, self.scale_format.to_string()));
        }
        match self.symmetry {
            Symmetry::Symmetric | Symmetry::Asymmetric(ZeroPoint::Integer | ZeroPoint::Float) => None,
            Symmetry::Asymmetric(ZeroPoint::Minimum) => {
                Some((SchemeAxis::ZeroPoint, ZeroPoint::Minimum.to_string()))
            }
        }
    }

    /// Bits of one code.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.format.bits()
    }

    /// Whether every value has a code of its own, and one alone: the bits of a code are then the bits of a value.
    #[must_use]
    pub fn has_a_code_for_each_value(&self) -> bool {
        match self.format {
            Format::Codebook(layout) => layout.is_of_values(),
            Format::Integer { .. }
            | Format::Float16
            | Format::BFloat16
            | Format::DoReFa { .. }
            | Format::Wrpn { .. }
            | Format::Levels(_)
            | Format::Gguf(_) => true,
        }
    }

    /// How zero points are kept; `None` without them.
    #[must_use]
    pub const fn zero_point(&self) -> Option<ZeroPoint> {
        match self.symmetry {
            Symmetry::Symmetric => None,
            Symmetry::Asymmetric(zero_point) => Some(zero_point),
        }
    }

    /// Whether codes are the signs -1 and +1: one bit, symmetric or DoReFa's.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        match self.format {
            Format::Integer { bits, .. } => bits == Bits::LEAST && self.symmetry == Symmetry::Symmetric,
            Format::DoReFa { bits } => bits == Bits::LEAST,
            Format::Float16
            | Format::BFloat16
            | Format::Codebook(_)
            | Format::Wrpn { .. }
            | Format::Levels(_)
            | Format::Gguf(_) => false,
        }
    }

    /// The format as a table of levels; `None` for other formats.
    #[must_use]
    pub const fn levels(&self) -> Option<LevelFormat> {
        match self.format {
            Format::Levels(format) => Some(format),
            Format::Integer { .. }
            | Format::Float16
            | Format::BFloat16
            | Format::Codebook(_)
            | Format::DoReFa { .. }
            | Format::Wrpn { .. }
            | Format::Gguf(_) => None,
        }
    }

    /// The codes of an even grid; `None` for other formats and for binary codes, which skip 0.
    #[must_use]
    pub fn grid(&self) -> Option<Grid> {
        if self.is_binary() {
            return None;
        }
        match self.format {
            Format::Integer { bits, codes, code_range } => Some(Grid::new(bits, codes, code_range)),
            Format::DoReFa { bits } => Some(Grid::new(bits, Codes::Unsigned, CodeRange::Full)),
            Format::Wrpn { bits } => Some(Grid::new(bits, Codes::Signed, CodeRange::Narrow)),
            Format::Gguf(block) => Some(Grid::new(block.bits(), block.codes(), block.code_range())),
            Format::Float16 | Format::BFloat16 | Format::Codebook(_) | Format::Levels(_) => None,
        }
    }

    /// Name and value of every axis, in the order of table columns; empty where an axis does not apply.
    ///
    /// ```
    /// use bitsweep_quant::{Bits, presets};
    ///
    /// let axes = presets::symmetric_narrow(Bits::new(8).unwrap()).axes();
    /// assert_eq!(axes[0], ("format", "int".to_owned()));
    /// assert_eq!(axes[3], ("zero_point", String::new()));
    /// ```
    #[must_use]
    pub fn axes(&self) -> [(&'static str, String); 12] {
        SchemeAxis::ALL.map(|axis| (axis.name(), self.value(axis)))
    }

    /// The value of one axis; empty where it does not apply.
    #[must_use]
    pub fn value(&self, axis: SchemeAxis) -> String {
        if self.applies(axis) { self.raw_value(axis) } else { String::new() }
    }

    /// Whether a choice on `axis` means anything for this scheme.
    pub(crate) fn applies(&self, axis: SchemeAxis) -> bool {
        let sign_only = self.is_binary()
            && matches!(
                axis,
                SchemeAxis::CodeRange | SchemeAxis::Range | SchemeAxis::Rounding | SchemeAxis::Outliers
            );
        let unscaled = self.scale_format == ScaleFormat::None
            && matches!(axis, SchemeAxis::Granularity | SchemeAxis::Range);
        !sign_only && !unscaled && self.format.has(axis)
    }

    /// Whether scales may be negative, so that they need a format with a sign.
    pub(crate) fn has_signed_scales(&self) -> bool {
        matches!(self.format, Format::Integer { code_range: CodeRange::Covering, .. })
    }

    pub(crate) fn integer_codes(&self) -> Option<(Codes, CodeRange)> {
        match self.format {
            Format::Integer { codes, code_range, .. } => Some((codes, code_range)),
            Format::Gguf(block) => Some((block.codes(), block.code_range())),
            Format::Levels(_)
            | Format::Float16
            | Format::BFloat16
            | Format::Codebook(_)
            | Format::DoReFa { .. }
            | Format::Wrpn { .. } => None,
        }
    }

    pub(super) fn raw_value(&self, axis: SchemeAxis) -> String {
        match axis {
            SchemeAxis::Format => self.format.to_string(),
            SchemeAxis::Bits => self.bits().to_string(),
            SchemeAxis::Symmetry => self.symmetry.to_string(),
            SchemeAxis::ZeroPoint => {
                self.zero_point().map_or_else(String::new, |zero_point| zero_point.to_string())
            }
            SchemeAxis::Codes => {
                self.integer_codes().map_or_else(String::new, |(codes, _)| codes.to_string())
            }
            SchemeAxis::CodeRange => {
                self.integer_codes().map_or_else(String::new, |(_, code_range)| code_range.to_string())
            }
            SchemeAxis::Granularity => self.granularity.to_string(),
            SchemeAxis::ScaleFormat => self.scale_format.to_string(),
            SchemeAxis::CodebookFormat => self.codebook_format.to_string(),
            SchemeAxis::Range => self.range.to_string(),
            SchemeAxis::Rounding => self.rounding.to_string(),
            SchemeAxis::Outliers => self.outliers.to_string(),
        }
    }
}

/// A short name: bits and symmetry (or the format), then what differs from the defaults.
impl fmt::Display for Scheme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        match self.format {
            Format::Integer { bits, codes, code_range } => {
                parts.push(format!("{bits} bit {}", self.symmetry));
                let (usual_codes, usual_range) = self.symmetry.usual_codes();
                match self.zero_point() {
                    None | Some(ZeroPoint::Integer) => {}
                    Some(ZeroPoint::Float) => parts.push("float zero point".to_owned()),
                    Some(ZeroPoint::Minimum) => parts.push("minimum".to_owned()),
                }
                if codes != usual_codes {
                    parts.push(codes.to_string());
                }
                if code_range != usual_range {
                    parts.push(code_range.to_string());
                }
            }
            Format::DoReFa { bits } | Format::Wrpn { bits } => {
                parts.push(format!("{bits} bit {}", self.format))
            }
            Format::Levels(format) if !format.names_its_bits() => {
                parts.push(format!("{} bit {format}", format.bits()));
            }
            // The name of a block type says all.
            Format::Gguf(block) => return formatter.pad(&block.to_string()),
            Format::Levels(_) | Format::Float16 | Format::BFloat16 | Format::Codebook(_) => {
                parts.push(self.format.to_string())
            }
        }
        if self.granularity != Granularity::Tensor {
            parts.push(self.granularity.to_string());
        }
        if self.scale_format != ScaleFormat::Float {
            parts.push(format!("{} scale", self.scale_format));
        }
        if self.codebook_format != CodebookFormat::Float {
            parts.push(format!("{} codebook", self.codebook_format));
        }
        if self.range != Range::MinMax {
            parts.push(self.range.to_string());
        }
        if self.rounding != Rounding::NearestEven {
            parts.push(self.rounding.to_string());
        }
        if self.outliers != Outliers::None {
            parts.push(format!("{} outliers", self.outliers));
        }
        formatter.pad(&parts.join(" · "))
    }
}

//! What will be done to a tensor, exactly.

use std::fmt;

use super::bounded::{Bits, GroupSize, Stages, Width};
use super::choice::{Axis, CodeRange, Codes, Granularity, Outliers, Range, Rounding, Symmetry, ZeroPoint};
use super::codebook_format::CodebookFormat;
use super::codebook_layout::{CodebookLayout, Partition};
use super::format::{Format, Grid};
use super::gguf_type::GgufType;
use super::level_format::{LevelFormat, ScaleRule};
use super::scale_format::ScaleFormat;
use super::scheme_error::SchemeError;

/// How a tensor is quantized: one value on each axis.
///
/// Built by [`SchemeSpec::resolve`](crate::SchemeSpec::resolve), by a constructor in [`presets`](crate::presets), or
/// from a preset with some axes replaced:
///
/// ```
/// use bitsweep_quant::{Bits, Granularity, Scheme, presets};
///
/// let bits = Bits::new(8).unwrap();
/// let scheme = Scheme { granularity: Granularity::Row, ..presets::symmetric_narrow(bits) };
/// assert!(scheme.check().is_ok());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scheme {
    /// The kind of element.
    pub format: Format,
    /// Where zero lies on the grid; [`Symmetry::Symmetric`] for formats without this axis.
    pub symmetry: Symmetry,
    /// Which values share parameters; [`Granularity::Tensor`] for formats without this axis.
    pub granularity: Granularity,
    /// How scales are stored; [`ScaleFormat::Float`] for formats without this axis.
    pub scale_format: ScaleFormat,
    /// How centroids are stored; [`CodebookFormat::Float`] for formats without this axis.
    pub codebook_format: CodebookFormat,
    /// How the range of a block is found; [`Range::MinMax`] for formats without this axis.
    pub range: Range,
    /// How a position becomes a code; [`Rounding::NearestEven`] for formats without this axis.
    pub rounding: Rounding,
    /// Which weights are kept beside the codes; [`Outliers::None`] for formats without this axis.
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

    /// Refuses what means nothing or contradicts itself.
    ///
    /// # Errors
    /// One sentence for the first contradiction found.
    pub fn check(&self) -> Result<(), SchemeError> {
        self.check_neutral()?;
        self.check_scale_format()?;
        self.check_range()?;
        match self.format {
            Format::Gguf(block) => self.check_against(&Self::of_gguf(block), &block.to_string()),
            Format::Levels(format) => check_width(format),
            Format::Integer { bits, codes, code_range } => match (self.symmetry, codes, code_range) {
                (Symmetry::Symmetric, Codes::Unsigned, _) => Err(SchemeError::UnsignedSymmetric),
                (Symmetry::Symmetric, Codes::Signed, _) if bits == Bits::LEAST => {
                    self.check_binary(code_range)
                }
                (Symmetry::Asymmetric(_), _, CodeRange::Narrow) if bits == Bits::LEAST => {
                    Err(SchemeError::OneBitNarrow)
                }
                (Symmetry::Symmetric, Codes::Signed, CodeRange::Full | CodeRange::Narrow)
                | (
                    Symmetry::Asymmetric(_),
                    Codes::Signed | Codes::Unsigned,
                    CodeRange::Full | CodeRange::Narrow,
                ) => Ok(()),
            },
            Format::DoReFa { bits } if bits == Bits::LEAST => self.check_sign(),
            Format::Wrpn { bits } if bits == Bits::LEAST => Err(SchemeError::WrpnOneBit),
            Format::Codebook(_) => self.check_rows(),
            Format::DoReFa { .. } | Format::Wrpn { .. } | Format::Float16 | Format::BFloat16 => Ok(()),
        }
    }

    /// The axis that stores scales or zero points in another form than the one they are fitted in, with its value; `None`
    /// where they are stored as they are.
    pub(crate) fn rounded_parameters(&self) -> Option<(Axis, String)> {
        if self.scale_format != ScaleFormat::Float {
            return Some((Axis::ScaleFormat, self.scale_format.to_string()));
        }
        match self.symmetry {
            Symmetry::Symmetric | Symmetry::Asymmetric(ZeroPoint::Integer | ZeroPoint::Float) => None,
            Symmetry::Asymmetric(ZeroPoint::Minimum) => {
                Some((Axis::ZeroPoint, ZeroPoint::Minimum.to_string()))
            }
        }
    }

    /// An axis that the format does not have must hold its neutral value.
    fn check_neutral(&self) -> Result<(), SchemeError> {
        let Self { format, symmetry, granularity, scale_format, codebook_format, range, rounding, outliers } =
            *self;
        let set = [
            (Axis::Symmetry, symmetry != Symmetry::Symmetric),
            (Axis::Granularity, granularity != Granularity::Tensor),
            (Axis::ScaleFormat, scale_format != ScaleFormat::Float),
            (Axis::CodebookFormat, codebook_format != CodebookFormat::Float),
            (Axis::Range, range != Range::MinMax),
            (Axis::Rounding, rounding != Rounding::NearestEven),
            (Axis::Outliers, outliers != Outliers::None),
        ];
        match set.iter().find(|(axis, set)| *set && !format.has(*axis)) {
            None => Ok(()),
            Some((axis, _)) => Err(SchemeError::NotApplicable {
                axis: *axis,
                value: self.raw_value(*axis),
                format: format.to_string(),
            }),
        }
    }

    fn check_scale_format(&self) -> Result<(), SchemeError> {
        let Self { format, symmetry, granularity, scale_format, range, .. } = *self;
        if scale_format == ScaleFormat::None {
            if !matches!(format, Format::Levels(LevelFormat::Minifloat(_))) {
                return Err(SchemeError::Unscaled { format: format.to_string() });
            }
            let set = [
                (Axis::Granularity, granularity != Granularity::Tensor),
                (Axis::Range, range != Range::MinMax),
            ];
            return match set.into_iter().find(|(_, set)| *set) {
                None => Ok(()),
                Some((axis, _)) => Err(SchemeError::UnscaledAxis { axis, value: self.raw_value(axis) }),
            };
        }
        if !scale_format.is_power_of_two() {
            return Ok(());
        }
        match format {
            Format::Integer { .. } if symmetry != Symmetry::Symmetric => {
                Err(SchemeError::PowerOfTwoAsymmetric { scale_format })
            }
            Format::Integer { .. } if self.is_binary() => {
                Err(SchemeError::PowerOfTwoOfMean { scale_format, scheme: "1 bit symmetric".to_owned() })
            }
            Format::Levels(levels) => match levels.scale_rule() {
                ScaleRule::Range => Ok(()),
                ScaleRule::Ternary(_) => {
                    Err(SchemeError::PowerOfTwoOfMean { scale_format, scheme: format.to_string() })
                }
            },
            Format::Integer { .. }
            | Format::Float16
            | Format::BFloat16
            | Format::Codebook(_)
            | Format::DoReFa { .. }
            | Format::Wrpn { .. }
            | Format::Gguf(_) => Ok(()),
        }
    }

    /// Every axis must be as in `preset`.
    fn check_against(&self, preset: &Self, name: &str) -> Result<(), SchemeError> {
        match Axis::ALL.into_iter().find(|axis| self.raw_value(*axis) != preset.raw_value(*axis)) {
            None => Ok(()),
            Some(axis) => Err(SchemeError::Preset {
                axis,
                value: self.raw_value(axis),
                preset: name.to_owned(),
                expected: preset.raw_value(axis),
            }),
        }
    }

    /// Sub-vectors lie along rows: what shares codebooks is whole rows.
    fn check_rows(&self) -> Result<(), SchemeError> {
        match self.granularity {
            Granularity::Tensor | Granularity::Row | Granularity::Rows(_) => Ok(()),
            Granularity::Column | Granularity::Group(_) => Err(SchemeError::CodebookGranularity {
                granularity: self.granularity,
                format: self.format.to_string(),
            }),
        }
    }

    fn check_binary(&self, code_range: CodeRange) -> Result<(), SchemeError> {
        if code_range == CodeRange::Full {
            return Err(SchemeError::BinaryFull);
        }
        if self.range != Range::MinMax {
            return Err(SchemeError::BinaryRange { range: self.range });
        }
        if self.outliers != Outliers::None {
            return Err(SchemeError::BinaryOutliers { outliers: self.outliers });
        }
        self.check_sign()
    }

    fn check_sign(&self) -> Result<(), SchemeError> {
        match self.rounding {
            Rounding::NearestEven => Ok(()),
            Rounding::HalfAway | Rounding::Stochastic => {
                Err(SchemeError::BinaryRounding { rounding: self.rounding, format: self.format.to_string() })
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
            Format::Codebook(CodebookLayout { partition, stages, centroids: _ }) => {
                partition == Partition::Shared(Width::LEAST) && stages == Stages::LEAST
            }
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
        Axis::ALL.map(|axis| (axis.name(), self.value(axis)))
    }

    /// The value of one axis; empty where it does not apply.
    #[must_use]
    pub fn value(&self, axis: Axis) -> String {
        let sign_only = self.is_binary()
            && matches!(axis, Axis::CodeRange | Axis::Range | Axis::Rounding | Axis::Outliers);
        let unscaled =
            self.scale_format == ScaleFormat::None && matches!(axis, Axis::Granularity | Axis::Range);
        if sign_only || unscaled || !self.format.has(axis) { String::new() } else { self.raw_value(axis) }
    }

    fn integer_codes(&self) -> Option<(Codes, CodeRange)> {
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

    fn raw_value(&self, axis: Axis) -> String {
        match axis {
            Axis::Format => self.format.to_string(),
            Axis::Bits => self.bits().to_string(),
            Axis::Symmetry => self.symmetry.to_string(),
            Axis::ZeroPoint => {
                self.zero_point().map_or_else(String::new, |zero_point| zero_point.to_string())
            }
            Axis::Codes => self.integer_codes().map_or_else(String::new, |(codes, _)| codes.to_string()),
            Axis::CodeRange => {
                self.integer_codes().map_or_else(String::new, |(_, code_range)| code_range.to_string())
            }
            Axis::Granularity => self.granularity.to_string(),
            Axis::ScaleFormat => self.scale_format.to_string(),
            Axis::CodebookFormat => self.codebook_format.to_string(),
            Axis::Range => self.range.to_string(),
            Axis::Rounding => self.rounding.to_string(),
            Axis::Outliers => self.outliers.to_string(),
        }
    }
}

fn check_width(format: LevelFormat) -> Result<(), SchemeError> {
    let (bits, widths) = (format.bits(), format.widths());
    if widths.contains(&bits) {
        return Ok(());
    }
    let format = format.to_string();
    Err(SchemeError::Width { bits, format, least: *widths.start(), most: *widths.end() })
}

/// A short name: bits and symmetry (or the format), then what differs from the defaults.
impl fmt::Display for Scheme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        match self.format {
            Format::Integer { bits, codes, code_range } => {
                parts.push(format!("{bits} bit {}", self.symmetry));
                let (usual_codes, usual_range) = match self.symmetry {
                    Symmetry::Symmetric => (Codes::Signed, CodeRange::Narrow),
                    Symmetry::Asymmetric(ZeroPoint::Float) => (Codes::Signed, CodeRange::Full),
                    Symmetry::Asymmetric(ZeroPoint::Integer | ZeroPoint::Minimum) => {
                        (Codes::Unsigned, CodeRange::Full)
                    }
                };
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
            Format::DoReFa { bits }
            | Format::Wrpn { bits }
            | Format::Levels(LevelFormat::PowerOfTwo { bits } | LevelFormat::AdditivePowerOfTwo { bits }) => {
                parts.push(format!("{bits} bit {}", self.format));
            }
            // The name of a block type says all.
            Format::Gguf(block) => return formatter.pad(&block.to_string()),
            Format::Levels(
                LevelFormat::Minifloat(_) | LevelFormat::NormalFloat { .. } | LevelFormat::Ternary(_),
            )
            | Format::Float16
            | Format::BFloat16
            | Format::Codebook(_) => parts.push(self.format.to_string()),
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

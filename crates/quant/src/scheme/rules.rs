//! What does not combine.

use super::bounded::Bits;
use super::choice::{CodeRange, Codes, Granularity, Outliers, Range, Rounding, SchemeAxis, Symmetry};
use super::codebook_format::CodebookFormat;
use super::format::Format;
use super::level_format::{LevelFormat, ScaleRule};
use super::point::Scheme;
use super::scale_format::ScaleFormat;
use super::scheme_error::SchemeError;

impl Scheme {
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

    /// An axis that the format does not have must hold its neutral value.
    fn check_neutral(&self) -> Result<(), SchemeError> {
        let Self { format, symmetry, granularity, scale_format, codebook_format, range, rounding, outliers } =
            *self;
        let set = [
            (SchemeAxis::Symmetry, symmetry != Symmetry::Symmetric),
            (SchemeAxis::Granularity, granularity != Granularity::Tensor),
            (SchemeAxis::ScaleFormat, scale_format != ScaleFormat::Float),
            (SchemeAxis::CodebookFormat, codebook_format != CodebookFormat::Float),
            (SchemeAxis::Range, range != Range::MinMax),
            (SchemeAxis::Rounding, rounding != Rounding::NearestEven),
            (SchemeAxis::Outliers, outliers != Outliers::None),
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
                (SchemeAxis::Granularity, granularity != Granularity::Tensor),
                (SchemeAxis::Range, range != Range::MinMax),
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
        match SchemeAxis::ALL.into_iter().find(|axis| self.raw_value(*axis) != preset.raw_value(*axis)) {
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
            Granularity::Tensor | Granularity::InputChannel | Granularity::Rows(_) => Ok(()),
            Granularity::OutputChannel | Granularity::Group(_) => Err(SchemeError::CodebookGranularity {
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

    /// What a range needs besides the values.
    fn check_range(&self) -> Result<(), SchemeError> {
        match self.range {
            Range::MinMax | Range::Percentile(_) | Range::Mse => Ok(()),
            Range::Kl => self.check_divergence(),
            Range::OutputMse => self.check_output_error(),
        }
    }

    /// The histogram of a KL range is merged into even levels, of which it has several bins each.
    fn check_divergence(&self) -> Result<(), SchemeError> {
        match self.format {
            Format::Levels(format) => Err(SchemeError::DivergenceOfLevels { format: format.to_string() }),
            Format::Integer { bits, .. } if bits.get() > 8 => {
                Err(SchemeError::DivergenceBits { bits: bits.get() })
            }
            Format::Integer { .. }
            | Format::Float16
            | Format::BFloat16
            | Format::Codebook(_)
            | Format::DoReFa { .. }
            | Format::Wrpn { .. }
            | Format::Gguf(_) => Ok(()),
        }
    }

    /// The output error is that of nearest codes on an even grid, its parameters as they are fitted.
    fn check_output_error(&self) -> Result<(), SchemeError> {
        let refused = if self.grid().is_none() && !self.is_binary() {
            Some((SchemeAxis::Format, self.format.to_string()))
        } else if self.rounding != Rounding::NearestEven {
            Some((SchemeAxis::Rounding, self.rounding.to_string()))
        } else if self.outliers != Outliers::None {
            Some((SchemeAxis::Outliers, self.outliers.to_string()))
        } else {
            self.rounded_parameters()
        };
        match refused {
            None => Ok(()),
            Some((axis, value)) => Err(SchemeError::OutputError { axis, value }),
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

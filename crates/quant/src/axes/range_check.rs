//! What ranges do not combine with.

use super::choice::{Axis, Outliers, Range, Rounding};
use super::format::Format;
use super::scheme::Scheme;
use super::scheme_error::SchemeError;

impl Scheme {
    /// What a range needs besides the values.
    pub(super) fn check_range(&self) -> Result<(), SchemeError> {
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
            Some((Axis::Format, self.format.to_string()))
        } else if self.rounding != Rounding::NearestEven {
            Some((Axis::Rounding, self.rounding.to_string()))
        } else if self.outliers != Outliers::None {
            Some((Axis::Outliers, self.outliers.to_string()))
        } else {
            self.rounded_parameters()
        };
        match refused {
            None => Ok(()),
            Some((axis, value)) => Err(SchemeError::OutputError { axis, value }),
        }
    }
}

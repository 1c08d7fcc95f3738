//! What will be done to the inputs of layers, exactly.

use std::fmt;
use std::num::NonZeroUsize;

use crate::axes::{Granularity, Range, Rounding, Scheme, Symmetry};

use super::range::MovingAverage;

/// How the inputs of layers are quantized; built by [`ActivationSpec::resolve`](crate::ActivationSpec::resolve).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActivationScheme {
    /// Codes, symmetry, rounding, and the range where all values are looked at at once.
    pub(super) codes: Scheme,
    pub(super) mode: ActivationMode,
}

/// From which rows the range comes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ActivationMode {
    /// From all calibration rows at once.
    Static,
    /// From one batch of calibration rows after the other.
    StaticAverage(MovingAverage),
    /// From so many of the rows at hand at a time, the last time perhaps fewer.
    DynamicBatch(NonZeroUsize),
    /// From each of the rows at hand by itself.
    DynamicRow,
}

impl ActivationScheme {
    /// Bits of one code, 2 to 16.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.codes.bits()
    }

    /// From which rows the range comes.
    #[must_use]
    pub const fn mode(&self) -> ActivationMode {
        self.mode
    }

    /// Format, symmetry, range and rounding of the codes; the granularity is that of a batch of rows.
    #[must_use]
    pub const fn codes(&self) -> &Scheme {
        &self.codes
    }

    /// Whether calibration inputs fix the parameters.
    #[must_use]
    pub const fn is_static(&self) -> bool {
        match self.mode {
            ActivationMode::Static | ActivationMode::StaticAverage(_) => true,
            ActivationMode::DynamicBatch(_) | ActivationMode::DynamicRow => false,
        }
    }

    /// How many of `rows` rows share parameters.
    pub(super) fn rows_per_range(&self, rows: usize) -> usize {
        match self.mode {
            ActivationMode::Static | ActivationMode::StaticAverage(_) => rows.max(1),
            ActivationMode::DynamicBatch(batch) => batch.get(),
            ActivationMode::DynamicRow => 1,
        }
    }

    pub(super) const fn granularity(mode: ActivationMode) -> Granularity {
        match mode {
            ActivationMode::Static | ActivationMode::StaticAverage(_) | ActivationMode::DynamicBatch(_) => {
                Granularity::Tensor
            }
            ActivationMode::DynamicRow => Granularity::Row,
        }
    }
}

/// Where the range comes from and what differs from the defaults, without the bits: `static mse`, `dynamic per row`,
/// `dynamic per batch of 32 percentile 99.9 symmetric`.
impl fmt::Display for ActivationScheme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = self.codes.range;
        let mut words = match self.mode {
            ActivationMode::Static => vec![format!("static {range}")],
            ActivationMode::StaticAverage(average) => vec![format!("static {average}")],
            ActivationMode::DynamicBatch(batch) => vec![format!("dynamic per batch of {batch}")],
            ActivationMode::DynamicRow => vec!["dynamic per row".to_owned()],
        };
        if !self.is_static() && range != Range::MinMax {
            words.push(range.to_string());
        }
        match self.codes.symmetry {
            Symmetry::Symmetric => words.push("symmetric".to_owned()),
            Symmetry::Asymmetric(_) => {}
        }
        if self.codes.rounding != Rounding::NearestEven {
            words.push(self.codes.rounding.to_string());
        }
        formatter.pad(&words.join(" "))
    }
}

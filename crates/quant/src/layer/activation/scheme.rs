//! What will be done to the inputs of layers, exactly.

use std::fmt;
use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use crate::scheme::{Bits, Format, Range, Rounding, Scheme, SchemeSpec, Symmetry, SymmetrySpec};

use super::error::ActivationError;
use super::features::FeatureNumbers;
use super::range::MovingAverage;
use super::requantize::Requantize;

/// How the inputs of layers are quantized; built by [`ActivationSpec::resolve`](crate::ActivationSpec::resolve).
///
/// Its serialized form is canonical, as a [`Scheme`]'s is; what is read is checked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct ActivationScheme {
    /// Codes, symmetry, rounding, and the range where all values are looked at at once.
    pub(super) codes: Scheme,
    pub(super) mode: ActivationMode,
    #[serde(skip_serializing_if = "Requantize::is_float")]
    pub(super) requantize: Requantize,
    #[serde(skip_serializing_if = "FeatureNumbers::is_float")]
    pub(super) features: FeatureNumbers,
}

/// An activation scheme that is not checked yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    codes: Scheme,
    mode: ActivationMode,
    #[serde(default)]
    requantize: Requantize,
    #[serde(default)]
    features: FeatureNumbers,
}

impl TryFrom<Parts> for ActivationScheme {
    type Error = ActivationError;

    fn try_from(Parts { codes, mode, requantize, features }: Parts) -> Result<Self, ActivationError> {
        Self::new(codes, mode, requantize, features)
    }
}

/// From which rows the range comes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// The scheme of these codes, if they are codes of inputs.
    ///
    /// # Errors
    /// A sentence for the first contradiction found.
    pub(super) fn new(
        codes: Scheme,
        mode: ActivationMode,
        requantize: Requantize,
        features: FeatureNumbers,
    ) -> Result<Self, ActivationError> {
        let Scheme { range, rounding, .. } = codes;
        match rounding {
            Rounding::NearestEven | Rounding::HalfAway => {}
            Rounding::Stochastic => return Err(ActivationError::Rounding { rounding }),
        }
        let usual = match (codes.format, codes.symmetry) {
            (Format::Integer { bits, .. }, Symmetry::Symmetric) => {
                Some(Self::codes_of(bits, SymmetrySpec::Symmetric)?)
            }
            (Format::Integer { bits, .. }, Symmetry::Asymmetric(_)) => {
                Some(Self::codes_of(bits, SymmetrySpec::Asymmetric)?)
            }
            (
                Format::Float16
                | Format::BFloat16
                | Format::Codebook(_)
                | Format::DoReFa { .. }
                | Format::Wrpn { .. }
                | Format::Levels(_)
                | Format::Gguf(_),
                _,
            ) => None,
        };
        // The range of least output error is one of weights.
        if range == Range::OutputMse || usual.is_none_or(|usual| codes != Scheme { range, rounding, ..usual })
        {
            return Err(ActivationError::Codes { codes: codes.to_string() });
        }
        codes.check()?;
        match mode {
            ActivationMode::StaticAverage(MovingAverage { momentum, .. })
                if !(momentum > 0.0 && momentum <= 1.0) =>
            {
                Err(ActivationError::Momentum { momentum })
            }
            ActivationMode::DynamicBatch(_) | ActivationMode::DynamicRow
                if requantize != Requantize::Float =>
            {
                Err(ActivationError::DynamicRequantize { requantize })
            }
            _ if features != FeatureNumbers::Float && requantize == Requantize::Float => {
                Err(ActivationError::FloatRequantize { features })
            }
            _ if features != FeatureNumbers::Float && codes.bits() > 8 => {
                Err(ActivationError::WideFeatures { features, bits: codes.bits() })
            }
            ActivationMode::Static
            | ActivationMode::StaticAverage(_)
            | ActivationMode::DynamicBatch(_)
            | ActivationMode::DynamicRow => Ok(Self { codes, mode, requantize, features }),
        }
    }

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

    /// Format, symmetry, range and rounding of the codes; all values that share a range are one block.
    #[must_use]
    pub const fn codes(&self) -> &Scheme {
        &self.codes
    }

    /// How the sums of a layer become the codes of the next one.
    #[must_use]
    pub const fn requantize(&self) -> Requantize {
        self.requantize
    }

    /// What features are that become the codes of the first layer.
    #[must_use]
    pub const fn features(&self) -> FeatureNumbers {
        self.features
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
            // Not more than there are, so that no product with their length overflows.
            ActivationMode::DynamicBatch(batch) => batch.get().min(rows.max(1)),
            ActivationMode::DynamicRow => 1,
        }
    }

    /// The codes of so many bits, their range by min-max and rounded to nearest.
    pub(super) fn codes_of(bits: Bits, symmetry: SymmetrySpec) -> Result<Scheme, ActivationError> {
        if bits == Bits::LEAST {
            return Err(ActivationError::OneBit);
        }
        let spec = SchemeSpec { bits: Some(bits), symmetry: Some(symmetry), ..SchemeSpec::default() };
        Ok(spec.resolve()?)
    }
}

/// Where the range comes from and what differs from the defaults, without the bits: `static mse`, `dynamic per row`,
/// `dynamic per batch of 32 percentile 99.9 symmetric`,
/// `static min-max fixed-point`.
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
        if self.requantize != Requantize::Float {
            words.push(self.requantize.to_string());
        }
        if self.features != FeatureNumbers::Float {
            words.push(format!("{} features", self.features));
        }
        formatter.pad(&words.join(" "))
    }
}

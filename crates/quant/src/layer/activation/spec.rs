//! What a file says about the inputs of layers.

use std::num::NonZeroUsize;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scheme::{Bits, Range, Rounding, Scheme, SymmetrySpec};

use super::error::ActivationError;
use super::features::FeatureNumbers;
use super::range::ActivationRange;
use super::requantize::Requantize;
use super::scheme::{ActivationMode, ActivationScheme};

/// How the inputs of layers are quantized.
///
/// Codes are `0 … 2^b-1` with an integer zero point, or symmetric, `-(2^(b-1)-1) … 2^(b-1)-1`.
///
/// ```toml
/// bits = 8
/// mode = "dynamic"
/// symmetry = "symmetric"
/// range = { percentile = 99.9 }
/// granularity = "tensor"
/// batch = 64
/// rounding = "half-away"
/// ```
///
/// ```
/// use bitsweep_quant::ActivationSpec;
///
/// let spec: ActivationSpec = toml::from_str("bits = 8\nmode = 'static'\nrange = 'mse'").unwrap();
/// assert_eq!(spec.resolve().unwrap().to_string(), "static mse");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivationSpec {
    /// Bits of one code; 1 would leave nothing beside the code of 0.
    #[schemars(range(min = 2))]
    pub bits: Bits,
    /// When the range is found.
    pub mode: ActivationModeSpec,
    /// Whether zero is the middle of the range.
    #[serde(default = "ActivationSpec::usual_symmetry")]
    pub symmetry: SymmetrySpec,
    /// How the range is found.
    #[serde(default)]
    pub range: ActivationRange,
    /// Which rows of the inputs share a range.
    #[serde(default)]
    pub granularity: ActivationGranularity,
    /// Rows that are given to the model at a time, in their order, and share a range: only where `mode` is `dynamic` and
    /// `granularity` is `tensor`.
    #[schemars(extend("default" = Self::USUAL_BATCH))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<NonZeroUsize>,
    /// How a position on the grid becomes a code; `stochastic` would answer the same request differently each time, and is
    /// refused.
    #[serde(default)]
    pub rounding: Rounding,
    /// How the sums of a layer become the codes of the next one; other than `float` only where `mode` is `static`.
    #[serde(default)]
    pub requantize: Requantize,
    /// What features are that become the codes of the first layer.
    #[serde(default)]
    pub features: FeatureNumbers,
}

/// Which rows of the inputs share a range.
///
/// There is no finer one: scales of single inputs could not be taken out of the integer sum over inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActivationGranularity {
    /// All rows at hand: all calibration rows, or those of a batch.
    #[default]
    Tensor,
    /// Each row by itself ("per token"); only where `mode` is `dynamic`.
    Row,
}

/// When the range of activations is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActivationModeSpec {
    /// Once, from calibration rows.
    Static,
    /// Anew, from the rows at hand.
    Dynamic,
}

impl ActivationSpec {
    const USUAL_BATCH: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);

    const fn usual_symmetry() -> SymmetrySpec {
        SymmetrySpec::Asymmetric
    }

    /// The exact scheme: defaults filled in, contradictions refused.
    ///
    /// # Errors
    /// A sentence for the first contradiction found.
    pub fn resolve(&self) -> Result<ActivationScheme, ActivationError> {
        let Self { bits, symmetry, rounding, .. } = *self;
        let codes = ActivationScheme::codes_of(bits, symmetry)?;
        let mode = self.mode()?;
        let range = match self.range {
            ActivationRange::Block(range) => range,
            ActivationRange::MovingAverage(_) => Range::MinMax,
        };
        ActivationScheme::new(Scheme { range, rounding, ..codes }, mode, self.requantize, self.features)
    }

    fn mode(&self) -> Result<ActivationMode, ActivationError> {
        let Self { mode, range, granularity, batch, .. } = *self;
        match (granularity, mode, range, batch) {
            (_, ActivationModeSpec::Dynamic, ActivationRange::MovingAverage(average), _) => {
                Err(ActivationError::DynamicMovingAverage { average })
            }
            (_, ActivationModeSpec::Static, _, Some(batch)) => Err(ActivationError::StaticBatch { batch }),
            (ActivationGranularity::Row, ActivationModeSpec::Static, ..) => Err(ActivationError::StaticRow),
            (ActivationGranularity::Row, ActivationModeSpec::Dynamic, _, Some(batch)) => {
                Err(ActivationError::RowBatch { batch })
            }
            (ActivationGranularity::Row, ActivationModeSpec::Dynamic, ActivationRange::Block(_), None) => {
                Ok(ActivationMode::DynamicRow)
            }
            (
                ActivationGranularity::Tensor,
                ActivationModeSpec::Dynamic,
                ActivationRange::Block(_),
                batch,
            ) => Ok(ActivationMode::DynamicBatch(batch.unwrap_or(Self::USUAL_BATCH))),
            (ActivationGranularity::Tensor, ActivationModeSpec::Static, ActivationRange::Block(_), None) => {
                Ok(ActivationMode::Static)
            }
            (
                ActivationGranularity::Tensor,
                ActivationModeSpec::Static,
                ActivationRange::MovingAverage(average),
                None,
            ) => Ok(ActivationMode::StaticAverage(average)),
        }
    }
}

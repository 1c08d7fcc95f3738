//! What features are that become the codes of the first layer.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What features are that become the codes of the first layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureNumbers {
    /// Numbers of `f32`: scaler and step are one division.
    #[default]
    Float,
    /// Whole numbers of 32 bits, such as counts of an analog-to-digital converter: scaler and step are one product of 32 bits, of
    /// which a code is the highest bits, halves up. Features with fractions are refused. Only where `requantize` is not `float`, and
    /// for codes of at most 8 bits.
    Integer,
}

impl FeatureNumbers {
    /// Whether they are the usual ones.
    pub(super) fn is_float(&self) -> bool {
        *self == Self::Float
    }
}

/// As files of experiments spell it.
impl fmt::Display for FeatureNumbers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Float => "float",
            Self::Integer => "integer",
        })
    }
}

//! How centroids are stored.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::number::BINARY16_ROUNDING;

/// The number format of the centroids.
///
/// Codes are those of the nearest centroid as stored, so that the reconstruction is
/// what the bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CodebookFormat {
    /// As wide as the values: 4 bytes a component for the weights of a model.
    #[default]
    Float,
    /// IEEE 754 binary16, to nearest even.
    F16,
    /// One byte a component and one scale a codebook: `s·q` with `s = max|c|/127` as wide as the values and
    /// `-127 ≤ q ≤ 127`. Components of one magnitude are `±s`, and exact.
    Int8,
}

impl CodebookFormat {
    /// By which part of the tensor's largest magnitude rounding may change a component; `None` where nothing is rounded.
    pub(crate) const fn rounding(self) -> Option<f64> {
        match self {
            Self::Float => None,
            Self::F16 => Some(BINARY16_ROUNDING),
            Self::Int8 => Some(1.0 / 128.0),
        }
    }
}

impl fmt::Display for CodebookFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Float => "float",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        })
    }
}

//! The algorithms that streams draw from.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The algorithm that a [`Stream`](crate::Stream) of random numbers draws from.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Generator {
    /// NumPy's legacy `RandomState` (MT19937, polar normals): for experiments that follow a notebook.
    Numpy,
    /// ChaCha8 with an independent key for each stage: for everything else.
    #[default]
    Modern,
}

impl fmt::Display for Generator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Numpy => "numpy",
            Self::Modern => "modern",
        })
    }
}

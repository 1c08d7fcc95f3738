//! Which of the two types a tensor's numbers have.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The type of a tensor's numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dtype {
    /// IEEE 754 single precision.
    #[default]
    F32,
    /// IEEE 754 double precision.
    F64,
}

impl fmt::Display for Dtype {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

/// Numbers of another type than a quantized tensor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "values of type `{found}` do not fit a tensor that was quantized in `{expected}`: expected values of type `{expected}`"
)]
pub struct OtherDtype {
    /// The type of the tensor.
    pub expected: Dtype,
    /// The type of what was given.
    pub found: Dtype,
}

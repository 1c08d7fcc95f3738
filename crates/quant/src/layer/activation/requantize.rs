//! How outputs of a layer become the codes that the next layer takes.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the sums of a layer become the codes of the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Requantize {
    /// Through `f32`: scaled, biased, activated, divided by the next step and rounded.
    #[default]
    Float,
    /// In whole numbers: a multiplier of 31 bits and a rounding shift, `(a·M + 2^(n-1)) >> n`, as TFLite and CMSIS-NN have it
    /// with a single rounding. Biases are whole numbers of 32 bits; activations are limits, or tables.
    FixedPoint,
    /// In whole numbers by a rounding shift alone, `(a + 2^(n-1)) >> n`, which a core without a wide multiplier can afford. The
    /// steps of hidden codes are widened so that it is exact; steps of weights that share an output layer must be a power of two
    /// apart.
    PowerOfTwo,
}

impl Requantize {
    /// Whether it is the usual one.
    pub(super) fn is_float(&self) -> bool {
        *self == Self::Float
    }
}

/// As files of experiments spell it.
impl fmt::Display for Requantize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Float => "float",
            Self::FixedPoint => "fixed-point",
            Self::PowerOfTwo => "power-of-two",
        })
    }
}

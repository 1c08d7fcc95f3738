//! The device that models are for.

use bitsweep_device::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The device that models are for: the report says what each variant takes there as a program in C.
///
/// ```toml
/// target = "atmega328p"
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Which one.
    pub target: Target,
}

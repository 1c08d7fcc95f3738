//! Quantized inputs of layers.

use bitsweep_quant::ActivationScheme;
use serde::Serialize;

use super::calibration::CalibrationRows;

/// How the inputs of all layers are quantized, and on which rows static ranges are found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Activations {
    /// Codes, and where their range comes from.
    pub scheme: ActivationScheme,
    /// The calibration rows; `None` of a dynamic scheme, which looks at none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<CalibrationRows>,
}

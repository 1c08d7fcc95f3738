//! Which rows calibration looks at, and what it does.

use std::num::NonZeroUsize;

use bitsweep_quant::spelling::is_neutral;
use bitsweep_quant::{BiasCorrection, CalibrationMethod};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The calibration rows: training rows that methods, corrections and static ranges look at.
///
/// ```toml
/// rows = 64
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CalibrationSpec {
    /// How many training rows, drawn without replacement by the unit's stream `calibration`; all of them by default.
    pub rows: Option<NonZeroUsize>,
}

/// How codes are chosen and biases corrected, and on which rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Calibration {
    /// How codes are chosen.
    #[serde(skip_serializing_if = "is_neutral")]
    pub method: CalibrationMethod,
    /// What happens to biases once the weights are quantized.
    #[serde(skip_serializing_if = "is_neutral")]
    pub bias_correction: BiasCorrection,
    /// The calibration rows; `None` where nothing looks at inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<CalibrationRows>,
}

/// Which training rows are calibration rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CalibrationRows {
    /// All.
    All,
    /// So many, drawn at random.
    Drawn(NonZeroUsize),
}

impl CalibrationRows {
    /// The rows that the file asks for.
    pub(crate) fn of(spec: CalibrationSpec) -> CalibrationRows {
        spec.rows.map_or(CalibrationRows::All, CalibrationRows::Drawn)
    }
}

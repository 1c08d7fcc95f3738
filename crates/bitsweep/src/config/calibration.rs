//! What a file says about codes that know their inputs.

use std::fmt;
use std::num::NonZeroUsize;

use bitsweep_quant::{BiasCorrection, CalibrationMethod, Range};
use serde::{Deserialize, Serialize};

use super::specification::VariantSpec;

/// Calibration inputs, as TOML spells them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CalibrationSpec {
    /// How many training rows, drawn without replacement by the unit's stream `calibration`; all of them by default.
    pub rows: Option<NonZeroUsize>,
}

/// How codes are chosen and biases corrected, and on which rows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Calibration {
    /// How codes are chosen.
    pub method: CalibrationMethod,
    /// What happens to biases once the weights are quantized.
    pub bias_correction: BiasCorrection,
    /// The calibration rows; `None` where nothing looks at inputs.
    pub rows: Option<CalibrationRows>,
}

/// Which training rows are calibration rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalibrationRows {
    /// All.
    All,
    /// So many, drawn at random.
    Drawn(NonZeroUsize),
}

impl Calibration {
    /// Rows are there for every method but nearest, for bias correction, for ranges by output error, for transforms that look
    /// at inputs, and where the file asks for them: then the output error of nearest is measured, too.
    pub fn resolve(spec: &VariantSpec) -> Calibration {
        let VariantSpec { method, bias_correction, calibration, weights, layers, .. } = spec;
        let looks_at_inputs = *method != CalibrationMethod::Nearest
            || *bias_correction != BiasCorrection::None
            || weights.range == Some(Range::OutputMse)
            || layers.values().any(|layer| layer.range == Some(Range::OutputMse))
            || spec.transform.looks_at_inputs();
        let rows = match calibration {
            Some(CalibrationSpec { rows: Some(rows) }) => Some(CalibrationRows::Drawn(*rows)),
            Some(CalibrationSpec { rows: None }) => Some(CalibrationRows::All),
            None => looks_at_inputs.then_some(CalibrationRows::All),
        };
        Calibration { method: *method, bias_correction: *bias_correction, rows }
    }

    /// Name and value of each axis, as labels and keys take them.
    pub fn axes(&self) -> [(&'static str, String); 3] {
        [
            ("method", self.method.to_string()),
            ("bias_correction", self.bias_correction.to_string()),
            ("calibration", self.rows.map_or_else(String::new, |rows| rows.to_string())),
        ]
    }
}

impl fmt::Display for CalibrationRows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CalibrationRows::All => formatter.write_str("all training rows"),
            CalibrationRows::Drawn(rows) if rows.get() == 1 => formatter.write_str("1 row"),
            CalibrationRows::Drawn(rows) => write!(formatter, "{rows} rows"),
        }
    }
}

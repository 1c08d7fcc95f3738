//! What a file says about quantized inputs of layers.

use bitsweep_quant::{ActivationError, ActivationScheme};

use super::calibration::{CalibrationRows, CalibrationSpec};
use super::specification::VariantSpec;

/// How the inputs of all layers are quantized, and on which rows static ranges are found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activations {
    /// Codes, and where their range comes from.
    pub scheme: ActivationScheme,
    /// The calibration rows; `None` of a dynamic scheme, which looks at none.
    pub rows: Option<CalibrationRows>,
}

impl Activations {
    /// What `[quantize.activations]` says; `None` where inputs stay float. Static ranges come from the rows of
    /// `[quantize.calibration]`, without it from all training rows.
    ///
    /// # Errors
    /// A sentence for what contradicts itself.
    pub fn resolve(spec: &VariantSpec) -> Result<Option<Activations>, ActivationError> {
        let Some(activations) = &spec.activations else { return Ok(None) };
        let scheme = activations.resolve()?;
        let rows = match spec.calibration {
            Some(CalibrationSpec { rows: Some(rows) }) => CalibrationRows::Drawn(rows),
            Some(CalibrationSpec { rows: None }) | None => CalibrationRows::All,
        };
        Ok(Some(Activations { scheme, rows: scheme.is_static().then_some(rows) }))
    }

    /// Name and value of each axis, as labels take them; empty where inputs stay float.
    pub fn axes(activations: Option<&Activations>) -> [(&'static str, String); 2] {
        let value = |words: fn(&ActivationScheme) -> String| {
            activations.map_or_else(String::new, |activations| words(&activations.scheme))
        };
        [
            ("activation_bits", value(|scheme| scheme.bits().to_string())),
            ("activations", value(ToString::to_string)),
        ]
    }
}

//! From what a file says to a variant.

use std::collections::BTreeMap;
use std::fmt;

use bitsweep_quant::{BiasCorrection, CalibrationMethod, Range, Scheme, SchemeSpec};

use super::{Activations, Calibration, CalibrationRows, LayerName, Mixed, Refusal, Variant, VariantSpec};

/// The schemes of all layers.
struct Schemes {
    base: Scheme,
    layers: BTreeMap<LayerName, Scheme>,
    mixed: Option<Mixed>,
}

impl VariantSpec {
    /// The variant: defaults filled in, contradictions refused.
    ///
    /// # Errors
    /// A sentence for the first contradiction, and the key at which it stands.
    pub fn resolve(&self) -> Result<Variant, Refusal> {
        if let Some(name) = &self.name
            && (name.trim() != name || name.is_empty() || name.contains(char::is_control))
        {
            let message = format!(
                "found `{}`, expected a name of one line without blanks around it",
                name.escape_default()
            );
            return Err(Refusal::new("name", message));
        }
        let Schemes { base, layers, mixed } = match &self.mixed {
            None => self.given_schemes()?,
            Some(spec) => {
                let mixed = spec.resolve(&self.weights)?;
                Schemes {
                    base: mixed.nominal(),
                    layers: self.layers_beside(&mixed.nominal())?,
                    mixed: Some(mixed),
                }
            }
        };
        let activations = self.activations()?;
        let variant = Variant {
            name: self.name.clone(),
            transform: self.transform,
            biases: self.biases,
            scaler: self.scaler,
            calibration: self.calibration(activations.as_ref()),
            scheme: base,
            activations,
            layers,
            mixed,
            training: self.training.clone(),
        };
        variant.check_parts()?;
        if let Some(aware) = &variant.training {
            let is_transformed = variant.transform != bitsweep_quant::Transform::None;
            aware
                .check(&variant.scheme, is_transformed)
                .map_err(|error| Refusal::new("training", &error).of(error.setting()))?;
        }
        Ok(variant)
    }

    fn given_schemes(&self) -> Result<Schemes, Refusal> {
        let base = self.weights.resolve().map_err(|error| Refusal::new("weights", error))?;
        self.method.check(&base).map_err(|error| Refusal::new("method", &error).of(error.setting()))?;
        Ok(Schemes { base, layers: self.layers_beside(&base)?, mixed: None })
    }

    /// The layers whose scheme is not `base`.
    fn layers_beside(&self, base: &Scheme) -> Result<BTreeMap<LayerName, Scheme>, Refusal> {
        let layer = |(name, own): (&LayerName, &SchemeSpec)| {
            let refused = |key, error: &dyn fmt::Display| Refusal::new(key, format!("{name}: {error}"));
            let scheme = self.weights.with(own).resolve().map_err(|error| refused("layers", &error))?;
            self.method.check(&scheme).map_err(|error| refused("method", &error))?;
            Ok((*name, scheme))
        };
        let mut layers: BTreeMap<LayerName, Scheme> =
            self.layers.iter().map(layer).collect::<Result<_, _>>()?;
        layers.retain(|_, scheme| scheme != base);
        Ok(layers)
    }

    /// Static ranges come from the rows of `[quantize.calibration]`, without it from all training rows.
    fn activations(&self) -> Result<Option<Activations>, Refusal> {
        let Some(activations) = &self.activations else { return Ok(None) };
        let scheme =
            activations.resolve().map_err(|error| Refusal::new("activations", &error).of(error.setting()))?;
        let rows = self.calibration.map_or(CalibrationRows::All, CalibrationRows::of);
        Ok(Some(Activations { scheme, rows: scheme.is_static().then_some(rows) }))
    }

    /// Rows are there for every method but nearest, for bias correction, for ranges by output error, for transforms that look
    /// at inputs, and where the file asks for them: then the output error of nearest is measured, too. Rows that the file
    /// asks for beside static activations may be meant for those alone.
    fn calibration(&self, activations: Option<&Activations>) -> Calibration {
        let VariantSpec { method, bias_correction, calibration, weights, layers, mixed, training, .. } = self;
        let looks_at_inputs = *method != CalibrationMethod::Nearest
            || *bias_correction != BiasCorrection::None
            || weights.range == Some(Range::OutputMse)
            || layers.values().any(|layer| layer.range == Some(Range::OutputMse))
            || self.transform.looks_at_inputs();
        let are_for_activations = (mixed.is_some() || training.is_some())
            && activations.is_some_and(|activations| activations.rows.is_some());
        let asked = calibration.filter(|_| looks_at_inputs || !are_for_activations).map(CalibrationRows::of);
        let rows = asked.or_else(|| looks_at_inputs.then_some(CalibrationRows::All));
        Calibration { method: *method, bias_correction: *bias_correction, rows }
    }
}

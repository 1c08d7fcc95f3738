//! What a file says about single layers.

use std::collections::BTreeMap;
use std::fmt;

use bitsweep_quant::{BiasCorrection, CalibrationMethod, Range, Scheme, SchemeSpec};
use serde::{Deserialize, Serialize};

use super::mixed::{Mixed, MixedSpec};
use super::specification::VariantSpec;

/// A layer by the name of its weight: `W1` is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LayerName(usize);

impl LayerName {
    /// The layer with this position, counted from 0.
    pub fn at(position: usize) -> LayerName {
        LayerName(position)
    }

    /// Its position, counted from 0.
    pub fn position(self) -> usize {
        self.0
    }
}

impl TryFrom<String> for LayerName {
    type Error = String;

    fn try_from(name: String) -> Result<LayerName, String> {
        let number = name.strip_prefix('W').and_then(|digits| digits.parse::<usize>().ok());
        let position = number.and_then(|number| number.checked_sub(1));
        position
            .map(LayerName)
            .filter(|layer| layer.to_string() == name)
            .ok_or_else(|| format!("`{name}` is no layer: expected `W1`, `W2`, … after the layer's weight"))
    }
}

impl From<LayerName> for String {
    fn from(layer: LayerName) -> String {
        layer.to_string()
    }
}

impl fmt::Display for LayerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "W{}", self.0 + 1)
    }
}

/// How the layers of a variant are quantized.
#[derive(Debug, Clone, PartialEq)]
pub struct Schemes {
    /// The scheme of every layer that has none of its own; where bits are chosen, see [`Mixed::nominal`].
    pub base: Scheme,
    /// Layers with schemes of their own.
    pub layers: BTreeMap<LayerName, Scheme>,
    /// How the bits of every layer are chosen, where they are.
    pub mixed: Option<Mixed>,
}

/// Why the tables below `quantize` do not make schemes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemeRefusal {
    /// The table that is wrong.
    pub table: &'static str,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl SchemeRefusal {
    pub(super) fn new(table: &'static str, message: impl Into<String>) -> SchemeRefusal {
        SchemeRefusal { table, message: message.into() }
    }
}

impl VariantSpec {
    /// The schemes of all layers.
    ///
    /// # Errors
    /// A sentence for the first contradiction, and the table in which it stands.
    pub fn schemes(&self) -> Result<Schemes, SchemeRefusal> {
        let layered = match (&self.mixed, self.layers.is_empty()) {
            (None, true) => None,
            (None, false) => Some("layers"),
            (Some(_), true) => Some("mixed"),
            (Some(_), false) => {
                let message = "schemes of single layers have no place beside `mixed`, which chooses the bits of every \
                               layer: leave `layers` or `mixed` out";
                return Err(SchemeRefusal::new("layers", message));
            }
        };
        if let (Some(table), Some(_)) = (layered, &self.training) {
            let message =
                format!("`{table}` has no place beside `training`, whose loop knows a single scheme");
            return Err(SchemeRefusal::new(table, message));
        }
        match &self.mixed {
            None => self.given_schemes(),
            Some(mixed) => self.mixed_schemes(mixed),
        }
    }

    fn given_schemes(&self) -> Result<Schemes, SchemeRefusal> {
        let wrong = |table, error: &dyn fmt::Display| SchemeRefusal::new(table, error.to_string());
        let base = self.weights.resolve().map_err(|error| wrong("weights", &error))?;
        self.method.check(&base).map_err(|error| wrong("method", &error))?;
        let layer = |(name, own): (&LayerName, &SchemeSpec)| {
            let refused = |table, error: &dyn fmt::Display| wrong(table, &format!("{name}: {error}"));
            let scheme = self.weights.with(own).resolve().map_err(|error| refused("layers", &error))?;
            self.method.check(&scheme).map_err(|error| refused("method", &error))?;
            Ok((*name, scheme))
        };
        let layers = self.layers.iter().map(layer).collect::<Result<_, _>>()?;
        Ok(Schemes { base, layers, mixed: None })
    }

    fn mixed_schemes(&self, spec: &MixedSpec) -> Result<Schemes, SchemeRefusal> {
        if self.method != CalibrationMethod::Nearest
            || self.bias_correction != BiasCorrection::None
            || self.calibration.is_some()
            || self.weights.range == Some(Range::OutputMse)
        {
            let message = "calibration has no place beside `mixed`, which chooses bits by rounding to nearest on all \
                           training rows: leave `method`, `bias_correction`, `calibration` and `range = output-mse` out, or \
                           give the bits that it chose in `layers`";
            return Err(SchemeRefusal::new("mixed", message));
        }
        let mixed = spec.resolve(&self.weights)?;
        Ok(Schemes { base: mixed.nominal(), layers: BTreeMap::new(), mixed: Some(mixed) })
    }
}

/// Schemes of single layers as one text: `W1 8 bit symmetric, W2 4 bit symmetric`.
pub fn layers_text(layers: &BTreeMap<LayerName, Scheme>) -> String {
    layers.iter().map(|(name, scheme)| format!("{name} {scheme}")).collect::<Vec<_>>().join(", ")
}

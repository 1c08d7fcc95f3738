//! A variant: everything that is done to a subject, as a value that is resolved and checked.
//!
//! A file's tables below `quantize` are read as a [`VariantSpec`], which [resolves](VariantSpec::resolve) to a [`Variant`] once;
//! the [rules](combinations) say what does not combine. The canonical form of a variant, which keys hash, is its
//! serialization: the value on every axis that is not neutral, and no word made for people.

mod activations;
mod calibration;
mod choices;
mod layer_name;
mod mixed;
mod refusal;
mod resolve;
mod rules;
mod spec;
mod training;

use std::collections::BTreeMap;

use bitsweep_quant::spelling::is_neutral;
use bitsweep_quant::{Format, Range, Scheme, Transform};
use serde::Serialize;

pub use activations::Activations;
pub use calibration::{Calibration, CalibrationRows, CalibrationSpec};
pub use layer_name::LayerName;
pub use mixed::{Budget, BudgetSpec, Mixed, MixedSpec, Objective};
pub use refusal::Refusal;
pub use rules::{Part, Rule, combinations};
pub use spec::{Biases, ScalerUse, VariantSpec};
pub use training::{AwareError, AwareTraining, Dorefa, GradientEstimator, Pact, Start, Wrpn};

/// One way to quantize a unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variant {
    /// The name that the user gave it. No part of what it does.
    #[serde(skip)]
    pub name: Option<String>,
    /// A change of the weights that leaves the float function as it is.
    #[serde(skip_serializing_if = "is_neutral")]
    pub transform: Transform,
    /// What happens to biases.
    #[serde(skip_serializing_if = "is_neutral")]
    pub biases: Biases,
    /// What becomes of the scaler of the features.
    #[serde(skip_serializing_if = "is_neutral")]
    pub scaler: ScalerUse,
    /// How codes are chosen and biases corrected.
    #[serde(skip_serializing_if = "is_neutral")]
    pub calibration: Calibration,
    /// How weights, or a tensor's values, are quantized; where bits are chosen, what the variant is named by.
    pub scheme: Scheme,
    /// How the inputs of layers are quantized; `None` where they stay float.
    #[serde(skip_serializing_if = "is_neutral")]
    pub activations: Option<Activations>,
    /// Layers with schemes of their own, which differ from `scheme`.
    #[serde(skip_serializing_if = "is_neutral")]
    pub layers: BTreeMap<LayerName, Scheme>,
    /// How the bits of every layer are chosen, where they are.
    #[serde(skip_serializing_if = "is_neutral")]
    pub mixed: Option<Mixed>,
    /// Training with quantization in the loop; without it the trained float model is quantized.
    #[serde(skip_serializing_if = "is_neutral")]
    pub training: Option<AwareTraining>,
}

impl Variant {
    /// Whether layers may have different schemes.
    pub fn is_layered(&self) -> bool {
        self.mixed.is_some() || !self.layers.is_empty()
    }

    /// Whether making it looks at training rows.
    pub fn looks_at_training_rows(&self) -> bool {
        let calibrated =
            self.activations.as_ref().and_then(|activations| activations.rows).or(self.calibration.rows);
        calibrated.is_some() || self.mixed.is_some() || self.training.is_some()
    }

    /// Whether the scheme of some layer has this range.
    pub fn has_range(&self, range: Range) -> bool {
        std::iter::once(&self.scheme).chain(self.layers.values()).any(|scheme| scheme.range == range)
    }

    /// Whether the scheme of some layer has codebooks.
    pub fn has_codebooks(&self) -> bool {
        let schemes = std::iter::once(&self.scheme).chain(self.layers.values());
        let mut formats = schemes.map(|scheme| scheme.format);
        formats.any(|format| matches!(format, Format::Codebook(_)))
    }

    /// The scheme of a layer, counted from 0.
    pub fn scheme_of(&self, layer: usize) -> &Scheme {
        self.layers.get(&LayerName::at(layer)).unwrap_or(&self.scheme)
    }

    /// How it is quantized, in full, for people: `4 bit symmetric; W2 8 bit symmetric`.
    pub fn schemes_text(&self) -> String {
        let mut parts = vec![self.scheme.to_string()];
        parts.extend(self.layers.iter().map(|(name, scheme)| format!("{name} {scheme}")));
        parts.extend(self.mixed.as_ref().map(|mixed| {
            let bits: Vec<String> = mixed.candidates.iter().map(|scheme| scheme.bits().to_string()).collect();
            format!("from {} bit by {}, within {}", bits.join("/"), mixed.objective, mixed.budget)
        }));
        parts.join("; ")
    }
}

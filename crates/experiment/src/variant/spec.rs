//! What a file says about one variant.

use std::collections::BTreeMap;

use bitsweep_quant::{ActivationSpec, BiasCorrection, CalibrationMethod, SchemeSpec, Transform};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::calibration::CalibrationSpec;
use super::layer_name::LayerName;
use super::mixed::MixedSpec;
use super::training::AwareTraining;

/// What is done to the model or tensor.
///
/// ```toml
/// name = "smoothed"
/// transform = "smooth"
/// biases = "quantize"
/// scaler = "count"
/// method = "gptq"
/// bias_correction = "empirical"
/// weights = { bits = 4, granularity = "output-channel" }
/// layers.W2 = { bits = 8 }
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantSpec {
    /// What labels call it, on one line; by default they say what is particular to it.
    #[serde(default)]
    pub name: Option<String>,
    /// A change of the weights before they are quantized, that leaves the float function as it is.
    #[serde(default)]
    pub transform: Transform,
    /// What happens to biases.
    #[serde(default)]
    pub biases: Biases,
    /// What becomes of the scaler of the features.
    #[serde(default)]
    pub scaler: ScalerUse,
    /// How codes are chosen.
    #[serde(default)]
    pub method: CalibrationMethod,
    /// What happens to biases once the weights of their layer are quantized.
    #[serde(default)]
    pub bias_correction: BiasCorrection,
    /// The rows that calibrated methods look at; all training rows by default.
    #[serde(default)]
    pub calibration: Option<CalibrationSpec>,
    /// How weights, or a tensor's values, are quantized.
    pub weights: SchemeSpec,
    /// How the inputs of all layers, the features too, are quantized; they stay float when absent.
    #[serde(default)]
    pub activations: Option<ActivationSpec>,
    /// What is different for single layers: `W1` is the first one.
    #[serde(default)]
    pub layers: BTreeMap<LayerName, SchemeSpec>,
    /// Bits chosen for each layer, instead of the same for all.
    #[serde(default)]
    pub mixed: Option<MixedSpec>,
    /// Training with quantization in the loop; without it the trained float model is quantized.
    #[serde(default)]
    pub training: Option<AwareTraining>,
}

/// What happens to biases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Biases {
    /// They stay f32.
    #[default]
    Keep,
    /// They are quantized by the weights' scheme, each bias vector as a matrix of one row.
    Quantize,
}

/// What becomes of the scaler of the features, without which the model cannot be run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScalerUse {
    /// It is stored beside the model, and its bytes are counted.
    #[default]
    Count,
    /// It is folded into the first layer before that is quantized, and takes no bytes.
    Fold,
}

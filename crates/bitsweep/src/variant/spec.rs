//! What a file says about one variant.

use std::collections::BTreeMap;

use bitsweep_quant::{ActivationSpec, BiasCorrection, CalibrationMethod, SchemeSpec, Transform};
use serde::{Deserialize, Serialize};

use super::calibration::CalibrationSpec;
use super::layer_name::LayerName;
use super::mixed::MixedSpec;
use super::training::AwareTraining;

/// What is done to the model or tensor, as a file spells it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantSpec {
    /// What labels call it; made of the axes that vary when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// A change of the weights that leaves the float function as it is.
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
    /// The inputs that calibrated methods look at.
    #[serde(default)]
    pub calibration: Option<CalibrationSpec>,
    /// How weights, or a tensor's values, are quantized.
    pub weights: SchemeSpec,
    /// How the inputs of all layers, the features too, are quantized; they stay float when absent.
    #[serde(default)]
    pub activations: Option<ActivationSpec>,
    /// What is different for single layers.
    #[serde(default)]
    pub layers: BTreeMap<LayerName, SchemeSpec>,
    /// Bits chosen for each layer, instead of the same for all.
    #[serde(default)]
    pub mixed: Option<MixedSpec>,
    /// Training with quantization in the loop, instead of quantizing the trained float model.
    #[serde(default)]
    pub training: Option<AwareTraining>,
}

/// What happens to biases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Biases {
    /// They stay f32.
    #[default]
    Keep,
    /// They are quantized by the weights' scheme, each bias vector as a matrix of one row.
    Quantize,
}

/// What becomes of the scaler of the features, without which the model cannot be run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScalerUse {
    /// It is stored beside the model, and its bytes are counted.
    #[default]
    Count,
    /// It is folded into the first layer before that is quantized, and takes no bytes.
    Fold,
}

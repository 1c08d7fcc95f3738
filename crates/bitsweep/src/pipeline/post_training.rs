//! A variant made from the trained float model.

use bitsweep_models::Model;
use bitsweep_results::CalibrationMeasures;

use super::calibrate::{CalibratedModel, quantize_layers};
use super::fake_quantization::HiddenActivations;
use super::mixed::{Choice, choose};
use super::prepare::Prepared;
use super::quantize::{QuantizedTensor, quantize_tensor};
use crate::config::Biases;
use crate::failure::Failure;
use crate::plan::{Unit, Variant};

/// Bytes of one float parameter.
pub(super) const FLOAT_BYTES: u64 = size_of::<f32>() as u64;

/// A model whose tensors went through a scheme.
pub(super) struct QuantizedModel {
    pub(super) stack: Model,
    pub(super) tensors: Vec<QuantizedTensor<f32>>,
    /// Bytes of the biases that stay as they are.
    pub(super) kept_bytes: u64,
    /// The quantized activations that it was trained with.
    pub(super) activations: Option<HiddenActivations>,
    pub(super) calibration: Option<CalibrationMeasures>,
    /// What calibration did not do, or how bits were chosen.
    pub(super) flags: Vec<String>,
}

/// Quantizes `float`, the trained model under the variant's transform, with bits chosen first where they are.
pub(super) fn quantize(
    unit: &Unit,
    prepared: &Prepared<'_>,
    float: &Model,
    variant: &Variant,
) -> Result<QuantizedModel, Failure> {
    let Some(mixed) = &variant.mixed else { return quantize_given(unit, prepared, float, variant) };
    let Choice { layers, flags } = choose(unit, prepared, float, variant, mixed)?;
    let chosen = Variant { layers, mixed: None, ..variant.clone() };
    let mut model = quantize_given(unit, prepared, float, &chosen)?;
    model.flags.extend(flags);
    Ok(model)
}

/// Quantizes by the variant's schemes.
fn quantize_given(
    unit: &Unit,
    prepared: &Prepared<'_>,
    float: &Model,
    variant: &Variant,
) -> Result<QuantizedModel, Failure> {
    if let Some(rows) = variant.calibration.rows {
        let CalibratedModel { stack, tensors, measures, flags } =
            quantize_layers(unit, prepared, float, variant, rows)?;
        let biases: usize = stack.linear_layers().map(|(_, layer)| layer.bias.len()).sum();
        let kept_bytes = match variant.biases {
            Biases::Keep => biases as u64 * FLOAT_BYTES,
            Biases::Quantize => 0,
        };
        return Ok(QuantizedModel {
            stack,
            tensors,
            kept_bytes,
            activations: None,
            calibration: Some(measures),
            flags,
        });
    }
    let mut stack = float.clone();
    let mut tensors = Vec::new();
    let mut kept_bytes = 0;
    for ((id, values), (_, mut target)) in float.weights().zip(stack.weights_mut()) {
        if id.is_bias() && variant.biases == Biases::Keep {
            kept_bytes += values.len() as u64 * FLOAT_BYTES;
            continue;
        }
        let tensor = quantize_tensor(unit, &id.to_string(), values, variant.scheme_of(id.layer()))?;
        target.assign(&tensor.reconstruction);
        tensors.push(tensor);
    }
    Ok(QuantizedModel { stack, tensors, kept_bytes, activations: None, calibration: None, flags: Vec::new() })
}

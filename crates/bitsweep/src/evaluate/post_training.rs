//! A variant made from the float model.

use bitsweep_models::Model;
use bitsweep_results::FailureKind;

use super::calibrate::{Calibrated, quantize_layers};
use super::mixed::{Choice, choose};
use super::prepare::Prepared;
use super::quantized_model::{QuantizedModel, QuantizedWeight, quantized};
use super::stop::{At, Step};
use super::transform::Transformed;
use crate::plan::Unit;
use bitsweep_experiment::variant::{Biases, Variant};

/// Quantizes the trained model under the variant's transform, with bits chosen first where they are.
pub(super) fn post_training(
    unit: &Unit,
    prepared: &Prepared<'_>,
    transformed: &Transformed<'_, '_>,
    variant: &Variant,
) -> Step<QuantizedModel> {
    let Some(mixed) = &variant.mixed else { return by_given_schemes(unit, prepared, transformed, variant) };
    let Choice { layers, flags } = choose(unit, prepared, &transformed.model, variant, mixed)?;
    let chosen = Variant { layers, mixed: None, ..variant.clone() };
    let mut model = by_given_schemes(unit, prepared, transformed, &chosen)?;
    model.flags.extend(flags);
    Ok(model)
}

fn by_given_schemes(
    unit: &Unit,
    prepared: &Prepared<'_>,
    transformed: &Transformed<'_, '_>,
    variant: &Variant,
) -> Step<QuantizedModel> {
    let Transformed { model: float, rescaling, .. } = transformed;
    if let Some(rows) = variant.calibration.rows {
        let Calibrated { model, weights, measures, flags } =
            quantize_layers(unit, prepared, float, rescaling, variant, rows)?;
        return Ok(QuantizedModel {
            model,
            weights,
            latent: None,
            activations: None,
            calibration: Some(measures),
            flags,
        });
    }
    let mut model = Model::clone(float);
    let mut weights = Vec::new();
    for ((id, values), (_, mut target)) in float.weights().zip(model.weights_mut()) {
        if id.is_bias() && variant.biases == Biases::Keep {
            continue;
        }
        let quantized = quantized(unit, &id, values, variant.scheme_of(id.layer()))?;
        quantized.reconstruct_into(target.view_mut()).at(FailureKind::Quantization)?;
        weights.push(QuantizedWeight { name: id, quantized });
    }
    Ok(QuantizedModel {
        model,
        weights,
        latent: None,
        activations: None,
        calibration: None,
        flags: Vec::new(),
    })
}

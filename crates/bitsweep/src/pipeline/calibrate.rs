//! Layer by layer: codes chosen and biases corrected for the inputs that the layer sees.

use bitsweep_models::{Activation, Dense, DenseStack};
use bitsweep_quant::{BiasCorrection, Errors, Hessian, Method, Outcome, calibrate, mean_shift};
use bitsweep_results::CalibrationMeasures;
use ndarray::{Array2, Axis};

use super::failed;
use super::prepare::{Prepared, stream};
use super::quantize::{QuantizedTensor, quantize_tensor};
use crate::config::{Biases, CalibrationRows};
use crate::failure::Failure;
use crate::plan::{Unit, Variant};

/// A model whose layers were quantized one after the other.
pub(super) struct CalibratedModel {
    pub(super) stack: DenseStack,
    pub(super) tensors: Vec<QuantizedTensor<f32>>,
    pub(super) measures: CalibrationMeasures,
    /// What the method and the bias correction did not do, one clause each.
    pub(super) flags: Vec<String>,
}

/// Quantizes the weights of `float`, the first layer first.
///
/// A layer's calibration inputs are the outputs of the layers before it as quantized and corrected so far, in `f64`.
/// Biases are corrected so that the mean output before the activation is that of the float model, whose own layers saw
/// float inputs; only then are they quantized, if they are, by rounding to nearest.
pub(super) fn quantize_layers(
    unit: &Unit,
    prepared: &Prepared<'_>,
    float: &DenseStack,
    variant: &Variant,
    rows: CalibrationRows,
) -> Result<CalibratedModel, Failure> {
    let mut inputs = calibration_inputs(unit, prepared, rows)?;
    let measures = CalibrationMeasures { rows: inputs.nrows(), ..CalibrationMeasures::default() };
    let mut float_inputs = inputs.clone();
    let mut layers = Vec::with_capacity(float.layers().len());
    let mut tensors = Vec::new();
    let mut total = Outcome::default();
    let mut corrected = false;
    for (position, layer) in float.layers().iter().enumerate() {
        let name = format!("W{}", position + 1);
        let refused = |error| failed(unit, format!("{name}: {error}"));
        let hessian = Hessian::of_inputs(inputs.view()).map_err(refused)?;
        let mut stream = stream(unit, &format!("quantize {name}"))?;
        let (method, weight) = (&variant.calibration.method, layer.weight.view());
        let scheme = variant.scheme_of(position);
        let calibrated = calibrate(weight, scheme, method, &hessian, &mut stream);
        let calibrated = calibrated.map_err(refused)?;
        total = total.merge(calibrated.outcome);
        let reconstruction = calibrated.quantized.reconstruct();
        let mut changed = Dense { weight: reconstruction.clone(), ..layer.clone() };
        tensors.push(QuantizedTensor {
            name: name.clone(),
            original: layer.weight.clone(),
            errors: Errors::measure(weight, reconstruction.view()),
            reconstruction,
            quantized: calibrated.quantized,
        });
        let float_outputs = sums(unit, float, layer, &float_inputs)?;
        match variant.calibration.bias_correction {
            BiasCorrection::None => {}
            BiasCorrection::Empirical => {
                let outputs = sums(unit, float, &changed, &inputs)?;
                let shift = mean_shift(float_outputs.view(), outputs.view()).map_err(refused)?;
                changed.bias.zip_mut_with(&shift, |bias, shift| *bias = (f64::from(*bias) + shift) as f32);
                corrected |= changed.bias != layer.bias;
            }
        }
        match variant.biases {
            Biases::Keep => {}
            Biases::Quantize => {
                let bias = changed.bias.view().insert_axis(Axis(0));
                let tensor = quantize_tensor(unit, &format!("b{}", position + 1), bias, scheme)?;
                changed.bias = tensor.reconstruction.row(0).to_owned();
                tensors.push(tensor);
            }
        }
        inputs = activated(layer.activation, sums(unit, float, &changed, &inputs)?);
        float_inputs = activated(layer.activation, float_outputs);
        layers.push(changed);
    }
    let stack = DenseStack::new(layers, float.head()).map_err(|error| failed(unit, error))?;
    let Outcome { codes_changed, proxy_loss_nearest, proxy_loss, .. } = total;
    let measures = CalibrationMeasures { codes_changed, proxy_loss_nearest, proxy_loss, ..measures };
    Ok(CalibratedModel { stack, tensors, measures, flags: flags(variant, &total, corrected) })
}

fn flags(variant: &Variant, outcome: &Outcome, corrected: bool) -> Vec<String> {
    let mut flags = Vec::new();
    let method = variant.calibration.method;
    if method != Method::Nearest && !outcome.changed() {
        flags.push(format!("{method} changed nothing against rounding to nearest"));
    }
    if outcome.is_worse() {
        flags.push(format!("{method} raised the output error on the calibration rows above nearest's"));
    }
    match variant.calibration.bias_correction {
        BiasCorrection::Empirical if !corrected => flags.push("bias correction changed nothing".to_owned()),
        BiasCorrection::Empirical | BiasCorrection::None => {}
    }
    flags
}

/// The features of the calibration rows.
fn calibration_inputs(
    unit: &Unit,
    prepared: &Prepared<'_>,
    rows: CalibrationRows,
) -> Result<Array2<f64>, Failure> {
    let features = &prepared.train_features;
    match rows {
        CalibrationRows::All => Ok(features.clone()),
        CalibrationRows::Drawn(rows) if rows.get() > features.nrows() => Err(failed(
            unit,
            format!(
                "`calibration.rows = {rows}` but there are {} training rows: expected at most as many",
                features.nrows()
            ),
        )),
        CalibrationRows::Drawn(rows) => {
            let drawn = stream(unit, "calibration")?.choice_without_replacement(features.nrows(), rows.get());
            Ok(features.select(Axis(0), &drawn))
        }
    }
}

/// `x·W + b` in `f64`, by the model's own forward pass.
fn sums(
    unit: &Unit,
    stack: &DenseStack,
    layer: &Dense,
    inputs: &Array2<f64>,
) -> Result<Array2<f64>, Failure> {
    let linear = Dense { activation: Activation::Identity, ..layer.clone() };
    let single = DenseStack::new(vec![linear], stack.head()).map_err(|error| failed(unit, error))?;
    Ok(single.logits(inputs.view()))
}

fn activated(activation: Activation, sums: Array2<f64>) -> Array2<f64> {
    match activation {
        Activation::Identity => sums,
        Activation::Relu => sums.mapv_into(|sum| sum.max(0.0)),
    }
}

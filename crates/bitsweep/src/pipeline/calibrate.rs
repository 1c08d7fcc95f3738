//! Layer by layer: codes chosen and biases corrected for the inputs that the layer sees.

use bitsweep_models::{Activation, Linear, Model};
use bitsweep_quant::{
    BiasCorrection, CalibrationMethod, CalibrationOutcome, Hessian, Moments, Range, Scheme, calibrate,
    mean_shift,
};
use bitsweep_results::CalibrationMeasures;
use ndarray::{Array2, ArrayView2, Axis};

use super::failed;
use super::prepare::{Prepared, stream};
use super::quantize::{QuantizedTensor, quantize_tensor};
use crate::config::{Biases, CalibrationRows};
use crate::failure::Failure;
use crate::plan::{Unit, Variant};

/// A model whose layers were quantized one after the other.
pub(super) struct CalibratedModel {
    pub(super) stack: Model,
    pub(super) tensors: Vec<QuantizedTensor<f32>>,
    pub(super) measures: CalibrationMeasures,
    /// What the method and the bias correction did not do, one clause each.
    pub(super) flags: Vec<String>,
}

/// Quantizes the weights of `float`, the first layer first.
///
/// A layer's calibration inputs are the outputs of the layers before it as quantized and corrected so far, in `f64`.
/// Biases are corrected so that the mean output before the activation is that of the float model, whose own layers saw
/// float inputs: as measured on the calibration rows, or as expected from means and variances of their features alone.
/// Only then are they quantized, if they are, by rounding to nearest; as weights of an input that is always 1, so that a
/// range of least output error is one of least squared error.
pub(super) fn quantize_layers(
    unit: &Unit,
    prepared: &Prepared<'_>,
    float: &Model,
    variant: &Variant,
    rows: CalibrationRows,
) -> Result<CalibratedModel, Failure> {
    let mut inputs = calibration_inputs(unit, prepared, rows)?;
    let measures = CalibrationMeasures { rows: inputs.nrows(), ..CalibrationMeasures::default() };
    let mut float_inputs = inputs.clone();
    let mut layers = Vec::with_capacity(float.layers().len());
    let mut tensors = Vec::new();
    let mut total = CalibrationOutcome::default();
    let mut corrected = false;
    // The float model's, which the corrected one is to have on average.
    let mut moments = Moments::of_inputs(inputs.view()).map_err(|error| failed(unit, error))?;
    let constant_input = Hessian::of_inputs(Array2::<f64>::ones((1, 1)).view());
    let constant_input = constant_input.map_err(|error| failed(unit, error))?;
    for (position, layer) in float.linear_layers() {
        let name = format!("W{}", position + 1);
        let refused = |error| failed(unit, format!("{name}: {error}"));
        let hessian = Hessian::of_inputs(inputs.view()).map_err(refused)?;
        let mut stream = stream(unit, &format!("quantize {name}"))?;
        let (method, weight) = (&variant.calibration.method, layer.weight.view());
        let scheme = variant.scheme_of(position);
        let calibrated = calibrate(weight, scheme, method, &hessian, &mut stream);
        let calibrated = calibrated.map_err(refused)?;
        total = total.merge(calibrated.outcome);
        let tensor = QuantizedTensor::of(&name, weight, calibrated.quantized);
        let mut changed = Linear { weight: tensor.reconstruction.clone(), ..layer.clone() };
        tensors.push(tensor);
        let float_outputs = layer.sums(float_inputs.view());
        let shift = match variant.calibration.bias_correction {
            BiasCorrection::None => None,
            BiasCorrection::Empirical => {
                let outputs = changed.sums(inputs.view());
                Some(mean_shift(float_outputs.view(), outputs.view()).map_err(refused)?)
            }
            BiasCorrection::Analytic => {
                Some(moments.expected_shift(weight, changed.weight.view()).map_err(refused)?)
            }
        };
        if let Some(shift) = shift {
            changed.bias.zip_mut_with(&shift, |bias, shift| *bias = (f64::from(*bias) + shift) as f32);
            corrected |= changed.bias != layer.bias;
        }
        moments = moments.through(weight, layer.bias.view()).map_err(refused)?;
        moments = match layer.activation {
            Activation::Identity => moments,
            Activation::Relu => moments.rectified(),
            other => return Err(refused_activation(unit, &name, other)),
        };
        match variant.biases {
            Biases::Keep => {}
            Biases::Quantize => {
                let bias = changed.bias.view().insert_axis(Axis(0));
                let name = format!("b{}", position + 1);
                let tensor = quantize_bias(unit, &name, bias, scheme, &constant_input)?;
                changed.bias = tensor.reconstruction.row(0).to_owned();
                tensors.push(tensor);
            }
        }
        inputs = changed.outputs(inputs.view());
        float_inputs = float_outputs.mapv_into(|sum| layer.activation.apply(sum));
        layers.push(changed);
    }
    let stack = Model::new(layers, float.head()).map_err(|error| failed(unit, error))?;
    let CalibrationOutcome { codes_changed, proxy_loss_nearest, proxy_loss, .. } = total;
    let measures = CalibrationMeasures { codes_changed, proxy_loss_nearest, proxy_loss, ..measures };
    Ok(CalibratedModel { stack, tensors, measures, flags: flags(variant, &total, corrected) })
}

fn flags(variant: &Variant, outcome: &CalibrationOutcome, corrected: bool) -> Vec<String> {
    let mut flags = Vec::new();
    let method = variant.calibration.method;
    if method != CalibrationMethod::Nearest && !outcome.changed() {
        flags.push(format!("{method} changed nothing against rounding to nearest"));
    }
    if outcome.is_worse() {
        flags.push(format!("{method} raised the output error on the calibration rows above nearest's"));
    }
    if method == CalibrationMethod::Nearest && variant.scheme.range == Range::OutputMse && !outcome.changed()
    {
        flags.push("range output-mse changed nothing against min-max".to_owned());
    }
    match variant.calibration.bias_correction {
        BiasCorrection::Empirical | BiasCorrection::Analytic if !corrected => {
            flags.push("bias correction changed nothing".to_owned());
        }
        BiasCorrection::Empirical | BiasCorrection::Analytic | BiasCorrection::None => {}
    }
    flags
}

/// Rounds a bias `(1, out)` to nearest, by the scheme of the weights.
fn quantize_bias(
    unit: &Unit,
    name: &str,
    bias: ArrayView2<'_, f32>,
    scheme: &Scheme,
    constant_input: &Hessian,
) -> Result<QuantizedTensor<f32>, Failure> {
    match scheme.range {
        Range::MinMax | Range::Percentile(_) | Range::Mse | Range::Kl => {
            quantize_tensor(unit, name, bias, scheme)
        }
        Range::OutputMse => {
            let mut stream = stream(unit, &format!("quantize {name}"))?;
            let calibrated =
                calibrate(bias, scheme, &CalibrationMethod::Nearest, constant_input, &mut stream);
            let calibrated = calibrated.map_err(|error| failed(unit, format!("{name}: {error}")))?;
            Ok(QuantizedTensor::of(name, bias, calibrated.quantized))
        }
    }
}

/// The features of the calibration rows.
pub(super) fn calibration_inputs(
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

fn refused_activation(unit: &Unit, name: &str, activation: Activation) -> Failure {
    failed(unit, format!("{name}: the moments behind {activation} are not known: expected identity or relu"))
}

//! Layer by layer: codes chosen and biases corrected for the inputs that the layer sees.

use std::num::NonZeroUsize;

use bitsweep_models::{Activation, Layer, Linear, Model, WeightId, inputs_behind};
use bitsweep_quant::{
    BiasCorrection, CalibrationError, CalibrationMethod, CalibrationOutcome, Hessian, HessianSum, Moments,
    Quantized, Range, Scheme, ShiftSum, calibrate,
};
use bitsweep_results::{CalibrationMeasures, FailureKind, Flag};
use ndarray::{Array2, ArrayView2, Axis};

use super::prepare::{Prepared, stream};
use super::quantized_model::{QuantizedWeight, quantized};
use super::rescaling::Rescaling;
use super::stop::{At, Step, failed};
use super::transform::ROUNDING;
use crate::plan::Unit;
use bitsweep_experiment::variant::{Biases, CalibrationRows, Variant};

/// Calibration rows whose inputs of a layer are in memory at a time.
const BATCH_ROWS: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// A model whose layers were quantized one after the other.
pub(super) struct Calibrated {
    pub(super) model: Model,
    pub(super) weights: Vec<QuantizedWeight>,
    pub(super) measures: CalibrationMeasures,
    /// What the method and the bias correction did not do.
    pub(super) flags: Vec<Flag>,
}

/// Quantizes the weights of `float`, the first layer first; output errors are told in the units before `rescaling`.
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
    rescaling: &Rescaling,
    variant: &Variant,
    rows: CalibrationRows,
) -> Step<Calibrated> {
    let kind = FailureKind::Quantization;
    let features = prepared.calibration_features(unit, rows)?;
    let measures = CalibrationMeasures { rows: features.nrows(), ..CalibrationMeasures::default() };
    let mut correction = Correction::new(variant.calibration.bias_correction, &features)?;
    let constant_input = Hessian::of_inputs(Array2::<f64>::ones((1, 1)).view()).at(kind)?;
    let mut layers: Vec<Layer> = Vec::with_capacity(float.layers().len());
    let mut weights = Vec::new();
    let mut total = CalibrationOutcome::default();
    let mut corrected = false;
    for (position, layer) in float.layers().iter().enumerate() {
        let Layer::Linear(layer) = layer;
        let (id, scheme) = (WeightId::Weight(position), variant.scheme_of(position));
        let named = |error: &dyn std::fmt::Display| failed(kind, format!("{id}: {error}"));
        let hessian = hessian(layer, &layers, &features).map_err(|error| named(&error))?;
        let mut stream = stream(unit, &format!("quantize {id}"))?;
        let weight = layer.weight.view();
        let calibrated = calibrate(weight, scheme, &variant.calibration.method, &hessian, &mut stream);
        let calibrated = calibrated.map_err(|error| named(&error))?;
        let outcome = match rescaling.outputs_of(position) {
            None => calibrated.outcome,
            Some(factors) => calibrated
                .outcome_in_units(weight, &hessian, factors.view())
                .map_err(|error| named(&error))?,
        };
        total = total.merge(outcome);
        let mut changed = Linear { weight: calibrated.quantized.reconstruct(), ..layer.clone() };
        weights.push(QuantizedWeight { name: id, quantized: calibrated.quantized });
        let (before, after) = ((&float.layers()[..position], layer), (layers.as_slice(), &changed));
        let shift = correction.shift(before, after, &features).map_err(|error| named(&error))?;
        if let Some(shift) = shift {
            changed.bias.zip_mut_with(&shift, |bias, shift| *bias = (f64::from(*bias) + shift) as f32);
            // Twice the mean squared outputs, before the bias is added.
            let outputs = hessian.proxy_loss(weight.mapv(f64::from).view()).map_err(|error| named(&error))?;
            let squares: f64 = shift.iter().map(|shift| shift * shift).sum();
            corrected |= squares > ROUNDING * ROUNDING * outputs / 2.0;
        }
        match variant.biases {
            Biases::Keep => {}
            Biases::Quantize => {
                let bias = changed.bias.view().insert_axis(Axis(0));
                let id = WeightId::Bias(position);
                let quantized = quantized_bias(unit, id, bias, scheme, &constant_input)?;
                let reconstruction: Array2<f32> = quantized.reconstruct();
                weights.push(QuantizedWeight { name: id, quantized });
                changed.bias = reconstruction.row(0).to_owned();
            }
        }
        layers.push(changed.into());
    }
    let model = Model::new(layers, float.head()).at(kind)?;
    let CalibrationOutcome { codes_changed, proxy_loss_nearest, proxy_loss, .. } = total;
    let measures = CalibrationMeasures { codes_changed, proxy_loss_nearest, proxy_loss, ..measures };
    Ok(Calibrated { model, weights, measures, flags: flags(variant, &total, corrected) })
}

/// The Hessian of the inputs of `layer`, which follows `before`.
fn hessian(layer: &Linear, before: &[Layer], features: &Array2<f64>) -> Result<Hessian, CalibrationError> {
    let mut sum = HessianSum::new(layer.input_size());
    for inputs in calibration_batches(before, features) {
        sum.add(inputs.view())?;
    }
    sum.finish()
}

/// The inputs of the layer that follows `layers`, on the calibration rows, in batches.
fn calibration_batches<'a>(
    layers: &'a [Layer],
    features: &'a Array2<f64>,
) -> impl Iterator<Item = Array2<f64>> + 'a {
    inputs_behind(layers, features.view(), BATCH_ROWS)
}

/// What is known of the float model's layers, as far as correcting biases needs it.
enum Correction {
    None,
    /// Its layers suffice.
    Empirical,
    /// Mean and variance of what its next layer sees.
    Analytic(Moments),
}

impl Correction {
    fn new(correction: BiasCorrection, features: &Array2<f64>) -> Step<Correction> {
        Ok(match correction {
            BiasCorrection::None => Correction::None,
            BiasCorrection::Empirical => Correction::Empirical,
            BiasCorrection::Analytic => {
                Correction::Analytic(Moments::of_inputs(features.view()).at(FailureKind::Quantization)?)
            }
        })
    }

    /// What must be added to the biases of the `changed` layer to have the mean outputs of the float `layer`, each behind
    /// the layers before it.
    fn shift(
        &mut self,
        (before, layer): (&[Layer], &Linear),
        (changed_before, changed): (&[Layer], &Linear),
        features: &Array2<f64>,
    ) -> Result<Option<ndarray::Array1<f64>>, String> {
        let text = |error: CalibrationError| error.to_string();
        match self {
            Correction::None => Ok(None),
            Correction::Empirical => {
                let mut sum = ShiftSum::new(layer.output_size());
                let seen_by_float = calibration_batches(before, features);
                let seen = calibration_batches(changed_before, features);
                for (float_inputs, inputs) in seen_by_float.zip(seen) {
                    let float_outputs = layer.sums(float_inputs.view());
                    sum.add(float_outputs.view(), changed.sums(inputs.view()).view()).map_err(text)?;
                }
                sum.finish().map(Some).map_err(text)
            }
            Correction::Analytic(moments) => {
                let weight = layer.weight.view();
                let shift = moments.expected_shift(weight, changed.weight.view()).map_err(text)?;
                let outputs = moments.through(weight, layer.bias.view()).map_err(text)?;
                *moments = match layer.activation {
                    Activation::Identity => outputs,
                    Activation::Relu => outputs.rectified(),
                    other => {
                        return Err(format!(
                            "analytic bias correction knows the moments behind `identity` and `relu`, not behind `{other}`: expected `bias_correction = empirical`"
                        ));
                    }
                };
                Ok(Some(shift))
            }
        }
    }
}

fn flags(variant: &Variant, outcome: &CalibrationOutcome, corrected: bool) -> Vec<Flag> {
    let method = variant.calibration.method;
    let is_nearest = method == CalibrationMethod::Nearest;
    let corrects = variant.calibration.bias_correction != BiasCorrection::None;
    let by_output = is_nearest && variant.has_range(Range::OutputMse);
    let flags = [
        (!is_nearest && !outcome.changed(), Flag::MethodChangedNothing),
        (outcome.is_worse(), Flag::MethodRaisedOutputError),
        (by_output && !outcome.changed(), Flag::OutputRangeChangedNothing),
        (corrects && !corrected, Flag::BiasCorrectionChangedNothing),
    ];
    flags.into_iter().filter(|(holds, _)| *holds).map(|(_, flag)| flag).collect()
}

/// Rounds a bias `(1, out)` to nearest, by the scheme of the weights.
fn quantized_bias(
    unit: &Unit,
    id: WeightId,
    bias: ArrayView2<'_, f32>,
    scheme: &Scheme,
    constant_input: &Hessian,
) -> Step<Quantized> {
    match scheme.range {
        Range::MinMax | Range::Percentile(_) | Range::Mse | Range::Kl => quantized(unit, &id, bias, scheme),
        Range::OutputMse => {
            let mut stream = stream(unit, &format!("quantize {id}"))?;
            let calibrated =
                calibrate(bias, scheme, &CalibrationMethod::Nearest, constant_input, &mut stream);
            let calibrated = calibrated.map_err(|error| format!("{id}: {error}"));
            Ok(calibrated.at(FailureKind::Quantization)?.quantized)
        }
    }
}

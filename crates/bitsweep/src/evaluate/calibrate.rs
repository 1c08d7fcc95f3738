//! Layer by layer: codes chosen and biases corrected for the inputs that the layer sees.

use bitsweep_models::{Activation, Layer, Linear, Model, WeightId};
use bitsweep_quant::{
    BiasCorrection, CalibrationMethod, CalibrationOutcome, Hessian, Moments, Range, Scheme, calibrate,
    mean_shift,
};
use bitsweep_results::{CalibrationMeasures, FailureKind, Flag};
use ndarray::{Array2, ArrayView2, Axis};

use super::prepare::{Prepared, stream};
use super::quantized_model::{QuantizedWeight, quantized};
use super::stop::{At, Step, failed};
use crate::plan::Unit;
use crate::variant::{Biases, CalibrationRows, Variant};

/// A model whose layers were quantized one after the other.
pub(super) struct Calibrated {
    pub(super) model: Model,
    pub(super) weights: Vec<QuantizedWeight>,
    pub(super) measures: CalibrationMeasures,
    /// What the method and the bias correction did not do.
    pub(super) flags: Vec<Flag>,
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
) -> Step<Calibrated> {
    let kind = FailureKind::Quantization;
    let mut inputs = prepared.calibration_features(unit, rows)?;
    let measures = CalibrationMeasures { rows: inputs.nrows(), ..CalibrationMeasures::default() };
    let mut correction = Correction::new(variant.calibration.bias_correction, &inputs)?;
    let constant_input = Hessian::of_inputs(Array2::<f64>::ones((1, 1)).view()).at(kind)?;
    let mut layers = Vec::with_capacity(float.layers().len());
    let mut weights = Vec::new();
    let mut total = CalibrationOutcome::default();
    let mut corrected = false;
    for (position, layer) in float.layers().iter().enumerate() {
        let Layer::Linear(layer) = layer;
        let (id, scheme) = (WeightId::Weight(position), variant.scheme_of(position));
        let named = |error: &dyn std::fmt::Display| failed(kind, format!("{id}: {error}"));
        let hessian = Hessian::of_inputs(inputs.view()).map_err(|error| named(&error))?;
        let mut stream = stream(unit, &format!("quantize {id}"))?;
        let weight = layer.weight.view();
        let calibrated = calibrate(weight, scheme, &variant.calibration.method, &hessian, &mut stream);
        let calibrated = calibrated.map_err(|error| named(&error))?;
        total = total.merge(calibrated.outcome);
        let (own, reconstruction) = QuantizedWeight::of(id, weight, calibrated.quantized);
        weights.push(own);
        let mut changed = Linear { weight: reconstruction, ..layer.clone() };
        let shift = correction.shift(layer, &changed, &inputs).map_err(|error| named(&error))?;
        if let Some(shift) = shift {
            changed.bias.zip_mut_with(&shift, |bias, shift| *bias = (f64::from(*bias) + shift) as f32);
            corrected |= changed.bias != layer.bias;
        }
        match variant.biases {
            Biases::Keep => {}
            Biases::Quantize => {
                let bias = changed.bias.view().insert_axis(Axis(0));
                let id = WeightId::Bias(position);
                let (own, reconstruction) = quantized_bias(unit, id, bias, scheme, &constant_input)?;
                changed.bias = reconstruction.row(0).to_owned();
                weights.push(own);
            }
        }
        inputs = changed.outputs(inputs.view());
        layers.push(changed);
    }
    let model = Model::new(layers, float.head()).at(kind)?;
    let CalibrationOutcome { codes_changed, proxy_loss_nearest, proxy_loss, .. } = total;
    let measures = CalibrationMeasures { codes_changed, proxy_loss_nearest, proxy_loss, ..measures };
    Ok(Calibrated { model, weights, measures, flags: flags(variant, &total, corrected) })
}

/// What is known of the float model's layers, as far as correcting biases needs it.
enum Correction {
    None,
    /// What the next layer of the float model sees.
    Empirical(Array2<f64>),
    /// Its mean and variance.
    Analytic(Moments),
}

impl Correction {
    fn new(correction: BiasCorrection, inputs: &Array2<f64>) -> Step<Correction> {
        Ok(match correction {
            BiasCorrection::None => Correction::None,
            BiasCorrection::Empirical => Correction::Empirical(inputs.clone()),
            BiasCorrection::Analytic => {
                Correction::Analytic(Moments::of_inputs(inputs.view()).at(FailureKind::Quantization)?)
            }
        })
    }

    /// What must be added to the biases of `changed`, which sees `inputs`, to have the mean outputs of `layer`.
    fn shift(
        &mut self,
        layer: &Linear,
        changed: &Linear,
        inputs: &Array2<f64>,
    ) -> Result<Option<ndarray::Array1<f64>>, String> {
        let text = |error: bitsweep_quant::CalibrationError| error.to_string();
        match self {
            Correction::None => Ok(None),
            Correction::Empirical(float_inputs) => {
                let float_outputs = layer.sums(float_inputs.view());
                let outputs = changed.sums(inputs.view());
                let shift = mean_shift(float_outputs.view(), outputs.view()).map_err(text)?;
                *float_inputs = float_outputs.mapv_into(|sum| layer.activation.apply(sum));
                Ok(Some(shift))
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
) -> Step<(QuantizedWeight, Array2<f32>)> {
    let quantized = match scheme.range {
        Range::MinMax | Range::Percentile(_) | Range::Mse | Range::Kl => quantized(unit, &id, bias, scheme)?,
        Range::OutputMse => {
            let mut stream = stream(unit, &format!("quantize {id}"))?;
            let calibrated =
                calibrate(bias, scheme, &CalibrationMethod::Nearest, constant_input, &mut stream);
            calibrated.map_err(|error| format!("{id}: {error}")).at(FailureKind::Quantization)?.quantized
        }
    };
    Ok(QuantizedWeight::of(id, bias, quantized))
}

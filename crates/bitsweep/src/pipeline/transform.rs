//! Changes of the trained model before it is quantized.

use bitsweep_datasets::Scaling;
use bitsweep_models::{Activation, Linear, Model};
use bitsweep_quant::{
    Equalization, LayerMismatch, Transform, absmax_equalization, absorb, absorbable,
    activation_aware_factors, cross_layer_equalization, divide_outputs, multiply_inputs, smoothing_factors,
};
use ndarray::{Array1, Array2};

use super::calibrate::calibration_inputs;
use super::failed;
use super::post_training::FLOAT_BYTES;
use super::prepare::{Prepared, stream};
use crate::config::{CalibrationRows, LayerName};
use crate::failure::Failure;
use crate::plan::{Unit, Variant};

/// Float logits may move by this part of the largest without a word: rounding moves them, too.
const ROUNDING: f64 = 1e-5;

/// A float model ready to be quantized.
#[derive(Clone)]
pub(super) struct Transformed<'u> {
    pub(super) stack: Model,
    pub(super) changed: bool,
    /// The rows with every feature divided by its factor; `None` where features stay as they are.
    pub(super) divided: Option<Prepared<'u>>,
    /// What the reader must know of the transform.
    pub(super) flags: Vec<String>,
}

impl Transformed<'_> {
    /// The model as it is.
    pub(super) fn unchanged(stack: &Model) -> Self {
        Self { stack: stack.clone(), changed: false, divided: None, flags: Vec::new() }
    }

    /// Bytes of the feature factors. A standard scaler divides each feature by a number of its own anyway, which takes the
    /// factor in; otherwise each factor is a float to be stored.
    pub(super) fn factor_bytes(&self, unit: &Unit) -> u64 {
        let is_free = unit.spec.data.as_ref().is_some_and(|data| matches!(data.scale, Scaling::Standard));
        match &self.divided {
            Some(divided) if !is_free => divided.train_features.ncols() as u64 * FLOAT_BYTES,
            Some(_) | None => 0,
        }
    }
}

/// Applies the variant's transform to all layers.
pub(super) fn transform<'u>(
    unit: &Unit,
    prepared: &Prepared<'u>,
    stack: &Model,
    variant: &Variant,
) -> Result<Transformed<'u>, Failure> {
    let rows = variant.calibration.rows.unwrap_or(CalibrationRows::All);
    match variant.transform {
        Transform::None => Ok(Transformed::unchanged(stack)),
        Transform::AbsmaxEqualization => equalize(unit, stack, absmax_equalization),
        Transform::CrossLayerEqualization => equalize(unit, stack, cross_layer_equalization),
        Transform::Smooth(smooth) => scale_inputs(unit, prepared, stack, rows, |_, inputs, layer| {
            smoothing_factors(inputs.view(), layer.weight.view(), smooth).map_err(|error| failed(unit, error))
        }),
        Transform::Awq => scale_inputs(unit, prepared, stack, rows, |position, inputs, layer| {
            let name = LayerName::at(position);
            let stream = stream(unit, &format!("quantize {name}"))?;
            activation_aware_factors(inputs.view(), layer.weight.view(), variant.scheme_of(position), &stream)
                .map_err(|error| failed(unit, format!("{name}: {error}")))
        }),
        Transform::HighBiasAbsorption => absorb_high_biases(unit, prepared, stack, rows),
    }
}

/// An equalization of two layers, the bias of the first between them.
type Equalize =
    fn(&mut Array2<f32>, &mut Array1<f32>, &mut Array2<f32>) -> Result<Equalization<f32>, LayerMismatch>;

/// Equalizes every pair of neighbouring layers with a ReLU between them.
fn equalize<'u>(unit: &Unit, stack: &Model, equalize: Equalize) -> Result<Transformed<'u>, Failure> {
    let mut layers = linear_layers(stack);
    let mut changed = false;
    for position in 1..layers.len() {
        let (before, after) = layers.split_at_mut(position);
        let (Some(first), Some(second)) = (before.last_mut(), after.first_mut()) else { continue };
        if first.activation == Activation::Relu {
            let done = equalize(&mut first.weight, &mut first.bias, &mut second.weight);
            changed |= done.map_err(|error| failed(unit, error))?.changed();
        }
    }
    Ok(Transformed { changed, ..Transformed::unchanged(&restacked(unit, stack, layers)?) })
}

/// Divides the inputs of every layer by factors and multiplies its weights with them.
///
/// The layer before gives the divided inputs, as ReLU and the identity let positive factors pass; before the first layer
/// the features are divided themselves. The last layer comes first: the factors of a layer's outputs are then in its
/// weights when those of its inputs are chosen. Inputs are those of the float model.
fn scale_inputs<'u>(
    unit: &Unit,
    prepared: &Prepared<'u>,
    stack: &Model,
    rows: CalibrationRows,
    factors_of: impl Fn(usize, &Array2<f64>, &Linear) -> Result<Array1<f32>, Failure>,
) -> Result<Transformed<'u>, Failure> {
    let inputs = layer_inputs(unit, prepared, stack, rows)?;
    let mut layers = linear_layers(stack);
    let mut changed = false;
    let mut divided = None;
    for position in (0..layers.len()).rev() {
        let (before, from) = layers.split_at_mut(position);
        let Some(layer) = from.first_mut() else { continue };
        let factors = factors_of(position, &inputs[position], layer)?;
        changed |= factors.iter().any(|factor| *factor != 1.0);
        multiply_inputs(&factors, &mut layer.weight);
        match before.last_mut() {
            Some(previous) => divide_outputs(&factors, &mut previous.weight, &mut previous.bias),
            None if factors.iter().all(|factor| *factor == 1.0) => {}
            None => divided = Some(prepared.divided_by(&factors.mapv(f64::from))),
        }
    }
    Ok(Transformed { changed, divided, ..Transformed::unchanged(&restacked(unit, stack, layers)?) })
}

/// Moves what hidden units always give into the biases of the next layer, the first hidden layer first.
fn absorb_high_biases<'u>(
    unit: &Unit,
    prepared: &Prepared<'u>,
    stack: &Model,
    rows: CalibrationRows,
) -> Result<Transformed<'u>, Failure> {
    let features = calibration_inputs(unit, prepared, rows)?;
    let mut layers = linear_layers(stack);
    let mut changed = false;
    let mut inputs = features.clone();
    for position in 1..layers.len() {
        let (before, after) = layers.split_at_mut(position);
        let (Some(first), Some(second)) = (before.last_mut(), after.first_mut()) else { continue };
        let outputs = first.sums(inputs.view());
        if first.activation == Activation::Relu {
            let absorbed = absorbable(outputs.view()).map_err(|error| failed(unit, error))?;
            changed |= absorbed.iter().any(|absorbed| *absorbed != 0.0);
            absorb(&absorbed, &mut first.bias, second.weight.view(), &mut second.bias);
        }
        inputs = first.outputs(inputs.view());
    }
    let absorbed = restacked(unit, stack, layers)?;
    let (before, after) = (stack.logits(features.view()), absorbed.logits(features.view()));
    let largest = before.iter().fold(0.0, |largest: f64, logit| largest.max(logit.abs()));
    let moved =
        before.iter().zip(&after).fold(0.0, |most: f64, (before, after)| most.max((after - before).abs()));
    let mut flags = Vec::new();
    if moved > ROUNDING * largest {
        flags.push(format!(
            "high-bias absorption moved float logits of calibration rows by up to {moved:.2e}, the largest being {largest:.2e}"
        ));
    }
    Ok(Transformed { changed, flags, ..Transformed::unchanged(&absorbed) })
}

/// The inputs of every layer on the calibration rows, in `f64`.
fn layer_inputs(
    unit: &Unit,
    prepared: &Prepared<'_>,
    stack: &Model,
    rows: CalibrationRows,
) -> Result<Vec<Array2<f64>>, Failure> {
    let mut inputs = vec![calibration_inputs(unit, prepared, rows)?];
    for (position, layer) in stack.linear_layers() {
        inputs.push(layer.outputs(inputs[position].view()));
    }
    Ok(inputs)
}

fn linear_layers(stack: &Model) -> Vec<Linear> {
    stack.linear_layers().map(|(_, layer)| layer.clone()).collect()
}

fn restacked(unit: &Unit, stack: &Model, layers: Vec<Linear>) -> Result<Model, Failure> {
    Model::new(layers, stack.head()).map_err(|error| failed(unit, error))
}

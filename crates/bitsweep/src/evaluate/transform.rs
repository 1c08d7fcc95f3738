//! Changes of the float model before it is quantized.

use std::borrow::Cow;
use std::sync::Arc;

use bitsweep_models::{Activation, Layer, Linear, Model, WeightId};
use bitsweep_quant::{
    Equalization, LayerMismatch, Transform, absmax_equalization, absorb, absorbable,
    activation_aware_factors, cross_layer_equalization, divide_outputs, multiply_inputs, smoothing_factors,
};
use bitsweep_results::{FailureKind, Flag};
use ndarray::{Array1, Array2};

use super::prepare::{Prepared, stream};
use super::rescaling::Rescaling;
use super::scaler::{Folded, fold};
use super::stop::{At, Step, failed};
use crate::plan::Unit;
use bitsweep_experiment::variant::{CalibrationRows, ScalerUse, Variant};

/// Outputs of the float model may move by this part of the largest without a word: rounding moves them, too.
pub(super) const ROUNDING: f64 = 1e-5;

const KIND: FailureKind = FailureKind::Transform;

/// A float model ready to be quantized.
pub(super) struct Transformed<'m, 'u> {
    pub(super) model: Cow<'m, Model>,
    /// The rows with the features that the model takes; `None` where those are the scaled ones.
    pub(super) rows: Option<Arc<Prepared<'u>>>,
    /// How weights were rescaled.
    pub(super) rescaling: Rescaling,
    /// What the reader must know of the transform.
    pub(super) flags: Vec<Flag>,
}

impl<'m, 'u> Transformed<'m, 'u> {
    /// The rows with the features that the model takes; `scaled` has those of the unit.
    pub(super) fn prepared<'p>(&'p self, scaled: &'p Prepared<'u>) -> &'p Prepared<'u> {
        self.rows.as_deref().unwrap_or(scaled)
    }

    /// The model as it is.
    pub(super) fn unchanged(model: &'m Model) -> Self {
        let rescaling = Rescaling::none(model.layers().len());
        let model = Cow::Borrowed(model);
        Self { model, rows: None, rescaling, flags: Vec::new() }
    }

    /// A model by a transform that may have changed nothing.
    fn of(layers: Vec<Layer>, float: &Model, rescaling: Rescaling, changed: bool) -> Step<Self> {
        let model = Model::new(layers, float.head()).at(KIND)?;
        let flags = if changed { Vec::new() } else { vec![Flag::TransformChangedNothing] };
        Ok(Self { model: Cow::Owned(model), rows: None, rescaling, flags })
    }
}

/// Folds the scaler into the first layer where the variant asks for it, then applies the variant's transform. `unscaled` gives
/// the rows with their features as they are.
pub(super) fn transform<'m, 'u>(
    unit: &Unit,
    prepared: &Prepared<'u>,
    model: &'m Model,
    variant: &Variant,
    unscaled: impl FnOnce() -> Step<Arc<Prepared<'u>>>,
) -> Step<Transformed<'m, 'u>> {
    match variant.scaler {
        ScalerUse::Count => transform_layers(unit, prepared, model, variant),
        ScalerUse::Fold => {
            let rows = unscaled()?;
            let Folded { model, divisors } = fold(prepared, model)?;
            let transformed = transform_layers(unit, &rows, &model, variant)?;
            let Transformed { model, rows: divided, mut rescaling, flags } = transformed;
            rescaling.divide_first_weights(&divisors);
            let model = Cow::Owned(model.into_owned());
            Ok(Transformed { model, rows: Some(divided.unwrap_or(rows)), rescaling, flags })
        }
    }
}

/// Applies the variant's transform to all layers.
fn transform_layers<'m, 'u>(
    unit: &Unit,
    prepared: &Prepared<'u>,
    model: &'m Model,
    variant: &Variant,
) -> Step<Transformed<'m, 'u>> {
    let rows = variant.calibration.rows.unwrap_or(CalibrationRows::All);
    match variant.transform {
        Transform::None => Ok(Transformed::unchanged(model)),
        Transform::AbsmaxEqualization => equalize(model, absmax_equalization),
        Transform::CrossLayerEqualization => equalize(model, cross_layer_equalization),
        Transform::Smooth(smooth) => scale_inputs(unit, prepared, model, rows, |_, inputs, layer| {
            smoothing_factors(inputs.view(), layer.weight.view(), smooth).at(KIND)
        }),
        Transform::Awq => scale_inputs(unit, prepared, model, rows, |position, inputs, layer| {
            let id = WeightId::Weight(position);
            let stream = stream(unit, &format!("quantize {id}"))?;
            let scheme = variant.scheme_of(position);
            activation_aware_factors(inputs.view(), layer.weight.view(), scheme, &stream)
                .map_err(|error| format!("{id}: {error}"))
                .at(KIND)
        }),
        Transform::HighBiasAbsorption => absorb_high_biases(unit, prepared, model, rows),
    }
}

/// An equalization of two layers, the bias of the first between them.
type Equalize =
    fn(&mut Array2<f32>, &mut Array1<f32>, &mut Array2<f32>) -> Result<Equalization<f32>, LayerMismatch>;

/// Equalizes every pair of neighbouring layers whose activation lets positive factors pass and is not the identity, behind
/// which two layers are one.
fn equalize<'u>(float: &Model, equalize: Equalize) -> Step<Transformed<'static, 'u>> {
    let mut layers = float.layers().to_vec();
    let mut rescaling = Rescaling::none(layers.len());
    let mut changed = false;
    for position in 1..layers.len() {
        let [Layer::Linear(first), Layer::Linear(second)] = neighbours(&mut layers, position);
        if first.activation.is_positively_homogeneous() && first.activation != Activation::Identity {
            let done = equalize(&mut first.weight, &mut first.bias, &mut second.weight).at(KIND)?;
            changed |= done.changed();
            rescaling.divide_inputs(position, &done.factors);
        }
    }
    Transformed::of(layers, float, rescaling, changed)
}

/// The layer at `position` and the one before it.
fn neighbours(layers: &mut [Layer], position: usize) -> [&mut Layer; 2] {
    let (before, from) = layers.split_at_mut(position);
    [before.last_mut().expect("a layer before"), from.first_mut().expect("a layer at the position")]
}

/// Divides the inputs of every layer by factors and multiplies its weights with them.
///
/// The layer before gives the divided inputs, as its activation lets positive factors pass; before the first layer the
/// scaler divides by the factors, too. The last layer comes first: the factors of a layer's outputs are then in its weights
/// when those of its inputs are chosen. Inputs are those of the float model.
fn scale_inputs<'u>(
    unit: &Unit,
    prepared: &Prepared<'u>,
    float: &Model,
    calibration_rows: CalibrationRows,
    factors_of: impl Fn(usize, &Array2<f64>, &Linear) -> Step<Array1<f32>>,
) -> Step<Transformed<'static, 'u>> {
    let features = prepared.calibration_features(unit, calibration_rows)?;
    let mut layers = float.layers().to_vec();
    let mut rescaling = Rescaling::none(layers.len());
    let mut changed = false;
    let mut rows = None;
    for position in (0..layers.len()).rev() {
        let (before, from) = layers.split_at_mut(position);
        let Some(Layer::Linear(layer)) = from.first_mut() else { continue };
        let float_before = float.layers()[..position].iter();
        let inputs = float_before.fold(features.clone(), |inputs, layer| layer.outputs(inputs.view()));
        let factors = factors_of(position, &inputs, layer)?;
        let is_neutral = factors.iter().all(|factor| *factor == 1.0);
        changed |= !is_neutral;
        multiply_inputs(&factors, &mut layer.weight);
        rescaling.divide_inputs(position, &factors);
        match before.last_mut() {
            Some(Layer::Linear(previous))
                if is_neutral || previous.activation.is_positively_homogeneous() =>
            {
                divide_outputs(&factors, &mut previous.weight, &mut previous.bias);
            }
            Some(Layer::Linear(previous)) => {
                return Err(failed(
                    KIND,
                    format!(
                        "factors of the inputs of {} do not pass through `{}`: expected `relu`, `leaky-relu` or `identity` before it",
                        WeightId::Weight(position),
                        previous.activation
                    ),
                ));
            }
            None if is_neutral => {}
            None => rows = Some(Arc::new(prepared.divided_by(unit, &factors)?)),
        }
    }
    Ok(Transformed { rows, ..Transformed::of(layers, float, rescaling, changed)? })
}

/// Moves what hidden units always give into the biases of the next layer, the first hidden layer first.
fn absorb_high_biases<'u>(
    unit: &Unit,
    prepared: &Prepared<'u>,
    float: &Model,
    rows: CalibrationRows,
) -> Step<Transformed<'static, 'u>> {
    let features = prepared.calibration_features(unit, rows)?;
    let mut layers = float.layers().to_vec();
    let mut changed = false;
    let mut inputs = features.clone();
    for position in 1..layers.len() {
        let [Layer::Linear(first), Layer::Linear(second)] = neighbours(&mut layers, position);
        if first.activation == Activation::Relu {
            let outputs = first.sums(inputs.view());
            let absorbed = absorbable(outputs.view()).at(KIND)?;
            changed |= absorbed.iter().any(|absorbed| *absorbed != 0.0);
            absorb(&absorbed, &mut first.bias, second.weight.view(), &mut second.bias);
        }
        inputs = first.outputs(inputs.view());
    }
    let rescaling = Rescaling::none(layers.len());
    let mut absorbed = Transformed::of(layers, float, rescaling, changed)?;
    let (before, after) = (float.logits(features.view()), absorbed.model.logits(features.view()));
    let largest = before.iter().fold(0.0, |largest: f64, logit| largest.max(logit.abs()));
    let most =
        before.iter().zip(&after).fold(0.0, |most: f64, (before, after)| most.max((after - before).abs()));
    if most > ROUNDING * largest {
        absorbed.flags.push(Flag::LogitsMoved { most, largest });
    }
    Ok(absorbed)
}

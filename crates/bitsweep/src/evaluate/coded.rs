//! A model whose layers take codes: inputs quantized, codes multiplied as integer kernels do.

use bitsweep_inference::coded::CodedLayer;
use bitsweep_inference::integer::{IntegerModel, IntegerNetwork, LayerParts, NetworkError};
use bitsweep_models::{Layer, Linear, Model, WeightId, predict};
use bitsweep_quant::{ActivationError, ActivationQuantizer, Requantize};
use bitsweep_results::{FailureKind, Flag, RowFailure};
use ndarray::{Array2, ArrayView2};

use super::prepare::Prepared;
use super::quantized_model::QuantizedModel;
use super::score::{Inference, Inputs};
use super::stop::{At, Step, failed};
use crate::plan::Unit;
use bitsweep_experiment::variant::Activations;

/// The share of clipped inputs above which a reader must know.
const HEAVY_CLIPPING: f64 = 0.01;

/// The layers of a quantized model with the quantizers of their inputs.
pub(super) struct CodedModel<'m> {
    model: &'m QuantizedModel,
    prepared: &'m Prepared<'m>,
    layers: Vec<CodedLayer>,
    /// The same without floats between layers, where that is asked for.
    integer: Option<IntegerModel>,
}

/// Rows that a coded model is asked about.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// Their scaled features.
    pub(super) inputs: &'a Inputs,
    /// Their numbers in the dataset.
    pub(super) numbers: &'a [usize],
}

/// What a coded model says of some rows.
pub(super) struct CodedInference {
    pub(super) inference: Inference,
    /// The share of the inputs of all layers that lay outside their range.
    pub(super) clipped: f64,
}

impl<'m> CodedModel<'m> {
    /// Finds the static ranges of a model whose weights (and biases) are what they will be, the first layer first.
    ///
    /// A layer's calibration inputs are the outputs of the layers before it, with codes for inputs and weights. A dynamic
    /// scheme needs none.
    pub(super) fn new(
        unit: &Unit,
        prepared: &'m Prepared<'m>,
        model: &'m QuantizedModel,
        activations: &Activations,
    ) -> Step<Self> {
        let mut inputs = match activations.rows {
            Some(rows) => prepared.calibration_features(unit, rows)?.mapv(|value| value as f32),
            None => Array2::zeros((0, model.model.input_size())),
        };
        let mut layers: Vec<CodedLayer> = Vec::with_capacity(model.model.layers().len());
        for position in 0..model.model.layers().len() {
            let mut quantizer = ActivationQuantizer::fit(activations.scheme, inputs.view())
                .map_err(|error| refused(position, &error))?;
            if let Some(before) = layers.last() {
                let parts = parts(model, position - 1, before.quantizer())?;
                quantizer = parts.widened(position - 1, quantizer).at(FailureKind::Quantization)?;
            }
            let LayerParts { weight, bias, activation, inputs: quantizer } =
                parts(model, position, quantizer)?;
            let layer = CodedLayer::new(quantizer, weight, bias.to_owned(), activation)
                .map_err(|error| refused(position, &error))?;
            (inputs, _) = layer.outputs(inputs.view()).map_err(|error| refused(position, &error))?;
            layers.push(layer);
        }
        let integer = match activations.scheme.requantize() {
            Requantize::Float => None,
            Requantize::FixedPoint | Requantize::PowerOfTwo => Some(integer(prepared, model, &layers)?),
        };
        Ok(Self { model, prepared, layers, integer })
    }

    /// What makes codes of the inputs of a layer.
    pub(super) fn quantizer(&self, layer: usize) -> ActivationQuantizer {
        self.layers[layer].quantizer()
    }

    /// Bytes of the scales and of the zero points that static schemes store.
    pub(super) fn bytes(&self) -> (u64, u64) {
        self.layers
            .iter()
            .map(|layer| layer.quantizer().bytes())
            .fold((0, 0), |(scales, zero_points), bytes| (scales + bytes.0, zero_points + bytes.1))
    }

    /// Logits and probabilities of rows.
    pub(super) fn infer(&self, rows: Rows<'_>) -> Step<CodedInference> {
        let (logits, clipped) = self.logits(rows)?;
        let inputs: usize = self.layers.iter().map(|layer| layer.inputs()).sum();
        let inference = Inference::of(&self.model.model, logits.view());
        Ok(CodedInference { inference, clipped: clipped as f64 / (logits.nrows() * inputs).max(1) as f64 })
    }

    /// Predictions alone, for the measuring of time.
    pub(super) fn predict(&self, rows: Rows<'_>) -> Step<Vec<usize>> {
        Ok(predict(self.logits(rows)?.0.view()))
    }

    /// The logits of the float model `float` when the inputs of its layer `layer` alone are quantized.
    pub(super) fn logits_by_inputs_of(
        &self,
        float: &Model,
        layer: usize,
        features: &Array2<f64>,
    ) -> Step<Array2<f64>> {
        let mut values = features.clone();
        for (position, (own, coded)) in float.layers().iter().zip(&self.layers).enumerate() {
            let Layer::Linear(own) = own;
            if position == layer {
                let codes = coded.quantizer().quantize(values.mapv(|value| value as f32).view());
                let codes = codes.map_err(|error| refused(layer, &error))?;
                values = codes.reconstruct().mapv(f64::from);
            }
            values = own.outputs(values.view());
        }
        Ok(float.logits_of_outputs(values))
    }

    /// Bytes of what is stored of the inputs of each layer.
    pub(super) fn input_bytes(&self) -> impl Iterator<Item = u64> {
        self.layers.iter().map(|layer| {
            let (scales, zero_points) = layer.quantizer().bytes();
            scales + zero_points
        })
    }

    /// The logits, and how many inputs of layers were clipped.
    pub(super) fn logits(&self, rows: Rows<'_>) -> Step<(Array2<f64>, usize)> {
        let Some(integer) = &self.integer else {
            let (logits, clipped) =
                self.logits_between_floats(rows.inputs.single().view()).at(FailureKind::Scoring)?;
            return Ok((logits.mapv(f64::from), clipped));
        };
        let raw = self.prepared.encoder.apply(self.prepared.dataset, rows.numbers);
        let told = |error| match error {
            NetworkError::Fraction { row, feature, value } => {
                let place = self.prepared.dataset.place_of(rows.numbers[row]);
                let expected = "expected one, or `features = \"float\"`";
                let number = feature + 1;
                failed(
                    FailureKind::Scoring,
                    format!("{place}: `{value}`, the feature {number}, is no integer of 32 bits: {expected}"),
                )
            }
            error => failed(FailureKind::Scoring, error),
        };
        let (outputs, clipped) = integer.outputs(raw.view()).map_err(told)?;
        Ok((self.model.model.logits_of_outputs(outputs), clipped))
    }

    fn logits_between_floats(
        &self,
        features: ArrayView2<'_, f32>,
    ) -> Result<(Array2<f32>, usize), ActivationError> {
        let mut values = features.to_owned();
        let mut clipped = 0;
        for layer in &self.layers {
            let (outputs, more) = layer.outputs(values.view())?;
            values = outputs;
            clipped += more;
        }
        Ok((self.model.model.logits_of_outputs(values), clipped))
    }
}

/// The model in whole numbers, with at least one layer.
fn integer(prepared: &Prepared<'_>, model: &QuantizedModel, layers: &[CodedLayer]) -> Step<IntegerModel> {
    const KIND: FailureKind = FailureKind::Quantization;
    let quantizers = layers.iter().map(CodedLayer::quantizer).enumerate();
    let parts = quantizers.map(|(position, quantizer)| parts(model, position, quantizer));
    let parts: Vec<LayerParts<'_>> = parts.collect::<Step<_>>()?;
    let scaling = prepared.feature_scaling();
    let features = scaling.codes(model.model.input_size(), &parts[0].inputs).at(KIND)?;
    Ok(IntegerModel { features, network: IntegerNetwork::new(&parts).at(KIND)? })
}

/// The parts of a layer, whose inputs `inputs` makes codes of.
fn parts(model: &QuantizedModel, position: usize, inputs: ActivationQuantizer) -> Step<LayerParts<'_>> {
    let id = WeightId::Weight(position);
    let Layer::Linear(Linear { bias, activation, .. }) = &model.model.layers()[position];
    let weight = model
        .weight(id)
        .ok_or_else(|| failed(FailureKind::Quantization, format!("{id} has no codes to multiply")))?;
    Ok(LayerParts { weight: &weight.quantized, bias: bias.view(), activation: *activation, inputs })
}

/// What a reader must know of the share of clipped inputs.
pub(super) fn clipping_flag(clipped: f64) -> Option<Flag> {
    (clipped > HEAVY_CLIPPING).then_some(Flag::InputsClipped)
}

fn refused(layer: usize, error: &dyn std::fmt::Display) -> RowFailure {
    failed(FailureKind::Quantization, format!("inputs of {}: {error}", WeightId::Weight(layer)))
}

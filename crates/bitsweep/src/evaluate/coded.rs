//! A model whose layers take codes: inputs quantized, codes multiplied as integer kernels do.

use bitsweep_models::{Activation, Layer, Model, WeightId, predict};
use bitsweep_quant::{ActivationError, ActivationQuantizer, ScaledLevels};
use bitsweep_results::{FailureKind, Flag, RowFailure};
use ndarray::{Array1, Array2, ArrayView2};

use super::prepare::Prepared;
use super::quantized_model::QuantizedModel;
use super::score::Inference;
use super::stop::{Step, failed};
use crate::plan::Unit;
use bitsweep_experiment::variant::Activations;

/// The share of clipped inputs above which a reader must know.
const HEAVY_CLIPPING: f64 = 0.01;

/// The layers of a quantized model with the quantizers of their inputs.
pub(super) struct CodedModel<'m> {
    model: &'m QuantizedModel,
    layers: Vec<CodedLayer>,
}

struct CodedLayer {
    quantizer: ActivationQuantizer,
    weights: ScaledLevels,
    bias: Array1<f32>,
    activation: Activation,
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
        prepared: &Prepared<'_>,
        model: &'m QuantizedModel,
        activations: &Activations,
    ) -> Step<Self> {
        let mut inputs = match activations.rows {
            Some(rows) => prepared.calibration_features(unit, rows)?.mapv(|value| value as f32),
            None => Array2::zeros((0, model.model.input_size())),
        };
        let mut layers = Vec::with_capacity(model.model.layers().len());
        for (position, layer) in model.model.layers().iter().enumerate() {
            let Layer::Linear(linear) = layer;
            let id = WeightId::Weight(position);
            let weight = model.weight(id);
            let weight = weight
                .ok_or_else(|| failed(FailureKind::Quantization, format!("{id} has no codes to multiply")))?;
            let layer = CodedLayer {
                quantizer: ActivationQuantizer::fit(activations.scheme, inputs.view())
                    .map_err(|error| refused(position, &error))?,
                weights: ScaledLevels::of(&weight.quantized).map_err(|error| refused(position, &error))?,
                bias: linear.bias.clone(),
                activation: linear.activation,
            };
            (inputs, _) = layer.outputs(inputs.view()).map_err(|error| refused(position, &error))?;
            layers.push(layer);
        }
        Ok(Self { model, layers })
    }

    /// What makes codes of the inputs of a layer.
    pub(super) fn quantizer(&self, layer: usize) -> ActivationQuantizer {
        self.layers[layer].quantizer
    }

    /// Bytes of the scales and of the zero points that static schemes store.
    pub(super) fn bytes(&self) -> (u64, u64) {
        self.layers
            .iter()
            .map(|layer| layer.quantizer.bytes())
            .fold((0, 0), |(scales, zero_points), bytes| (scales + bytes.0, zero_points + bytes.1))
    }

    /// Logits and probabilities of `features`.
    pub(super) fn infer(&self, features: ArrayView2<'_, f32>) -> Result<CodedInference, ActivationError> {
        let (logits, clipped) = self.logits(features)?;
        let inputs: usize = self.layers.iter().map(|layer| layer.weights.inputs()).sum();
        let inference = Inference::of(&self.model.model, logits.view());
        Ok(CodedInference { inference, clipped: clipped as f64 / (features.nrows() * inputs).max(1) as f64 })
    }

    /// Predictions alone, for the measuring of time.
    pub(super) fn predict(&self, features: ArrayView2<'_, f32>) -> Result<Vec<usize>, ActivationError> {
        Ok(predict(self.logits(features)?.0.view()))
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
                let codes = coded.quantizer.quantize(values.mapv(|value| value as f32).view());
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
            let (scales, zero_points) = layer.quantizer.bytes();
            scales + zero_points
        })
    }

    /// The logits, and how many inputs of layers were clipped.
    pub(super) fn logits(
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

impl CodedLayer {
    /// The layer's outputs, and how many of its inputs were clipped.
    fn outputs(&self, inputs: ArrayView2<'_, f32>) -> Result<(Array2<f32>, usize), ActivationError> {
        let codes = self.quantizer.quantize(inputs)?;
        let mut outputs = self.weights.product(&codes, self.bias.view())?;
        self.activation.apply_to(outputs.view_mut());
        Ok((outputs, codes.clipped()))
    }
}

/// What a reader must know of the share of clipped inputs.
pub(super) fn clipping_flag(clipped: f64) -> Option<Flag> {
    (clipped > HEAVY_CLIPPING).then_some(Flag::InputsClipped)
}

fn refused(layer: usize, error: &dyn std::fmt::Display) -> RowFailure {
    failed(FailureKind::Quantization, format!("inputs of {}: {error}", WeightId::Weight(layer)))
}

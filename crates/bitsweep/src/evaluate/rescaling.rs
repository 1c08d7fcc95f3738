//! How a transform rescaled weights, to be undone where variants are compared.

use bitsweep_models::{Model, WeightId};
use bitsweep_quant::Errors;
use ndarray::Array1;

use super::quantized_model::QuantizedModel;

/// The factors of every layer: with those of its inputs `s` and of its outputs `t` a layer has weights
/// `W'_jk = W_jk·s_j/t_k` and biases `b'_k = b_k/t_k`.
#[derive(Debug, Clone)]
pub(super) struct Rescaling {
    layers: Vec<Factors>,
}

/// The factors of one layer; `None` where they are 1.
#[derive(Debug, Clone, Default)]
struct Factors {
    inputs: Option<Array1<f64>>,
    outputs: Option<Array1<f64>>,
}

impl Rescaling {
    /// A model of so many layers, none of them rescaled.
    pub(super) fn none(layers: usize) -> Self {
        Self { layers: vec![Factors::default(); layers] }
    }

    /// The inputs of the layer were divided by `factors`, as the outputs of the layer before it were.
    pub(super) fn divide_inputs(&mut self, layer: usize, factors: &Array1<f32>) {
        let factors = factors.mapv(f64::from);
        if let Some(before) = layer.checked_sub(1) {
            self.layers[before].outputs = Some(factors.clone());
        }
        self.layers[layer].inputs = Some(factors);
    }

    /// The weights of each feature were divided by its `divisor`, as a scaler that was folded into them divides the feature.
    pub(super) fn divide_first_weights(&mut self, divisors: &Array1<f64>) {
        if let Some(first) = self.layers.first_mut() {
            first.inputs = Some(divisors.mapv(|divisor| 1.0 / divisor));
        }
    }

    /// What the outputs of the layer were divided by.
    pub(super) fn outputs_of(&self, layer: usize) -> Option<&Array1<f64>> {
        self.layers[layer].outputs.as_ref()
    }

    /// What the weights of a model that went through a scheme have lost, in the units of `float`, the model before any
    /// transform. The errors of a model that was trained are those of its latent weights.
    pub(super) fn errors(&self, float: &Model, transformed: &Model, model: &QuantizedModel) -> Errors {
        let quantized = model.original(transformed);
        let pairs = quantized.weights().zip(model.model.weights()).zip(float.weights());
        let coded = pairs.filter(|(((id, _), _), _)| model.weight(*id).is_some());
        let errors = coded.map(|(((id, values), (_, levels)), (_, before))| {
            if self.is_neutral(id) && (model.latent.is_some() || before == values) {
                return Errors::measure(values, levels);
            }
            let Factors { inputs, outputs } = &self.layers[id.layer()];
            let inputs = inputs.as_ref().filter(|_| !id.is_bias());
            let before = model.latent.is_none().then_some(before);
            Errors::measure_rescaled(values, levels, before, inputs, outputs.as_ref())
        });
        errors.fold(Errors::default(), Errors::merge)
    }

    fn is_neutral(&self, id: WeightId) -> bool {
        let Factors { inputs, outputs } = &self.layers[id.layer()];
        outputs.is_none() && (inputs.is_none() || id.is_bias())
    }
}

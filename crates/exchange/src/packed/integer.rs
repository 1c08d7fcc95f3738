//! A packed model in whole numbers.

use bitsweep_inference::integer::{IntegerModel, IntegerNetwork, LayerParts};
use bitsweep_quant::Requantize;
use ndarray::Array1;

use super::classifier::PackedModel;
use super::error::PackedError;
use super::values::Values;

impl PackedModel {
    /// The model in whole numbers; `None` of one that computes with floats, or between its layers has floats.
    ///
    /// # Errors
    /// Layers that cannot compute in whole numbers.
    pub fn integer(&self) -> Result<Option<IntegerModel>, PackedError> {
        let classifier = self.classifier();
        let biases: Vec<Array1<f32>> =
            classifier.layers.iter().map(|layer| layer.bias.to_array().into_iter().collect()).collect();
        let mut parts = Vec::new();
        for (layer, bias) in classifier.layers.iter().zip(&biases) {
            let (Some(inputs), Values::Coded(weight)) = (layer.inputs, &layer.weight) else {
                return Ok(None);
            };
            match inputs.scheme().requantize() {
                Requantize::Float => return Ok(None),
                Requantize::FixedPoint | Requantize::PowerOfTwo => {}
            }
            parts.push(LayerParts { weight, bias: bias.view(), activation: layer.activation, inputs });
        }
        let Some(first) = parts.first() else { return Ok(None) };
        let features = classifier.scaling.codes(first.weight.shape().0, &first.inputs)?;
        Ok(Some(IntegerModel { features, network: IntegerNetwork::new(&parts)? }))
    }
}

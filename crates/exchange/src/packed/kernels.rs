//! A packed model in the layouts of the kernels.

use bitsweep_inference::kernels::{KernelLayer, NoKernel};
use bitsweep_quant::Requantize;

use super::classifier::{PackedLayer, PackedModel};
use super::values::Values;

impl PackedModel {
    /// The layers as kernels multiply them, on packed weights.
    ///
    /// # Errors
    /// Why there is no kernel for a layer.
    pub fn kernel_layers(&self) -> Result<Vec<KernelLayer>, NoKernel> {
        self.classifier().layers.iter().map(kernel_layer).collect()
    }

    /// The layers with weights of `f32`: what the packed ones stand for, without codes of inputs.
    ///
    /// # Errors
    /// Weights that are not finite.
    pub fn float_layers(&self) -> Result<Vec<KernelLayer>, NoKernel> {
        let layers = self.classifier().layers.iter();
        let layers = layers.map(|layer| {
            let bias = layer.bias.to_array().into_iter().collect();
            KernelLayer::floats(layer.weight.to_array().view(), bias, layer.activation)
        });
        layers.collect()
    }
}

fn kernel_layer(layer: &PackedLayer) -> Result<KernelLayer, NoKernel> {
    let bias = layer.bias.to_array().into_iter().collect();
    match (&layer.weight, layer.inputs) {
        (Values::Float(weight), None) => KernelLayer::floats(weight.view(), bias, layer.activation),
        (Values::Float(_), Some(_)) => refused("f32", "its inputs are codes"),
        (Values::Coded(weight), inputs) => {
            let scheme = || weight.scheme().to_string();
            if layer.outputs.is_some() {
                return refused(scheme(), "the outputs of its layer are rounded");
            }
            match inputs.map(|inputs| inputs.scheme().requantize()) {
                None | Some(Requantize::Float) => {
                    KernelLayer::quantized(weight, inputs, bias, layer.activation)
                }
                Some(Requantize::FixedPoint | Requantize::PowerOfTwo) => {
                    refused(scheme(), "its layers hand on whole numbers")
                }
            }
        }
    }
}

fn refused(scheme: impl Into<String>, reason: &'static str) -> Result<KernelLayer, NoKernel> {
    Err(NoKernel { scheme: scheme.into(), reason })
}

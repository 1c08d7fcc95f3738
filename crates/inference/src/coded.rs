//! Layers that multiply codes, with floats between them.

use bitsweep_models::Activation;
use bitsweep_quant::{ActivationError, ActivationQuantizer, ScaledLevels};
use ndarray::{Array1, Array2, ArrayView2};

/// A dense layer whose inputs become codes, `y = a(x̂·Ŵ + b)`.
#[derive(Clone, Debug)]
pub struct CodedLayer {
    /// What makes codes of the inputs.
    pub quantizer: ActivationQuantizer,
    /// The weights, `(in, out)`.
    pub weights: ScaledLevels,
    /// One per output.
    pub bias: Array1<f32>,
    /// What is applied to the outputs.
    pub activation: Activation,
}

impl CodedLayer {
    /// The outputs, `(rows, out)`, of `inputs`, `(rows, in)`, and how many of these were clipped; see
    /// [`ScaledLevels::product`].
    ///
    /// # Errors
    /// Inputs of another length, and such as are not finite.
    pub fn outputs(&self, inputs: ArrayView2<'_, f32>) -> Result<(Array2<f32>, usize), ActivationError> {
        let codes = self.quantizer.quantize(inputs)?;
        let mut outputs = self.weights.product(&codes, self.bias.view())?;
        self.activation.apply_to(outputs.view_mut());
        Ok((outputs, codes.clipped()))
    }
}

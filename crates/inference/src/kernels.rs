//! Classifiers whose layers are multiplied by kernels on packed weights.

use bitsweep_kernels::TableWeights;
use bitsweep_models::Activation;
use bitsweep_quant::{ActivationError, ActivationQuantizer, Quantized};
use ndarray::{Array1, Array2, ArrayView2};

use crate::coded::CodedLayer;
use crate::kernel_weights::table_weights;

pub use crate::kernel_weights::NoKernel;

/// A dense layer in the layout of the kernels, `y = a(x·Ŵ + b)`.
#[derive(Clone, Debug)]
pub struct KernelLayer(Product);

#[derive(Clone, Debug)]
enum Product {
    /// Of codes with codes.
    Coded(CodedLayer),
    /// Of floats with levels.
    Levels { weights: TableWeights, bias: Vec<f32>, activation: Activation },
}

impl KernelLayer {
    /// Weights of `f32`, `(in, out)`.
    ///
    /// # Errors
    /// Numbers that are not finite.
    pub fn floats(
        weights: ArrayView2<'_, f32>,
        bias: Array1<f32>,
        activation: Activation,
    ) -> Result<Self, NoKernel> {
        let (inputs, outputs) = weights.dim();
        let transposed: Vec<f32> = weights.t().iter().copied().collect();
        let weights = TableWeights::floats((outputs, inputs), &transposed);
        let refused = |_| NoKernel { scheme: "f32".to_owned(), reason: "a number is not finite" };
        Ok(Self(Product::Levels { weights: weights.map_err(refused)?, bias: bias.to_vec(), activation }))
    }

    /// Quantized weights, `(in, out)`, whose inputs `quantizer` makes codes of; floats without one.
    ///
    /// # Errors
    /// Why there is no kernel for them.
    pub fn quantized(
        weights: &Quantized,
        quantizer: Option<ActivationQuantizer>,
        bias: Array1<f32>,
        activation: Activation,
    ) -> Result<Self, NoKernel> {
        let Some(quantizer) = quantizer else {
            let weights = table_weights(weights)?;
            return Ok(Self(Product::Levels { weights, bias: bias.to_vec(), activation }));
        };
        let refused = |reason| NoKernel { scheme: weights.scheme().to_string(), reason };
        let layer = CodedLayer::new(quantizer, weights, bias, activation)
            .map_err(|_| refused("its weights are of `f64`"))?;
        match layer.kernel() {
            Some(_) => Ok(Self(Product::Coded(layer))),
            None => Err(refused("weights or inputs are no codes of 8 bits or fewer")),
        }
    }

    /// The bytes of the weights that a product reads.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.0 {
            Product::Coded(layer) => layer.kernel().map_or(0, |weights| weights.bytes()),
            Product::Levels { weights, .. } => weights.bytes(),
        }
    }

    /// The outputs, `(rows, out)`, of `inputs`, `(rows, in)`.
    ///
    /// # Errors
    /// Inputs of another length, and such as are not finite where they become codes.
    pub fn outputs(&self, inputs: ArrayView2<'_, f32>) -> Result<Array2<f32>, ActivationError> {
        let (weights, bias, activation) = match &self.0 {
            Product::Coded(layer) => return layer.outputs(inputs).map(|(outputs, _)| outputs),
            Product::Levels { weights, bias, activation } => (weights, bias, activation),
        };
        let (rows, found) = inputs.dim();
        if found != weights.inputs() {
            return Err(ActivationError::Inputs { expected: weights.inputs(), found });
        }
        if bias.len() != weights.outputs() {
            return Err(ActivationError::Biases { expected: weights.outputs(), found: bias.len() });
        }
        let mut outputs = vec![0.0; rows * weights.outputs()];
        let inputs = inputs.as_standard_layout();
        let inputs = inputs.as_slice().unwrap_or_default();
        if let Err(error) = weights.product(rows, inputs, Some(bias), &mut outputs) {
            unreachable!("slices of the layer's own shapes: {error}");
        }
        let Ok(mut outputs) = Array2::from_shape_vec((rows, weights.outputs()), outputs) else {
            unreachable!("there is one number for each row and output")
        };
        activation.apply_to(outputs.view_mut());
        Ok(outputs)
    }
}

/// The outputs of the last of `layers`, `(rows, out)`, of `inputs` of the first.
///
/// # Errors
/// Inputs of another length, and such as are not finite where they become codes.
pub fn outputs(layers: &[KernelLayer], inputs: ArrayView2<'_, f32>) -> Result<Array2<f32>, ActivationError> {
    let Some((first, rest)) = layers.split_first() else { return Ok(inputs.to_owned()) };
    rest.iter().try_fold(first.outputs(inputs)?, |values, layer| layer.outputs(values.view()))
}

//! Layers that multiply codes, with floats between them.

use bitsweep_kernels::{ActivationCodes, ActivationParameters, Activations, IntegerWeights};
use bitsweep_models::Activation;
use bitsweep_quant::{
    ActivationError, ActivationQuantizer, Grid, Quantized, QuantizedActivations, ScaledLevels,
};
use ndarray::{Array1, Array2, ArrayView2};

use crate::kernel_weights::integer_weights;

/// A dense layer whose inputs become codes, `y = a(x̂·Ŵ + b)`.
#[derive(Clone, Debug)]
pub struct CodedLayer {
    quantizer: ActivationQuantizer,
    inputs: usize,
    weights: Weights,
    bias: Array1<f32>,
    activation: Activation,
}

/// Weights in the form in which they are multiplied. The products have the same bits.
#[derive(Clone, Debug)]
enum Weights {
    /// By a kernel.
    Kernel(IntegerWeights),
    /// By the loops that say what the product is.
    Levels(ScaledLevels),
}

impl CodedLayer {
    /// The layer with the inputs' `quantizer`, `weights`, `(in, out)`, one `bias` per output, and what is applied to the outputs.
    ///
    /// # Errors
    /// Weights of `f64`.
    pub fn new(
        quantizer: ActivationQuantizer,
        weights: &Quantized,
        bias: Array1<f32>,
        activation: Activation,
    ) -> Result<Self, ActivationError> {
        let levels = ScaledLevels::of(weights)?;
        let inputs = levels.inputs();
        let has_kernel = fits_bytes(quantizer.grid()) && bias.len() == levels.outputs();
        let weights = match has_kernel.then(|| integer_weights(&levels)).flatten() {
            Some(weights) => Weights::Kernel(weights),
            None => Weights::Levels(levels),
        };
        Ok(Self { quantizer, inputs, weights, bias, activation })
    }

    /// What makes codes of the inputs.
    pub fn quantizer(&self) -> ActivationQuantizer {
        self.quantizer
    }

    /// The number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The weights as the kernel has them that multiplies them, where there is one.
    pub fn kernel(&self) -> Option<&IntegerWeights> {
        match &self.weights {
            Weights::Kernel(weights) => Some(weights),
            Weights::Levels(_) => None,
        }
    }

    /// The outputs, `(rows, out)`, of `inputs`, `(rows, in)`, and how many of these were clipped; see
    /// [`ScaledLevels::product`].
    ///
    /// # Errors
    /// Inputs of another length, and such as are not finite.
    pub fn outputs(&self, inputs: ArrayView2<'_, f32>) -> Result<(Array2<f32>, usize), ActivationError> {
        let codes = self.quantizer.quantize(inputs)?;
        let mut outputs = match &self.weights {
            Weights::Levels(levels) => levels.product(&codes, self.bias.view())?,
            Weights::Kernel(weights) if inputs.ncols() == self.inputs => {
                product(weights, &codes, self.quantizer.grid(), &self.bias)
            }
            Weights::Kernel(_) => {
                return Err(ActivationError::Inputs { expected: self.inputs, found: inputs.ncols() });
            }
        };
        self.activation.apply_to(outputs.view_mut());
        Ok((outputs, codes.clipped()))
    }
}

/// Whether codes are bytes, signed or unsigned.
fn fits_bytes(Grid { lowest, highest }: Grid) -> bool {
    lowest >= i8::MIN.into() && highest <= u8::MAX.into() && (lowest >= 0 || highest <= i8::MAX.into())
}

/// The product by a kernel, of codes that fit bytes.
fn product(
    weights: &IntegerWeights,
    inputs: &QuantizedActivations,
    grid: Grid,
    bias: &Array1<f32>,
) -> Array2<f32> {
    let (rows, columns) = inputs.codes().dim();
    let parameters: Vec<ActivationParameters> = (0..rows)
        .map(|row| inputs.parameters(row))
        .map(|own| ActivationParameters { scale: own.scale, zero_point: own.zero_point })
        .collect();
    let mut outputs = Array2::zeros((rows, weights.outputs()));
    let unsigned: Vec<u8>;
    let signed: Vec<i8>;
    let codes = if grid.lowest >= 0 {
        unsigned = inputs.codes().iter().map(|&code| code as u8).collect();
        ActivationCodes::Unsigned(&unsigned)
    } else {
        signed = inputs.codes().iter().map(|&code| code as i8).collect();
        ActivationCodes::Signed(&signed)
    };
    let product = Activations::new((rows, columns), codes, &parameters).and_then(|activations| {
        let results = outputs.as_slice_mut().unwrap_or_default();
        weights.product(&activations, bias.as_slice(), results)
    });
    match product {
        Ok(()) => outputs,
        Err(error) => unreachable!("the layer's own shapes and codes: {error}"),
    }
}

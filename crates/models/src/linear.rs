//! The dense layer.

use ndarray::{Array1, Array2, ArrayView2};

use crate::activation::Activation;
use crate::each::Each;
use crate::float::{Float, ForEachFloat};
use crate::forward::{PanelLayer, forward};
use crate::panels::Panels;

/// A dense layer, `y = a(x · W + b)`.
///
/// `x` is `(batch, in)`, `W` is `(in, out)`, `b` is `(out)` and `y` is `(batch, out)`: **an input is a row of the
/// weight, an output a column**, as in Keras and in ONNX's `MatMul`, and the transpose of PyTorch's `Linear.weight`. The
/// whole workspace keeps weights this way.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// `W`.
    pub weight: Array2<f32>,
    /// `b`.
    pub bias: Array1<f32>,
    /// `a`.
    pub activation: Activation,
}

impl Linear {
    /// The number of inputs.
    pub fn input_size(&self) -> usize {
        self.weight.nrows()
    }

    /// The number of outputs.
    pub fn output_size(&self) -> usize {
        self.weight.ncols()
    }

    /// The number of trained numbers, `in · out + out`.
    pub fn parameters(&self) -> usize {
        self.weight.len() + self.bias.len()
    }

    /// `x · W + b`, `(batch, out)`, for the inputs `x`, `(batch, in)`: the same bits as inside of
    /// [`Model::logits`](crate::Model::logits).
    ///
    /// # Panics
    /// When `inputs` has not [`input_size`](Self::input_size) columns, or the bias not
    /// [`output_size`](Self::output_size) elements.
    pub fn sums<T: Float>(&self, inputs: ArrayView2<'_, T>) -> Array2<T> {
        self.compute(inputs, Activation::Identity)
    }

    /// `a(x · W + b)`, `(batch, out)`, for the inputs `x`, `(batch, in)`: the same bits as inside of
    /// [`Model::logits`](crate::Model::logits).
    ///
    /// # Panics
    /// As [`sums`](Self::sums).
    pub fn outputs<T: Float>(&self, inputs: ArrayView2<'_, T>) -> Array2<T> {
        self.compute(inputs, self.activation)
    }

    /// Writes the layer to `layer`, in the layout of the kernels.
    pub(crate) fn write_to(&self, layer: &mut PanelLayer) {
        layer.assign(self.weight.view(), self.bias.view(), self.activation);
    }

    fn compute<T: Float>(&self, inputs: ArrayView2<'_, T>, activation: Activation) -> Array2<T> {
        COMPUTE.of()(self, inputs, activation)
    }

    fn compute_as<T: Float>(&self, inputs: ArrayView2<'_, T>, activation: Activation) -> Array2<T> {
        assert_eq!(
            inputs.ncols(),
            self.input_size(),
            "the number of columns is not the layer's number of inputs"
        );
        assert_eq!(self.bias.len(), self.output_size(), "the layer has not one bias for each output");
        let mut layer = PanelLayer::default();
        layer.assign(self.weight.view(), self.bias.view(), activation);
        let mut input = Panels::default();
        input.assign(inputs);
        let mut output = Panels::default();
        output.resize(inputs.nrows(), self.output_size());
        forward(&layer, &input, &mut output, None);
        output.to_array()
    }
}

struct Compute;

impl ForEachFloat for Compute {
    type Of<T: Float> = fn(&Linear, ArrayView2<'_, T>, Activation) -> Array2<T>;
}

static COMPUTE: Each<Compute> = Each { of_f32: Linear::compute_as, of_f64: Linear::compute_as };

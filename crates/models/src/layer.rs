//! The kinds of layers.

use ndarray::{Array2, ArrayView2};

use crate::activation::Activation;
use crate::float::Float;
use crate::linear::Linear;

/// A layer of a [`Model`](crate::Model).
///
/// Matches over it are exhaustive everywhere: the compiler lists what a new kind must answer.
///
/// ```
/// use bitsweep_models::{Activation, Head, Layer, Linear, Model};
/// use ndarray::array;
///
/// let linear = Linear {
///     weight: array![[1.0], [2.0]],
///     bias: array![0.5],
///     activation: Activation::Identity,
/// };
/// let model = Model::new([linear], Head::Logistic)?;
///
/// // Another model, with one layer changed.
/// let mut layers = model.layers().to_vec();
/// let Layer::Linear(first) = &mut layers[0];
/// first.bias[0] = 0.0;
/// let changed = Model::new(layers, model.head())?;
/// assert_eq!(changed.logits(array![[1.0_f32, 1.0]].view()), array![[0.0, 3.0]]);
/// # Ok::<(), bitsweep_models::ModelError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// A dense layer.
    Linear(Linear),
}

impl Layer {
    /// The number of inputs of one row.
    pub fn input_size(&self) -> usize {
        match self {
            Self::Linear(linear) => linear.input_size(),
        }
    }

    /// The number of outputs of one row.
    pub fn output_size(&self) -> usize {
        match self {
            Self::Linear(linear) => linear.output_size(),
        }
    }

    /// The number of trained numbers.
    pub fn parameters(&self) -> usize {
        match self {
            Self::Linear(linear) => linear.parameters(),
        }
    }

    /// What the layer applies to each element of its output.
    pub fn activation(&self) -> Activation {
        match self {
            Self::Linear(linear) => linear.activation,
        }
    }

    /// The outputs `(batch, out)` for the inputs `(batch, in)`: the same bits as inside of
    /// [`Model::logits`](crate::Model::logits).
    ///
    /// # Panics
    /// When `inputs` has another number of columns than there are inputs.
    pub fn outputs<T: Float>(&self, inputs: ArrayView2<'_, T>) -> Array2<T> {
        match self {
            Self::Linear(linear) => linear.outputs(inputs),
        }
    }
}

impl From<Linear> for Layer {
    fn from(linear: Linear) -> Self {
        Self::Linear(linear)
    }
}

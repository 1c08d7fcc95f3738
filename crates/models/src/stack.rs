//! The model: a stack of dense layers.

use std::slice;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use thiserror::Error;

use crate::dense::Linear;
use crate::forward::{PanelLayer, resize_outputs};
use crate::head::Head;
use crate::panels::Panels;
use crate::real::Real;

/// Why layers do not make a [`Model`].
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ModelError {
    /// There is no layer.
    #[error("a model needs at least one layer")]
    NoLayers,
    /// A layer has no inputs or no outputs.
    #[error(
        "layer {layer} has a weight of shape ({inputs}, {outputs}): expected at least one input and one output"
    )]
    EmptyLayer {
        /// Counted from 1.
        layer: usize,
        /// Rows of the weight.
        inputs: usize,
        /// Columns of the weight.
        outputs: usize,
    },
    /// A bias does not belong to its weight.
    #[error("layer {layer} has {biases} biases for {outputs} outputs: expected one for each")]
    BiasLength {
        /// Counted from 1.
        layer: usize,
        /// Elements of the bias.
        biases: usize,
        /// Columns of the weight.
        outputs: usize,
    },
    /// A layer does not take what the layer before it gives.
    #[error("layer {layer} takes {inputs} inputs, but layer {} gives {outputs} outputs", layer - 1)]
    Chain {
        /// Counted from 1.
        layer: usize,
        /// Rows of its weight.
        inputs: usize,
        /// Columns of the weight of the layer before.
        outputs: usize,
    },
    /// A number is NaN or infinite.
    #[error("{tensor} has `{value}` at row {row}, column {column}: expected finite numbers")]
    NotFinite {
        /// The tensor's name, such as `W1`.
        tensor: String,
        /// Counted from 0.
        row: usize,
        /// Counted from 0.
        column: usize,
        /// NaN or an infinity.
        value: f32,
    },
}

/// A model: dense layers, each taking the output of the one before, and how the last output becomes probabilities.
///
/// `x₀` is a batch of features, `x_l = a_l(x_{l-1} · W_l + b_l)`, and the last `x` is the logits. Weights are `f32`;
/// the arithmetic is `f32` or `f64`, as the caller's features are. The same model and features give the same bits on
/// every machine.
///
/// Tensors are named `W1`, `b1`, `W2`, `b2`, … and seen as matrices: a weight is `(inputs, outputs)`, a bias
/// `(1, outputs)`.
///
/// ```
/// use bitsweep_models::{Activation, Linear, Model, Head, predict};
/// use ndarray::array;
///
/// // Exclusive or: the hidden units compute x + y and x + y - 1.
/// let hidden = Linear {
///     weight: array![[1.0, 1.0], [1.0, 1.0]],
///     bias: array![0.0, -1.0],
///     activation: Activation::Relu,
/// };
/// let output = Linear {
///     weight: array![[-1.0, 1.0], [2.0, -2.0]],
///     bias: array![0.5, -0.5],
///     activation: Activation::Identity,
/// };
/// let model = Model::new(vec![hidden, output], Head::Softmax)?;
/// assert_eq!(model.tensor_names(), ["W1", "b1", "W2", "b2"]);
///
/// let features = array![[0.0_f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
/// let logits = model.logits(features.view());
/// assert_eq!(predict(logits.view()), [0, 1, 1, 0]);
/// assert_eq!(model.probabilities(logits.view()).row(0).sum(), 1.0);
/// # Ok::<(), bitsweep_models::ModelError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    layers: Vec<Linear>,
    head: Head,
}

impl Model {
    /// Puts `layers` together, the first one first.
    ///
    /// # Errors
    /// When there is no layer, a layer has no inputs or outputs, the shapes do not chain, or a number is not finite.
    pub fn new(layers: Vec<Linear>, head: Head) -> Result<Self, ModelError> {
        if layers.is_empty() {
            return Err(ModelError::NoLayers);
        }
        for (index, dense) in layers.iter().enumerate() {
            let layer = index + 1;
            let (inputs, outputs) = dense.weight.dim();
            if inputs == 0 || outputs == 0 {
                return Err(ModelError::EmptyLayer { layer, inputs, outputs });
            }
            if dense.bias.len() != outputs {
                return Err(ModelError::BiasLength { layer, biases: dense.bias.len(), outputs });
            }
            if let Some(before) = index.checked_sub(1).map(|before| layers[before].outputs())
                && before != inputs
            {
                return Err(ModelError::Chain { layer, inputs, outputs: before });
            }
        }
        let stack = Self { layers, head };
        stack.check_finite()?;
        Ok(stack)
    }

    /// Refuses NaN and infinity, naming the first in the order of the tensors.
    ///
    /// # Errors
    /// [`ModelError::NotFinite`].
    pub fn check_finite(&self) -> Result<(), ModelError> {
        for (name, tensor) in self.tensors() {
            if let Some(((row, column), &value)) = tensor.indexed_iter().find(|(_, value)| !value.is_finite())
            {
                return Err(ModelError::NotFinite { tensor: name, row, column, value });
            }
        }
        Ok(())
    }

    /// The layers, the first one first.
    pub fn layers(&self) -> &[Linear] {
        &self.layers
    }

    /// How logits become probabilities.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The number of features.
    pub fn input_size(&self) -> usize {
        self.layers[0].inputs()
    }

    /// The number of logits, one for each class.
    pub fn output_size(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs()
    }

    /// The number of trained numbers, weights and biases together.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(Linear::parameters).sum()
    }

    /// The names of the tensors: `W1`, `b1`, `W2`, `b2`, ….
    pub fn tensor_names(&self) -> Vec<String> {
        self.tensors().map(|(name, _)| name).collect()
    }

    /// The tensors with their names, in the order `W1`, `b1`, `W2`, `b2`, …; biases are `(1, outputs)`.
    pub fn tensors(&self) -> impl Iterator<Item = (String, ArrayView2<'_, f32>)> {
        self.layers.iter().enumerate().flat_map(|(index, layer)| {
            [
                (format!("W{}", index + 1), layer.weight.view()),
                (format!("b{}", index + 1), layer.bias.view().insert_axis(Axis(0))),
            ]
        })
    }

    /// The same tensors to be written to, in the same order, for whoever evaluates many variants of one model.
    ///
    /// Shapes cannot change. Numbers can become NaN or infinite: [`check_finite`](Self::check_finite) tells.
    pub fn tensors_mut(&mut self) -> impl Iterator<Item = ArrayViewMut2<'_, f32>> {
        self.layers
            .iter_mut()
            .flat_map(|layer| [layer.weight.view_mut(), layer.bias.view_mut().insert_axis(Axis(0))])
    }

    /// The logits, `(batch, classes)`, of `features`, `(batch, input_size)`, computed in the precision of `features`.
    ///
    /// # Panics
    /// When `features` has another number of columns than [`input_size`](Self::input_size).
    pub fn logits<T: Real>(&self, features: ArrayView2<'_, T>) -> Array2<T> {
        self.logits_with(features, &mut ForwardBuffers::default()).to_owned()
    }

    /// [`logits`](Self::logits) in buffers that the caller keeps: nothing is allocated from the second call on.
    ///
    /// # Panics
    /// When `features` has another number of columns than [`input_size`](Self::input_size).
    pub fn logits_with<'b, T: Real>(
        &self,
        features: ArrayView2<'_, T>,
        buffers: &'b mut ForwardBuffers<T>,
    ) -> ArrayView2<'b, T> {
        let (rows, columns) = features.dim();
        assert_eq!(columns, self.input_size(), "the number of features is not the model's number of inputs");
        self.fill(features, buffers);
        let ForwardBuffers { layers, features: input, outputs, .. } = buffers;
        T::forward(layers, input, outputs);
        self.conclude(rows, buffers)
    }

    /// [`logits_with`](Self::logits_with) of a model that was trained with a [`Hook`](crate::Hook) on its activations:
    /// `change` is told the number of each layer but the last, counted from 0, and changes what it hands on,
    /// `(rows, outputs)`, as [`Hook::activations`](crate::Hook::activations) does.
    ///
    /// # Panics
    /// When `features` has another number of columns than [`input_size`](Self::input_size).
    pub fn logits_changed<'b, T: Real>(
        &self,
        features: ArrayView2<'_, T>,
        buffers: &'b mut ForwardBuffers<T>,
        change: &mut dyn FnMut(usize, ArrayViewMut2<'_, f64>),
    ) -> ArrayView2<'b, T> {
        let (rows, columns) = features.dim();
        assert_eq!(columns, self.input_size(), "the number of features is not the model's number of inputs");
        self.fill(features, buffers);
        let ForwardBuffers { layers, features, outputs, .. } = &mut *buffers;
        for (index, layer) in layers.iter().enumerate() {
            let (before, from) = outputs.split_at_mut(index);
            let output = &mut from[0];
            T::forward(slice::from_ref(layer), before.last().unwrap_or(features), slice::from_mut(output));
            if index + 1 < layers.len() {
                let mut values = output.to_array().mapv(Into::into);
                change(index, values.view_mut());
                output.assign_with(rows, layer.weight.columns(), |row, column| {
                    T::from_f64(values[[row, column]])
                });
            }
        }
        self.conclude(rows, buffers)
    }

    /// Fills the buffers with the layers and the input, and makes room for the outputs.
    fn fill<T: Real>(&self, features: ArrayView2<'_, T>, buffers: &mut ForwardBuffers<T>) {
        let ForwardBuffers { layers, features: input, outputs, .. } = buffers;
        layers.truncate(self.layers.len());
        for (panels, layer) in layers.iter_mut().zip(&self.layers) {
            panels.assign(layer);
        }
        layers.extend(self.layers[layers.len()..].iter().map(PanelLayer::new));
        input.assign(features);
        resize_outputs(layers, features.nrows(), outputs);
    }

    /// The last output in the usual layout.
    fn conclude<'b, T: Real>(&self, rows: usize, buffers: &'b mut ForwardBuffers<T>) -> ArrayView2<'b, T> {
        let ForwardBuffers { outputs, logits, .. } = buffers;
        outputs[outputs.len() - 1].copy_rows_to(logits);
        let Ok(logits) = ArrayView2::from_shape((rows, self.output_size()), logits) else {
            unreachable!("there is one logit for each row and class")
        };
        logits
    }

    /// The probabilities, `(batch, classes)`, that belong to `logits`; see [`Head::probabilities`].
    pub fn probabilities<T: Real>(&self, logits: ArrayView2<'_, T>) -> Array2<f64> {
        self.head.probabilities(logits)
    }
}

/// Memory for [`Model::logits_with`], for any number of models, shapes and batches one after another.
#[derive(Clone, Debug, Default)]
pub struct ForwardBuffers<T> {
    layers: Vec<PanelLayer>,
    features: Panels<T>,
    outputs: Vec<Panels<T>>,
    logits: Vec<T>,
}

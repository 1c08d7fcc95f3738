//! The model: layers one after the other.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use thiserror::Error;

use crate::activation::Activation;
use crate::float::Float;
use crate::head::Head;
use crate::layer::Layer;
use crate::linear::Linear;
use crate::weight_id::WeightId;

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
    #[error("layer {layer} has a bias of length {biases}: expected {outputs}, one number for each output")]
    BiasLength {
        /// Counted from 1.
        layer: usize,
        /// Elements of the bias.
        biases: usize,
        /// Columns of the weight.
        outputs: usize,
    },
    /// A layer does not take what the layer before it gives.
    #[error("layer {layer} takes rows of length {inputs}, but layer {} gives rows of length {outputs}", layer - 1)]
    Chain {
        /// Counted from 1.
        layer: usize,
        /// Rows of its weight.
        inputs: usize,
        /// Columns of the weight of the layer before.
        outputs: usize,
    },
    /// An activation has parameters of no meaning.
    #[error("layer {layer} has activation {activation}: expected {expected}")]
    Activation {
        /// Counted from 1.
        layer: usize,
        /// The activation with its parameters.
        activation: Activation,
        /// What the parameters may be, as the end of a sentence.
        expected: &'static str,
    },
    /// The last layer has not as many outputs as the head takes.
    #[error(
        "the head `{head}` stands behind {outputs} {}: expected {}",
        if *outputs == 1 { "output" } else { "outputs" },
        head.expected_outputs()
    )]
    Head {
        /// How logits become probabilities.
        head: Head,
        /// Outputs of the last layer.
        outputs: usize,
    },
    /// A number is NaN or infinite.
    #[error("{weight} has `{value}` at row {row}, column {column}: expected finite numbers")]
    NotFinite {
        /// The first weight with such a number.
        weight: WeightId,
        /// Counted from 0.
        row: usize,
        /// Counted from 0.
        column: usize,
        /// NaN or an infinity.
        value: f32,
    },
}

/// A model: layers, each taking the output of the one before, and how the last output becomes probabilities.
///
/// `x₀` is a batch of features, `x_l` the output of layer `l` for `x_{l-1}`, and the last `x` is the logits; of a model with a
/// [`Logistic`](Head::Logistic) head, whose last layer has one output `z`, the logits are `[0, z]`. Weights are `f32`; the
/// arithmetic is `f32` or `f64`, as the caller's features are. The same model and features give the same bits on every
/// machine.
///
/// A [`WeightId`] names a weight. All are seen as matrices: that of a [`Linear`] layer as it is, its bias as `(1, out)`.
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
/// let names: Vec<String> = model.weights().map(|(id, _)| id.to_string()).collect();
/// assert_eq!(names, ["W1", "b1", "W2", "b2"]);
///
/// let features = array![[0.0_f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
/// let logits = model.logits(features.view());
/// assert_eq!(predict(logits.view()), [0, 1, 1, 0]);
/// assert_eq!(model.probabilities(logits.view()).row(0).sum(), 1.0);
/// # Ok::<(), bitsweep_models::ModelError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    layers: Vec<Layer>,
    head: Head,
    /// As the head makes them of the outputs of the last layer.
    classes: usize,
}

impl Model {
    /// Puts `layers` together, the first one first.
    ///
    /// # Errors
    /// When there is no layer, a layer has no inputs or outputs, the shapes do not chain, the head does not take the outputs of
    /// the last one, an activation has parameters of no meaning, or a number is not finite.
    pub fn new<L: Into<Layer>>(layers: impl IntoIterator<Item = L>, head: Head) -> Result<Self, ModelError> {
        let layers: Vec<Layer> = layers.into_iter().map(Into::into).collect();
        let mut before = None;
        for (layer, number) in layers.iter().zip(1..) {
            check_layer(layer, number)?;
            let inputs = layer.input_size();
            if let Some(outputs) = before.filter(|&outputs| outputs != inputs) {
                return Err(ModelError::Chain { layer: number, inputs, outputs });
            }
            before = Some(layer.output_size());
        }
        let outputs = before.ok_or(ModelError::NoLayers)?;
        let classes = head.classes(outputs).ok_or(ModelError::Head { head, outputs })?;
        let model = Self { layers, head, classes };
        model.check_finite()?;
        Ok(model)
    }

    /// Refuses NaN and infinity, naming the first in the order of the weights.
    ///
    /// # Errors
    /// [`ModelError::NotFinite`].
    pub fn check_finite(&self) -> Result<(), ModelError> {
        for (weight, values) in self.weights() {
            // Without an early end, which vectors have not.
            if values.iter().fold(true, |all, value| all & value.is_finite()) {
                continue;
            }
            if let Some(((row, column), &value)) = values.indexed_iter().find(|(_, value)| !value.is_finite())
            {
                return Err(ModelError::NotFinite { weight, row, column, value });
            }
        }
        Ok(())
    }

    /// The layers, the first one first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The layers, to be changed and put together again by [`new`](Self::new).
    pub fn into_layers(self) -> Vec<Layer> {
        self.layers
    }

    /// The dense layers, each with its position among all layers, counted from 0.
    pub fn linear_layers(&self) -> impl DoubleEndedIterator<Item = (usize, &Linear)> {
        self.layers.iter().enumerate().map(|(position, layer)| match layer {
            Layer::Linear(linear) => (position, linear),
        })
    }

    /// How logits become probabilities.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The number of features.
    pub fn input_size(&self) -> usize {
        self.layers[0].input_size()
    }

    /// The number of classes, and of logits: one for each.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The number of outputs of the last layer, of which the head makes logits: one of two classes with a
    /// [`Logistic`](Head::Logistic) head, one for each class with the others.
    pub fn output_size(&self) -> usize {
        self.layers[self.layers.len() - 1].output_size()
    }

    /// The number of trained numbers, weights and biases together.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(Layer::parameters).sum()
    }

    /// All weights in the order of the layers: W1, b1, W2, b2, ….
    pub fn weights(&self) -> impl Iterator<Item = (WeightId, ArrayView2<'_, f32>)> {
        self.layers.iter().enumerate().flat_map(|(position, layer)| match layer {
            Layer::Linear(Linear { weight, bias, .. }) => [
                (WeightId::Weight(position), weight.view()),
                (WeightId::Bias(position), bias.view().insert_axis(Axis(0))),
            ],
        })
    }

    /// The same weights to be written to, in the same order, for whoever evaluates many variants of one model.
    ///
    /// Shapes cannot change. Numbers can become NaN or infinite: [`check_finite`](Self::check_finite) tells.
    pub fn weights_mut(&mut self) -> impl Iterator<Item = (WeightId, ArrayViewMut2<'_, f32>)> {
        self.layers.iter_mut().enumerate().flat_map(|(position, layer)| match layer {
            Layer::Linear(Linear { weight, bias, .. }) => [
                (WeightId::Weight(position), weight.view_mut()),
                (WeightId::Bias(position), bias.view_mut().insert_axis(Axis(0))),
            ],
        })
    }

    /// One weight; `None` when the model has no such weight.
    pub fn weight(&self, id: WeightId) -> Option<ArrayView2<'_, f32>> {
        match (self.layers.get(id.layer())?, id) {
            (Layer::Linear(linear), WeightId::Weight(_)) => Some(linear.weight.view()),
            (Layer::Linear(linear), WeightId::Bias(_)) => Some(linear.bias.view().insert_axis(Axis(0))),
        }
    }

    /// One weight to be written to, under the terms of [`weights_mut`](Self::weights_mut).
    pub fn weight_mut(&mut self, id: WeightId) -> Option<ArrayViewMut2<'_, f32>> {
        match (self.layers.get_mut(id.layer())?, id) {
            (Layer::Linear(linear), WeightId::Weight(_)) => Some(linear.weight.view_mut()),
            (Layer::Linear(linear), WeightId::Bias(_)) => Some(linear.bias.view_mut().insert_axis(Axis(0))),
        }
    }

    /// The probabilities, `(batch, classes)`, that belong to `logits`; see [`Head::probabilities`].
    pub fn probabilities<T: Float>(&self, logits: ArrayView2<'_, T>) -> Array2<f64> {
        self.head.probabilities(logits)
    }
}

/// Refuses what is wrong with a layer by itself; `number` is its own, counted from 1.
fn check_layer(layer: &Layer, number: usize) -> Result<(), ModelError> {
    let (inputs, outputs) = (layer.input_size(), layer.output_size());
    if inputs == 0 || outputs == 0 {
        return Err(ModelError::EmptyLayer { layer: number, inputs, outputs });
    }
    match layer {
        Layer::Linear(Linear { bias, .. }) if bias.len() != outputs => {
            return Err(ModelError::BiasLength { layer: number, biases: bias.len(), outputs });
        }
        Layer::Linear(_) => {}
    }
    let activation = layer.activation();
    match activation.wrong_parameters() {
        Some(expected) => Err(ModelError::Activation { layer: number, activation, expected }),
        None => Ok(()),
    }
}

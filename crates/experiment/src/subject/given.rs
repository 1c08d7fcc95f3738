//! A model written into the experiment's file.

use std::fmt;

use bitsweep_models::{Activation, Head, Linear, Model, ModelError};
use ndarray::{Array1, Array2};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TensorValues;

/// A model written into the file, layer by layer. It is quantized as it is, and scored on the test rows.
///
/// ```toml
/// layers = [
///     { weight = [[1.0, 1.0], [1.0, 1.0]], bias = [0.0, -1.0], activation = "relu" },
///     { weight = [[-1.0, 1.0], [2.0, -2.0]], bias = [0.5, -0.5] },
/// ]
/// head = "softmax"
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenModel {
    /// The layers, the first one first.
    #[schemars(length(min = 1))]
    pub layers: Vec<GivenLayer>,
    /// How logits become probabilities.
    #[serde(default = "GivenModel::usual_head")]
    pub head: Head,
}

/// A dense layer written into the file, `y = activation(x · weight + bias)`.
///
/// ```toml
/// weight = [[1.0, -0.5], [0.25, 2.0]]
/// bias = [0.0, 0.5]
/// activation = "relu"
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenLayer {
    /// The rows of the weight, one for each input.
    pub weight: TensorValues,
    /// One number per output; zeros when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<Vec<f64>>,
    /// What is applied to the outputs.
    #[serde(default = "GivenLayer::usual_activation")]
    pub activation: Activation,
}

impl GivenLayer {
    const fn usual_activation() -> Activation {
        Activation::Identity
    }
}

impl GivenModel {
    const fn usual_head() -> Head {
        Head::Softmax
    }

    /// The first number beyond `f32`, in which models compute.
    pub fn beyond_f32(&self) -> Option<f64> {
        let numbers = self
            .layers
            .iter()
            .flat_map(|layer| layer.weight.0.iter().flatten().chain(layer.bias.iter().flatten()));
        numbers.copied().find(|number| number.is_finite() && !(*number as f32).is_finite())
    }

    /// The model, its numbers rounded to `f32`.
    ///
    /// # Errors
    /// When the layers do not make a model.
    pub fn model(&self) -> Result<Model, ModelError> {
        let layer = |given: &GivenLayer| -> Linear {
            let shape = given.shape();
            let numbers: Vec<f32> = given.weight.0.iter().flatten().map(|&number| number as f32).collect();
            let weight = Array2::from_shape_vec(shape, numbers).expect("rows are of equal length");
            let bias = match &given.bias {
                Some(bias) => bias.iter().map(|&number| number as f32).collect(),
                None => Array1::zeros(shape.1),
            };
            Linear { weight, bias, activation: given.activation }
        };
        Model::new(self.layers.iter().map(layer), self.head)
    }
}

impl GivenLayer {
    fn shape(&self) -> (usize, usize) {
        let TensorValues(rows) = &self.weight;
        (rows.len(), rows.first().map_or(0, Vec::len))
    }
}

impl GivenModel {
    /// The number of inputs, then the outputs of each layer.
    fn widths(&self) -> Vec<usize> {
        let inputs = self.layers.first().map(|layer| layer.shape().0);
        inputs.into_iter().chain(self.layers.iter().map(|layer| layer.shape().1)).collect()
    }
}

/// The number of inputs, then the outputs of each layer: `given(13-100-3)`.
impl fmt::Display for GivenModel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<String> = self.widths().iter().map(ToString::to_string).collect();
        write!(formatter, "given({})", widths.join("-"))
    }
}

//! What a packed file holds.

use bitsweep_models::{Activation, Head, Linear, Model, ModelError, Precision, WeightId};
use bitsweep_quant::{ActivationQuantizer, Bits};
use ndarray::{Array1, Array2};
use serde_json::{Map, Value};

use crate::network::check_classes;

use super::columns::{self, Column};
use super::error::PackedError;
use super::scaling::{self, FeatureScaling};
use super::values::Values;

/// A quantized classifier with everything that it needs to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    /// How features are made.
    pub columns: Vec<Column>,
    /// How they are scaled.
    pub scaling: FeatureScaling,
    /// The first one first.
    pub layers: Vec<PackedLayer>,
    /// How logits become probabilities.
    pub head: Head,
    /// The arithmetic of layers whose inputs are floats; layers whose inputs are codes compute as
    /// [`ScaledLevels::product`](bitsweep_quant::ScaledLevels::product) says.
    pub precision: Precision,
    /// What the classes are called, in the order of the logits.
    pub classes: Vec<String>,
    /// Where the model comes from: experiment, unit, variant, keys.
    pub provenance: Map<String, Value>,
}

/// A dense layer.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedLayer {
    /// `(in, out)`.
    pub weight: Values,
    /// `(1, out)`.
    pub bias: Values,
    /// What is applied to the outputs.
    pub activation: Activation,
    /// What makes codes of the inputs; of all layers or of none.
    pub inputs: Option<ActivationQuantizer>,
    /// What makes codes of the outputs of a layer that is not the last, where the model was trained that way.
    pub outputs: Option<ClippedOutputs>,
}

/// Outputs of a layer that are clipped to `[0, α]` and rounded to evenly spaced levels, see
/// [`ClippedActivation`](bitsweep_quant::estimator::ClippedActivation).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClippedOutputs {
    /// Bits of one output.
    pub bits: Bits,
    /// `α` where it was learned; 1 otherwise.
    pub clip: Option<f32>,
}

impl ClippedOutputs {
    /// `α`.
    #[must_use]
    pub fn clip(&self) -> f64 {
        self.clip.map_or(1.0, f64::from)
    }
}

/// A classifier whose parts go together, to be written as a file or read from one.
///
/// ```
/// use bitsweep_exchange::packed::{Classifier, Column, FeatureScaling, PackedLayer, PackedModel, Values};
/// use bitsweep_models::{Activation, Head, Precision};
/// use bitsweep_quant::{Bits, presets, quantize};
/// use bitsweep_random::{Generator, Stream};
/// use ndarray::{Array1, array};
///
/// let mut stream = Stream::new(Generator::Modern, 0, "quantize")?;
/// let scheme = presets::symmetric_narrow(Bits::new(4)?);
/// let weight = quantize(array![[0.7_f32, -0.2], [-0.1, 0.4]].view(), &scheme, &mut stream)?;
/// let layer = PackedLayer {
///     weight: Values::Coded(weight),
///     bias: Values::Float(array![[0.5, -0.5]]),
///     activation: Activation::Identity,
///     inputs: None,
///     outputs: None,
/// };
/// let model = PackedModel::new(Classifier {
///     columns: vec![Column::numbers("length"), Column::numbers("width")],
///     scaling: FeatureScaling::Divide(2.0),
///     layers: vec![layer],
///     head: Head::Softmax,
///     precision: Precision::Single,
///     classes: vec!["leaf".to_owned(), "stone".to_owned()],
///     provenance: serde_json::Map::new(),
/// })?;
/// let bytes = model.to_bytes()?;
/// // 4 codes of 4 bits and a scale, 2 biases, and the divisor.
/// assert_eq!(model.sizes().total(), 2 + 4 + 8 + 4);
/// assert_eq!(PackedModel::from_bytes(&bytes)?, model);
/// assert_eq!(model.predictor()?.predict(array![[1.0, 8.0]].view())?, [1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PackedModel {
    classifier: Classifier,
    /// The version of bitsweep that wrote it.
    pub(super) written_by: String,
}

impl PackedModel {
    /// The model of these parts.
    ///
    /// # Errors
    /// Parts that do not go together, and numbers that are not finite.
    pub fn new(classifier: Classifier) -> Result<Self, PackedError> {
        let model = Self::checked(classifier, env!("CARGO_PKG_VERSION").to_owned())?;
        model.model()?;
        Ok(model)
    }

    /// The same of parts whose codes are not looked at.
    pub(super) fn checked(classifier: Classifier, written_by: String) -> Result<Self, PackedError> {
        check(&classifier)?;
        Ok(Self { classifier, written_by })
    }

    /// The parts.
    #[must_use]
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// The parts, to be changed and put together again.
    #[must_use]
    pub fn into_classifier(self) -> Classifier {
        self.classifier
    }

    /// The version of bitsweep that wrote the file, or writes it.
    #[must_use]
    pub fn written_by(&self) -> &str {
        &self.written_by
    }

    /// The float model with the values that the codes stand for; it takes scaled features.
    ///
    /// # Errors
    /// Codes that stand for numbers beyond `f32`.
    pub fn model(&self) -> Result<Model, PackedError> {
        let layer = |layer: &PackedLayer| Linear {
            weight: layer.weight.to_array(),
            bias: layer.bias.to_array().into_iter().collect(),
            activation: layer.activation,
        };
        Ok(Model::new(self.classifier.layers.iter().map(layer), self.classifier.head)?)
    }
}

/// Refuses parts that do not go together.
fn check(classifier: &Classifier) -> Result<(), PackedError> {
    let Classifier { columns, scaling, layers, head, precision: _, classes, provenance: _ } = classifier;
    let contradiction = |sentence: String| Err(PackedError::Contradiction(sentence));
    columns::check(columns)?;
    let features = columns::feature_count(columns);
    scaling::check(scaling, features)?;
    check_shapes(layers, features)?;
    let outputs = layers.last().map_or(0, |layer| layer.weight.shape().1);
    let expected = head.classes(outputs).ok_or(ModelError::Head { head: *head, outputs })?;
    if classes.len() != expected {
        return contradiction(format!("{} names do not fit {expected} classes", classes.len()));
    }
    check_classes(classes).map_err(|error| PackedError::Contradiction(error.to_string()))?;
    let coded = layers.iter().filter(|layer| layer.inputs.is_some()).count();
    if coded != 0 && coded != layers.len() {
        return contradiction(format!(
            "the inputs of {coded} of {} layers are codes: expected all or none",
            layers.len()
        ));
    }
    for (position, layer) in layers.iter().enumerate() {
        let id = WeightId::Weight(position);
        if layer.inputs.is_some() && matches!(layer.weight, Values::Float(_)) {
            return contradiction(format!("the inputs of {id} are codes, which floats do not multiply"));
        }
        let Some(clipped) = layer.outputs else { continue };
        if coded != 0 || position + 1 == layers.len() {
            return contradiction(format!(
                "the outputs behind {id} are clipped: expected that of hidden layers, whose inputs are floats"
            ));
        }
        if !(clipped.clip() > 0.0 && clipped.clip().is_finite()) {
            return contradiction(format!("the outputs behind {id} are clipped at `{}`", clipped.clip()));
        }
    }
    Ok(())
}

/// Refuses layers whose shapes do not chain, as [`Model::new`] does, without their numbers.
fn check_shapes(layers: &[PackedLayer], features: usize) -> Result<(), PackedError> {
    let mut inputs = features;
    for (layer, number) in layers.iter().zip(1..) {
        let ((rows, outputs), (bias_rows, biases)) = (layer.weight.shape(), layer.bias.shape());
        if rows == 0 || outputs == 0 {
            return Err(ModelError::EmptyLayer { layer: number, inputs: rows, outputs }.into());
        }
        if (bias_rows, biases) != (1, outputs) {
            return Err(ModelError::BiasLength { layer: number, biases, outputs }.into());
        }
        if rows != inputs {
            return match number {
                1 => Err(PackedError::Features { expected: rows, found: features }),
                _ => Err(ModelError::Chain { layer: number, inputs: rows, outputs: inputs }.into()),
            };
        }
        // The numbers are checked apart; what else there is to check of a layer shows in one of one number.
        let probe =
            Linear { weight: Array2::zeros((1, 1)), bias: Array1::zeros(1), activation: layer.activation };
        if let Err(ModelError::Activation { layer: _, activation, expected }) =
            Model::new([probe], Head::Logistic)
        {
            return Err(ModelError::Activation { layer: number, activation, expected }.into());
        }
        inputs = outputs;
    }
    match layers.is_empty() {
        true => Err(ModelError::NoLayers.into()),
        false => Ok(()),
    }
}

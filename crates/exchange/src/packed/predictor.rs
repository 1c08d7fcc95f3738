//! What a packed model computes.

use bitsweep_inference::coded::CodedLayer;
use bitsweep_inference::integer::IntegerModel;
use bitsweep_models::{Float, ForwardBuffers, Model, Precision, predict};
use bitsweep_quant::estimator::ClippedActivation;
use ndarray::{Array2, ArrayView2};

use super::classifier::{ClippedOutputs, PackedModel};
use super::error::PackedError;
use super::scaling::FeatureScaling;
use super::values::Values;

/// A packed model that is ready to compute: the logits that were measured, bit for bit.
#[derive(Clone, Debug)]
pub struct Predictor {
    scaling: FeatureScaling,
    model: Model,
    arithmetic: Arithmetic,
}

/// How layers compute.
#[derive(Clone, Debug)]
enum Arithmetic {
    /// With floats; outputs of layers may be clipped.
    Float(Precision, Vec<Option<ClippedOutputs>>),
    /// With codes, and floats between layers.
    Coded(Vec<CodedLayer>),
    /// In whole numbers.
    Integer(IntegerModel),
}

impl PackedModel {
    /// What computes logits of features.
    ///
    /// # Errors
    /// Codes that stand for numbers beyond `f32`, and inputs that cannot be encoded or multiplied.
    pub fn predictor(&self) -> Result<Predictor, PackedError> {
        Predictor::new(self)
    }
}

impl Predictor {
    fn new(packed: &PackedModel) -> Result<Self, PackedError> {
        let classifier = packed.classifier();
        let model = packed.model()?;
        let scaling = classifier.scaling.clone();
        if let Some(integer) = packed.integer()? {
            return Ok(Self { scaling, model, arithmetic: Arithmetic::Integer(integer) });
        }
        let mut coded = Vec::new();
        for (position, layer) in classifier.layers.iter().enumerate() {
            let (Some(quantizer), Values::Coded(weight)) = (layer.inputs, &layer.weight) else { continue };
            let bias = layer.bias.to_array().into_iter().collect();
            let layer = CodedLayer::new(quantizer, weight, bias, layer.activation);
            coded.push(layer.map_err(|error| PackedError::inputs(position, error))?);
        }
        let outputs = classifier.layers.iter().map(|layer| layer.outputs).collect();
        Ok(Self {
            scaling,
            model,
            arithmetic: match coded.is_empty() {
                true => Arithmetic::Float(classifier.precision, outputs),
                false => Arithmetic::Coded(coded),
            },
        })
    }

    /// The logits, `(rows, classes)`, of features that are not scaled yet, `(rows, features)`; those of arithmetic in `f32`
    /// widened.
    ///
    /// # Errors
    /// Rows of another length, features that are not finite when scaled, and outputs that are not.
    pub fn logits(&self, features: ArrayView2<'_, f64>) -> Result<Array2<f64>, PackedError> {
        let logits = self.unchecked(features)?;
        let broken = logits.outer_iter().position(|row| row.iter().any(|logit| !logit.is_finite()));
        match broken {
            Some(row) => Err(PackedError::Output { row }),
            None => Ok(logits),
        }
    }

    /// The inputs of the first layer in `f32`, of features that are not scaled yet.
    ///
    /// # Errors
    /// Rows of another length, and features that are not finite when scaled.
    pub fn inputs(&self, features: ArrayView2<'_, f64>) -> Result<Array2<f32>, PackedError> {
        self.check_features(features)?;
        Ok(single(&self.scaled(features)?))
    }

    fn check_features(&self, features: ArrayView2<'_, f64>) -> Result<(), PackedError> {
        let (expected, found) = (self.model.input_size(), features.ncols());
        if found == expected { Ok(()) } else { Err(PackedError::Features { expected, found }) }
    }

    fn unchecked(&self, features: ArrayView2<'_, f64>) -> Result<Array2<f64>, PackedError> {
        self.check_features(features)?;
        match &self.arithmetic {
            Arithmetic::Float(Precision::Mixed, outputs) => {
                Ok(self.float(self.scaled(features)?.view(), outputs))
            }
            Arithmetic::Float(Precision::Single, outputs) => {
                Ok(self.float(single(&self.scaled(features)?).view(), outputs).mapv(f64::from))
            }
            Arithmetic::Coded(layers) => {
                let mut values = single(&self.scaled(features)?);
                for (position, layer) in layers.iter().enumerate() {
                    let outputs = layer.outputs(values.view());
                    (values, _) = outputs.map_err(|error| PackedError::inputs(position, error))?;
                }
                Ok(self.model.logits_of_outputs(values).mapv(f64::from))
            }
            Arithmetic::Integer(integer) => Ok(self.model.logits_of_outputs(integer.outputs(features)?.0)),
        }
    }

    fn scaled(&self, features: ArrayView2<'_, f64>) -> Result<Array2<f64>, PackedError> {
        let scaled = self.scaling.apply(features);
        let overflow = scaled.indexed_iter().find(|(_, value)| !(**value as f32).is_finite());
        match overflow {
            Some(((row, feature), &value)) => Err(PackedError::Overflow { row, feature, value }),
            None => Ok(scaled),
        }
    }

    /// The class of each row, by its largest logit.
    ///
    /// # Errors
    /// As [`logits`](Self::logits).
    pub fn predict(&self, features: ArrayView2<'_, f64>) -> Result<Vec<usize>, PackedError> {
        Ok(predict(self.logits(features)?.view()))
    }

    /// The probabilities, `(rows, classes)`, that belong to logits, of the same shape.
    #[must_use]
    pub fn probabilities(&self, logits: ArrayView2<'_, f64>) -> Array2<f64> {
        self.model.probabilities(logits)
    }

    fn float<T: Float>(&self, features: ArrayView2<'_, T>, outputs: &[Option<ClippedOutputs>]) -> Array2<T> {
        if outputs.iter().all(Option::is_none) {
            return self.model.logits(features);
        }
        let mut buffers = ForwardBuffers::default();
        let logits = self.model.logits_changed(features, &mut buffers, &mut |layer, values| {
            if let Some(clipped) = outputs[layer] {
                ClippedActivation { bits: clipped.bits }.quantize(clipped.clip(), values);
            }
        });
        logits.to_owned()
    }
}

fn single(values: &Array2<f64>) -> Array2<f32> {
    values.mapv(|value| value as f32)
}

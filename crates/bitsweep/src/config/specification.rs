//! What one unit and one variant are made of, as TOML spells it.

use std::collections::BTreeMap;
use std::fmt;

use bitsweep_datasets::{CsvSource, Holdout, Scaling};
use bitsweep_models::{Logistic, Mlp, Multiclass, SoftmaxRegression, Training};
use bitsweep_quant::{ActivationSpec, BiasCorrection, CalibrationMethod, SchemeSpec, Transform};
use bitsweep_random::Generator;
use serde::{Deserialize, Serialize};

use super::calibration::CalibrationSpec;
use super::layers::LayerName;
use super::mixed::MixedSpec;
use super::tensor_values::TensorValues;
use super::training::AwareTraining;

/// One trained model, or one tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitSpec {
    /// The seed of every random stream of the unit.
    #[serde(default)]
    pub seed: u64,
    /// The generator behind the streams.
    #[serde(default)]
    pub rng: Generator,
    /// The dataset and its scaling.
    #[serde(default)]
    pub data: Option<DataSpec>,
    /// How test rows are set apart.
    #[serde(default)]
    pub split: Option<SplitSpec>,
    /// The model.
    #[serde(default)]
    pub model: Option<ModelSpec>,
    /// How the model is trained, where it is trained by gradient descent.
    #[serde(default)]
    pub train: Option<Training>,
    /// Values to be quantized, without any model.
    #[serde(default)]
    pub tensor: Option<TensorSpec>,
}

/// A dataset and its scaling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSpec {
    /// Where the rows come from.
    pub source: DataSource,
    /// How the features are scaled.
    #[serde(default)]
    pub scale: Scaling,
}

/// Where the rows come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataSource {
    /// Wine recognition: 178 × 13, 3 cultivars.
    Wine,
    /// Handwritten digits: 1,797 × 64, 10 classes.
    Digits,
    /// Red wine quality: 1,599 × 11, scores binned into 3 classes.
    WineQuality,
    /// A file of the user's.
    Csv(CsvSource),
}

/// How test rows are set apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitSpec {
    /// Once, at random.
    Holdout(Holdout),
}

/// The model of a unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelSpec {
    /// A perceptron trained by gradient descent.
    Mlp(Mlp),
    /// Logistic regression fitted by linfa.
    Logistic(Logistic),
    /// Logistic regression trained by gradient descent, as the perceptron is.
    SoftmaxRegression(SoftmaxRegression),
}

/// A tensor given in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TensorSpec {
    /// Its name in tables and charts.
    pub name: String,
    /// A list of numbers (one row), or of rows of equal length.
    pub values: TensorValues,
    /// The type the arithmetic is done in.
    #[serde(default)]
    pub dtype: ElementType,
    /// A vector whose dot products with the rows are computed by look-up.
    #[serde(default)]
    pub query: Option<Vec<f64>>,
}

/// The type of a tensor's elements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ElementType {
    /// IEEE 754 single precision.
    #[default]
    F32,
    /// IEEE 754 double precision.
    F64,
}

/// What is done to the model or tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantSpec {
    /// The line this variant belongs to in charts; made of the axes that vary when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// A change of the weights that leaves the float function as it is.
    #[serde(default)]
    pub transform: Transform,
    /// What happens to biases.
    #[serde(default)]
    pub biases: Biases,
    /// How codes are chosen.
    #[serde(default)]
    pub method: CalibrationMethod,
    /// What happens to biases once the weights of their layer are quantized.
    #[serde(default)]
    pub bias_correction: BiasCorrection,
    /// The inputs that calibrated methods look at.
    #[serde(default)]
    pub calibration: Option<CalibrationSpec>,
    /// How weights, or a tensor's values, are quantized.
    pub weights: SchemeSpec,
    /// How the inputs of all layers, the features too, are quantized; they stay float when absent.
    #[serde(default)]
    pub activations: Option<ActivationSpec>,
    /// What is different for single layers.
    #[serde(default)]
    pub layers: BTreeMap<LayerName, SchemeSpec>,
    /// Bits chosen for each layer, instead of the same for all.
    #[serde(default)]
    pub mixed: Option<MixedSpec>,
    /// Training with quantization in the loop, instead of quantizing the trained float model.
    #[serde(default)]
    pub training: Option<AwareTraining>,
}

/// What happens to biases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Biases {
    /// They stay f32.
    #[default]
    Keep,
    /// They are quantized by the weights' scheme, each bias vector as a matrix of one row.
    Quantize,
}

impl ModelSpec {
    /// The number of its dense layers.
    pub fn layers(&self) -> usize {
        match self {
            ModelSpec::Mlp(mlp) => mlp.hidden.units().len() + 1,
            ModelSpec::Logistic(_) | ModelSpec::SoftmaxRegression(_) => 1,
        }
    }
}

impl fmt::Display for ModelSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelSpec::Mlp(mlp) => write!(formatter, "mlp({})", mlp.hidden),
            ModelSpec::Logistic(logistic) => formatter.write_str(match logistic.multiclass {
                Multiclass::OneVsRest => "logistic(one-vs-rest)",
                Multiclass::Multinomial => "logistic(multinomial)",
            }),
            ModelSpec::SoftmaxRegression(_) => formatter.write_str("softmax-regression"),
        }
    }
}

impl fmt::Display for Biases {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Biases::Keep => "keep",
            Biases::Quantize => "quantize",
        })
    }
}

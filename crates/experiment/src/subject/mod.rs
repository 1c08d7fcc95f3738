//! What a unit is about: a model that is trained here, a model that is given, or a tensor.

mod given;
mod model_file;
mod tensor;
mod tensor_values;

use std::fmt;

use bitsweep_datasets::{Holdout, KFold, PartSize, Scaling, SplitError, TableSource};
use bitsweep_models::{ClassWeights, Logistic, Mlp, Multiclass, SoftmaxRegression, Training};
use bitsweep_random::Generator;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;

pub use given::{GivenLayer, GivenModel};
pub(crate) use model_file::BUILTIN;
pub use model_file::{FileLayer, ModelFile};
pub(crate) use tensor::TensorTable;
pub use tensor::{Layout, TensorSource, TensorSpec};
pub use tensor_values::TensorValues;

/// One unit of the grid: its subject and the random numbers behind it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitSpec {
    /// The seed of every random stream of the unit.
    pub seed: u64,
    /// Which of the seed's splits it has, counted from 0; `None` where there is one. All else is the same in all of them:
    /// weights begin with the same numbers, and rows are shuffled in the same way. The first of several repeats is the only
    /// one of fewer, and no other value.
    #[serde(skip_serializing_if = "is_first")]
    pub fold: Option<usize>,
    /// The generator behind the streams.
    pub rng: Generator,
    /// What the unit is about.
    pub subject: Subject,
}

/// Whether it is the first split of its seed, or the only one.
fn is_first(fold: &Option<usize>) -> bool {
    fold.is_none_or(|fold| fold == 0)
}

impl UnitSpec {
    /// The unit once for each of its seed's splits.
    pub(crate) fn of_each_fold(self) -> impl Iterator<Item = UnitSpec> {
        let folds = self.subject.rows().and_then(|(_, split)| split.folds());
        let all = (0..folds.unwrap_or(1)).map(move |fold| folds.map(|_| fold));
        all.map(move |fold| UnitSpec { fold, ..self.clone() })
    }
}

/// What a unit is about.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A model that is trained on the training rows and scored on the test rows.
    Trained(TrainedSpec),
    /// A model whose weights are given, scored on the test rows.
    Given(GivenSpec),
    /// A tensor, quantized without any model.
    Tensor(TensorSpec),
}

/// A model that is trained here.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainedSpec {
    /// The dataset and its scaling.
    pub data: DataSpec,
    /// How test rows are set apart.
    pub split: SplitSpec,
    /// The model and how it is trained.
    pub model: TrainedModel,
}

/// The kinds of models that are trained here, each with its training.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainedModel {
    /// A perceptron trained by gradient descent.
    Mlp(Mlp, Training),
    /// Logistic regression trained by gradient descent, as the perceptron is.
    SoftmaxRegression(SoftmaxRegression, Training),
    /// Logistic regression fitted by a solver.
    Logistic(Logistic),
}

/// As a file spells it: the training stands beside the model.
impl Serialize for TrainedSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "kebab-case")]
        enum ModelTable<'a> {
            Mlp(&'a Mlp),
            SoftmaxRegression(&'a SoftmaxRegression),
            Logistic(&'a Logistic),
        }
        #[derive(Serialize)]
        struct Tables<'a> {
            data: &'a DataSpec,
            split: &'a SplitSpec,
            model: ModelTable<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            train: Option<&'a Training>,
        }
        let model = match &self.model {
            TrainedModel::Mlp(mlp, _) => ModelTable::Mlp(mlp),
            TrainedModel::SoftmaxRegression(regression, _) => ModelTable::SoftmaxRegression(regression),
            TrainedModel::Logistic(logistic) => ModelTable::Logistic(logistic),
        };
        Tables { data: &self.data, split: &self.split, model, train: self.model.training() }
            .serialize(serializer)
    }
}

/// A model whose weights are given.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GivenSpec {
    /// The dataset and its scaling.
    pub data: DataSpec,
    /// How test rows are set apart; the others are calibration rows.
    pub split: SplitSpec,
    /// The model.
    pub model: Given,
}

/// Where the weights of a given model stand.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Given {
    /// In the experiment's file.
    Here(GivenModel),
    /// In a file of another tool.
    File(ModelFile),
}

impl fmt::Display for Given {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Given::Here(model) => model.fmt(formatter),
            Given::File(file) => file.fmt(formatter),
        }
    }
}

/// A dataset and its scaling.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataSpec {
    /// Where the rows come from.
    pub source: DataSource,
    /// How the features are scaled: a model that is trained here has its features standardized by default, since one that
    /// takes them as they are learns of the widest alone; a given model takes them as they are.
    pub scale: Scaling,
}

/// Which dataset, and how its features are scaled.
///
/// ```toml
/// source = ["wine", "digits"]
/// scale = "standard"
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataTable {
    /// Where the rows come from.
    pub(crate) source: DataSource,
    /// What is done to the features before training. A model that is trained here has them standardized by default, since
    /// one that takes them as they are learns of the widest alone; a given model takes them as they are.
    #[serde(default)]
    scale: Option<Scaling>,
}

impl DataTable {
    /// The table with `default` where it has no scaling.
    pub(crate) fn or_scaled(self, default: Scaling) -> DataSpec {
        DataSpec { source: self.source, scale: self.scale.unwrap_or(default) }
    }
}

/// Where the rows come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DataSource {
    /// Wine recognition: 178 × 13, 3 cultivars.
    Wine,
    /// Handwritten digits: 1,797 × 64, 10 classes.
    Digits,
    /// Red wine quality: 1,599 × 11, scores binned into 3 classes.
    WineQuality,
    /// A CSV or Parquet file of the user's. `[data.source.parquet]` says the same.
    #[serde(alias = "parquet")]
    #[schemars(transform = or_parquet)]
    Csv(Box<TableSource>),
}

/// The schema of a table, which has either of two keys.
fn or_parquet(schema: &mut Schema) {
    if let Some(table) = schema.remove("required").and_then(|_| schema.pointer("/properties/csv").cloned()) {
        schema.insert("properties".to_owned(), json!({ "csv": table, "parquet": table }));
        schema.insert("minProperties".to_owned(), json!(1));
        schema.insert("maxProperties".to_owned(), json!(1));
    }
}

impl DataSource {
    /// What the dataset is called: its built-in name, or its file's name without the extension.
    pub fn name(&self) -> String {
        match self {
            DataSource::Wine => "wine".to_owned(),
            DataSource::Digits => "digits".to_owned(),
            DataSource::WineQuality => "wine-quality".to_owned(),
            DataSource::Csv(csv) => csv.name(),
        }
    }

    /// The user's own table, where the rows come from one.
    pub fn table(&self) -> Option<&TableSource> {
        match self {
            DataSource::Csv(table) => Some(table),
            DataSource::Wine | DataSource::Digits | DataSource::WineQuality => None,
        }
    }
}

/// How the rows of the dataset are divided into training, test and validation rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SplitSpec {
    /// At random, once or several times.
    Holdout(Holdout),
    /// In folds, each of which has the test rows once.
    KFold(KFold),
    /// As the data say: by a column, or by a file for each part.
    Given,
    /// All rows are test rows, as they are by default of a model from a file: there is none to train on or to calibrate with.
    TestOnly,
}

impl Default for SplitSpec {
    /// A quarter of each class for the test.
    fn default() -> Self {
        Self::Holdout(Holdout { stratified: true, ..Holdout::plain(PartSize::Fraction(0.25)) })
    }
}

impl SplitSpec {
    /// A quarter of the groups for the test.
    pub(crate) fn of_groups() -> Self {
        Self::Holdout(Holdout::plain(PartSize::Fraction(0.25)))
    }

    /// How many splits each seed has; `None` of a single one.
    pub fn folds(&self) -> Option<usize> {
        match self {
            SplitSpec::Holdout(rule) => Some(rule.repeats.get()).filter(|repeats| *repeats > 1),
            SplitSpec::KFold(rule) => Some(rule.folds),
            SplitSpec::Given | SplitSpec::TestOnly => None,
        }
    }

    /// How many of so many rows are not for training, at most.
    ///
    /// # Errors
    /// Why so many rows cannot be divided.
    pub fn held_out_rows(&self, rows: usize) -> Result<usize, SplitError> {
        match self {
            SplitSpec::Holdout(rule) => rule.held_out_rows(rows),
            SplitSpec::KFold(rule) => rule.held_out_rows(rows),
            // Of the parts of a file nothing is known but that there is a training row.
            SplitSpec::Given => Ok(rows.saturating_sub(1)),
            SplitSpec::TestOnly => Ok(rows),
        }
    }

    /// Whether each class is divided by itself.
    pub const fn is_stratified(&self) -> bool {
        match self {
            SplitSpec::Holdout(rule) => rule.stratified,
            SplitSpec::KFold(rule) => rule.stratified,
            SplitSpec::Given | SplitSpec::TestOnly => false,
        }
    }

    /// The table of a file that says it.
    pub const fn table(&self) -> &'static str {
        match self {
            SplitSpec::Holdout(_) => "split.holdout",
            SplitSpec::KFold(_) => "split.k-fold",
            SplitSpec::Given | SplitSpec::TestOnly => "split",
        }
    }
}

impl Subject {
    /// The dataset, the split and the model in words of a unit that has them.
    pub fn rows(&self) -> Option<(&DataSpec, &SplitSpec)> {
        match self {
            Subject::Trained(TrainedSpec { data, split, .. })
            | Subject::Given(GivenSpec { data, split, .. }) => Some((data, split)),
            Subject::Tensor(_) => None,
        }
    }

    /// The file of a model that is given in one.
    pub fn model_file(&self) -> Option<&ModelFile> {
        match self {
            Subject::Given(GivenSpec { model: Given::File(file), .. }) => Some(file),
            Subject::Given(_) | Subject::Trained(_) | Subject::Tensor(_) => None,
        }
    }

    /// What it is called: the name of its dataset, or the tensor's.
    pub fn name(&self) -> String {
        match self {
            Subject::Tensor(tensor) => tensor.name.clone(),
            Subject::Trained(TrainedSpec { data, .. }) | Subject::Given(GivenSpec { data, .. }) => {
                data.source.name()
            }
        }
    }

    /// The dataset of a unit that has one, to be changed.
    pub(crate) fn data_mut(&mut self) -> Option<&mut DataSpec> {
        match self {
            Subject::Trained(TrainedSpec { data, .. }) | Subject::Given(GivenSpec { data, .. }) => Some(data),
            Subject::Tensor(_) => None,
        }
    }

    /// The number of layers; `None` of a tensor, and of a file that is yet to be read.
    pub fn layers(&self) -> Option<usize> {
        match self {
            Subject::Trained(trained) => Some(match &trained.model {
                TrainedModel::Mlp(mlp, _) => mlp.hidden.units().len() + 1,
                TrainedModel::SoftmaxRegression(..) | TrainedModel::Logistic(_) => 1,
            }),
            Subject::Given(given) => match &given.model {
                Given::Here(model) => Some(model.layers.len()),
                Given::File(_) => None,
            },
            Subject::Tensor(_) => None,
        }
    }

    /// The inputs of the first layer of a model that is trained here, then the outputs of each, for so many features and classes;
    /// `None` of what is not trained.
    pub fn trained_widths(&self, features: usize, classes: usize) -> Option<Vec<usize>> {
        let Subject::Trained(trained) = self else { return None };
        let hidden = match &trained.model {
            TrainedModel::Mlp(mlp, _) => mlp.hidden.units(),
            TrainedModel::SoftmaxRegression(..) | TrainedModel::Logistic(_) => &[],
        };
        Some([&[features], hidden, &[classes]].concat())
    }

    /// The model in a few words, `mlp(100)`; empty of a tensor.
    pub fn model_words(&self) -> String {
        match self {
            Subject::Trained(trained) => trained.model.to_string(),
            Subject::Given(given) => given.model.to_string(),
            Subject::Tensor(_) => String::new(),
        }
    }
}

impl TrainedModel {
    /// How it is trained, where that is by gradient descent.
    pub fn training(&self) -> Option<&Training> {
        match self {
            TrainedModel::Mlp(_, training) | TrainedModel::SoftmaxRegression(_, training) => Some(training),
            TrainedModel::Logistic(_) => None,
        }
    }

    /// What the rows of each class count in its training, and the key that says it.
    pub fn class_weights(&self) -> (&'static str, &ClassWeights) {
        match self {
            TrainedModel::Mlp(_, training) | TrainedModel::SoftmaxRegression(_, training) => {
                ("train.class_weights", &training.class_weights)
            }
            TrainedModel::Logistic(logistic) => ("model.logistic.class_weights", &logistic.class_weights),
        }
    }
}

impl fmt::Display for TrainedModel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrainedModel::Mlp(mlp, _) => write!(formatter, "mlp({})", mlp.hidden),
            TrainedModel::SoftmaxRegression(..) => formatter.write_str("softmax-regression"),
            TrainedModel::Logistic(logistic) => formatter.write_str(match logistic.multiclass {
                Multiclass::OneVsRest => "logistic(one-vs-rest)",
                Multiclass::Multinomial => "logistic(multinomial)",
            }),
        }
    }
}

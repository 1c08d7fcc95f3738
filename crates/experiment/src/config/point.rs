//! One point of the grid, typed and checked: a unit, or a variant.

use bitsweep_datasets::Scaling;
use bitsweep_models::{Logistic, Mlp, SoftmaxRegression, SpecificationError, Training};
use bitsweep_quant::Dtype;
use bitsweep_random::{Generator, Stream};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::Node;
use super::diagnostic::Diagnostic;
use super::document::Document;
use super::places::{Placed, Places};
use crate::subject::{
    DataTable, Given, GivenModel, GivenSpec, ModelFile, SplitSpec, Subject, TensorSource, TensorSpec,
    TensorTable, TensorValues, TrainedModel, TrainedSpec, UnitSpec,
};
use crate::variant::{Refusal, Variant, VariantSpec};

/// Reads a node as `T`.
pub(super) fn typed<'t, T: Deserialize<'t>>(document: &Document, node: Node<'t>) -> Result<T, Diagnostic> {
    T::deserialize(ValueDeserializer::from(node)).map_err(|error| document.typed_error(&error))
}

/// The tables of a unit, as a file spells them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnitTables {
    /// The seed of all random numbers: of splits, first weights, shuffling, codebooks, stochastic rounding.
    #[serde(default)]
    seed: u64,
    /// The algorithm that random numbers are drawn from.
    #[serde(default)]
    rng: Generator,
    /// The dataset of a model, and its scaling.
    #[serde(default)]
    data: Option<DataTable>,
    /// How the rows of the dataset are divided.
    #[serde(default)]
    split: Option<SplitSpec>,
    /// The model that is quantized; either this or `tensor` is required.
    #[serde(default)]
    model: Option<ModelTable>,
    /// How `mlp` and `softmax-regression` are trained; required for these, without use for the others.
    #[serde(default)]
    train: Option<Training>,
    /// A tensor that is quantized without a model; `data`, `split`, `model` and `train` have no place beside it.
    #[serde(default)]
    tensor: Option<TensorTable>,
}

/// The model that is quantized.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(extend("x-name-alone" = true))]
enum ModelTable {
    /// A perceptron trained by gradient descent.
    Mlp(Mlp),
    /// Logistic regression fitted by a solver.
    Logistic(Logistic),
    /// Logistic regression trained by gradient descent, as the perceptron is.
    SoftmaxRegression(SoftmaxRegression),
    /// A model whose weights are written into the experiment's file.
    Given(GivenModel),
    /// A model in a file of another tool.
    File(ModelFile),
}

/// Reads a unit and refuses parts that do not belong together.
pub(super) fn unit(document: &Document, node: Node<'_>) -> Result<Placed<UnitSpec>, Diagnostic> {
    let places = Places::of(&node);
    let tables = Tables { document, places: &places };
    let unit = unit_at(&tables, typed(document, with_settings(node))?)?;
    Stream::new(unit.rng, unit.seed, "seed").map_err(|error| tables.error("seed", error.to_string()))?;
    Ok((unit, places))
}

/// The node with a model that is named alone as a table without settings: `model = "mlp"`.
fn with_settings(mut node: Node<'_>) -> Node<'_> {
    if let DeValue::Table(table) = node.get_mut()
        && let Some(model) = table.get_mut("model")
        && let DeValue::String(name) = model.get_ref()
    {
        let settings = Spanned::new(model.span(), DeValue::Table(DeTable::new()));
        let named = [(Spanned::new(model.span(), name.clone()), settings)];
        *model = Spanned::new(model.span(), DeValue::Table(named.into_iter().collect()));
    }
    node
}

fn unit_at(tables: &Tables<'_>, unit: UnitTables) -> Result<UnitSpec, Diagnostic> {
    let UnitTables { seed, rng, data, split, model, train, tensor } = unit;
    let subject = match (tensor, model) {
        (Some(tensor), _) => Subject::Tensor(tables.tensor(tensor)?),
        (None, None) => {
            let missing = "there is neither a `model` nor a `tensor`, expected one of them";
            return Err(tables.error("model", missing).help(
                "add [model.mlp], [model.logistic], [model.softmax-regression], [model.given], [model.file] or [tensor]",
            ));
        }
        (None, Some(model)) => {
            let missing = || tables.error("model", "a model needs `data`, which is missing");
            let data = data.ok_or_else(missing)?;
            let usual = match &model {
                ModelTable::File(_) => SplitSpec::TestOnly,
                ModelTable::Mlp(_)
                | ModelTable::Logistic(_)
                | ModelTable::SoftmaxRegression(_)
                | ModelTable::Given(_) => SplitSpec::default(),
            };
            let split = tables.split(split, usual, &data)?;
            let given = |data: DataTable, split, model| UnitSpec {
                seed,
                fold: None,
                rng,
                subject: Subject::Given(GivenSpec { data: data.or_scaled(Scaling::None), split, model }),
            };
            let trained = match model {
                ModelTable::Given(model) => {
                    if let Some(number) = model.beyond_f32() {
                        return Err(tables.error("model.given", beyond_f32(number)));
                    }
                    model.model().map_err(|error| tables.error("model.given", error.to_string()))?;
                    return Ok(given(data, split, Given::Here(model)));
                }
                ModelTable::File(file) => {
                    tables.check_activations(&file)?;
                    return Ok(given(data, split, Given::File(file)));
                }
                ModelTable::Logistic(logistic) => {
                    logistic.check().map_err(|error| tables.setting("model.logistic", &error))?;
                    TrainedModel::Logistic(logistic)
                }
                ModelTable::Mlp(mlp) => {
                    mlp.check().map_err(|error| tables.setting("model.mlp", &error))?;
                    TrainedModel::Mlp(mlp, tables.training(train)?)
                }
                ModelTable::SoftmaxRegression(regression) => {
                    TrainedModel::SoftmaxRegression(regression, tables.training(train)?)
                }
            };
            if split == SplitSpec::TestOnly {
                let message = "a model that is trained here needs training rows: expected another split";
                return Err(tables.error("split", message));
            }
            Subject::Trained(TrainedSpec { data: data.or_scaled(Scaling::Standard), split, model: trained })
        }
    };
    Ok(UnitSpec { seed, fold: None, rng, subject })
}

fn beyond_f32(number: f64) -> String {
    format!("`{number:e}` is beyond f32: expected magnitudes up to {:e}", f32::MAX)
}

/// The tables of one unit, to point at.
struct Tables<'a> {
    document: &'a Document,
    places: &'a Places,
}

impl Tables<'_> {
    fn error(&self, path: &str, message: impl AsRef<str>) -> Diagnostic {
        self.document.error(self.places.find(path), message)
    }

    /// At the setting itself where it is written, else at the table.
    fn setting(&self, table: &str, error: &SpecificationError) -> Diagnostic {
        self.document.error(self.places.find_setting(table, error.key), error.to_string())
    }

    /// How rows are divided: as the data say, or as the file says, or as is usual for the model; of groups, which no class
    /// divides, a quarter is for the test.
    fn split(
        &self,
        split: Option<SplitSpec>,
        usual: SplitSpec,
        data: &DataTable,
    ) -> Result<SplitSpec, Diagnostic> {
        if let Some(table) = data.source.table()
            && table.says_split()
            && table.group.is_some()
        {
            let message = "the data say themselves which rows are for the test: no group is kept together";
            return Err(self.error("data.source.csv.group", message).help("remove `group`"));
        }
        match (split, data.source.table()) {
            (None, Some(table)) if table.says_split() => Ok(SplitSpec::Given),
            (None, Some(table)) if table.group.is_some() && usual != SplitSpec::TestOnly => {
                Ok(SplitSpec::of_groups())
            }
            (None, _) => Ok(usual),
            (Some(SplitSpec::Holdout(_) | SplitSpec::KFold(_) | SplitSpec::TestOnly), Some(table))
                if table.says_split() =>
            {
                let message = "the data say themselves which rows are for the test: expected no other split";
                Err(self.error("split", message).help("remove `split`, or what says it in the source"))
            }
            (Some(split), _) => Ok(split),
        }
    }

    fn check_activations(&self, file: &ModelFile) -> Result<(), Diagnostic> {
        let own = file.activation.map(|activation| ("model.file.activation", activation));
        let of_layers = file.layers.iter().filter_map(|layer| layer.activation);
        let of_layers = of_layers.map(|activation| ("model.file.layers", activation));
        for (key, activation) in own.into_iter().chain(of_layers) {
            if let Some(expected) = activation.wrong_parameters() {
                return Err(self.error(key, format!("`{activation}`: expected {expected}")));
            }
        }
        Ok(())
    }

    fn training(&self, training: Option<Training>) -> Result<Training, Diagnostic> {
        let training = training.unwrap_or_default();
        training.check().map_err(|error| self.setting("train", &error))?;
        Ok(training)
    }

    fn tensor(&self, tensor: TensorTable) -> Result<TensorSpec, Diagnostic> {
        for key in ["data", "split", "model", "train"] {
            if self.places.has(key) {
                let message =
                    format!("`{key}` cannot stand beside `tensor`: a tensor is quantized without a model");
                return Err(self.error(key, message));
            }
        }
        let TensorTable { name, values, file, select, layout, dtype, query } = tensor;
        let values = match (values, file) {
            (Some(_), Some(_)) => {
                return Err(
                    self.error("tensor.file", "there are `values` already: expected only one of them")
                );
            }
            (None, None) => {
                return Err(
                    self.error("tensor", "there are neither `values` nor a `file`: expected one of them")
                );
            }
            (None, Some(file)) => {
                let of_values = [("name", name.is_some()), ("query", query.is_some())];
                if let Some((key, _)) = of_values.into_iter().find(|(_, is_given)| *is_given) {
                    let message = format!("`{key}` goes with `values`, and the tensors are in a file");
                    return Err(self.error(&format!("tensor.{key}"), message));
                }
                let name = select.unwrap_or_else(|| "*".to_owned());
                return Ok(TensorSpec { name, dtype, source: TensorSource::File { file, layout } });
            }
            (Some(values), None) => values,
        };
        let of_file = [("select", select.is_some()), ("layout", layout.is_some())];
        if let Some((key, _)) = of_file.into_iter().find(|(_, is_given)| *is_given) {
            return Err(self.error(&format!("tensor.{key}"), format!("`{key}` goes with `file`")));
        }
        let name = name.ok_or_else(|| self.error("tensor", "missing field `name`"))?;
        let TensorValues(rows) = &values;
        for (row, values) in rows.iter().enumerate() {
            if let Some(column) = values.iter().position(|value| !value.is_finite()) {
                let message = format!(
                    "the tensor has `{}` in row {row}, column {column} (counted from 0): expected finite numbers",
                    values[column]
                );
                return Err(self.error("tensor.values", message));
            }
        }
        let numbers = rows.iter().flatten().chain(query.iter().flatten());
        let beyond = numbers.copied().find(|number| number.is_finite() && !(*number as f32).is_finite());
        if let (Dtype::F32, Some(number)) = (dtype, beyond) {
            let is_value = rows.iter().flatten().any(|value| *value == number);
            let key = if is_value { "tensor.values" } else { "tensor.query" };
            return Err(self.error(key, beyond_f32(number)).help("`dtype = \"f64\"` holds it"));
        }
        let columns = rows.first().map_or(0, Vec::len);
        if let Some(value) = query.iter().flatten().find(|value| !value.is_finite()) {
            let message = format!("the query has `{value:?}`: expected finite numbers");
            return Err(self.error("tensor.query", message));
        }
        match &query {
            Some(query) if query.len() != columns => Err(self.error(
                "tensor.query",
                format!(
                    "the query has length {}, but the rows of the tensor have length {columns}",
                    query.len()
                ),
            )),
            Some(_) | None => Ok(TensorSpec { name, dtype, source: TensorSource::Here { values, query } }),
        }
    }
}

/// What is wrong with a variant, at the setting or else the key that is wrong.
pub(super) fn refused(document: &Document, places: &Places, refusal: &Refusal) -> Diagnostic {
    let key = format!("quantize.{}", refusal.key);
    let span =
        refusal.setting.map_or_else(|| places.find(&key), |setting| places.find_setting(&key, setting));
    document.error(span, refusal.to_string())
}

/// The table of a variant, as a file spells it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VariantTables {
    /// What is done to the model or tensor; of a list of tables, `[[quantize]]`, each is a grid of its own.
    quantize: VariantSpec,
}

/// Reads and resolves a variant.
pub(super) fn variant(document: &Document, node: Node<'_>) -> Result<Placed<Variant>, Diagnostic> {
    let places = Places::of(&node);
    let VariantTables { quantize } = typed(document, node)?;
    let variant = quantize.resolve().map_err(|refusal| refused(document, &places, &refusal))?;
    Ok((variant, places))
}

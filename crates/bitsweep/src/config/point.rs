//! One point of the grid, typed and checked: a unit, or a variant.

use std::ops::Range;

use bitsweep_models::{Logistic, Mlp, SoftmaxRegression, SpecificationError, Training};
use bitsweep_quant::Dtype;
use bitsweep_random::Generator;
use serde::Deserialize;
use toml::Spanned;
use toml::de::ValueDeserializer;

use super::diagnostic::Diagnostic;
use super::document::{Document, Node};
use super::grid;
use crate::subject::{
    DataSpec, GivenModel, GivenSpec, SplitSpec, Subject, TensorSpec, TensorValues, TrainedModel, TrainedSpec,
    UnitSpec,
};
use crate::variant::{Refusal, Variant, VariantSpec};

/// Reads a node as `T`.
pub(super) fn typed<'t, T: Deserialize<'t>>(document: &Document, node: Node<'t>) -> Result<T, Diagnostic> {
    T::deserialize(ValueDeserializer::from(node)).map_err(|error| document.typed_error(&error))
}

/// The tables of a unit, as a file spells them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitTables {
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    rng: Generator,
    #[serde(default)]
    data: Option<DataSpec>,
    #[serde(default)]
    split: Option<SplitSpec>,
    #[serde(default)]
    model: Option<ModelTable>,
    #[serde(default)]
    train: Option<Training>,
    #[serde(default)]
    tensor: Option<TensorSpec>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ModelTable {
    Mlp(Mlp),
    Logistic(Logistic),
    SoftmaxRegression(SoftmaxRegression),
    Given(GivenModel),
}

/// Reads a unit and refuses parts that do not belong together.
pub(super) fn unit(document: &Document, node: Node<'_>) -> Result<UnitSpec, Diagnostic> {
    let UnitTables { seed, rng, data, split, model, train, tensor } = typed(document, node.clone())?;
    let tables = Tables { document, node: &node };
    let subject = match (tensor, model) {
        (Some(tensor), _) => Subject::Tensor(tables.tensor(tensor)?),
        (None, None) => {
            return Err(Diagnostic::new("there is neither a `model` nor a `tensor`, expected one of them").help(
                "add [model.mlp], [model.logistic], [model.softmax-regression], [model.given] or [tensor]",
            ));
        }
        (None, Some(model)) => {
            let missing =
                |key: &str| tables.error("model", format!("a model needs `{key}`, which is missing"));
            let data = data.ok_or_else(|| missing("data"))?;
            let split = split.ok_or_else(|| missing("split"))?;
            let trained = match model {
                ModelTable::Given(model) => {
                    model.model().map_err(|error| tables.error("model.given", error.to_string()))?;
                    return Ok(UnitSpec {
                        seed,
                        rng,
                        subject: Subject::Given(GivenSpec { data, split, model }),
                    });
                }
                ModelTable::Logistic(logistic) => {
                    logistic.check().map_err(|error| tables.setting("model.logistic", &error))?;
                    TrainedModel::Logistic(logistic)
                }
                ModelTable::Mlp(mlp) => {
                    mlp.check().map_err(|error| tables.setting("model.mlp", &error))?;
                    TrainedModel::Mlp(mlp, tables.training(train, "a multi-layer perceptron")?)
                }
                ModelTable::SoftmaxRegression(regression) => TrainedModel::SoftmaxRegression(
                    regression,
                    tables.training(train, "a softmax regression")?,
                ),
            };
            Subject::Trained(TrainedSpec { data, split, model: trained })
        }
    };
    Ok(UnitSpec { seed, rng, subject })
}

/// The tables of one unit, to point at.
struct Tables<'a, 't> {
    document: &'a Document,
    node: &'a Node<'t>,
}

impl Tables<'_, '_> {
    fn error(&self, path: &str, message: impl Into<String>) -> Diagnostic {
        let span = grid::lookup(self.node, path).map_or(0..0, Spanned::span);
        self.document.error(span, message)
    }

    /// At the setting itself where it is written, else at the table.
    fn setting(&self, table: &str, error: &SpecificationError) -> Diagnostic {
        let table = grid::lookup(self.node, table);
        let setting = table
            .and_then(|table| grid::entries_below(table).into_iter().find(|(key, _)| *key == error.key))
            .map(|(_, value)| value);
        let span = setting.or(table).map_or(0..0, Spanned::span);
        self.document.error(span, error.to_string())
    }

    fn training(&self, training: Option<Training>, model: &str) -> Result<Training, Diagnostic> {
        let missing = || format!("{model} is trained by gradient descent: the table `train` is missing");
        let training = training.ok_or_else(|| self.error("model", missing()))?;
        training.check().map_err(|error| self.setting("train", &error))?;
        Ok(training)
    }

    fn tensor(&self, tensor: TensorSpec) -> Result<TensorSpec, Diagnostic> {
        for key in ["data", "split", "model", "train"] {
            if grid::lookup(self.node, key).is_some() {
                let message =
                    format!("`{key}` cannot stand beside `tensor`: a tensor is quantized without a model");
                return Err(self.error(key, message));
            }
        }
        let TensorValues(rows) = &tensor.values;
        for (row, values) in rows.iter().enumerate() {
            if let Some(column) = values.iter().position(|value| !value.is_finite()) {
                let message = format!(
                    "the tensor has `{}` in row {row}, column {column} (counted from 0): expected finite numbers",
                    values[column]
                );
                return Err(self.error("tensor.values", message));
            }
        }
        let columns = rows.first().map_or(0, Vec::len);
        if let Some(value) = tensor.query.iter().flatten().find(|value| !is_finite_as(tensor.dtype, **value))
        {
            let message = format!("the query has `{value:?}`: expected finite numbers of {}", tensor.dtype);
            return Err(self.error("tensor.query", message));
        }
        match &tensor.query {
            Some(query) if query.len() != columns => Err(self.error(
                "tensor.query",
                format!(
                    "the query has length {}, but the rows of the tensor have length {columns}",
                    query.len()
                ),
            )),
            Some(_) | None => Ok(tensor),
        }
    }
}

/// Whether a number is finite in the type that it is computed in.
fn is_finite_as(dtype: Dtype, value: f64) -> bool {
    match dtype {
        Dtype::F32 => (value as f32).is_finite(),
        Dtype::F64 => value.is_finite(),
    }
}

/// Where a variant and what is below its keys stand.
pub(super) struct Location {
    whole: Range<usize>,
    keys: Vec<Key>,
}

/// A key of a variant.
struct Key {
    name: String,
    span: Range<usize>,
    /// All keys below it.
    settings: Vec<(String, Range<usize>)>,
}

impl Location {
    fn of(node: &Node<'_>) -> Location {
        let quantize = grid::lookup(node, "quantize");
        let keys = quantize.into_iter().flat_map(grid::entries).map(|(name, value)| Key {
            name: name.to_owned(),
            span: value.span(),
            settings: grid::entries_below(value)
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.span()))
                .collect(),
        });
        Location { whole: quantize.map_or(0..0, Spanned::span), keys: keys.collect() }
    }

    /// Where the variant stands, for people.
    pub(super) fn of_whole(&self, document: &Document) -> String {
        document.location(self.whole.clone())
    }

    /// What is wrong with the variant as a whole.
    pub(super) fn error(&self, document: &Document, message: impl Into<String>) -> Diagnostic {
        document.error(self.whole.clone(), message)
    }

    /// What is wrong, at the setting or else the key that is wrong.
    pub(super) fn diagnostic(&self, document: &Document, refusal: &Refusal) -> Diagnostic {
        let key = self.keys.iter().find(|key| key.name == refusal.key);
        let is_setting = |(name, _): &&(String, Range<usize>)| Some(name.as_str()) == refusal.setting;
        let setting = key.and_then(|key| key.settings.iter().find(is_setting));
        let span = setting.map(|(_, span)| span).or(key.map(|key| &key.span)).unwrap_or(&self.whole);
        document.error(span.clone(), refusal.to_string())
    }
}

/// Reads and resolves a variant.
pub(super) fn variant(document: &Document, node: Node<'_>) -> Result<(Variant, Location), Diagnostic> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Root {
        quantize: VariantSpec,
    }
    let location = Location::of(&node);
    let Root { quantize } = typed(document, node)?;
    let variant = quantize.resolve().map_err(|refusal| location.diagnostic(document, &refusal))?;
    Ok((variant, location))
}

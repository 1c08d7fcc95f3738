//! The part of an experiment that is the same for all of its units.

use bitsweep_results::PickRule;
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::device::Device;
use super::export::Export;
use super::wanted::{MOST_DECIMALS, Wanted};

/// The part of an experiment that is the same for all of its units.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// One line that says what the experiment shows.
    #[serde(default)]
    pub title: String,
    /// What a reader should know before the results.
    #[serde(default)]
    pub description: String,
    /// The notebook whose numbers are reproduced.
    #[serde(default)]
    pub notebook: Option<String>,
    /// By which rule variants are picked.
    #[serde(default)]
    pub pick: PickRule,
    /// Which of the large tables are written.
    #[serde(default)]
    pub record: Record,
    /// Which models are written.
    #[serde(default)]
    pub export: Export,
    /// The device that models are for.
    #[serde(default)]
    pub device: Option<Device>,
    /// Numbers printed elsewhere, which must come out again.
    #[serde(default)]
    pub reproduce: Vec<Expectation>,
    /// What was found, told only as far as it is found again.
    #[serde(default)]
    pub finding: Vec<Finding>,
}

/// What an experiment has shown. Every run checks it, and tells it as found only where it holds.
///
/// ```toml
/// says = "At 2 bits more than 0.05 of macro-F1 is lost."
/// evidence = [{ column = "macro_f1", where = { label = "float" }, less = { label = "2 bit" }, value = "> 0.05" }]
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// A sentence or two for the reader.
    pub says: String,
    /// The numbers that it rests on, at least one.
    #[schemars(length(min = 1))]
    #[serde(deserialize_with = "some")]
    pub evidence: Vec<Expectation>,
}

fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Expectation>, D::Error> {
    let evidence = Vec::deserialize(deserializer)?;
    if evidence.is_empty() {
        return Err(D::Error::invalid_length(0, &"the numbers that the finding rests on"));
    }
    Ok(evidence)
}

/// Which of the large tables are written.
///
/// ```toml
/// predictions = false
/// tensors = false
/// values = true
/// sensitivity = true
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Record {
    /// `predictions.csv`: one row per test or validation row and variant; what is made of those of the test rows,
    /// `classes.csv` and `recalls.csv`; and `flips.csv`.
    pub predictions: bool,
    /// `tensors.csv`: one row per quantization block and variant.
    pub tensors: bool,
    /// `values.csv`: one row per value and variant; always written for tensor experiments.
    pub values: bool,
    /// `sensitivity.csv`: what each tensor's error does by itself; of variants that are made from the float model.
    pub sensitivity: bool,
}

impl Default for Record {
    fn default() -> Record {
        Record { predictions: true, tensors: true, values: false, sensitivity: false }
    }
}

/// What must come out, and where it stands in the tables of the results folder.
///
/// ```toml
/// what = "macro-F1 per KB of the float model, less that at 8 bits"
/// value = "-0.41"
/// table = "results"
/// column = "macro_f1"
/// where = { label = "float" }
/// less = { label = "8 bit" }
/// each_rounded_to = 4
/// aggregate = "mean"
/// decimals = 2
/// per = { column = "float_bytes", unit = 1024, decimals = 3 }
/// note = "The notebook counts in KB."
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What the number is, for the reader.
    #[serde(default)]
    pub what: String,
    /// The number or numbers, or a bound on them.
    pub value: Wanted,
    /// The table that holds it.
    #[serde(default)]
    pub table: TableName,
    /// The column that holds it.
    pub column: String,
    /// Which rows: columns with the value, or one of the values, they must have. The majority class is meant only where its
    /// label, series or format is asked for.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    #[serde(default, rename = "where")]
    pub rows: toml::Table,
    /// The same number of other rows is taken off: those with these values in place of what `where` says.
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    #[serde(default)]
    pub less: Option<toml::Table>,
    /// Each row is rounded to this many decimals before rows are added up, as a notebook may do.
    #[schemars(range(max = MOST_DECIMALS))]
    #[serde(default, deserialize_with = "decimals")]
    pub each_rounded_to: Option<usize>,
    /// How several rows become one number; without it there are as many numbers as rows.
    #[serde(default)]
    pub aggregate: Option<Aggregate>,
    /// The number was rounded to this many decimals before it was printed, which hides trailing zeros.
    #[schemars(range(max = MOST_DECIMALS))]
    #[serde(default, deserialize_with = "decimals")]
    pub decimals: Option<usize>,
    /// What it is divided by: another column, rounded as a notebook may do.
    #[serde(default)]
    pub per: Option<Divisor>,
    /// How the two are compared, where that needs a word.
    #[serde(default)]
    pub note: Option<String>,
    /// Why ours is known to differ. It then has to: a reason without a difference is as wrong as a difference without a
    /// reason.
    #[serde(default)]
    pub differs: Option<String>,
}

impl Expectation {
    /// Which rows are taken off: those of `where`, with the values of `less` in place of its own; `None` without `less`.
    pub fn rows_taken_off(&self) -> Option<toml::Table> {
        let less = self.less.as_ref()?;
        Some(self.rows.clone().into_iter().chain(less.clone()).collect())
    }

    /// What it is of, for the reader.
    pub fn name(&self) -> String {
        if !self.what.is_empty() {
            return self.what.clone();
        }
        let conditions = |rows: &toml::Table| {
            let text = |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            rows.iter().map(|(key, value)| format!("{key} = {}", text(value))).collect::<Vec<_>>().join(", ")
        };
        let mut name = match self.aggregate {
            None => self.column.clone(),
            Some(aggregate) => format!("{} of {}", aggregate.name(), self.column),
        };
        if !self.rows.is_empty() {
            name += &format!(" where {}", conditions(&self.rows));
        }
        if let Some(less) = &self.less {
            name += &format!(", less where {}", conditions(less));
        }
        name
    }
}

/// A table of the results folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TableName {
    /// `results.csv`
    #[default]
    Results,
    /// `tensors.csv`
    Tensors,
    /// `values.csv`
    Values,
    /// `codebooks.csv`
    Codebooks,
    /// `products.csv`
    Products,
    /// `curve.csv`
    Curve,
    /// `classes.csv`
    Classes,
    /// `effects.csv`
    Effects,
}

impl TableName {
    /// The stem of the table's file.
    pub const fn name(self) -> &'static str {
        match self {
            TableName::Results => "results",
            TableName::Tensors => "tensors",
            TableName::Values => "values",
            TableName::Codebooks => "codebooks",
            TableName::Products => "products",
            TableName::Curve => "curve",
            TableName::Classes => "classes",
            TableName::Effects => "effects",
        }
    }
}

/// How several rows become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Aggregate {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// The mean of their squares.
    MeanSquare,
    /// How many there are.
    Count,
    /// How many different ones there are, be they numbers or words.
    Distinct,
    /// The smallest.
    Least,
    /// The largest.
    Most,
}

impl Aggregate {
    const fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::MeanSquare => "mean square",
            Self::Count => "count",
            Self::Distinct => "number of values",
            Self::Least => "least",
            Self::Most => "most",
        }
    }
}

/// A column to divide by.
///
/// ```toml
/// column = "total_bytes"
/// unit = 1024
/// decimals = 1
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Divisor {
    /// Its name in the same table.
    pub column: String,
    /// Divided by this first: 1024 for bytes shown in KB.
    #[schemars(extend("exclusiveMinimum" = 0))]
    #[serde(default = "one", deserialize_with = "unit")]
    pub unit: f64,
    /// Then rounded to this many decimals.
    #[schemars(range(max = MOST_DECIMALS))]
    #[serde(default, deserialize_with = "decimals")]
    pub decimals: Option<usize>,
}

fn unit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let unit = f64::deserialize(deserializer)?;
    if unit.is_finite() && unit > 0.0 {
        Ok(unit)
    } else {
        Err(D::Error::custom(format!("`{unit:?}` is no unit: expected a finite number above 0")))
    }
}

fn decimals<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    let decimals = usize::deserialize(deserializer)?;
    if decimals <= MOST_DECIMALS {
        Ok(Some(decimals))
    } else {
        Err(D::Error::custom(format!("`{decimals}` decimals are too many: expected at most {MOST_DECIMALS}")))
    }
}

fn one() -> f64 {
    1.0
}

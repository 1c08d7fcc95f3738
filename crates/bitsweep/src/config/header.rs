//! The part of an experiment that is the same for all of its units.

use bitsweep_results::PickRule;
use serde::{Deserialize, Serialize};

/// The part of an experiment that is the same for all of its units.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// One line that says what the experiment shows.
    pub title: String,
    /// What a reader should know before the results.
    #[serde(default)]
    pub description: String,
    /// The notebook whose numbers are reproduced.
    #[serde(default)]
    pub notebook: Option<String>,
    /// How much macro-F1 the picks may lose.
    #[serde(default)]
    pub pick: PickRule,
    /// Which of the large tables are written.
    #[serde(default)]
    pub record: Record,
    /// Numbers that must come out.
    #[serde(default)]
    pub reproduce: Vec<Expectation>,
}

/// Which of the large tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Record {
    /// `predictions.csv`: one row per test sample and variant.
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

/// A number printed elsewhere, and where it stands in our tables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What the number is, for the reader.
    pub what: String,
    /// The number, or several separated by spaces, as it was printed: its decimals are its precision.
    pub value: String,
    /// The table that holds ours.
    pub table: TableName,
    /// The column that holds ours.
    pub column: String,
    /// Which rows: columns with the value, or one of the values, they must have.
    #[serde(default, rename = "where")]
    pub rows: toml::Table,
    /// Each row is rounded to this many decimals before rows are added up, as the notebook did.
    #[serde(default)]
    pub each_rounded_to: Option<usize>,
    /// Several rows become one number.
    #[serde(default)]
    pub aggregate: Option<Aggregate>,
    /// The notebook rounded to this many decimals before printing, which hides trailing zeros.
    #[serde(default)]
    pub decimals: Option<usize>,
    /// Divide by this column, rounded to this many decimals, as the notebook did.
    #[serde(default)]
    pub per: Option<Divisor>,
    /// A difference that is known and explained is named here.
    #[serde(default)]
    pub note: Option<String>,
}

/// A table of the results folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableName {
    /// `results.csv`
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
        }
    }
}

/// How several rows become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// A column to divide by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Divisor {
    /// Its name in the same table.
    pub column: String,
    /// Divided by this first (1024 for bytes shown in KB).
    #[serde(default = "one")]
    pub unit: f64,
    /// Then rounded to this many decimals.
    pub decimals: usize,
}

fn one() -> f64 {
    1.0
}

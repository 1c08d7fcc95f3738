//! A user's own table: where it is, how it is written, and what its columns are.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Unexpected};
use serde::{Deserialize, Serialize};

use super::cell::Decimal;
use super::classes::{Bins, RareClasses};
use super::column_ref::ColumnRef;
use super::encoding::Encoding;
use super::missing::Missing;
use super::separator::Separator;

/// A user's own table: one row per sample, one column with the class, the others features. A CSV or Parquet file, packed by
/// gzip or not; which of them is told by its first bytes.
///
/// ```toml
/// path = "flowers.csv"
/// target = "species"
/// header = true
/// separator = ";"
/// decimal = ","
/// encoding = "latin-1"
/// comment = "#"
/// columns = ["petal *", "colour", "size", "pot", 9]
/// drop = ["petal note"]
/// group = "garden"
/// text = "one-hot"
/// one_hot = ["pot"]
/// ordinal = ["grade"]
/// levels = { size = ["S", "M", "L"] }
/// most_levels = 10
/// missing = "median"
/// missing_values = ["-999"]
/// rare_classes = { merge = 5 }
/// class_names = ["Setosa", "Versicolor", "Virginica"]
/// ```
///
/// A file for each part, and classes that are ranges of a number:
///
/// ```toml
/// train = "measured.csv"
/// test = "later.csv"
/// target = "yield"
/// bins = { quantiles = 3 }
/// ```
///
/// A column that says which rows are for the test:
///
/// ```toml
/// path = "flowers.parquet"
/// target = "yield"
/// bins = { edges = [10, 20.5] }
/// split = "set"
/// ```
///
/// What is not given is detected, and what was detected is told.
///
/// Classes may be text or numbers. They are numbered in sorted order: by value when all are numbers, and then spellings
/// of one number (`1`, `1.0`, `+1`) are one class, called by the shortest of them; otherwise by their characters (Unicode
/// code points). White space around a cell does not count; blank lines are skipped. Without a header the columns are
/// called `column 1`, `column 2` and so on. What looks like a slip (`yes` and `Yes`, a class `NA`, a column that counts the
/// rows) is a [note](crate::Dataset::notes).
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableSource {
    /// The file; a relative path starts at the folder of the experiment's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// In place of `path`: the file with the rows to train on. `test` names the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<PathBuf>,
    /// The file with the rows to test on, of the same columns as `train`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
    /// The column with the class: its name, or its number from 1. Of a list of targets each is a unit of its own, and none is a
    /// feature for another.
    pub target: ColumnRef,
    /// Whether the first line names the columns; detected by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// What stands between two cells: `","`, `";"`, `"|"`, `":"`, `"tab"` or `"spaces"` (runs of them); detected by default.
    #[serde(default, alias = "delimiter", skip_serializing_if = "Option::is_none")]
    pub separator: Option<Separator>,
    /// The sign before a number's fraction, `"."` or `","`; detected by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal: Option<Decimal>,
    /// How characters are written as bytes: `"utf-8"`, `"latin-1"`, `"utf-16le"` …; by default as the byte order mark says,
    /// else UTF-8, else Windows-1252.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// The ASCII character that begins a line which is no row.
    #[schemars(schema_with = "ascii_schema")]
    #[serde(default, deserialize_with = "ascii", skip_serializing_if = "Option::is_none")]
    pub comment: Option<char>,
    /// Names to show instead of the file's, in the sorted order of its classes.
    #[schemars(length(min = 1), inner(pattern(r"\S")), extend("uniqueItems" = true))]
    #[serde(default, deserialize_with = "distinct_names", skip_serializing_if = "Option::is_none")]
    pub class_names: Option<Vec<String>>,
    /// The columns that are features, by name, by number or by a pattern as `"pixel_*"`; all by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnRef>,
    /// Columns that are neither features nor target, named as in `columns`.
    #[serde(default, alias = "unused", skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<ColumnRef>,
    /// A column that says of each row whether it is for `train`, `validation` or `test`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<ColumnRef>,
    /// A column whose equal values are rows that belong together (a patient, a device): no split divides them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<ColumnRef>,
    /// How columns of text become features.
    #[serde(default, skip_serializing_if = "TextEncoding::is_one_hot")]
    pub text: TextEncoding,
    /// Columns that are one feature each, the rank of the text (or number) among all of the column; named as in `columns`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ordinal: Vec<ColumnRef>,
    /// Columns whose values are names, even where they look like numbers; named as in `columns`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_hot: Vec<ColumnRef>,
    /// The order of a column's texts, from first to last: `levels = { size = ["S", "M", "L"] }`. The column is `ordinal`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub levels: BTreeMap<String, Vec<String>>,
    /// A one-hot column has a feature for each of so many texts, the most frequent of the training rows, and one for all
    /// others, where there are others; 20 by default.
    #[schemars(range(min = 1))]
    #[serde(
        default = "most_levels",
        deserialize_with = "at_least_one",
        skip_serializing_if = "is_most_levels"
    )]
    pub most_levels: usize,
    /// What becomes of missing values.
    #[serde(default, skip_serializing_if = "Missing::is_refused")]
    pub missing: Missing,
    /// What stands for a missing value besides an empty cell, `NA`, `N/A`, `?`, `nan` and `null`; among numbers `none`, `nil`,
    /// `missing`, `unknown`, `-` and `.` do, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_values: Vec<String>,
    /// Makes classes of a target that is a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bins: Option<Bins>,
    /// What becomes of classes with few rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rare_classes: Option<RareClasses>,
    /// The targets of other units of the experiment, which are no features. No key of a file.
    #[serde(skip)]
    pub other_targets: Vec<ColumnRef>,
}

/// How columns of text become features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextEncoding {
    /// A feature for each text: 1 where the row has it, else 0. A text that no training row has is that of the others where
    /// there is a feature for those, and else 0 everywhere.
    #[default]
    OneHot,
    /// The rank of the text among all of its column, from 0: by value where all are numbers, else by their characters.
    Ordinal,
}

impl TextEncoding {
    fn is_one_hot(&self) -> bool {
        *self == Self::OneHot
    }
}

const MOST_LEVELS: usize = 20;

fn most_levels() -> usize {
    MOST_LEVELS
}

// serde hands the field over by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_most_levels(levels: &usize) -> bool {
    *levels == MOST_LEVELS
}

impl TableSource {
    /// A file of which nothing is known but its target.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, target: ColumnRef) -> Self {
        Self {
            path: Some(path.into()),
            train: None,
            test: None,
            target,
            header: None,
            separator: None,
            decimal: None,
            encoding: None,
            comment: None,
            class_names: None,
            columns: Vec::new(),
            drop: Vec::new(),
            split: None,
            group: None,
            text: TextEncoding::default(),
            ordinal: Vec::new(),
            one_hot: Vec::new(),
            levels: BTreeMap::new(),
            most_levels: MOST_LEVELS,
            missing: Missing::default(),
            missing_values: Vec::new(),
            bins: None,
            rare_classes: None,
            other_targets: Vec::new(),
        }
    }

    /// What the dataset is called: the file's name without its extensions.
    #[must_use]
    pub fn name(&self) -> String {
        let path = self.path.as_ref().or(self.train.as_ref());
        let name = path.and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let packed = [".gz", ".GZ"].into_iter().find_map(|ending| name.strip_suffix(ending));
        let name = packed.unwrap_or(&name);
        match name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
            Some(_) | None => name.to_owned(),
        }
    }

    /// Whether the file, or files, say which rows are for training and which for the test.
    #[must_use]
    pub fn says_split(&self) -> bool {
        self.split.is_some() || self.test.is_some()
    }

    /// The target, where it is given by name.
    pub(super) fn target_name(&self) -> Option<&str> {
        match &self.target {
            ColumnRef::Name(name) => Some(name),
            ColumnRef::Number(_) => None,
        }
    }
}

fn ascii<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<char>, D::Error> {
    match char::deserialize(deserializer)? {
        mark if begins_comment(mark) => Ok(Some(mark)),
        other => Err(de::Error::invalid_value(
            Unexpected::Char(other),
            &"a punctuation mark such as `#`, `%` or `;`",
        )),
    }
}

/// Whether a character can begin a comment: one byte, and no part of a number or of a quotation.
fn begins_comment(mark: char) -> bool {
    mark.is_ascii_punctuation() && !"\"+-.".contains(mark)
}

fn ascii_schema(_: &mut SchemaGenerator) -> Schema {
    let marks = (0..=u8::MAX).map(char::from).filter(|mark| begins_comment(*mark));
    json_schema!({ "enum": marks.collect::<Vec<char>>() })
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    Ok(std::num::NonZeroUsize::deserialize(deserializer)?.get())
}

/// Names that tell the classes apart: none is blank, none stands twice.
fn distinct_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let mut known = HashSet::new();
    for name in &names {
        if name.trim().is_empty() {
            return Err(de::Error::invalid_value(Unexpected::Str(name), &"a name for each class"));
        }
        if !known.insert(name) {
            return Err(de::Error::custom(format!(
                "two classes are named `{name}`: expected a name of its own for each"
            )));
        }
    }
    if names.is_empty() {
        return Err(de::Error::invalid_length(0, &"a name for each class"));
    }
    Ok(Some(names))
}

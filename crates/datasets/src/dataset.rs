//! A dataset: columns, classes, and where its rows stand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use ndarray::{Array2, Axis};

use crate::note::Note;
use crate::split::Split;
use crate::table::{Decimal, Encoding, Missing, Separator};
use crate::wording::{nearest, suggestion};

/// A classification dataset: one row of values and one class for each sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// What the dataset is called: its built-in name, or a file's name without the extension.
    pub name: String,
    /// What each column of [`values`](Self::values) is.
    pub columns: Vec<Column>,
    /// `rows × columns`: a finite number, the position of a text among the [levels](ColumnKind::Levels) of its column, or NaN
    /// where a value is missing. [`encode`](crate::encode) makes features of them.
    pub values: Array2<f64>,
    /// What missing values are replaced by.
    pub missing: Missing,
    /// The class of each row, an index into [`class_names`](Self::class_names).
    pub labels: Vec<usize>,
    /// One name for each class.
    pub class_names: Vec<String>,
    /// What the data say of how their rows are to be divided.
    pub division: Division,
    /// Where the rows were read; `None` of built-in data.
    pub file: Option<RowsOfFile>,
    /// What a reader should know of the data.
    pub notes: Vec<Note>,
    /// A BLAKE3 hash of everything above but the name, the file and the notes; of built-in data of the file's bytes, or, for
    /// data that comes without a file, of its numbers.
    pub hash: blake3::Hash,
}

/// A column of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it is called.
    pub name: String,
    /// What its values are.
    pub kind: ColumnKind,
    /// How many of them are missing.
    pub missing: usize,
}

/// What the values of a column are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers.
    Number,
    /// Ranks of texts, given in their order.
    Ranks(Vec<String>),
    /// Positions of texts, given here sorted.
    Levels {
        /// The texts.
        texts: Vec<String>,
        /// So many have a feature of their own, at most.
        most: usize,
    },
}

impl Column {
    /// A column of numbers.
    #[must_use]
    pub fn numbers(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: ColumnKind::Number, missing: 0 }
    }
}

/// What the data say of how their rows are to be divided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Division {
    /// Nothing.
    #[default]
    Free,
    /// Rows of one group stay together; the group of each row, counted from 0.
    Groups(Vec<usize>),
    /// The rows of each part.
    Given(Split),
}

impl Dataset {
    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.nrows()
    }

    /// The number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.class_names.len()
    }

    /// How many rows each class has.
    #[must_use]
    pub fn rows_of_classes(&self) -> Vec<usize> {
        rows_of_classes(&self.labels, self.classes())
    }

    /// Where a row stands, for people: ``line 17 of `flowers.csv` ``, or ``row 17 of `wine` ``, counted from 1.
    ///
    /// # Panics
    /// When `row` is not below [`rows`](Self::rows).
    #[must_use]
    pub fn place_of(&self, row: usize) -> String {
        match &self.file {
            Some(file) => file.place_of(row),
            None => format!("row {} of `{}`", row + 1, self.name),
        }
    }

    /// The classes of some rows, in the order of `rows`.
    ///
    /// # Panics
    /// When an index is not below [`rows`](Self::rows).
    #[must_use]
    pub fn labels_of(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|&row| self.labels[row]).collect()
    }
}

/// A class of a dataset that a model does not tell apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the model has no class `{class}`, which the data have: expected one of `{}`", .expected.join("`, `"))]
pub struct OtherClass {
    /// The class.
    pub class: String,
    /// Those of the model.
    pub expected: Vec<String>,
}

/// Why a dataset does not have the columns that a model takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OtherColumn {
    /// One is not there.
    #[error("the data have no column `{column}`, which the model takes{}", suggestion(.nearest.as_deref()))]
    Unknown {
        /// The column.
        column: String,
        /// One of the data that is called nearly so.
        nearest: Option<String>,
    },
    /// One is there several times.
    #[error("{count} columns are named `{column}`, of which the model takes one: name them differently")]
    Ambiguous {
        /// The name.
        column: String,
        /// How many bear it.
        count: usize,
    },
}

/// Where a class stands among those of a model: under its name, else under another spelling of the same number or truth.
pub(crate) fn position_among(class: &str, names: &[String]) -> Result<usize, OtherClass> {
    let number = |name: &str| match name {
        "false" | "False" | "FALSE" => Some(0.0),
        "true" | "True" | "TRUE" => Some(1.0),
        name => name.parse::<f64>().ok(),
    };
    let same = names.iter().position(|name| name == class);
    let equal = || {
        let own = number(class)?;
        names.iter().position(|name| number(name) == Some(own))
    };
    let position = same.or_else(equal);
    position.ok_or_else(|| OtherClass { class: class.to_owned(), expected: names.to_vec() })
}

impl Dataset {
    /// Where each class stands among those of a model. `1`, `1.0` and `true` are one class.
    ///
    /// # Errors
    /// A class that the model does not have.
    pub fn positions_among(&self, names: &[String]) -> Result<Vec<usize>, OtherClass> {
        self.class_names.iter().map(|class| position_among(class, names)).collect()
    }

    /// The same rows with the classes of a model in its order: all of them, also those that no row has.
    ///
    /// # Errors
    /// A class that the model does not have.
    pub fn with_classes(&self, names: &[String]) -> Result<Self, OtherClass> {
        let positions = self.positions_among(names)?;
        let labels = self.labels.iter().map(|&label| positions[label]).collect();
        Ok(Self { labels, class_names: names.to_vec(), ..self.clone() })
    }
}

/// How often each name is there.
pub(crate) fn count_names<'n>(names: impl Iterator<Item = &'n str>) -> BTreeMap<&'n str, usize> {
    let mut counts = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    counts
}

/// A name as exporters write it that know letters, digits and `_` alone.
fn plain(name: &str) -> String {
    name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).collect()
}

impl Dataset {
    /// The column of a name; where there is none, the only one of this name but for what is no letter or digit.
    fn position_of(&self, name: &str) -> Option<usize> {
        let same = self.columns.iter().position(|column| column.name == name);
        same.or_else(|| {
            let wanted = plain(name);
            let mut alike = (0..self.columns.len()).filter(|own| plain(&self.columns[*own].name) == wanted);
            alike.next().filter(|_| alike.next().is_none())
        })
    }

    /// Where the columns that a model takes stand, in its order; none where the model calls none of its inputs as a column is
    /// called.
    ///
    /// # Errors
    /// A column that is not there, beside others that are, or that is there several times.
    pub fn positions_of_columns(&self, names: &[String]) -> Result<Option<Vec<usize>>, OtherColumn> {
        // One column is one input alone.
        let mut taken = BTreeSet::new();
        let position = |name: &String| self.position_of(name).filter(|position| taken.insert(*position));
        let positions: Vec<Option<usize>> = names.iter().map(position).collect();
        if positions.iter().all(Option::is_none) {
            return Ok(None);
        }
        if let Some((column, _)) = names.iter().zip(&positions).find(|(_, position)| position.is_none()) {
            let nearest = nearest(column, self.columns.iter().map(|column| column.name.as_str()));
            return Err(OtherColumn::Unknown { column: column.clone(), nearest: nearest.map(str::to_owned) });
        }
        let counts = count_names(self.columns.iter().map(|column| column.name.as_str()));
        let several =
            names.iter().find_map(|name| Some((name, *counts.get(name.as_str())?)).filter(|own| own.1 > 1));
        match several {
            Some((column, count)) => Err(OtherColumn::Ambiguous { column: column.clone(), count }),
            None => Ok(positions.into_iter().collect()),
        }
    }

    /// The same rows with the columns that a model takes, in its order; a note tells the others. None as of
    /// [`positions_of_columns`](Self::positions_of_columns).
    ///
    /// # Errors
    /// As [`positions_of_columns`](Self::positions_of_columns).
    pub fn with_columns(&self, names: &[String]) -> Result<Option<Self>, OtherColumn> {
        let Some(positions) = self.positions_of_columns(names)? else { return Ok(None) };
        if positions.iter().copied().eq(0..self.columns.len()) {
            return Ok(Some(self.clone()));
        }
        let columns: Vec<Column> = positions.iter().map(|&position| self.columns[position].clone()).collect();
        let taken: BTreeSet<usize> = positions.iter().copied().collect();
        let left = (0..self.columns.len()).filter(|position| !taken.contains(position));
        let left: Vec<String> = left.map(|position| self.columns[position].name.clone()).collect();
        let mut notes = self.notes.clone();
        if !left.is_empty() {
            notes.push(Note::NoInputs { columns: left });
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.hash.as_bytes());
        positions.iter().for_each(|&position| {
            hasher.update(&(position as u64).to_le_bytes());
        });
        let (values, hash) = (self.values.select(Axis(1), &positions), hasher.finalize());
        Ok(Some(Self { columns, values, notes, hash, ..self.clone() }))
    }
}

/// How many of the labels each of so many classes has.
pub(crate) fn rows_of_classes(labels: &[usize], classes: usize) -> Vec<usize> {
    let mut rows = vec![0; classes];
    labels.iter().for_each(|&label| rows[label] += 1);
    rows
}

/// Where rows were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsOfFile {
    /// The files, one after the other.
    pub files: Vec<ReadFile>,
    /// The line on which each row begins, or in a file without lines the number of the row, counted from 1.
    pub lines: Vec<usize>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFile {
    /// The file, as it was given.
    pub path: PathBuf,
    /// The BLAKE3 hash of its bytes.
    pub hash: blake3::Hash,
    /// How many of the rows are its own.
    pub rows: usize,
    /// How it is written; `None` of a Parquet file, which has no lines.
    pub layout: Option<TextLayout>,
}

/// How a text file is written, as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextLayout {
    /// What stands between two cells.
    pub separator: Separator,
    /// The sign before a number's fraction.
    pub decimal: Decimal,
    /// How characters are written as bytes.
    pub encoding: Encoding,
    /// What begins a line that is no row.
    pub comment: Option<char>,
    /// Whether the first line names the columns.
    pub header: bool,
}

impl RowsOfFile {
    /// The file of a row, and its place in it: `line 17`.
    pub(crate) fn find(&self, row: usize) -> (&ReadFile, String) {
        let mut first = 0;
        let of_row = |file: &&ReadFile| {
            first += file.rows;
            row < first
        };
        let file = self.files.iter().find(of_row).unwrap_or(&self.files[self.files.len() - 1]);
        (file, format!("{} {}", if file.layout.is_some() { "line" } else { "row" }, self.lines[row]))
    }

    /// Leaves out the rows that are not kept.
    pub(crate) fn retain(&mut self, kept: &[bool]) {
        let mut rest = kept;
        for file in &mut self.files {
            let (own, others) = rest.split_at(file.rows);
            file.rows = own.iter().filter(|kept| **kept).count();
            rest = others;
        }
        let mut kept = kept.iter();
        self.lines.retain(|_| kept.next().copied().unwrap_or(true));
    }

    pub(crate) fn place_of(&self, row: usize) -> String {
        let (file, place) = self.find(row);
        format!("{place} of `{}`", file.path.display())
    }
}

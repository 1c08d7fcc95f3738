//! A dataset: features, classes, and where its rows stand.

use std::fmt;
use std::path::PathBuf;

use ndarray::{Array2, Axis};

use crate::wording::list;

/// A classification dataset: one row of numbers and one class for each sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// What the dataset is called: its built-in name, or a file's name without the extension.
    pub name: String,
    /// The numbers, `rows × features`; all finite.
    pub features: Array2<f64>,
    /// The class of each row, an index into [`class_names`](Self::class_names).
    pub labels: Vec<usize>,
    /// One name for each column of [`features`](Self::features).
    pub feature_names: Vec<String>,
    /// One name for each class.
    pub class_names: Vec<String>,
    /// Where the rows were read; `None` of built-in data.
    pub file: Option<RowsOfFile>,
    /// What a reader should know of the data.
    pub notes: Vec<Note>,
    /// The BLAKE3 hash of the file's bytes, or, for data that comes without a file, of its numbers.
    pub hash: blake3::Hash,
}

impl Dataset {
    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.features.nrows()
    }

    /// The number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.class_names.len()
    }

    /// Where a row stands, for people: ``line 17 of `flowers.csv` ``, or ``row 17 of `wine` ``, counted from 1.
    ///
    /// # Panics
    /// When `row` is not below [`rows`](Self::rows).
    #[must_use]
    pub fn place_of(&self, row: usize) -> String {
        match &self.file {
            Some(RowsOfFile { path, lines }) => format!("line {} of `{}`", lines[row], path.display()),
            None => format!("row {} of `{}`", row + 1, self.name),
        }
    }

    /// Features and labels of some rows, in the order of `rows`.
    ///
    /// # Panics
    /// When an index is not below [`rows`](Self::rows).
    #[must_use]
    pub fn subset(&self, rows: &[usize]) -> (Array2<f64>, Vec<usize>) {
        (self.features.select(Axis(0), rows), rows.iter().map(|&row| self.labels[row]).collect())
    }
}

/// Where rows were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsOfFile {
    /// The file, as it was given.
    pub path: PathBuf,
    /// The line on which each row begins, counted from 1.
    pub lines: Vec<usize>,
}

/// Something that a reader should know of a dataset: it may be meant, or a slip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Several spellings of one number are one class.
    OneNumber {
        /// The target column.
        column: String,
        /// What the class is called.
        class: String,
        /// All spellings.
        spellings: Vec<String>,
    },
    /// Some cells of a class have blanks around it.
    Blanks {
        /// The target column.
        column: String,
        /// The class.
        class: String,
    },
    /// Classes differ only in case, or in blanks within them.
    AlikeClasses {
        /// The target column.
        column: String,
        /// The classes.
        classes: Vec<String>,
    },
    /// A class is called what usually stands for a missing value.
    LooksMissing {
        /// The target column.
        column: String,
        /// The class.
        class: String,
        /// Its rows.
        rows: usize,
    },
    /// Some labels are numbers and some are not, so that all are sorted as text.
    NumbersAsText {
        /// The target column.
        column: String,
        /// The classes that are no numbers.
        texts: Vec<String>,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneNumber { column, class, spellings } => write!(
                formatter,
                "column `{column}`: {} are one number, and one class, `{class}`",
                list(spellings)
            ),
            Self::Blanks { column, class } => {
                write!(
                    formatter,
                    "column `{column}`: blanks around some cells of class `{class}` do not count"
                )
            }
            Self::AlikeClasses { column, classes } => write!(
                formatter,
                "column `{column}`: the classes {} differ only in case or blanks: spell them alike if they are one",
                list(classes)
            ),
            Self::LooksMissing { column, class, rows } => write!(
                formatter,
                "column `{column}`: `{class}` usually stands for a missing value, but is a class of {rows} {}: remove them if it does",
                if *rows == 1 { "row" } else { "rows" }
            ),
            Self::NumbersAsText { column, texts } => write!(
                formatter,
                "column `{column}`: some classes are numbers, but {} not: all are sorted as text",
                if let [text] = texts.as_slice() { format!("`{text}` is") } else { list(texts) + " are" }
            ),
        }
    }
}

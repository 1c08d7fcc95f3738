//! Why a CSV file is not a dataset.

use std::io;
use std::path::PathBuf;

use crate::wording::{excerpt, list, suggestion};

/// Why a CSV file is not a dataset: the file, the place and what was expected.
#[derive(Debug, thiserror::Error)]
#[error("`{}`: {problem}", path.display())]
pub struct CsvError {
    /// The file, as it was given.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: CsvProblem,
}

/// What is wrong with a CSV file; lines are counted from 1, as an editor shows them.
#[derive(Debug, thiserror::Error)]
pub enum CsvProblem {
    /// There is no such file.
    #[error("no such file: looked for `{}`", place.display())]
    NotFound {
        /// Where it would be, from the root.
        place: PathBuf,
    },
    /// The path leads to a directory.
    #[error("is a directory, expected a CSV file")]
    IsDirectory,
    /// The operating system refuses to read the file.
    #[error("cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// The file has no bytes but white space.
    #[error("is empty, expected rows of comma-separated values")]
    Empty,
    /// The file is not text.
    #[error("line {line}: expected UTF-8 text, found the byte `0x{byte:02x}`; save the file as UTF-8")]
    InvalidUtf8 {
        /// The line of the first wrong byte.
        line: usize,
        /// The first wrong byte.
        byte: u8,
    },
    /// The file is text of 16 bits per character.
    #[error(
        "is UTF-16 text, expected UTF-8: save it as UTF-8, or convert it with `iconv -f UTF-16 -t UTF-8`"
    )]
    Utf16,
    /// There is a header and nothing below it.
    #[error("has a header but no rows below it")]
    OnlyHeader,
    /// No column bears a name that is asked for.
    #[error("no column is named `{name}`{}; the columns are {}{}", suggestion(nearest.as_deref()), list(columns), separator(columns))]
    UnknownColumn {
        /// The name that was asked for.
        name: String,
        /// The column that it may have meant.
        nearest: Option<String>,
        /// The names in the file.
        columns: Vec<String>,
    },
    /// Several columns bear a name that is asked for.
    #[error("{count} columns are named `{name}`: give the column's number instead")]
    AmbiguousColumn {
        /// The name that was asked for.
        name: String,
        /// How many columns bear it.
        count: usize,
    },
    /// A column's number is beyond the last column, or zero.
    #[error("column `{number}` does not exist: expected a number from 1 to {columns}")]
    ColumnOutOfRange {
        /// The number that was asked for.
        number: usize,
        /// How many columns there are.
        columns: usize,
    },
    /// A column is named, but the file has no names.
    #[error(
        "column `{name}` is asked for by name, but the file has no header: give the column's number, counted from 1"
    )]
    NameWithoutHeader {
        /// The name that was asked for.
        name: String,
    },
    /// All columns but the target are left out, or there are none.
    #[error("has no column besides the target and those left out, expected at least one feature")]
    NoFeatures,
    /// A column is the target, and left out.
    #[error(
        "column `{column}` is the target, and is also left out: in `unused`, or as another target of this file"
    )]
    UnusedTarget {
        /// The column's name.
        column: String,
    },
    /// A row is shorter or longer than the first line.
    #[error("line {line}: expected {expected} columns, found {found}")]
    ColumnCount {
        /// The line on which the row begins.
        line: usize,
        /// The columns of the first line.
        expected: usize,
        /// The columns of this row.
        found: usize,
    },
    /// A feature is not a number.
    #[error(
        "line {line}, column `{column}`: expected a number, found {}; fill it in, remove the row, or leave the column out: `unused = [\"{column}\"]`",
        cell(text)
    )]
    NotANumber {
        /// The line on which the row begins.
        line: usize,
        /// The column's name.
        column: String,
        /// What stands there.
        text: String,
    },
    /// A feature is NaN or infinite, or too large for a double.
    #[error("line {line}, column `{column}`: expected a finite number, found `{}`", excerpt(text))]
    NotFinite {
        /// The line on which the row begins.
        line: usize,
        /// The column's name.
        column: String,
        /// What stands there.
        text: String,
    },
    /// The classes are measurements.
    #[error(
        "the target column `{column}` is continuous, {classes} different numbers in {rows} rows: expected classes; put ranges of it into a column of their own, or name another target"
    )]
    ContinuousTarget {
        /// The target column's name.
        column: String,
        /// How many different numbers there are.
        classes: usize,
        /// How many rows there are.
        rows: usize,
    },
    /// There are more classes than predictions can tell apart.
    #[error("the target column `{column}` has {classes} classes: expected at most {most}")]
    TooManyClasses {
        /// The target column's name.
        column: String,
        /// How many there are.
        classes: usize,
        /// How many there may be.
        most: usize,
    },
    /// A row has no class.
    #[error("line {line}: the target column `{column}` is empty, expected a class")]
    MissingLabel {
        /// The line on which the row begins.
        line: usize,
        /// The target column's name.
        column: String,
    },
    /// All rows are of the same class.
    #[error("every row is of class `{class}`, expected at least two classes in column `{column}`")]
    OneClass {
        /// The only class.
        class: String,
        /// The target column's name.
        column: String,
    },
    /// There are more or fewer `class_names` than classes.
    #[error("expected {} class names (for {}), found {given}", classes.len(), list(classes))]
    ClassNameCount {
        /// How many names the configuration gives.
        given: usize,
        /// The classes in the file, in the order in which the names must stand.
        classes: Vec<String>,
    },
}

/// What stands in a cell.
fn cell(text: &str) -> String {
    if text.is_empty() { "an empty cell".to_owned() } else { format!("`{}`", excerpt(text)) }
}

/// What to do about a file that looks as if its cells were separated by something else.
fn separator(columns: &[String]) -> String {
    let [only] = columns else { return String::new() };
    let found =
        [(';', ";"), ('\t', "\\t"), ('|', "|")].into_iter().find(|(character, _)| only.contains(*character));
    found.map_or_else(String::new, |(_, shown)| {
        format!("; if that separates cells: `delimiter = \"{shown}\"`")
    })
}

impl CsvProblem {
    /// The key of a [`CsvSource`](crate::CsvSource) that says what the file does not have.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::UnknownColumn { .. }
            | Self::AmbiguousColumn { .. }
            | Self::ColumnOutOfRange { .. }
            | Self::NameWithoutHeader { .. }
            | Self::ContinuousTarget { .. }
            | Self::TooManyClasses { .. }
            | Self::OneClass { .. }
            | Self::MissingLabel { .. } => "target",
            Self::ClassNameCount { .. } => "class_names",
            Self::UnusedTarget { .. } => "unused",
            Self::NotFound { .. }
            | Self::IsDirectory
            | Self::Unreadable(_)
            | Self::Empty
            | Self::InvalidUtf8 { .. }
            | Self::Utf16
            | Self::OnlyHeader
            | Self::NoFeatures
            | Self::ColumnCount { .. }
            | Self::NotANumber { .. }
            | Self::NotFinite { .. } => "path",
        }
    }
}

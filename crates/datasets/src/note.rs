//! What a reader should know of a dataset: what was assumed to read it, and what looks like a slip.

use std::fmt;

use crate::table::Separator;
use crate::wording::{counted, excerpt, list};

/// Something that a reader should know of a dataset: it may be meant, or a slip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The characters are of another encoding than UTF-8.
    Encoding {
        /// The encoding.
        encoding: String,
        /// How that is known.
        because: String,
    },
    /// Cells are separated by something else than commas.
    Separator(Separator),
    /// Numbers have a comma where others have a point.
    DecimalComma,
    /// Lines that begin with `#` are no rows.
    Comments,
    /// The first line is a row.
    NoHeader {
        /// Its cells.
        first: Vec<String>,
    },
    /// The first line has numbers alone, and names the columns.
    NumbersAsNames {
        /// Its cells.
        first: Vec<String>,
    },
    /// The first line names all columns but the first.
    RowNames,
    /// A column has no value in any row, and is left out.
    Empty {
        /// The column.
        column: String,
    },
    /// A column of text became one feature for each of its texts.
    OneHot {
        /// The column.
        column: String,
        /// Different texts.
        levels: usize,
        /// So many of them have a feature of their own, at most.
        most: usize,
    },
    /// Rows were left out.
    RowsLeftOut {
        /// How many.
        rows: usize,
        /// Of how many.
        of: usize,
        /// What they lack.
        because: &'static str,
    },
    /// Missing values are filled in.
    Filled {
        /// The column.
        column: String,
        /// How many values are missing.
        count: usize,
    },
    /// Classes with few rows were merged, or left out.
    RareClasses {
        /// The target column.
        column: String,
        /// The classes.
        classes: Vec<String>,
        /// Their rows.
        rows: usize,
        /// The class that they became; `None` where they were left out.
        into: Option<String>,
    },
    /// Columns are no inputs of the model, and are left out.
    NoInputs {
        /// The columns.
        columns: Vec<String>,
    },
    /// A column looks as if it numbered the rows.
    RowNumber {
        /// The column.
        column: String,
        /// Why.
        because: RowNumber,
    },
    /// A column has one value in all rows.
    Constant {
        /// The column.
        column: String,
    },
    /// A column alone says of which class a row is.
    Leak {
        /// The column.
        column: String,
    },
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

/// Why a column looks as if it numbered the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowNumber {
    /// Each row has one more than the row above it.
    Counts,
    /// It has whole numbers and no name.
    IsUnnamed,
    /// It has whole numbers, another in each row.
    IsUnique,
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding { encoding, because } => {
                write!(formatter, "read as {encoding}, {because}: if it is another, give `encoding`")
            }
            Self::Separator(separator) => {
                write!(formatter, "cells are taken as separated by {separator}: if they are not, give `separator`")
            }
            Self::DecimalComma => formatter
                .write_str("commas are taken as the sign before a number's fraction: if they are not, `decimal = \".\"`"),
            Self::Comments => formatter
                .write_str("lines that begin with `#` are left out: `comment = \"#\"` says that they are comments"),
            Self::NoHeader { first } => write!(
                formatter,
                "the first line, {}, is taken as a row, and the columns as without names: if it names them, `header = true`",
                list(first)
            ),
            Self::NumbersAsNames { first } => write!(
                formatter,
                "the first line, {}, is taken as the names of the columns: if it is a row, `header = false`",
                list(first)
            ),
            Self::RowNames => formatter.write_str(
                "the first line has one name less than there are columns: it is taken to name all but the first",
            ),
            Self::Empty { column } => {
                write!(formatter, "column `{column}` has no value in any row, and is left out")
            }
            Self::OneHot { column, levels, most } => {
                let levels_in_words = counted(*levels, "text", "texts");
                write!(formatter, "column `{column}` has {levels_in_words}: ")?;
                if levels > most {
                    write!(formatter, "the {most} most frequent of the training rows are a feature each, all others one")
                } else {
                    formatter.write_str("each is a feature, 1 or 0")
                }
            }
            Self::RowsLeftOut { rows, of, because } => {
                let verb = if *rows == 1 { "is" } else { "are" };
                write!(formatter, "{rows} of {of} rows {verb} left out, {because}")
            }
            Self::Filled { column, count } => write!(
                formatter,
                "column `{column}`: {} filled in from the training rows",
                counted(*count, "missing value is", "missing values are")
            ),
            Self::RareClasses { column, classes, rows, into } => {
                let what = if classes.len() == 1 { "class" } else { "classes" };
                let verb = if *rows == 1 { "is" } else { "are" };
                let rows = counted(*rows, "row", "rows");
                let fate = match into {
                    Some(into) => format!("class `{into}`"),
                    None => "left out".to_owned(),
                };
                write!(formatter, "column `{column}`: the {rows} of {what} {} {verb} {fate}", list(classes))
            }
            Self::NoInputs { columns } => {
                let what = if columns.len() == 1 { "column" } else { "columns" };
                let verb = if columns.len() == 1 { "is no input" } else { "are no inputs" };
                write!(formatter, "{what} {} {verb} of the model", list(columns))
            }
            Self::RowNumber { column, because } => {
                let because = match because {
                    RowNumber::Counts => "counts up by one from row to row",
                    RowNumber::IsUnnamed => "has whole numbers and no name",
                    RowNumber::IsUnique => "has a whole number of its own in each row",
                };
                write!(formatter, "column `{column}` {because}: it looks like a row number; drop it with `drop = [\"{column}\"]`")
            }
            Self::Constant { column } => write!(
                formatter,
                "column `{column}` has the same value in every row: it tells nothing and costs bytes; drop it with `drop = [\"{column}\"]`"
            ),
            Self::Leak { column } => write!(
                formatter,
                "column `{column}` alone says of which class each row is: if it is not known before the class is, drop it with `drop = [\"{column}\"]`"
            ),
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
                "column `{column}`: `{class}` usually stands for a missing value, but is a class of {}: if it does, `missing_values = [\"{}\"]`",
                counted(*rows, "row", "rows"),
                excerpt(class)
            ),
            Self::NumbersAsText { column, texts } => write!(
                formatter,
                "column `{column}`: some classes are numbers, but {} not: all are sorted as text",
                if let [text] = texts.as_slice() { format!("`{text}` is") } else { list(texts) + " are" }
            ),
        }
    }
}

//! Why a file is not a dataset.

use std::io;
use std::path::PathBuf;

use crate::wording::{counted, excerpt, list, suggestion};

/// Why a file is not a dataset: the file, the place and what was expected.
#[derive(Debug, thiserror::Error)]
#[error("`{}`: {problem}", path.display())]
pub struct TableError {
    /// The file, as it was given.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: TableProblem,
}

/// Missing values of one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The column.
    pub column: String,
    /// Its missing values.
    pub count: usize,
    /// The place of the first: `line 7`.
    pub first: String,
}

/// What is wrong with a file; lines are counted from 1, as an editor shows them.
#[derive(Debug, thiserror::Error)]
pub enum TableProblem {
    /// Neither `path` nor both of `train` and `test` are given, or one beside the other.
    #[error("expected either `path`, or both `train` and `test`")]
    NoPath,
    /// There is no such file.
    #[error("no such file: looked for `{}`", place.display())]
    NotFound {
        /// Where it would be, from the root.
        place: PathBuf,
    },
    /// The path leads to a directory.
    #[error("is a directory, expected a CSV or Parquet file")]
    IsDirectory,
    /// The path leads to a pipe, a device or a socket.
    #[error("is a pipe or a device, expected a plain file: save what it gives into one")]
    NotAFile,
    /// The file grows while it is read.
    #[error(
        "has more bytes than its length says: it grows, or is made while it is read; expected a plain file that is complete"
    )]
    Grows,
    /// The file has more bytes than can be worked with.
    #[error("has {bytes} bytes, more than the {most} that this machine's memory allows for")]
    TooLarge {
        /// Its bytes.
        bytes: u64,
        /// How many there may be.
        most: u64,
    },
    /// The unpacked file has more bytes than can be worked with.
    #[error("unpacks to more than the {most} bytes that this machine's memory allows for")]
    TooLargeUnpacked {
        /// How many there may be.
        most: u64,
    },
    /// The operating system refuses to read the file.
    #[error("cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// The file is no gzip file behind its first bytes.
    #[error("is a damaged gzip file: {0}")]
    DamagedGzip(#[source] io::Error),
    /// The file is no Parquet file behind its first bytes.
    #[error("is a damaged Parquet file: {0}")]
    DamagedParquet(String),
    /// A key that says how text is written stands beside a Parquet file.
    #[error("is a Parquet file, which has no `{0}`: leave it out")]
    NotOfParquet(&'static str),
    /// A column of a Parquet file is of a type that is neither a number nor a text.
    #[error(
        "column `{column}` is of type {kind}, expected numbers, texts or booleans: `drop = [\"{column}\"]`"
    )]
    UnsupportedType {
        /// The column.
        column: String,
        /// Its type.
        kind: String,
    },
    /// The file has no bytes but white space.
    #[error("is empty, expected rows of comma-separated values")]
    Empty,
    /// The file is not text.
    #[error("is neither text nor Parquet: expected a CSV or Parquet file, packed by gzip or not")]
    NotText,
    /// The file is a ZIP archive, as spreadsheets are.
    #[error("is a ZIP archive or a spreadsheet: unpack it, or save the sheet as CSV")]
    Zip,
    /// The bytes are none of the encoding.
    #[error("line {line}: has bytes that are not {encoding}: give another `encoding`")]
    WrongEncoding {
        /// The line of the first wrong byte.
        line: usize,
        /// The encoding.
        encoding: String,
    },
    /// The file is text of 16 bits per character without a mark.
    #[error("is UTF-16 text without a byte order mark: `encoding = \"{encoding}\"` reads it")]
    Unmarked {
        /// The encoding by its zeros.
        encoding: String,
    },
    /// There is a header and nothing below it.
    #[error("has a header but no rows below it")]
    OnlyHeader,
    /// All rows were left out.
    #[error("no row is left: all are left out, {0}")]
    NoRows(&'static str),
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
    /// Several columns bear a name by which a model takes one.
    #[error("{count} columns are named `{name}`, of which the model takes one: name them differently")]
    AmbiguousName {
        /// The name.
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
        "column `{name}` is asked for by name, but the file has no header: give the column's number, from 1 to {columns}, or `header = true` if its first line has the names"
    )]
    NameWithoutHeader {
        /// The name that was asked for.
        name: String,
        /// How many columns there are.
        columns: usize,
    },
    /// The other of two files lacks a column.
    #[error("has no column `{column}`, which the training file has")]
    LacksColumn {
        /// The column.
        column: String,
    },
    /// A column is numbers in one of two files and text in the other.
    #[error("column `{column}` has numbers in one of the two files and text in the other")]
    MixedFiles {
        /// The column.
        column: String,
    },
    /// All columns but the target are left out, or there are none.
    #[error(
        "has no column besides the target and those left out, expected at least one feature{}",
        separator(columns)
    )]
    NoFeatures {
        /// The names in the file.
        columns: Vec<String>,
    },
    /// A column is the target, and left out.
    #[error(
        "column `{column}` is the target, and is also left out: in `drop`, or as another target of this file"
    )]
    UnusedTarget {
        /// The column's name.
        column: String,
    },
    /// A quotation begins and does not end.
    #[error("line {line}: a quotation mark opens in this row, and none closes it before the end of the file")]
    UnclosedQuotation {
        /// The line on which the row begins.
        line: usize,
    },
    /// A key names a column as text that is no feature, or names it twice.
    #[error("column `{column}` is named by `{key}`, but {why}")]
    NoSuchFeature {
        /// The column.
        column: String,
        /// The key.
        key: &'static str,
        /// What it is.
        why: &'static str,
    },
    /// Levels in an order that is none.
    #[error("`levels` of column `{column}`: expected each of its texts once")]
    NoOrder {
        /// The column.
        column: String,
    },
    /// Lines that begin with the separator would be comments.
    #[error("`{0}` cannot both separate cells and begin a comment")]
    CommentSeparates(char),
    /// A column has numbers that are spelled in another way.
    #[error("column `{column}` has texts that look like numbers, `{}` for one: {fix}", excerpt(text))]
    OtherNumbers {
        /// The column.
        column: String,
        /// The first of them.
        text: String,
        /// What to do about it.
        fix: String,
    },
    /// A row is shorter or longer than the first line.
    #[error("line {line}: expected {}, found {found}", counted(*expected, "column", "columns"))]
    ColumnCount {
        /// The line on which the row begins.
        line: usize,
        /// The columns of the first line.
        expected: usize,
        /// The columns of this row.
        found: usize,
    },
    /// A column of numbers has a text.
    #[error(
        "line {line}, column `{column}`: expected a number, found `{}`{}; correct it, or say what it is: `missing_values = [\"{}\"]`, `one_hot = [\"{column}\"]` or `drop = [\"{column}\"]`{}",
        excerpt(text), others(*texts), excerpt(text), decimal(text)
    )]
    NotANumber {
        /// The line on which the row begins.
        line: usize,
        /// The column's name.
        column: String,
        /// What stands there.
        text: String,
        /// How many texts there are among the column's numbers.
        texts: usize,
    },
    /// A column has a text of which a model takes numbers.
    #[error("line {line}, column `{column}`: expected a number, found `{}`", excerpt(text))]
    NoNumber {
        /// The line on which the row begins.
        line: usize,
        /// The column's name.
        column: String,
        /// What stands there.
        text: String,
    },
    /// A file without a header, of which a model takes columns by their names.
    #[error("has no header: expected the names of the model's columns in its first line")]
    NoHeader,
    /// A feature is infinite, or too large for a double.
    #[error(
        "{place}, column `{column}`: expected a finite number, found `{}`; if it stands for a missing value: `missing_values = [\"{}\"]`",
        excerpt(text),
        excerpt(text)
    )]
    NotFinite {
        /// Where it stands: `line 7`.
        place: String,
        /// The column's name.
        column: String,
        /// What stands there.
        text: String,
    },
    /// Values are missing.
    #[error("{}; `missing` says what becomes of them: \"drop-rows\", \"median\", \"mean\", \"most-frequent\" or \"indicator\"", gaps_in_words(.0))]
    Missing(Vec<Gap>),
    /// A column has dates.
    #[error(
        "column `{column}` has dates or times, `{}` for one: put what matters of them (an hour, days since) into columns of numbers, and leave it out: `drop = [\"{column}\"]`",
        excerpt(text)
    )]
    Dates {
        /// The column.
        column: String,
        /// The first of them.
        text: String,
    },
    /// A column of text says another thing in most rows.
    #[error(
        "column `{column}` has {}, `{}` for one, in {}: it looks like an identifier or free text; leave it out with `drop = [\"{column}\"]`, or say that it has levels with `one_hot = [\"{column}\"]`",
        counted(*texts, "different text", "different texts"), excerpt(text), counted(*rows, "row", "rows")
    )]
    Identifier {
        /// The column.
        column: String,
        /// Different texts.
        texts: usize,
        /// The first of them.
        text: String,
        /// Rows with a text.
        rows: usize,
    },
    /// A text is none of those that were given in order.
    #[error("{place}, column `{column}`: `{}` is none of its `levels`, {}", excerpt(text), list(levels))]
    NotALevel {
        /// Where it stands: `line 7`.
        place: String,
        /// The column.
        column: String,
        /// What stands there.
        text: String,
        /// What might.
        levels: Vec<String>,
    },
    /// A row is for none of the parts of a split.
    #[error("{place}, column `{column}`: expected `train`, `validation` or `test`, found {}", cell(text))]
    NotAPart {
        /// Where it stands: `line 7`.
        place: String,
        /// The column.
        column: String,
        /// What stands there.
        text: String,
    },
    /// No row is for training, or none for the test.
    #[error("no row is for {0}: expected rows for `train` and for `test`")]
    EmptyPart(&'static str),
    /// A row has no group.
    #[error("{place}: the group column `{column}` is empty, expected what the row belongs to")]
    MissingGroup {
        /// Where it stands: `line 7`.
        place: String,
        /// The column.
        column: String,
    },
    /// The classes are measurements.
    #[error(
        "the target column `{column}` is continuous, {} in {}: expected classes; make them with `bins = {{ quantiles = 3 }}` or `bins = {{ edges = [{edge}] }}`, or name another target",
        counted(*classes, "different number", "different numbers"), counted(*rows, "row", "rows")
    )]
    ContinuousTarget {
        /// The target column's name.
        column: String,
        /// How many different numbers there are.
        classes: usize,
        /// How many rows there are.
        rows: usize,
        /// A number in their middle, as it is written.
        edge: String,
    },
    /// Bins of a target that is no number.
    #[error(
        "the target column `{column}` has texts, `{}` for one: expected numbers to make `bins` of",
        excerpt(text)
    )]
    BinsOfText {
        /// The target column's name.
        column: String,
        /// The first of them.
        text: String,
    },
    /// Quantiles are equal, so that bins would be empty.
    #[error(
        "{bins} quantiles of the target column `{column}` are not different, {edges:?}: give fewer, or `bins = {{ edges = […] }}`"
    )]
    EqualQuantiles {
        /// The target column's name.
        column: String,
        /// The bins asked for.
        bins: usize,
        /// The edges between them.
        edges: Vec<f64>,
    },
    /// No row is in one of the bins.
    #[error("there is no row with `{column}` {}: give other edges", from(bin))]
    EmptyBin {
        /// The target column's name.
        column: String,
        /// The bin.
        bin: String,
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
    /// Rows have no class.
    #[error("{first}: the target column `{column}` is empty{}, expected a class; `missing = \"drop-rows\"` leaves such rows out", others(*count))]
    MissingLabel {
        /// The place of the first: `line 7`.
        first: String,
        /// The target column's name.
        column: String,
        /// How many rows have none.
        count: usize,
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
    #[error("expected {} (for {}), found {given}", counted(classes.len(), "class name", "class names"), list(classes))]
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

/// How many besides the one that is told.
fn others(count: usize) -> String {
    if count > 1 { format!(" ({count} such cells)") } else { String::new() }
}

/// What to do about a number that is spelled in another way.
fn decimal(text: &str) -> &'static str {
    let is_number = text.matches(',').count() == 1 && text.replace(',', ".").parse::<f64>().is_ok();
    if is_number { "; if the comma begins its fraction: `decimal = \",\"`" } else { "" }
}

/// A bin as the object of a sentence.
fn from(bin: &str) -> String {
    if bin.starts_with("up to") || bin.starts_with("above") { bin.to_owned() } else { format!("from {bin}") }
}

fn gaps_in_words(gaps: &[Gap]) -> String {
    const SHOWN: usize = 5;
    let all = gaps.iter().map(|gap| gap.count).sum();
    let shown = gaps.iter().take(SHOWN).map(|gap| {
        let what = if gap.count == 1 { String::new() } else { format!("{} times, first on ", gap.count) };
        format!("`{}` ({what}{})", gap.column, gap.first)
    });
    let more =
        if gaps.len() > SHOWN { format!(", … ({} columns in all)", gaps.len()) } else { String::new() };
    let columns = if gaps.len() == 1 { "column" } else { "columns" };
    let values = counted(all, "value is", "values are");
    format!("{values} missing, in {columns} {}{more}", shown.collect::<Vec<_>>().join(", "))
}

/// What to do about a file that looks as if its cells were separated by something else.
fn separator(columns: &[String]) -> String {
    let [only] = columns else { return String::new() };
    let found = [(';', ";"), ('\t', "tab"), ('|', "|"), (',', ","), (' ', "spaces")];
    let found = found.into_iter().find(|(character, _)| only.contains(*character));
    found.map_or_else(String::new, |(_, shown)| {
        format!("; if that separates cells: `separator = \"{shown}\"`")
    })
}

impl TableProblem {
    /// The key of a [`TableSource`](crate::TableSource) that says what the file does not have.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::UnknownColumn { .. }
            | Self::AmbiguousColumn { .. }
            | Self::AmbiguousName { .. }
            | Self::NoHeader
            | Self::NoNumber { .. }
            | Self::ColumnOutOfRange { .. }
            | Self::NameWithoutHeader { .. }
            | Self::ContinuousTarget { .. }
            | Self::TooManyClasses { .. }
            | Self::OneClass { .. }
            | Self::MissingLabel { .. } => "target",
            Self::ClassNameCount { .. } => "class_names",
            Self::UnusedTarget { .. } => "drop",
            Self::BinsOfText { .. } | Self::EqualQuantiles { .. } | Self::EmptyBin { .. } => "bins",
            Self::NotAPart { .. } | Self::EmptyPart(_) => "split",
            Self::MissingGroup { .. } => "group",
            Self::NotALevel { .. } | Self::NoOrder { .. } => "levels",
            Self::NoSuchFeature { key, .. } => key,
            Self::CommentSeparates(_) => "comment",
            Self::WrongEncoding { .. } => "encoding",
            Self::NotOfParquet(key) => key,
            Self::NoPath
            | Self::NotFound { .. }
            | Self::IsDirectory
            | Self::NotAFile
            | Self::Grows
            | Self::TooLarge { .. }
            | Self::TooLargeUnpacked { .. }
            | Self::Unreadable(_)
            | Self::DamagedGzip(_)
            | Self::DamagedParquet(_)
            | Self::UnsupportedType { .. }
            | Self::Empty
            | Self::NotText
            | Self::Zip
            | Self::Unmarked { .. }
            | Self::OnlyHeader
            | Self::NoRows(_)
            | Self::LacksColumn { .. }
            | Self::MixedFiles { .. }
            | Self::NoFeatures { .. }
            | Self::ColumnCount { .. }
            | Self::NotANumber { .. }
            | Self::NotFinite { .. }
            | Self::Missing(_)
            | Self::Dates { .. }
            | Self::UnclosedQuotation { .. }
            | Self::OtherNumbers { .. }
            | Self::Identifier { .. } => "path",
        }
    }
}

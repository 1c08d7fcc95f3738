//! What can go wrong between rows and files.

/// Failure to build, to write or to read a table.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// A setting has the name of one of the table's own columns, or is listed twice in a task.
    #[error(
        "setting `{0}` would be a second column of that name; expected a dotted key such as `train.epochs`, once"
    )]
    RepeatedColumn(String),
    /// Polars refused the columns.
    #[error("the results table could not be built")]
    Build(#[source] polars::error::PolarsError),
    /// The results table could not be written.
    #[error("the results table could not be written as {format}")]
    Write {
        /// `CSV` or `Parquet`.
        format: &'static str,
        /// Polars' reason.
        source: polars::error::PolarsError,
    },
    /// The results table could not be read.
    #[error("the results table could not be read as Parquet")]
    Read(#[source] polars::error::PolarsError),
    /// A cell of the results table is not what its column holds.
    #[error("row {row} of the results table: column `{column}` does not hold what was written there")]
    StoredCell {
        /// The column.
        column: String,
        /// The row, from 0.
        row: usize,
    },
    /// Rows could not be written or read as CSV.
    #[error("the rows could not be written or read as CSV")]
    Rows(#[source] csv::Error),
    /// The header of a table is not its own.
    #[error("`{table}.csv` has the columns `{found}`, expected `{expected}`")]
    Columns {
        /// The table.
        table: &'static str,
        /// Columns found.
        found: String,
        /// Columns of the table.
        expected: String,
    },
    /// A cell is not what its column holds.
    #[error("line {line} of `{table}.csv`: column `{column}` has `{found}`, expected {expected}")]
    Cell {
        /// The table.
        table: &'static str,
        /// The line, the header's being 1.
        line: u64,
        /// The column.
        column: &'static str,
        /// The cell.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A line is of a unit or a variant that the results table does not have.
    #[error("line {line} of `{table}.csv`: the results table has no variant `{variant}` of unit `{unit}`")]
    UnknownOrigin {
        /// The table.
        table: &'static str,
        /// The line, the header's being 1.
        line: u64,
        /// The unit; empty in a table that is of the first one.
        unit: String,
        /// The variant's position.
        variant: String,
    },
}

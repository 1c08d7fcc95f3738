//! What can go wrong between rows and files.

/// Failure to build or to write a table.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// A swept axis has the name of one of the table's own columns, or is listed twice in a row.
    #[error(
        "unit axis `{0}` would be a second column of that name; expected a dotted key such as `train.epochs`, once"
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
    /// Rows could not be serialized or written.
    #[error("the rows could not be written as CSV")]
    Rows(#[source] csv::Error),
}

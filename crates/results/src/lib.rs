//! From recorded rows to a table and to conclusions.
//!
//! A run records plain rows ([`Records`]). This crate turns them into the results table ([`table`], a polars
//! `DataFrame`, written as CSV and Parquet), writes the other rows as CSV ([`write_rows`]), and draws the conclusions
//! that the report opens with ([`summary`]): statistics over seeds, the Pareto front of size against macro-F1, and the
//! two picks with their evidence.
//!
//! Everything here is a function of the rows alone: no clock, no hash-map order, no number of threads.

mod error;
pub mod numbers;
pub mod record;
mod rows;
pub mod summary;
mod table;

pub use bitsweep_metrics::Interval;
pub use error::ResultsError;
pub use polars::prelude::DataFrame;
pub use record::{
    CalibrationMeasures, ClassRow, CodebookRow, CurveRow, DatasetShape, ErrorMeasures, HistogramRow,
    LevelRow, PredictionRow, ProductRow, Records, ResultRow, Scores, SensitivityRow, SizeMeasures, TensorRow,
    ValueRow,
};
pub use rows::write_rows;
pub use summary::{Comparison, Goal, PickRule, Summary, VariantSummary, summarize};
pub use table::{objects, table, write_csv, write_parquet};

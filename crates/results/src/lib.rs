//! From recorded rows to a table and to conclusions.
//!
//! A run records rows of values ([`Records`]): which task, unit and variant a row is of ([`Origin`]), what the variant
//! chose on each axis ([`Choice`]), and what was measured. This crate makes of them the results table ([`write_csv`],
//! [`write_parquet`], [`read_parquet`]) and the plain [`tables`], gives variants their names ([`Labels`]), and draws the
//! conclusions that the report opens with ([`summary`]): statistics over seeds and folds, the Pareto front of size against
//! macro-F1, and the picks with their evidence. Text is made where it is shown; nothing is decided by it.
//!
//! Everything here is a function of the rows alone: no clock, no hash-map order, no number of threads. What was measured with a
//! clock is apart, in [`speed`].

pub mod choice;
mod description;
mod device;
mod error;
mod evaluated;
mod flag;
mod key;
mod label;
mod measures;
pub mod numbers;
mod origin;
pub mod record;
pub mod speed;
pub mod summary;
mod table;
pub mod tables;
pub mod text;
mod value;

pub use bitsweep_metrics::{Confusion, Interval};
pub use bitsweep_quant::Size;
pub use choice::{Choice, Choices};
pub use description::{Description, Expectation};
pub use device::{DeviceBasis, DeviceRow};
pub use error::ResultsError;
pub use evaluated::{Evaluated, HeldOut, HeldOutRows, PartPredicted, Predicted, Recorded};
pub use flag::Flag;
pub use key::{Key, NotAKey};
pub use label::{Label, Labels};
pub use measures::{AgainstFloat, CalibrationMeasures, ErrorMeasures, Measures, Scores, SizeMeasures};
pub use origin::{DatasetShape, Origin, Task, Unit, Variant, run_of};
pub use record::{
    CodebookRow, Curve, EpochLoss, ErrorPart, Excerpt, FailureKind, FlipRow, HistogramKind, HistogramRow,
    LargeRows, LevelRow, PictureRow, Predictions, ProductRow, Records, ResultRow, RowFailure, RowPart,
    SensitivityRow, TensorRow, ValidationPredictions, ValueRow,
};
pub use summary::{Comparison, Goal, Metric, PickRule, Summary, VariantSummary, distinct_names, summarize};
pub use table::{
    StoredEntry, StoredRow, objects, read_entries, read_parquet, read_stored, write_csv, write_parquet,
    write_stored,
};
pub use tables::{
    ClassRow, CurveRow, Origins, PredictionRow, RecallRow, TableRow, read_rows, write_header, write_rows,
};
pub use value::Value;

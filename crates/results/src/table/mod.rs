//! The results table: one row per variant of each unit, one column per choice or measure.
//!
//! # Columns
//!
//! First the unit's (`unit`, the first 12 digits of its key, the row's own `key`, `dataset`, …, `model`), one for each
//! setting in which tasks differ, the variant's position, label, series and choices, then scores, errors, calibration and
//! sizes, at last `flag`, `failure_kind` and `failure`. What does not apply is null: scores of a tensor experiment, a zero
//! point of a symmetric scheme, errors and bits of the majority class, the measures of a row that failed, and of the float
//! model everything that compares a variant with it (`p_value`, the exact McNemar test; `macro_f1_p_value`, the paired
//! permutation test of macro-F1; `kl_mean` to `calibration_change_standard_error`). Derived columns:
//!
//! - `bits_per_weight` = `true_bytes / float_bytes` × bits of the unit's float baseline; null without one.
//! - `true_bytes` = codes + scales + zero points + codebooks + biases + scaler of the features + outliers +
//!   padding.
//! - `compression` = `float_bytes / true_bytes`.
//! - `macro_f1_per_payload_kb`, `macro_f1_per_kb` = macro-F1 over 1024 payload bytes (the notebooks' figure) or 1024
//!   true bytes.
//!
//! The Parquet file has eight columns more, from which rows are read back exactly: `task_key` and `unit_key` (32 digits),
//! `settings` (JSON, pairs of dotted key and canonical JSON of the value, as text), `name` (the variant's own), `choices`
//! (JSON, an object of column name and canonical JSON of the value, as text), `shared_codes` (0 or 1), `bits_by_layer`
//! (JSON, pairs of weight and bits) and `flags` (JSON, their numbers as text).
//!
//! The table is made in batches of rows: memory does not grow with the columns of all of them.

mod column;
mod draft;
mod measure_columns;
mod origin_columns;
mod read;
mod schema;
mod stored;
mod write;

pub use read::read_parquet;
pub use stored::{StoredEntry, StoredRow, read_entries, read_stored, write_stored};
pub use write::{objects, write_csv, write_parquet};

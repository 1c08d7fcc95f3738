//! Evaluations as Parquet and back, whatever experiment they were made for.
//!
//! A file has one row per evaluation, in ascending order of their keys: `key` (32 digits), `recorded` (bits), `ends_unit` (0 or 1),
//! what was measured, from the columns of the results table, and columns of its own:
//!
//! - `test_row_numbers`, `test_truth`, `test_float`, and the same of `validation` (of the float model), `test_classes`,
//!   `validation_classes`, `test_log_losses`, `validation_log_losses`: little-endian `u32`, `u16` and `f32`, one behind the other.
//! - `flips`, `curve`, `sensitivity`, `histogram`, `tensors`, `values`, `codebooks`, `products`: the lines of the plain tables of
//!   these names, without the columns that say of which variant.
//!
//! No name stands in it, and no label, position or path: the bytes depend on the keys, and on what was asked for, alone.

use std::io::Cursor;
use std::sync::Arc;

use polars::prelude::{Column as Cells, DataFrame, ParallelStrategy, ParquetReader, SerReader, Series};

use super::column::Entry;
use super::draft::Draft;
use super::read::fill;
use super::schema::measured;
use super::write::{cells, parquet_writer};
use crate::error::ResultsError;
use crate::evaluated::{Evaluated, HeldOut, HeldOutRows, PartPredicted, Predicted, Recorded};
use crate::key::Key;
use crate::measures::Measures;
use crate::origin::{DatasetShape, Origin, Task, Unit, Variant};
use crate::record::{
    CodebookRow, Curve, EpochLoss, FlipRow, HistogramRow, LargeRows, ProductRow, ResultRow, RowFailure,
    SensitivityRow, TensorRow, ValueRow,
};
use crate::tables::{CurveRow, TableRow, read_cells, write_cells};

const KEY: &str = "key";
const RECORDED: &str = "recorded";
const ENDS_UNIT: &str = "ends_unit";
const FAILURE_KIND: &str = "failure_kind";

/// Rows whose numbers are packed.
const BINARY: [&str; 10] = [
    "test_row_numbers",
    "test_truth",
    "test_float",
    "validation_row_numbers",
    "validation_truth",
    "validation_float",
    "test_classes",
    "test_log_losses",
    "validation_classes",
    "validation_log_losses",
];

/// The tables whose rows are kept as text.
const TABLES: [&str; 8] = [
    FlipRow::NAME,
    CurveRow::NAME,
    SensitivityRow::NAME,
    HistogramRow::NAME,
    TensorRow::NAME,
    ValueRow::NAME,
    CodebookRow::NAME,
    ProductRow::NAME,
];

/// An evaluation as it is stored: everything but what it is called.
#[derive(Debug, Clone)]
pub struct StoredRow {
    /// The key of its row.
    pub key: Key,
    /// What was asked for beside the measures.
    pub recorded: Recorded,
    /// Whether nothing else of the unit could be evaluated.
    pub ends_unit: bool,
    /// Rows and columns of the data behind its unit.
    pub shape: Option<DatasetShape>,
    result: Result<Measures, RowFailure>,
    binary: [Option<Box<[u8]>>; BINARY.len()],
    tables: [Option<Box<str>>; TABLES.len()],
}

/// What a file of evaluations has, without reading them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredEntry {
    /// The key of the row.
    pub key: Key,
    /// What was asked for beside the measures.
    pub recorded: Recorded,
    /// Whether nothing else of the unit could be evaluated.
    pub ends_unit: bool,
    /// Whether it failed.
    pub is_failure: bool,
}

/// Evaluations as a Parquet file. The bytes do not depend on their order.
///
/// # Errors
/// When polars refuses it.
pub fn write_stored(evaluated: &[&Evaluated]) -> Result<Vec<u8>, ResultsError> {
    let failed = |source| ResultsError::Write { format: "Parquet", source };
    let mut evaluated = evaluated.to_vec();
    evaluated.sort_by_key(|own| own.row.key);
    let entries: Vec<Entry<'_>> =
        evaluated.iter().map(|own| Entry { row: &own.row, label: None, baseline_bits: None }).collect();
    let recorded: Vec<u64> = evaluated.iter().map(|own| own.recorded.bits()).collect();
    let ends_unit: Vec<u64> = evaluated.iter().map(|own| u64::from(own.ends_unit)).collect();
    let mut columns = vec![Cells::new(RECORDED.into(), recorded), Cells::new(ENDS_UNIT.into(), ends_unit)];
    columns.extend(measured().iter().map(|column| cells(column, &entries)));
    let binary: Vec<_> = evaluated.iter().map(|own| binary(own)).collect();
    for (position, name) in BINARY.into_iter().enumerate() {
        let cells: Vec<Option<&[u8]>> = binary.iter().map(|own| own[position].as_deref()).collect();
        columns.push(Cells::new(name.into(), cells));
    }
    let tables: Vec<_> = evaluated.iter().map(|own| tables(own)).collect::<Result<_, _>>()?;
    for (position, name) in TABLES.into_iter().enumerate() {
        let cells: Vec<Option<&str>> = tables.iter().map(|own| own[position].as_deref()).collect();
        columns.push(Cells::new(name.into(), cells));
    }
    let mut frame = DataFrame::new(evaluated.len(), columns).map_err(ResultsError::Build)?;
    let mut bytes = Vec::new();
    // By the thread that asks: one that waits for the threads of polars would begin other work of its own meanwhile, and within
    // that wait again, as deep as there is work.
    parquet_writer(&mut bytes).set_parallel(false).finish(&mut frame).map_err(failed)?;
    Ok(bytes)
}

/// Reads what [`write_stored`] wrote.
///
/// # Errors
/// [`ResultsError::Read`] when the bytes are no Parquet file or lack a column, [`ResultsError::StoredCell`] when a cell is not what its
/// column holds.
pub fn read_stored(bytes: &[u8]) -> Result<Vec<StoredRow>, ResultsError> {
    let frame = reader(bytes).finish().map_err(ResultsError::Read)?;
    let mut drafts = vec![Draft::new(); frame.height()];
    for column in &measured() {
        fill(&mut drafts, &frame, column, 0)?;
    }
    let mut rows = Vec::with_capacity(drafts.len());
    for (draft, (recorded, ends_unit)) in drafts.into_iter().zip(marks(&frame)?) {
        rows.push(StoredRow {
            key: draft.key,
            recorded,
            ends_unit,
            shape: draft.shape,
            result: draft.into_result(),
            binary: Default::default(),
            tables: Default::default(),
        });
    }
    for (position, name) in BINARY.into_iter().enumerate() {
        let cells = series(&frame, name)?;
        let cells = cells.binary().map_err(ResultsError::Read)?;
        rows.iter_mut().zip(cells.iter()).for_each(|(row, cell)| row.binary[position] = cell.map(Into::into));
    }
    for (position, name) in TABLES.into_iter().enumerate() {
        let cells = series(&frame, name)?;
        let cells = cells.str().map_err(ResultsError::Read)?;
        rows.iter_mut().zip(cells.iter()).for_each(|(row, cell)| row.tables[position] = cell.map(Into::into));
    }
    Ok(rows)
}

/// What a file of [`write_stored`] has.
///
/// # Errors
/// As of [`read_stored`].
pub fn read_entries(bytes: &[u8]) -> Result<Vec<StoredEntry>, ResultsError> {
    let wanted = [KEY, RECORDED, ENDS_UNIT, FAILURE_KIND].map(str::to_owned);
    let frame = reader(bytes).with_columns(Some(wanted.to_vec())).finish().map_err(ResultsError::Read)?;
    let (keys, failures) = (series(&frame, KEY)?, series(&frame, FAILURE_KIND)?);
    let keys = keys.str().map_err(ResultsError::Read)?;
    let failures = failures.str().map_err(ResultsError::Read)?;
    let mut entries = Vec::with_capacity(frame.height());
    for ((key, failure), (recorded, ends_unit)) in keys.iter().zip(failures.iter()).zip(marks(&frame)?) {
        let bad = || ResultsError::StoredCell { column: KEY.to_owned(), row: entries.len() };
        let key = key.and_then(|key| key.parse().ok()).ok_or_else(bad)?;
        entries.push(StoredEntry { key, recorded, ends_unit, is_failure: failure.is_some() });
    }
    Ok(entries)
}

/// Reads by the thread that asks, as [`write_stored`] writes.
fn reader(bytes: &[u8]) -> ParquetReader<Cursor<&[u8]>> {
    ParquetReader::new(Cursor::new(bytes)).read_parallel(ParallelStrategy::None)
}

impl StoredRow {
    /// Whether it has no measures.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.result.is_err()
    }

    /// The evaluation of something that is called nothing: to be written again, or compared.
    ///
    /// # Errors
    /// When a cell is not what its column holds.
    pub fn evaluated_nameless(self) -> Result<Evaluated, ResultsError> {
        let task = Arc::new(Task {
            key: Key::default(),
            dataset: String::new(),
            model: String::new(),
            rng: String::new(),
            settings: Vec::new(),
        });
        let unit = Unit { key: Key::default(), task, seed: 0, fold: None, shape: self.shape };
        self.evaluated(Origin { unit: Arc::new(unit), variant: Arc::new(Variant::majority()), position: 0 })
    }

    /// The evaluation, as that of what `origin` says.
    ///
    /// # Errors
    /// When a cell is not what its column holds.
    pub fn evaluated(self, origin: Origin) -> Result<Evaluated, ResultsError> {
        let Self { key, recorded, ends_unit, shape: _, result, binary, tables } = self;
        let numbers =
            |position: usize| Numbers { name: BINARY[position], bytes: binary[position].as_deref() };
        let rows = |first: usize| -> Result<Option<HeldOutRows>, ResultsError> {
            let labels = |position: usize| numbers(first + position).read(u16::from_le_bytes);
            match (numbers(first).read(u32::from_le_bytes)?, labels(1)?, labels(2)?) {
                (Some(rows), Some(truth), Some(float)) => Ok(Some(HeldOutRows { rows, truth, float })),
                (None, None, None) => Ok(None),
                _ => Err(ResultsError::StoredCell { column: BINARY[first].to_owned(), row: 0 }),
            }
        };
        let part = |first: usize| -> Result<Option<PartPredicted>, ResultsError> {
            let Some(classes) = numbers(first).read(u16::from_le_bytes)? else { return Ok(None) };
            Ok(Some(PartPredicted { classes, log_losses: numbers(first + 1).read(f32::from_le_bytes)? }))
        };
        let validation = rows(3)?;
        let held_out = rows(0)?.map(|test| HeldOut { test, validation });
        let validation = part(8)?;
        let predictions = part(6)?.map(|test| Predicted { test, validation });
        let curve = table::<CurveRow>(&tables[1], &origin)?;
        Ok(Evaluated {
            recorded,
            ends_unit,
            held_out,
            predictions,
            flips: table(&tables[0], &origin)?,
            curve: curve.iter().map(|row| EpochLoss { loss_sum: row.loss_sum, loss: row.loss }).collect(),
            sensitivity: table(&tables[2], &origin)?,
            histogram: table(&tables[3], &origin)?,
            large: LargeRows {
                tensors: table(&tables[4], &origin)?,
                values: table(&tables[5], &origin)?,
                codebooks: table(&tables[6], &origin)?,
                products: table(&tables[7], &origin)?,
            },
            row: ResultRow { key, origin, result },
        })
    }
}

/// What was asked for of each row, and whether it ends its unit.
fn marks(frame: &DataFrame) -> Result<Vec<(Recorded, bool)>, ResultsError> {
    let (recorded, ends_unit) = (series(frame, RECORDED)?, series(frame, ENDS_UNIT)?);
    let recorded = recorded.u64().map_err(ResultsError::Read)?.iter();
    let ends_unit = ends_unit.u64().map_err(ResultsError::Read)?.iter();
    let marks = recorded.zip(ends_unit).map(|(recorded, ends_unit)| {
        (Recorded::from_bits(recorded.unwrap_or_default()), ends_unit == Some(1))
    });
    Ok(marks.collect())
}

fn series(frame: &DataFrame, name: &str) -> Result<Series, ResultsError> {
    Ok(frame.column(name).map_err(ResultsError::Read)?.as_materialized_series().clone())
}

/// Packed numbers of one cell.
struct Numbers<'a> {
    name: &'static str,
    bytes: Option<&'a [u8]>,
}

impl Numbers<'_> {
    fn read<T, const N: usize>(&self, number: fn([u8; N]) -> T) -> Result<Option<Box<[T]>>, ResultsError> {
        let Some(bytes) = self.bytes else { return Ok(None) };
        let (chunks, []) = bytes.as_chunks() else {
            return Err(ResultsError::StoredCell { column: self.name.to_owned(), row: 0 });
        };
        Ok(Some(chunks.iter().copied().map(number).collect()))
    }
}

/// The cells of [`BINARY`].
fn binary(own: &Evaluated) -> [Option<Box<[u8]>>; BINARY.len()] {
    fn packed<T: Copy, const N: usize>(numbers: &[T], bytes: fn(T) -> [u8; N]) -> Box<[u8]> {
        numbers.iter().flat_map(|&number| bytes(number)).collect()
    }
    let rows = |rows: Option<&HeldOutRows>| {
        [
            rows.map(|rows| packed(&rows.rows, u32::to_le_bytes)),
            rows.map(|rows| packed(&rows.truth, u16::to_le_bytes)),
            rows.map(|rows| packed(&rows.float, u16::to_le_bytes)),
        ]
    };
    let part = |part: Option<&PartPredicted>| {
        let losses = part.and_then(|part| part.log_losses.as_ref());
        [
            part.map(|part| packed(&part.classes, u16::to_le_bytes)),
            losses.map(|losses| packed(losses, f32::to_le_bytes)),
        ]
    };
    let held_out = own.held_out.as_ref();
    let [rows_1, truth_1, float_1] = rows(held_out.map(|own| &own.test));
    let [rows_2, truth_2, float_2] = rows(held_out.and_then(|own| own.validation.as_ref()));
    let predicted = own.predictions.as_ref();
    let [classes_1, losses_1] = part(predicted.map(|own| &own.test));
    let [classes_2, losses_2] = part(predicted.and_then(|own| own.validation.as_ref()));
    [rows_1, truth_1, float_1, rows_2, truth_2, float_2, classes_1, losses_1, classes_2, losses_2]
}

/// The cells of [`TABLES`].
fn tables(own: &Evaluated) -> Result<[Option<String>; TABLES.len()], ResultsError> {
    fn text<R: TableRow>(rows: &[R]) -> Result<Option<String>, ResultsError> {
        if rows.is_empty() { Ok(None) } else { write_cells(rows).map(Some) }
    }
    let Evaluated { row, flips, curve, sensitivity, histogram, large, .. } = own;
    let curve: Vec<CurveRow> = Curve { origin: row.origin.clone(), losses: curve.clone() }.rows().collect();
    Ok([
        text(flips)?,
        text(&curve)?,
        text(sensitivity)?,
        text(histogram)?,
        text(&large.tensors)?,
        text(&large.values)?,
        text(&large.codebooks)?,
        text(&large.products)?,
    ])
}

fn table<R: TableRow>(cells: &Option<Box<str>>, origin: &Origin) -> Result<Vec<R>, ResultsError> {
    cells.as_deref().map_or_else(|| Ok(Vec::new()), |cells| read_cells(cells, origin))
}

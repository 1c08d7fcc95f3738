//! Rows as CSV, as Parquet and as JSON objects.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

use polars::prelude::{Column as Cells, DataFrame, ParquetCompression, ParquetWriter};
use serde_json::{Map, Value};

use super::column::{Access, Column, Entry};
use super::schema::{BATCH, columns};
use crate::error::ResultsError;
use crate::key::Key;
use crate::label::Labels;
use crate::record::ResultRow;
use crate::tables::Cell;

/// Writes the table as CSV: a header, `\n` line ends, shortest round-trip floats (`inf` and `NaN` spelled so), nulls
/// empty.
///
/// # Errors
/// [`ResultsError::RepeatedColumn`] when a setting bears the name of another column, [`ResultsError::Rows`] when `out`
/// refuses the bytes.
pub fn write_csv(rows: &[ResultRow], labels: &Labels, out: &mut impl Write) -> Result<(), ResultsError> {
    let table = Table::of(rows, labels, |column| !column.is_canonical)?;
    let mut writer = csv::WriterBuilder::new().has_headers(false).buffer_capacity(1 << 16).from_writer(out);
    let names = table.columns.iter().map(|column| column.name.as_bytes());
    writer.write_record(names).map_err(ResultsError::Rows)?;
    for row in rows {
        let entry = table.entry(row);
        let texts: Vec<Option<Cow<'_, str>>> =
            table.columns.iter().map(|column| column.text(&entry)).collect();
        let cells = table.columns.iter().zip(&texts).map(|(column, text)| match (&column.access, text) {
            (Access::Text(..), None) => Cell::Empty,
            (Access::Text(..), Some(text)) => Cell::Text(text),
            (Access::Whole(get, _), _) => get(&entry).map_or(Cell::Empty, Cell::Whole),
            (Access::Float(get, _), _) => get(&entry).map_or(Cell::Empty, Cell::Float),
        });
        writer.serialize(cells.collect::<Vec<_>>()).map_err(ResultsError::Rows)?;
    }
    writer.flush().map_err(|error| ResultsError::Rows(error.into()))
}

/// Writes the table as Parquet (Snappy, row groups of 4,096 rows, columns one after the other), with the columns that
/// [`read_parquet`](super::read_parquet) needs.
///
/// # Errors
/// [`ResultsError::RepeatedColumn`] when a setting bears the name of another column, [`ResultsError::Write`] when `out`
/// refuses the bytes.
pub fn write_parquet(rows: &[ResultRow], labels: &Labels, out: &mut impl Write) -> Result<(), ResultsError> {
    let failed = |source| ResultsError::Write { format: "Parquet", source };
    let table = Table::of(rows, labels, |_| true)?;
    let schema = table.batch(&[])?;
    let mut writer = parquet_writer(out).batched(schema.schema()).map_err(failed)?;
    if rows.is_empty() {
        writer.write_batch(&schema).map_err(failed)?;
    }
    for rows in rows.chunks(BATCH) {
        writer.write_batch(&table.batch(rows)?).map_err(failed)?;
    }
    writer.finish().map(|_bytes| ()).map_err(failed)
}

/// How Parquet is written.
pub(super) fn parquet_writer<W: Write>(out: W) -> ParquetWriter<W> {
    ParquetWriter::new(out)
        .with_compression(ParquetCompression::Snappy)
        .set_parallel(rayon::current_num_threads() > 1)
}

/// The rows of the table as JSON objects, one at a time, keys in the order of the CSV file's columns.
///
/// What is null in the table is absent from its object; an infinite or undefined number, for which JSON has no word, is
/// a string.
///
/// # Errors
/// [`ResultsError::RepeatedColumn`] when a setting bears the name of another column.
pub fn objects<'a>(
    rows: &'a [ResultRow],
    labels: &'a Labels,
) -> Result<impl Iterator<Item = Map<String, Value>> + 'a, ResultsError> {
    let table = Table::of(rows, labels, |column| !column.is_canonical)?;
    Ok(rows.iter().map(move |row| {
        let entry = table.entry(row);
        let cells = table.columns.iter().filter_map(|column| {
            let value = match &column.access {
                Access::Text(get, _) => Value::from(get(&entry)?),
                Access::Whole(get, _) => Value::from(get(&entry)?),
                Access::Float(get, _) => match get(&entry)? {
                    number if number.is_finite() => Value::from(number),
                    number => Value::from(number.to_string()),
                },
            };
            Some((column.name.clone().into_owned(), value))
        });
        cells.collect()
    }))
}

/// The columns, and what they need beside the rows.
struct Table<'a> {
    columns: Vec<Column>,
    labels: &'a Labels,
    /// Bits of each unit's float baseline.
    baseline_bits: BTreeMap<Key, u32>,
}

impl<'a> Table<'a> {
    fn of(
        rows: &[ResultRow],
        labels: &'a Labels,
        wanted: impl Fn(&Column) -> bool,
    ) -> Result<Self, ResultsError> {
        let mut columns = columns(rows.iter().map(|row| &*row.origin.unit.task))?;
        columns.retain(wanted);
        let baselines = rows.iter().filter(|row| row.origin.is_float());
        let baseline_bits = baselines.map(|row| (row.origin.unit.key, row.origin.variant.choices.bits()));
        Ok(Self { columns, labels, baseline_bits: baseline_bits.collect() })
    }

    fn entry<'r>(&'r self, row: &'r ResultRow) -> Entry<'r> {
        Entry {
            row,
            label: Some(self.labels.get(&row.origin.variant)),
            baseline_bits: self.baseline_bits.get(&row.origin.unit.key).copied(),
        }
    }

    fn batch(&self, rows: &[ResultRow]) -> Result<DataFrame, ResultsError> {
        let entries: Vec<Entry<'_>> = rows.iter().map(|row| self.entry(row)).collect();
        let cells = self.columns.iter().map(|column| cells(column, &entries));
        DataFrame::new(rows.len(), cells.collect()).map_err(ResultsError::Build)
    }
}

/// One column of these rows.
pub(super) fn cells(column: &Column, entries: &[Entry<'_>]) -> Cells {
    let name = column.name.as_ref().into();
    match &column.access {
        Access::Text(get, _) => Cells::new(name, entries.iter().map(get).collect::<Vec<_>>()),
        Access::Whole(get, _) => Cells::new(name, entries.iter().map(get).collect::<Vec<_>>()),
        Access::Float(get, _) => Cells::new(name, entries.iter().map(get).collect::<Vec<_>>()),
    }
}

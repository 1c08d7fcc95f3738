//! The plain tables as CSV.

use std::borrow::Borrow;
use std::io::{Read, Write};
use std::sync::Arc;

use super::field::Cell;
use super::origins::Origins;
use super::row::{Identity, TableRow};
use crate::error::ResultsError;
use crate::label::Labels;
use crate::origin::{Origin, Variant};

/// Writes the line of column names.
///
/// # Errors
/// [`ResultsError::Rows`] when `out` refuses the bytes.
pub fn write_header<R: TableRow>(out: &mut impl Write) -> Result<(), ResultsError> {
    let columns = R::IDENTITY.columns().iter().chain(R::COLUMNS);
    let mut writer = ::csv::WriterBuilder::new().from_writer(out);
    writer.write_record(columns).map_err(ResultsError::Rows)?;
    writer.flush().map_err(|error| ResultsError::Rows(error.into()))
}

/// Writes one line per row, without a header: what a file that has one goes on with.
///
/// # Errors
/// [`ResultsError::Rows`] when `out` refuses the bytes.
pub fn write_rows<R: TableRow>(
    rows: impl IntoIterator<Item: Borrow<R>>,
    labels: &Labels,
    out: &mut impl Write,
) -> Result<(), ResultsError> {
    let mut writer = ::csv::WriterBuilder::new().has_headers(false).buffer_capacity(1 << 16).from_writer(out);
    // Rows of one variant stand together: its label is looked up once for each stretch.
    let mut last: Option<(Arc<Variant>, &str)> = None;
    for row in rows {
        let row: &R = row.borrow();
        let mut cells = Vec::with_capacity(R::IDENTITY.columns().len() + R::COLUMNS.len());
        let unit;
        if let (Some(origin), Identity::Unit | Identity::FirstUnit) = (row.origin(), R::IDENTITY) {
            let label = match &last {
                Some((variant, label)) if Arc::ptr_eq(variant, &origin.variant) => label,
                Some(_) | None => labels.get(&origin.variant).text(),
            };
            last = Some((Arc::clone(&origin.variant), label));
            if R::IDENTITY == Identity::Unit {
                unit = origin.unit.key.short();
                cells.push(Cell::Text(&unit));
            }
            cells.extend([Cell::Whole(origin.position as u64), Cell::Text(label)]);
        }
        cells.extend(row.cells());
        writer.serialize(&cells).map_err(ResultsError::Rows)?;
    }
    writer.flush().map_err(|error| ResultsError::Rows(error.into()))
}

/// Reads the rows of a table with its header, one at a time; `origins` knows the variants of each unit.
///
/// # Errors
/// [`ResultsError::Columns`] when the header is another table's; an element is [`ResultsError::Rows`] when a line is no
/// CSV, [`ResultsError::Cell`] when a cell is not what its column holds, and [`ResultsError::UnknownOrigin`] when
/// `origins` does not know the unit or the variant.
pub fn read_rows<R: TableRow>(
    table: impl Read,
    origins: &Origins,
) -> Result<impl Iterator<Item = Result<R, ResultsError>>, ResultsError> {
    let mut reader = ::csv::ReaderBuilder::new().from_reader(table);
    let expected: Vec<&str> = R::IDENTITY.columns().iter().chain(R::COLUMNS).copied().collect();
    let found = reader.headers().map_err(ResultsError::Rows)?;
    if found.iter().ne(expected.iter().copied()) {
        let found = found.iter().collect::<Vec<_>>().join(",");
        return Err(ResultsError::Columns { table: R::NAME, found, expected: expected.join(",") });
    }
    Ok(reader.into_records().map(|record| row(&record.map_err(ResultsError::Rows)?, origins)))
}

/// The cells of rows that are all of one variant, one line per row, without what says of which.
///
/// # Errors
/// [`ResultsError::Rows`] when they cannot be written.
pub(crate) fn write_cells<R: TableRow>(rows: &[R]) -> Result<String, ResultsError> {
    let mut writer = ::csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    for row in rows {
        writer.serialize(row.cells()).map_err(ResultsError::Rows)?;
    }
    let bytes = writer.into_inner().map_err(|error| ResultsError::Rows(error.into_error().into()))?;
    String::from_utf8(bytes).map_err(|error| ResultsError::Rows(std::io::Error::other(error).into()))
}

/// The rows of [`write_cells`], all of one variant.
///
/// # Errors
/// As of [`read_rows`].
pub(crate) fn read_cells<R: TableRow>(cells: &str, origin: &Origin) -> Result<Vec<R>, ResultsError> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(cells.as_bytes());
    let rows = reader.records().map(|record| {
        let record = record.map_err(ResultsError::Rows)?;
        let line = record.position().map_or(0, ::csv::Position::line);
        let cells: Vec<&str> = record.iter().collect();
        let bad = |column: usize, expected| bad_cell::<R>(line, column, &cells, expected);
        R::read(Some(origin.clone()), &cells)
            .map_err(|cell| bad(cell.column, cell.expected))?
            .ok_or_else(|| bad(0, "a row"))
    });
    rows.collect()
}

fn bad_cell<R: TableRow>(line: u64, column: usize, cells: &[&str], expected: &'static str) -> ResultsError {
    ResultsError::Cell {
        table: R::NAME,
        line,
        column: R::COLUMNS.get(column).copied().unwrap_or_default(),
        found: cells.get(column).copied().unwrap_or_default().to_owned(),
        expected,
    }
}

fn row<R: TableRow>(record: &::csv::StringRecord, origins: &Origins) -> Result<R, ResultsError> {
    let cells: Vec<&str> = record.iter().collect();
    let line = record.position().map_or(0, ::csv::Position::line);
    let own = R::IDENTITY.columns().len();
    let unknown = |unit: &str, variant: &str| ResultsError::UnknownOrigin {
        table: R::NAME,
        line,
        unit: unit.to_owned(),
        variant: variant.to_owned(),
    };
    let origin = match (R::IDENTITY, cells.as_slice()) {
        (Identity::Unit, [unit, variant, ..]) => {
            let origin = variant.parse().ok().and_then(|position| origins.find(unit, position));
            Some(origin.ok_or_else(|| unknown(unit, variant))?)
        }
        (Identity::FirstUnit, [variant, ..]) => {
            let origin = variant.parse().ok().and_then(|position| origins.find_in_first(position));
            Some(origin.ok_or_else(|| unknown("", variant))?)
        }
        (Identity::Unit | Identity::FirstUnit | Identity::None, _) => None,
    };
    let cells = cells.get(own..).unwrap_or_default();
    R::read(origin.cloned(), cells)
        .map_err(|cell| bad_cell::<R>(line, cell.column, cells, cell.expected))?
        .ok_or_else(|| unknown("", ""))
}

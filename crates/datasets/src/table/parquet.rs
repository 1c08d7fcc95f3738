//! From a Parquet file to its columns.

use std::io::Cursor;
use std::mem;
use std::ops::Range;
use std::sync::Arc;

use polars::prelude::{
    ArrowDataType, ArrowField, ArrowSchema, Column, DataType, ParquetReader, PolarsError, SerReader,
};

use super::cell::{Cell, CellReader};
use super::column_ref::Columns;
use super::error::TableProblem;
use super::guard::guarded;
use super::pages;
use super::raw::{Asked, Cells, RawColumn, Texts, Wanted};

/// What a Parquet file begins with.
pub(super) const MAGIC: &[u8] = b"PAR1";

/// A Parquet file whose columns are known.
pub(super) struct ParquetFile {
    bytes: Vec<u8>,
    schema: Arc<ArrowSchema>,
    rows: usize,
}

impl ParquetFile {
    pub(super) fn new(bytes: Vec<u8>) -> Result<Self, TableProblem> {
        guarded(|| Self::of(bytes))
    }

    fn of(bytes: Vec<u8>) -> Result<Self, TableProblem> {
        pages::check_footer(&bytes).map_err(TableProblem::DamagedParquet)?;
        let mut reader = ParquetReader::new(Cursor::new(bytes.as_slice()));
        let schema = reader.schema().map_err(damaged)?;
        let rows = reader.num_rows().map_err(damaged)?;
        drop(reader);
        match (schema.len(), rows) {
            (0, _) => Err(TableProblem::Empty),
            (_, 0) => Err(TableProblem::OnlyHeader),
            _ => Ok(Self { bytes, schema, rows }),
        }
    }

    /// What its columns are called.
    pub(super) fn names(&self) -> Columns {
        let names = self.schema.iter_names().map(ToString::to_string).collect();
        Columns { names, has_header: true }
    }

    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// The columns that are wanted; of the others nothing is read.
    pub(super) fn read(
        &mut self,
        wanted: &[Wanted],
        cells: &CellReader,
        most: u64,
    ) -> Result<Vec<RawColumn>, TableProblem> {
        guarded(|| self.columns(wanted, cells, most))
    }

    fn columns(
        &mut self,
        wanted: &[Wanted],
        cells: &CellReader,
        most: u64,
    ) -> Result<Vec<RawColumn>, TableProblem> {
        let fields = self.schema.iter_values().zip(wanted).enumerate();
        let mut kept = Vec::new();
        for (position, (field, wanted)) in fields {
            if *wanted != Wanted::Nothing {
                check_type(field)?;
                kept.push(position);
            }
        }
        let bytes = (self.rows as u64).saturating_mul(8 * kept.len() as u64);
        // What is not text takes no more memory when it has been read.
        if bytes > most.saturating_mul(2) {
            return Err(TableProblem::TooLarge { bytes, most: most.saturating_mul(2) });
        }
        self.check_pages(&kept, most)?;
        let bytes = mem::take(&mut self.bytes);
        let reader = ParquetReader::new(Cursor::new(bytes)).with_projection(Some(kept.clone()));
        let frame = reader.finish().map_err(damaged)?;
        if let Some(other) = frame.columns().iter().find(|column| column.len() != self.rows) {
            let problem =
                format!("the column `{}`: {} values in {} rows", other.name(), other.len(), self.rows);
            return Err(TableProblem::DamagedParquet(problem));
        }
        let mut read = kept.iter().zip(frame.columns()).peekable();
        let columns = self.schema.iter_names().zip(wanted).enumerate().map(|(position, (name, wanted))| {
            let column = read.next_if(|(kept, _)| **kept == position).map(|(_, column)| column);
            let cells = match (column, wanted) {
                (None, _) | (_, Wanted::Nothing) => Cells::Numbers(Vec::new()),
                (Some(column), Wanted::Whatever) => whatever(column, cells)?,
                (Some(column), Wanted::Text | Wanted::Labels) => Cells::Texts(texts(column, cells)?),
            };
            let name = name.to_string();
            // pandas stores the index of its rows under such a name.
            let is_unnamed = name.is_empty() || name.starts_with("__index_level_");
            Ok(RawColumn { name, is_unnamed, asked: Asked::Nothing, cells })
        });
        columns.collect()
    }
}

impl ParquetFile {
    /// Refuses columns whose pages do not fit, or have more than `most` bytes when they are unpacked.
    fn check_pages(&self, columns: &[usize], most: u64) -> Result<(), TableProblem> {
        let mut reader = ParquetReader::new(Cursor::new(self.bytes.as_slice()));
        let metadata = reader.get_metadata().map_err(damaged)?;
        let rows =
            metadata.row_groups.iter().fold(0_usize, |rows, group| rows.saturating_add(group.num_rows()));
        if rows != self.rows {
            let problem = format!("{rows} rows in place of {}", self.rows);
            return Err(TableProblem::DamagedParquet(problem));
        }
        let mut all = 0_u64;
        for group in &metadata.row_groups {
            for &column in columns {
                let Some((name, _)) = self.schema.get_at_index(column) else { continue };
                for chunk in group.columns_under_root_iter(name).into_iter().flatten() {
                    let damaged = |problem: &str| {
                        TableProblem::DamagedParquet(format!("the column `{name}`: {problem}"))
                    };
                    let (values, rows) = (chunk.num_values(), group.num_rows());
                    if usize::try_from(values) != Ok(rows) {
                        return Err(damaged(&format!("{values} values in {rows} rows")));
                    }
                    let Range { start, end } = chunk.byte_range();
                    let bytes = self.bytes.get(start as usize..end as usize);
                    let bytes = bytes.ok_or_else(|| damaged("it is beyond the end of the file"))?;
                    let unpacked = pages::unpacked_bytes(bytes, rows as u64);
                    all = all.saturating_add(unpacked.map_err(|problem| damaged(&problem))?);
                }
            }
        }
        if all > most { Err(TableProblem::TooLargeUnpacked { most }) } else { Ok(()) }
    }
}

fn damaged(error: PolarsError) -> TableProblem {
    TableProblem::DamagedParquet(error.to_string())
}

/// Refuses what is neither numbers nor texts nor truth values.
fn check_type(field: &ArrowField) -> Result<(), TableProblem> {
    use ArrowDataType as Type;
    let column = || field.name.to_string();
    let kind = match &field.dtype {
        Type::Dictionary(_, values, _) => values,
        kind => kind,
    };
    match kind {
        Type::Null | Type::Boolean | Type::Float32 | Type::Float64 => Ok(()),
        Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64 => Ok(()),
        Type::UInt8 | Type::UInt16 | Type::UInt32 | Type::UInt64 => Ok(()),
        Type::Utf8 | Type::LargeUtf8 | Type::Utf8View => Ok(()),
        Type::Timestamp(..)
        | Type::Date32
        | Type::Date64
        | Type::Time32(_)
        | Type::Time64(_)
        | Type::Duration(_) => Err(TableProblem::Dates { column: column(), text: format!("{kind:?}") }),
        other => Err(TableProblem::UnsupportedType { column: column(), kind: format!("{other:?}") }),
    }
}

fn whatever(column: &Column, cells: &CellReader) -> Result<Cells, TableProblem> {
    let kind = column.dtype();
    if !(kind.is_numeric() || *kind == DataType::Boolean || *kind == DataType::Null) {
        return texts(column, cells).map(Cells::Texts);
    }
    let numbers = column.cast(&DataType::Float64).map_err(damaged)?;
    let numbers = numbers.f64().map_err(damaged)?;
    let known = numbers.iter().map(|number| number.filter(|number| !cells.is_missing_number(*number)));
    let numbers: Vec<f64> = known.map(|number| number.unwrap_or(f64::NAN)).collect();
    match numbers.iter().position(|number| number.is_infinite()) {
        None => Ok(Cells::Numbers(numbers)),
        Some(row) => Err(TableProblem::NotFinite {
            place: format!("row {}", row + 1),
            column: column.name().to_string(),
            text: numbers[row].to_string(),
        }),
    }
}

/// The texts of a column, as those of a text file; a number that is none is missing.
fn texts(column: &Column, cells: &CellReader) -> Result<Texts, TableProblem> {
    let written = column.cast(&DataType::String).map_err(damaged)?;
    let written = written.str().map_err(damaged)?;
    let is_number = column.dtype().is_numeric();
    let mut texts = Texts::default();
    for text in written.iter() {
        let known = text.map(str::trim).filter(|text| match is_number {
            true => !text.eq_ignore_ascii_case("nan") && !cells.is_missing(text),
            false => cells.read(text) != Cell::Missing,
        });
        texts.push(known);
    }
    Ok(texts)
}

//! From a Parquet file to its columns.

use std::io::Cursor;

use polars::prelude::{Column, DataType, ParquetReader, PolarsError, SerReader};

use super::column_ref::Columns;
use super::error::TableProblem;
use super::raw::{Asked, Cells, RawColumn, Texts, Wanted};

/// What a Parquet file begins with.
pub(super) const MAGIC: &[u8] = b"PAR1";

/// A Parquet file, read.
pub(super) struct ParquetFile {
    columns: Vec<Column>,
    rows: usize,
}

impl ParquetFile {
    pub(super) fn new(bytes: Vec<u8>) -> Result<Self, TableProblem> {
        let frame = ParquetReader::new(Cursor::new(bytes)).finish().map_err(damaged)?;
        let rows = frame.height();
        if frame.width() == 0 {
            return Err(TableProblem::Empty);
        }
        if rows == 0 {
            return Err(TableProblem::OnlyHeader);
        }
        Ok(Self { columns: frame.columns().to_vec(), rows })
    }

    /// What its columns are called.
    pub(super) fn names(&self) -> Columns {
        let names = self.columns.iter().map(|column| column.name().to_string());
        Columns { names: names.collect(), has_header: true }
    }

    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// The columns that are wanted; of the others nothing.
    pub(super) fn read(&self, wanted: &[Wanted]) -> Result<Vec<RawColumn>, TableProblem> {
        let columns = self.columns.iter().zip(wanted).map(|(column, wanted)| {
            let name = column.name().to_string();
            let cells = match wanted {
                Wanted::Nothing => Cells::Numbers(Vec::new()),
                Wanted::Whatever => whatever(column)?,
                Wanted::Text | Wanted::Labels => Cells::Texts(texts(column)?),
            };
            // pandas stores the index of its rows under such a name.
            let is_unnamed = name.is_empty() || name.starts_with("__index_level_");
            Ok(RawColumn { name, is_unnamed, asked: Asked::Nothing, cells })
        });
        columns.collect()
    }
}

fn damaged(error: PolarsError) -> TableProblem {
    TableProblem::DamagedParquet(error.to_string())
}

fn whatever(column: &Column) -> Result<Cells, TableProblem> {
    let kind = column.dtype();
    if !(kind.is_numeric() || *kind == DataType::Boolean || *kind == DataType::Null) {
        return texts(column).map(Cells::Texts);
    }
    let numbers = column.cast(&DataType::Float64).map_err(damaged)?;
    let numbers = numbers.f64().map_err(damaged)?;
    let infinite = numbers.iter().position(|number| number.is_some_and(f64::is_infinite));
    if let Some(row) = infinite {
        let text = numbers.get(row).map_or_else(String::new, |number| number.to_string());
        return Err(TableProblem::NotFinite { line: row + 1, column: column.name().to_string(), text });
    }
    Ok(Cells::Numbers(numbers.iter().map(|number| number.unwrap_or(f64::NAN)).collect()))
}

fn texts(column: &Column) -> Result<Texts, TableProblem> {
    let kind = column.dtype();
    let name = column.name().to_string();
    if matches!(kind, DataType::List(_) | DataType::Binary | DataType::Unknown(_)) || kind.is_nested() {
        return Err(TableProblem::UnsupportedType { column: name, kind: kind.to_string() });
    }
    let written = column.cast(&DataType::String);
    let written = written
        .map_err(|_| TableProblem::UnsupportedType { column: name.clone(), kind: kind.to_string() })?;
    let written = written.str().map_err(damaged)?;
    if kind.is_temporal()
        && let Some(first) = written.iter().flatten().next()
    {
        return Err(TableProblem::Dates { column: name, text: first.to_owned() });
    }
    let mut texts = Texts::default();
    written.iter().for_each(|text| texts.push(text.filter(|text| !text.trim().is_empty())));
    Ok(texts)
}

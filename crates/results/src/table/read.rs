//! Rows back from Parquet.

use std::io::Cursor;

use polars::prelude::{DataFrame, ParquetReader, PolarsError, SerReader};

use super::column::{Access, Column};
use super::draft::{Draft, Shared};
use super::schema::{BATCH, columns};
use crate::error::ResultsError;
use crate::record::ResultRow;

/// Reads the rows that [`write_parquet`](super::write_parquet) wrote, equal in every field.
///
/// # Errors
/// [`ResultsError::Read`] when the bytes are no Parquet file or lack a column that rows are read from,
/// [`ResultsError::StoredCell`] when a cell is not what its column holds.
pub fn read_parquet(bytes: &[u8]) -> Result<Vec<ResultRow>, ResultsError> {
    let mut stored = columns([])?;
    stored.retain(Column::is_stored);
    let names: Vec<String> = stored.iter().map(|column| column.name.clone().into_owned()).collect();
    let total = ParquetReader::new(Cursor::new(bytes)).num_rows().map_err(ResultsError::Read)?;
    let mut shared = Shared::default();
    let mut rows = Vec::with_capacity(total);
    for first in (0..total).step_by(BATCH) {
        let batch = ParquetReader::new(Cursor::new(bytes))
            .with_columns(Some(names.clone()))
            .with_slice(Some((first, BATCH)))
            .finish()
            .map_err(ResultsError::Read)?;
        let mut drafts = vec![Draft::new(); batch.height()];
        for column in &stored {
            fill(&mut drafts, &batch, column, first)?;
        }
        rows.extend(drafts.into_iter().map(|draft| shared.row(draft)));
    }
    Ok(rows)
}

/// Columns that no row is without.
const NEVER_NULL: [&str; 5] = ["key", "unit_key", "task_key", "choices", "seed"];

/// Puts the cells of one column into the rows.
pub(super) fn fill(
    drafts: &mut [Draft],
    batch: &DataFrame,
    column: &Column,
    first: usize,
) -> Result<(), ResultsError> {
    let cells = batch.column(&column.name).map_err(ResultsError::Read)?.as_materialized_series();
    let bad =
        |row: usize| ResultsError::StoredCell { column: column.name.clone().into_owned(), row: first + row };
    if NEVER_NULL.contains(&&*column.name)
        && let Some(row) = cells.is_null().iter().position(|is_null| is_null == Some(true))
    {
        return Err(bad(row));
    }
    match &column.access {
        Access::Text(_, Some(put)) => each(drafts, cells.str().map(|cells| cells.iter()), put),
        Access::Whole(_, Some(put)) => each(drafts, cells.u64().map(|cells| cells.iter()), put),
        Access::Float(_, Some(put)) => {
            each(drafts, cells.f64().map(|cells| cells.iter()), |draft, number| {
                put(draft, number);
                Some(())
            })
        }
        Access::Text(_, None) | Access::Whole(_, None) | Access::Float(_, None) => Ok(Ok(())),
    }
    .map_err(ResultsError::Read)?
    .map_err(bad)
}

/// Puts each cell that is not null; the inner error is the row of a cell that its column cannot hold.
fn each<T>(
    drafts: &mut [Draft],
    cells: Result<impl Iterator<Item = Option<T>>, PolarsError>,
    mut put: impl FnMut(&mut Draft, T) -> Option<()>,
) -> Result<Result<(), usize>, PolarsError> {
    for (row, (draft, cell)) in drafts.iter_mut().zip(cells?).enumerate() {
        if let Some(cell) = cell
            && put(draft, cell).is_none()
        {
            return Ok(Err(row));
        }
    }
    Ok(Ok(()))
}

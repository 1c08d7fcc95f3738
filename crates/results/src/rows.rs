//! The plain tables as CSV.

use std::io::Write;

use serde::Serialize;

use crate::ResultsError;

/// Writes one CSV line a row under a header of the field names.
///
/// Floats are written in the shortest form that reads back to the same number, missing values as empty cells, lines end
/// in `\n`. No rows give no bytes at all: without a row there is no header to take from it.
///
/// # Errors
/// [`ResultsError::Rows`] when `out` refuses the bytes or a row is not flat.
///
/// ```
/// use bitsweep_results::{CurveRow, write_rows};
///
/// let curve = [CurveRow { unit: "4f2a".into(), variant: 0, label: "float".into(), epoch: 0, loss_sum: 47.75, loss: 0.375 }];
/// let mut csv = Vec::new();
/// write_rows(&curve, &mut csv)?;
/// assert_eq!(csv, b"unit,variant,label,epoch,loss_sum,loss\n4f2a,0,float,0,47.75,0.375\n");
/// # Ok::<(), bitsweep_results::ResultsError>(())
/// ```
pub fn write_rows<R: Serialize, W: Write>(rows: &[R], out: &mut W) -> Result<(), ResultsError> {
    let mut writer = csv::WriterBuilder::new().buffer_capacity(1 << 16).from_writer(out);
    for row in rows {
        writer.serialize(row).map_err(ResultsError::Rows)?;
    }
    writer.flush().map_err(|error| ResultsError::Rows(error.into()))
}

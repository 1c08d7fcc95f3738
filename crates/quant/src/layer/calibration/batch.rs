//! Batches of calibration rows.

use ndarray::ArrayView2;

use super::error::CalibrationError;

/// Refuses a batch of other inputs than those before it, and inputs that are not finite; `rows` came before.
pub(super) fn expect_batch(
    batch: ArrayView2<'_, f64>,
    inputs: usize,
    rows: usize,
) -> Result<(), CalibrationError> {
    if batch.ncols() != inputs {
        return Err(CalibrationError::Batch { expected: inputs, found: batch.ncols() });
    }
    match batch.indexed_iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some(((row, column), &value)) => Err(CalibrationError::NotFinite { row: rows + row, column, value }),
    }
}

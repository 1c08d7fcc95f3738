//! Values that can be quantized.

use std::borrow::Cow;

use bitsweep_vector::arch;
use ndarray::ArrayView2;
use pulp::NullaryFnOnce;

use crate::number::{LANES, Real, fold_lanes, row_major};
use crate::tensor::{QuantizeError, over_parts};

/// The values in row-major order, copied only when they lie otherwise.
///
/// # Errors
/// A value that is not finite.
pub(crate) fn finite_row_major<T: Real>(values: ArrayView2<'_, T>) -> Result<Cow<'_, [T]>, QuantizeError> {
    let columns = values.ncols();
    let values = row_major(values);
    expect_finite(&values, columns)?;
    Ok(values)
}

/// Refuses the first of row-major values that is not finite.
pub(crate) fn expect_finite<T: Real>(values: &[T], columns: usize) -> Result<(), QuantizeError> {
    if over_parts(values, &|part| arch().dispatch(AllFinite(part)), |one, other| one && other) {
        return Ok(());
    }
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(position) => Err(QuantizeError::NotFinite {
            row: position / columns,
            column: position % columns,
            value: values[position].to_f64(),
        }),
    }
}

/// Whether `0·w` is 0 for all values: it is NaN for infinities and NaN, and vectorizes where a search would not.
struct AllFinite<'a, T>(&'a [T]);

impl<T: Real> NullaryFnOnce for AllFinite<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        let zeros = fold_lanes(self.0, [T::ZERO; LANES], |zero, value| zero + value * T::ZERO);
        zeros.iter().all(|zero| *zero == T::ZERO)
    }
}

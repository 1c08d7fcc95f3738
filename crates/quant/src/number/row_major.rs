//! Matrices in one piece.

use std::borrow::Cow;

use ndarray::ArrayView2;

use super::real::Real;

/// The values in row-major order, copied only when they lie otherwise.
pub(crate) fn row_major<T: Real>(values: ArrayView2<'_, T>) -> Cow<'_, [T]> {
    match values.to_slice() {
        Some(slice) => Cow::Borrowed(slice),
        None => Cow::Owned(values.iter().copied().collect()),
    }
}

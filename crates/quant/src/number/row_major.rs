//! Matrices in one piece.

use std::borrow::Cow;

use ndarray::{ArrayView2, ArrayViewMut2};

use super::real::Real;

/// The values in row-major order, copied only when they lie otherwise.
pub(crate) fn row_major<T: Real>(values: ArrayView2<'_, T>) -> Cow<'_, [T]> {
    match values.to_slice() {
        Some(slice) => Cow::Borrowed(slice),
        None => Cow::Owned(values.iter().copied().collect()),
    }
}

/// Has `change` change the values in row-major order, of which it sees a copy only when they lie otherwise.
pub(crate) fn change_row_major<T: Real, O>(
    mut values: ArrayViewMut2<'_, T>,
    change: impl FnOnce(&mut [T]) -> O,
) -> O {
    if let Some(slice) = values.as_slice_mut() {
        return change(slice);
    }
    let mut copy: Vec<T> = values.iter().copied().collect();
    let outcome = change(&mut copy);
    values.iter_mut().zip(copy).for_each(|(value, changed)| *value = changed);
    outcome
}

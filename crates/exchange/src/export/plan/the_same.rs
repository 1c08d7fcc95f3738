//! What all of some numbers are.

/// The number that all of them are; `None` where they differ.
pub(in crate::export) fn the_same<T: Copy + PartialEq>(numbers: &[T]) -> Option<T> {
    let first = *numbers.first()?;
    numbers.iter().all(|number| *number == first).then_some(first)
}

//! What features have in common.

/// The number that all features have; `None` where they have different ones.
pub(in crate::export) fn the_same<T: Copy + PartialEq>(numbers: &[T]) -> Option<T> {
    let first = *numbers.first()?;
    numbers.iter().all(|number| *number == first).then_some(first)
}

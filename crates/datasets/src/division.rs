//! Rows in two: those that are held out, and those that are left.

use bitsweep_random::Stream;

use crate::split::{Part, Split, SplitError};
use crate::stratification::stratified;

/// `rows` in two, those that are left and so many that are held out, both in random order.
pub(crate) fn divide(
    part: Part,
    labels: &[usize],
    classes: usize,
    rows: &[usize],
    held_out: usize,
    is_stratified: bool,
    stream: &mut Stream,
) -> Result<(Vec<usize>, Vec<usize>), SplitError> {
    if is_stratified {
        return stratified(part, labels, classes, rows, held_out, stream);
    }
    let mut permuted = stream.permutation(rows.len()).into_iter().map(|place| rows[place]);
    let held_out = permuted.by_ref().take(held_out).collect();
    Ok((permuted.collect(), held_out))
}

/// Refuses a label that is not the number of a class.
pub(crate) fn check_labels(labels: &[usize], classes: usize) -> Result<(), SplitError> {
    match labels.iter().enumerate().find(|&(_, &label)| label >= classes) {
        Some((row, &label)) => Err(SplitError::Label { row, label, classes }),
        None => Ok(()),
    }
}

/// Takes so many validation rows from the training rows; those of the test stay as they are.
pub(crate) fn set_apart(
    split: Split,
    labels: &[usize],
    classes: usize,
    size: usize,
    is_stratified: bool,
    stream: &mut Stream,
) -> Result<Split, SplitError> {
    let (train, validation) =
        divide(Part::Validation, labels, classes, &split.train, size, is_stratified, stream)?;
    Ok(Split { train, validation, ..split })
}

//! Rows in two: those that are held out, and those that are left.

use bitsweep_random::Stream;

use crate::split::{Part, Split};
use crate::split_error::SplitError;
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

/// The rows of groups that are divided by `divide` as if each were a row, of one class: training, validation and test rows
/// ascend, as in scikit-learn's `GroupShuffleSplit`. `groups` has the group of each row, counted from 0.
///
/// # Errors
/// [`SplitError::StratifiedGroups`], and those of `divide`.
pub fn divide_groups(
    groups: &[usize],
    is_stratified: bool,
    divide: impl FnOnce(&[usize], usize) -> Result<Split, SplitError>,
) -> Result<Split, SplitError> {
    if is_stratified {
        return Err(SplitError::StratifiedGroups);
    }
    let count = groups.iter().max().map_or(0, |last| last + 1);
    let of_groups = divide(&vec![0; count], 1).map_err(|error| SplitError::Groups(Box::new(error)))?;
    let rows_of = |chosen: &[usize]| {
        let mut is_chosen = vec![false; count];
        chosen.iter().for_each(|&group| is_chosen[group] = true);
        (0..groups.len()).filter(|&row| is_chosen[groups[row]]).collect()
    };
    Ok(Split {
        train: rows_of(&of_groups.train),
        validation: rows_of(&of_groups.validation),
        test: rows_of(&of_groups.test),
    })
}

//! Cross-validation: every row is a test row once.

use bitsweep_random::Stream;
use schemars::JsonSchema;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use crate::division::{check_labels, set_apart};
use crate::part_size::{self, PartSize};
use crate::split::{Part, Split};
use crate::split_error::SplitError;
use crate::split_streams::SplitStreams;

/// A division of the rows into folds, each of which is the test set once.
///
/// ```toml
/// folds = 5
/// stratified = true
/// validation = 0.1
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KFold {
    /// How many folds there are, at most as many as rows; every one is a unit of the same task.
    #[schemars(range(min = 2))]
    #[serde(deserialize_with = "folds")]
    pub folds: usize,
    /// Whether each class is spread evenly over the folds, up to one row.
    #[serde(default)]
    pub stratified: bool,
    /// The size of the validation set, on which choices are made: a fraction of the rows of the other folds, from which it
    /// is taken, or a number of rows; none without it.
    #[serde(default, deserialize_with = "part_size::validation", skip_serializing_if = "Option::is_none")]
    pub validation: Option<PartSize>,
}

impl KFold {
    /// How many of so many rows are held out at most, for the test and for choices.
    ///
    /// # Errors
    /// A [`SplitError`] for more folds than rows, and a size that leaves nothing to train on.
    pub fn held_out_rows(&self, rows: usize) -> Result<usize, SplitError> {
        self.check(rows)?;
        let test = rows.div_ceil(self.folds);
        let left = rows - test;
        let validation = self.validation.map(|size| size.of(Part::Validation, left, left)).transpose()?;
        Ok(test + validation.unwrap_or(0))
    }

    fn check(&self, rows: usize) -> Result<(), SplitError> {
        match self.folds {
            folds @ 0..2 => Err(SplitError::Folds(folds)),
            folds if folds > rows => Err(SplitError::MoreFoldsThanRows { folds, rows }),
            _ => Ok(()),
        }
    }
}

/// The division of rows `0..labels.len()` whose test set is the fold with the number that `streams` are of.
///
/// With [`Generator::Numpy`](bitsweep_random::Generator::Numpy), training (with validation) and test rows are those of
/// scikit-learn 1.6.1's `KFold` or `StratifiedKFold(n_splits=folds, shuffle=True, random_state=seed)`, in ascending order
/// like there:
///
/// * plain (`KFold`): a permutation in as many stretches as there are folds, the first `n mod folds` of them one row
///   longer;
/// * stratified (`StratifiedKFold`): the sorted labels are dealt out to the folds in turn, which says how many rows of
///   each class a fold gets; which ones is drawn class by class, in the order in which the classes first appear.
///
/// Validation rows are divided from the training rows as those of [`holdout`](crate::holdout) are.
///
/// # Errors
/// A [`SplitError`] for fewer than two folds, for more than rows and, when stratified, than rows of a class (where
/// scikit-learn warns, as long as one class has enough), and for validation rows that leave nothing to train on.
///
/// # Panics
/// When that number is not below the number of folds.
pub fn k_fold(
    labels: &[usize],
    classes: usize,
    rule: &KFold,
    streams: &mut SplitStreams,
) -> Result<Split, SplitError> {
    rule.check(labels.len())?;
    check_labels(labels, classes)?;
    let fold = streams.fold;
    assert!(fold < rule.folds, "fold {fold} of {}", rule.folds);
    let fold_of = match rule.stratified {
        true => stratified_folds(labels, classes, rule.folds, &mut streams.shared)?,
        false => plain_folds(labels.len(), rule.folds, &mut streams.shared),
    };
    let (test, train) = (0..labels.len()).partition(|&row| fold_of[row] == fold);
    let split = Split { train, validation: Vec::new(), test };
    match rule.validation {
        None => Ok(split),
        Some(size) => {
            let left = split.train.len();
            let size = size.of(Part::Validation, left, left)?;
            set_apart(split, labels, classes, size, rule.stratified, &mut streams.validation)
        }
    }
}

/// The fold of each row.
fn plain_folds(rows: usize, folds: usize, stream: &mut Stream) -> Vec<usize> {
    let mut fold_of = vec![0; rows];
    let mut permuted = stream.permutation(rows).into_iter();
    for fold in 0..folds {
        let size = rows / folds + usize::from(fold < rows % folds);
        permuted.by_ref().take(size).for_each(|row| fold_of[row] = fold);
    }
    fold_of
}

/// The fold of each row, each class spread evenly.
fn stratified_folds(
    labels: &[usize],
    classes: usize,
    folds: usize,
    stream: &mut Stream,
) -> Result<Vec<usize>, SplitError> {
    let mut rows_of_class = vec![Vec::new(); classes];
    for (row, &label) in labels.iter().enumerate() {
        rows_of_class[label].push(row);
    }
    let mut by_appearance: Vec<(usize, Vec<usize>)> = rows_of_class.into_iter().enumerate().collect();
    by_appearance.retain(|(_, rows)| !rows.is_empty());
    if let Some((class, rows)) = by_appearance.iter().find(|(_, rows)| rows.len() < folds) {
        return Err(SplitError::ClassBelowFolds { class: *class, rows: rows.len(), folds });
    }
    by_appearance.sort_unstable_by_key(|(_, rows)| rows[0]);

    let mut fold_of = vec![0; labels.len()];
    // The place of the class's first row among all rows sorted by class; place by place the folds take turns.
    let mut first = 0;
    for (_, rows) in &by_appearance {
        let mut counts = vec![0; folds];
        (first..first + rows.len()).for_each(|place| counts[place % folds] += 1);
        first += rows.len();
        let in_order = counts.into_iter().enumerate();
        let mut own: Vec<usize> =
            in_order.flat_map(|(fold, count)| std::iter::repeat_n(fold, count)).collect();
        stream.shuffle(&mut own);
        rows.iter().zip(own).for_each(|(&row, fold)| fold_of[row] = fold);
    }
    Ok(fold_of)
}

fn folds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    match usize::deserialize(deserializer)? {
        folds @ 0..2 => Err(D::Error::custom(SplitError::Folds(folds))),
        folds => Ok(folds),
    }
}

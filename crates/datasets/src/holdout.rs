//! Test rows drawn at random, once or several times.

use std::num::NonZeroUsize;

use bitsweep_random::Generator;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::division::{check_labels, divide, set_apart};
use crate::part_size::{self, PartSize};
use crate::split::{Part, Split};
use crate::split_error::SplitError;
use crate::split_streams::SplitStreams;

/// Divisions of the rows into training and test rows, each independent of the others.
///
/// ```toml
/// test = 0.2
/// stratified = true
/// validation = 0.1
/// repeats = 10
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Holdout {
    /// The size of the test set: a fraction of all rows, or a number of rows.
    #[serde(default = "Holdout::quarter", deserialize_with = "part_size::test")]
    pub test: PartSize,
    /// Whether each class is divided in the same proportion, up to one row.
    #[serde(default)]
    pub stratified: bool,
    /// The size of the validation set, on which choices are made: a fraction of all rows, or a number of rows; none without
    /// it. Its rows are taken from those that are not for the test, which stay the same; all others are for training.
    #[serde(default, deserialize_with = "part_size::validation", skip_serializing_if = "Option::is_none")]
    pub validation: Option<PartSize>,
    /// How many divisions there are of each seed, every one a unit of the same task. Each is the same whatever their number:
    /// it is no part of what one of them does.
    #[schemars(extend("default" = Self::once()))]
    #[serde(default = "Holdout::once", skip_serializing)]
    pub repeats: NonZeroUsize,
}

impl Holdout {
    /// A quarter of the rows.
    const fn quarter() -> PartSize {
        PartSize::Fraction(0.25)
    }

    const fn once() -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    /// One plain division with a test set of this size, and no validation rows.
    #[must_use]
    pub const fn plain(test: PartSize) -> Self {
        Self { test, stratified: false, validation: None, repeats: Self::once() }
    }

    /// How many of so many rows are held out, for the test and for choices.
    ///
    /// # Errors
    /// A [`SplitError`] for a size that leaves nothing to train on.
    pub fn held_out_rows(&self, rows: usize) -> Result<usize, SplitError> {
        let test = self.test.of(Part::Test, rows, rows)?;
        let validation =
            self.validation.map(|size| size.of(Part::Validation, rows, rows - test)).transpose()?;
        Ok(test + validation.unwrap_or(0))
    }
}

/// The division of rows `0..labels.len()` with the number that `streams` are of.
///
/// With [`Generator::Numpy`], training (with validation) and test rows are the rows,
/// in the order, of scikit-learn 1.6.1: those of `train_test_split(test_size=…, random_state=seed, stratify=labels or
/// None)` for number 0, and for others those of the division with that number of `ShuffleSplit` or
/// `StratifiedShuffleSplit(n_splits=…, test_size=…, random_state=seed)`, which draw one after the other from one stream
/// (so that a late one costs the draws of all before it). With [`Generator::Modern`] each division has a stream of its own
/// and is drawn in the same way:
///
/// * plain (`ShuffleSplit`): of one permutation the head is the test set and the rest the training set;
/// * stratified (`StratifiedShuffleSplit`): each class gets its share of both sets, as
///   `sklearn.utils.extmath._approximate_mode` rounds it, its rows are permuted and dealt out, and both sets are
///   permuted at the end. Classes without rows take no part.
///
/// Validation rows are divided from the training rows in the same way, from a stream of their own.
///
/// # Errors
/// A [`SplitError`] for a size that leaves one side empty and, when stratified, for a class with a single row and for
/// a side with fewer rows than classes.
pub fn holdout(
    labels: &[usize],
    classes: usize,
    rule: &Holdout,
    streams: &mut SplitStreams,
) -> Result<Split, SplitError> {
    let whole = labels.len();
    let test = rule.test.of(Part::Test, whole, whole)?;
    check_labels(labels, classes)?;
    let rows: Vec<usize> = (0..whole).collect();
    let (stream, before) = match streams.own.generator() {
        Generator::Numpy => (&mut streams.shared, streams.fold),
        Generator::Modern => (&mut streams.own, 0),
    };
    let mut next = || divide(Part::Test, labels, classes, &rows, test, rule.stratified, stream);
    for _ in 0..before {
        next()?;
    }
    let (train, test) = next()?;
    let split = Split { train, validation: Vec::new(), test };
    match rule.validation {
        None => Ok(split),
        Some(size) => {
            let size = size.of(Part::Validation, whole, split.train.len())?;
            set_apart(split, labels, classes, size, rule.stratified, &mut streams.validation)
        }
    }
}

//! Training and test rows, and why there are none.

use crate::dataset::Dataset;

/// Training and test rows: each row of the dataset is in exactly one of the two, in random order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The rows to fit scalers and models on.
    pub train: Vec<usize>,
    /// The rows held out.
    pub test: Vec<usize>,
}

/// Why rows cannot be divided as asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// The test fraction is not strictly between 0 and 1.
    #[error("test fraction `{0}` is out of range: expected a number above 0 and below 1")]
    Fraction(f64),
    /// No test rows are asked for.
    #[error("test count `0` leaves nothing to test on: expected at least 1")]
    NoTestRows,
    /// The test count takes all rows.
    #[error("test count `{count}` leaves no training rows: expected less than the number of rows, {rows}")]
    Count {
        /// The test rows asked for.
        count: usize,
        /// All rows.
        rows: usize,
    },
    /// The test fraction is rounded up to all rows.
    #[error(
        "test fraction `{fraction}` leaves no training rows of {rows} in all: a smaller fraction is needed"
    )]
    NoTrainingRows {
        /// The test fraction.
        fraction: f64,
        /// All rows.
        rows: usize,
    },
    /// A class cannot be on both sides of a stratified split.
    #[error("class {class} has only one row (row {row}): a stratified split needs at least 2 of each class")]
    SmallClass {
        /// The class's number, counted from 0.
        class: usize,
        /// Its only row, counted from 0.
        row: usize,
    },
    /// One side of a stratified split has fewer rows than there are classes.
    #[error(
        "there are {classes} classes, but the number of {side} rows is {rows}: a stratified split needs a row of each class"
    )]
    FewerRowsThanClasses {
        /// `training` or `test`.
        side: &'static str,
        /// The rows on that side.
        rows: usize,
        /// The classes with rows.
        classes: usize,
    },
    /// A label is not the number of a class.
    #[error("row {row} is of class {label}: expected a class below {classes}")]
    Label {
        /// The row, counted from 0.
        row: usize,
        /// Its label.
        label: usize,
        /// The number of classes.
        classes: usize,
    },
}

impl SplitError {
    /// The error in the names of the dataset that was to be split: its class, and the line of its file.
    #[must_use]
    pub fn in_names_of(&self, dataset: &Dataset) -> String {
        match self {
            Self::SmallClass { class, row } => format!(
                "class `{}` has only one row ({}): a stratified split needs at least 2 of each class",
                dataset.class_names[*class],
                dataset.place_of(*row)
            ),
            Self::Fraction(_)
            | Self::NoTestRows
            | Self::Count { .. }
            | Self::NoTrainingRows { .. }
            | Self::FewerRowsThanClasses { .. }
            | Self::Label { .. } => self.to_string(),
        }
    }
}

impl Split {
    /// The classes of which no row is for training, in ascending order.
    ///
    /// A plain split allows that; a logistic regression cannot be fitted then, and other models do not learn these
    /// classes.
    #[must_use]
    pub fn classes_without_training_rows(&self, labels: &[usize], classes: usize) -> Vec<usize> {
        classes_without(&self.train, labels, classes)
    }

    /// The classes of which no row is for testing, in ascending order: no score speaks of them.
    #[must_use]
    pub fn classes_without_test_rows(&self, labels: &[usize], classes: usize) -> Vec<usize> {
        classes_without(&self.test, labels, classes)
    }
}

/// The classes that none of `rows` is of, in ascending order.
fn classes_without(rows: &[usize], labels: &[usize], classes: usize) -> Vec<usize> {
    let mut seen = vec![false; classes];
    for &row in rows {
        seen[labels[row]] = true;
    }
    (0..classes).filter(|&class| !seen[class]).collect()
}

//! Training, validation and test rows.

use std::fmt;

/// Training, validation and test rows: each row of the dataset is in exactly one of the three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The rows to fit scalers and models on.
    pub train: Vec<usize>,
    /// The rows to choose on; empty where none are asked for.
    pub validation: Vec<usize>,
    /// The rows held out to the end.
    pub test: Vec<usize>,
}

/// What rows are held out for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// For the test.
    Test,
    /// For choices.
    Validation,
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Test => "test",
            Self::Validation => "validation",
        })
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

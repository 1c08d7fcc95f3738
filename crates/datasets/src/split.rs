//! Training, validation and test rows.

use std::collections::HashSet;
use std::fmt;

use ndarray::ArrayView2;

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

    /// How many test rows have the values of some training row, column by column.
    ///
    /// # Panics
    /// When an index is not that of a row of `values`, `(rows, columns)`.
    #[must_use]
    pub fn seen_rows(&self, values: ArrayView2<'_, f64>) -> usize {
        // Adding 0 makes -0 the same value as 0.
        let bits =
            |row: &usize| values.row(*row).iter().map(|value| (value + 0.0).to_bits()).collect::<Vec<u64>>();
        let trained: HashSet<Vec<u64>> = self.train.iter().map(bits).collect();
        self.test.iter().filter(|row| trained.contains(&bits(row))).count()
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

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_row_is_seen_where_a_training_row_has_all_its_values() {
        let values = array![[0.0, 1.0], [2.0, 3.0], [-0.0, 1.0], [0.0, 3.0], [2.0, 3.0]];
        let split = Split { train: vec![0, 1], validation: vec![4], test: vec![2, 3] };
        assert_eq!(split.seen_rows(values.view()), 1);
        let split = Split { train: vec![3], validation: Vec::new(), test: vec![0, 1, 2, 4] };
        assert_eq!(split.seen_rows(values.view()), 0);
    }
}

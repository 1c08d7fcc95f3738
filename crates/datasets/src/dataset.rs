use ndarray::{Array2, Axis};

/// A classification dataset: one row of numbers and one class for each sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// What the dataset is called: its built-in name, or a file's name without the extension.
    pub name: String,
    /// The numbers, `rows × features`; all finite.
    pub features: Array2<f64>,
    /// The class of each row, an index into [`class_names`](Self::class_names).
    pub labels: Vec<usize>,
    /// One name for each column of [`features`](Self::features).
    pub feature_names: Vec<String>,
    /// One name for each class.
    pub class_names: Vec<String>,
    /// The BLAKE3 hash of the file's bytes, or, for data that comes without a file, of its numbers.
    pub hash: blake3::Hash,
}

impl Dataset {
    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.features.nrows()
    }

    /// The number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.class_names.len()
    }

    /// How many rows each class has.
    #[must_use]
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes()];
        for &label in &self.labels {
            counts[label] += 1;
        }
        counts
    }

    /// Features and labels of some rows, in the order of `rows`.
    ///
    /// # Panics
    /// When an index is not below [`rows`](Self::rows).
    #[must_use]
    pub fn subset(&self, rows: &[usize]) -> (Array2<f64>, Vec<usize>) {
        (self.features.select(Axis(0), rows), rows.iter().map(|&row| self.labels[row]).collect())
    }
}

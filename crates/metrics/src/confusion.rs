//! The confusion matrix, and the scores that are functions of it.

use crate::error::{MetricError, check_label, check_lengths};
use crate::summation::pairwise_sum;

/// How often each class was predicted as each class.
///
/// `count(i, j)` is the number of samples of class `i` (rows: truth) that were predicted as class `j`
/// (columns: prediction), the layout of scikit-learn's `confusion_matrix`.
///
/// A score whose denominator is zero is 0, scikit-learn's default (`zero_division="warn"`): the precision of
/// a class that is never predicted, the recall of a class without samples, the F1 of a class that is neither.
///
/// ```
/// use bitsweep_metrics::Confusion;
///
/// let confusion = Confusion::new(&[0, 0, 1, 2], &[0, 1, 1, 2], 3)?;
/// assert_eq!(confusion.count(0, 1), 1);
/// assert_eq!(confusion.accuracy(), 0.75);
/// assert_eq!(confusion.recall(0), 0.5);
/// assert_eq!(confusion.precision(1), 0.5);
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    samples: usize,
    /// The matrix row by row, then its row sums, then its column sums: one allocation for all.
    cells: Vec<usize>,
}

impl Confusion {
    /// Counts the pairs of true and predicted class of each sample.
    ///
    /// # Errors
    /// When the sequences differ in length or are empty, or a label is not below `classes`.
    pub fn new(truth: &[usize], predicted: &[usize], classes: usize) -> Result<Self, MetricError> {
        check_lengths(("truth", truth.len()), ("prediction", predicted.len()))?;
        let mut confusion = Self::zeros(classes)?;
        for (sample, (&actual, &guess)) in truth.iter().zip(predicted).enumerate() {
            check_label("true", sample, actual, classes)?;
            check_label("predicted", sample, guess, classes)?;
            confusion.cells[actual * classes + guess] += 1;
        }
        confusion.samples = truth.len();
        confusion.sum_margins();
        Ok(confusion)
    }

    /// Takes counts that are there already, `classes` rows (truth) of `classes` columns (prediction).
    ///
    /// # Errors
    /// When there are not `classes²` counts, or they sum to zero or to more than a `usize`.
    pub fn from_counts(counts: &[usize], classes: usize) -> Result<Self, MetricError> {
        if classes.checked_mul(classes) != Some(counts.len()) {
            return Err(MetricError::NotSquare { classes, found: counts.len() });
        }
        let samples = counts.iter().try_fold(0_usize, |sum, &count| sum.checked_add(count));
        let samples = samples.ok_or(MetricError::TooMany { name: "samples" })?;
        if samples == 0 {
            return Err(MetricError::Empty { name: "samples" });
        }
        let mut confusion = Self::zeros(classes)?;
        confusion.cells[..counts.len()].copy_from_slice(counts);
        confusion.samples = samples;
        confusion.sum_margins();
        Ok(confusion)
    }

    fn zeros(classes: usize) -> Result<Self, MetricError> {
        let length = classes.checked_add(2).and_then(|rows| rows.checked_mul(classes));
        let mut cells = Vec::new();
        let reserved = length.map(|length| (length, cells.try_reserve_exact(length)));
        let Some((length, Ok(()))) = reserved else {
            return Err(MetricError::TooMany { name: "classes" });
        };
        cells.resize(length, 0);
        Ok(Self { classes, samples: 0, cells })
    }

    fn sum_margins(&mut self) {
        let (counts, margins) = self.cells.split_at_mut(self.classes * self.classes);
        let (support, predicted) = margins.split_at_mut(self.classes);
        for (row, support) in counts.chunks_exact(self.classes).zip(support) {
            *support = row.iter().sum();
            for (&count, predicted) in row.iter().zip(&mut *predicted) {
                *predicted += count;
            }
        }
    }

    /// The number of classes, present or not.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The number of samples.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The number of samples of class `truth` that were predicted as class `predicted`.
    ///
    /// # Panics
    /// When either is not below the number of classes.
    pub fn count(&self, truth: usize, predicted: usize) -> usize {
        self.row(truth)[predicted]
    }

    /// What the samples of class `truth` were predicted as: one count a class.
    ///
    /// # Panics
    /// When `truth` is not below the number of classes.
    pub fn row(&self, truth: usize) -> &[usize] {
        assert!(truth < self.classes, "class {truth} of {}", self.classes);
        &self.cells[truth * self.classes..][..self.classes]
    }

    /// The number of samples of each class.
    pub fn support(&self) -> &[usize] {
        &self.cells[self.classes * self.classes..][..self.classes]
    }

    /// How often each class was predicted.
    pub fn predicted(&self) -> &[usize] {
        &self.cells[self.classes * (self.classes + 1)..]
    }

    /// The number of samples predicted as what they are: the trace of the matrix.
    pub fn right(&self) -> usize {
        (0..self.classes).map(|class| self.count(class, class)).sum()
    }

    /// Fraction of samples predicted as what they are, in [0, 1].
    pub fn accuracy(&self) -> f64 {
        self.right() as f64 / self.samples as f64
    }

    /// Of the samples predicted as `class`, the fraction that are: `tp / (tp + fp)`; 0 when there are none.
    ///
    /// # Panics
    /// When `class` is not below the number of classes.
    pub fn precision(&self, class: usize) -> f64 {
        ratio(self.count(class, class), self.predicted()[class])
    }

    /// Of the samples of `class`, the fraction predicted as such: `tp / (tp + fn)`; 0 when there are none.
    ///
    /// # Panics
    /// When `class` is not below the number of classes.
    pub fn recall(&self, class: usize) -> f64 {
        ratio(self.count(class, class), self.support()[class])
    }

    /// The harmonic mean of precision and recall: `2 tp / (2 tp + fp + fn)`; 0 for a class neither present
    /// nor predicted.
    ///
    /// # Panics
    /// When `class` is not below the number of classes.
    pub fn f1(&self, class: usize) -> f64 {
        ratio(2 * self.count(class, class), self.support()[class] + self.predicted()[class])
    }

    /// The classes that have samples, ascending: those that macro-F1 is over.
    pub fn present(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        (0..self.classes).filter(|&class| self.support()[class] > 0)
    }

    /// The unweighted mean of the F1 of the classes that have samples.
    ///
    /// Equal bit for bit to scikit-learn's `f1_score(truth, predicted, average="macro", labels=np.unique(truth))`.
    /// Without `labels` scikit-learn averages over the classes that were predicted, too, so that two classifiers
    /// may be averaged over different classes on the same samples. A sample that is predicted as a class without
    /// samples counts as missed by its own class. Allocates nothing: `O(classes)`.
    ///
    /// ```
    /// use bitsweep_metrics::Confusion;
    ///
    /// // Class 2 has no sample, and is predicted once: F1 of class 0 is 2/3, of class 1 it is 1.
    /// let confusion = Confusion::new(&[0, 0, 1], &[0, 2, 1], 3)?;
    /// assert_eq!(confusion.macro_f1(), (2.0 / 3.0 + 1.0) / 2.0);
    /// # Ok::<(), bitsweep_metrics::MetricError>(())
    /// ```
    pub fn macro_f1(&self) -> f64 {
        let mut f1 = self.present().map(|class| self.f1(class));
        let count = self.present().count();
        pairwise_sum(&mut f1, count) / count as f64
    }
}

/// `numerator / denominator`, and 0 for `0 / 0`.
fn ratio(numerator: usize, denominator: usize) -> f64 {
    if denominator == 0 { 0.0 } else { numerator as f64 / denominator as f64 }
}

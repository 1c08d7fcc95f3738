//! Precision, recall, F1 and support of every class, laid out as scikit-learn's `classification_report`.

use std::fmt;

use crate::confusion::Confusion;
use crate::error::MetricError;
use crate::summation::pairwise_sum;

/// The scores of one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassScores {
    /// The class.
    pub class: usize,
    /// `tp / (tp + fp)`, 0 when the class is never predicted.
    pub precision: f64,
    /// `tp / (tp + fn)`, 0 when the class has no samples.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Samples of the class.
    pub support: usize,
}

/// Precision, recall and F1, averaged over classes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AverageScores {
    /// Average of the classes' precision.
    pub precision: f64,
    /// Average of the classes' recall.
    pub recall: f64,
    /// Average of the classes' F1.
    pub f1: f64,
}

/// The scores of every class and their averages, as scikit-learn's `classification_report` has them.
///
/// Only classes that occur in truth or prediction have a row and enter the averages. A score whose
/// denominator is zero is 0. `Display` prints scikit-learn's text with the class numbers as names;
/// [`ClassificationReport::named`] gives names.
///
/// ```
/// use bitsweep_metrics::Confusion;
///
/// let report = Confusion::new(&[0, 0, 0, 1], &[0, 0, 1, 1], 2)?.report();
/// assert_eq!(report.named(&["ham", "spam"])?.to_string(), "              precision    recall  f1-score   support
///
///          ham       1.00      0.67      0.80         3
///         spam       0.50      1.00      0.67         1
///
///     accuracy                           0.75         4
///    macro avg       0.75      0.83      0.73         4
/// weighted avg       0.88      0.75      0.77         4
/// ");
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ClassificationReport {
    /// One row a class that occurs in truth or prediction, ascending.
    pub rows: Vec<ClassScores>,
    /// Fraction of samples predicted as what they are.
    pub accuracy: f64,
    /// Mean over the rows, each counting the same.
    pub macro_average: AverageScores,
    /// Mean over the rows, each counting as often as it has samples.
    pub weighted_average: AverageScores,
    /// Samples in all.
    pub support: usize,
    /// Classes in all, present or not.
    classes: usize,
}

impl Confusion {
    /// The scores of every class that occurs, and their averages.
    pub fn report(&self) -> ClassificationReport {
        let rows: Vec<ClassScores> = self
            .present()
            .map(|class| ClassScores {
                class,
                precision: self.precision(class),
                recall: self.recall(class),
                f1: self.f1(class),
                support: self.support()[class],
            })
            .collect();
        let average = |weight: fn(&ClassScores) -> f64| {
            let sum = |score: fn(&ClassScores) -> f64| {
                pairwise_sum(&mut rows.iter().map(|row| score(row) * weight(row)), rows.len())
            };
            let weights = sum(|_| 1.0);
            AverageScores {
                precision: sum(|row| row.precision) / weights,
                recall: sum(|row| row.recall) / weights,
                f1: sum(|row| row.f1) / weights,
            }
        };
        ClassificationReport {
            accuracy: self.accuracy(),
            macro_average: average(|_| 1.0),
            weighted_average: average(|row| row.support as f64),
            support: self.samples(),
            classes: self.classes(),
            rows,
        }
    }
}

/// A report together with the names of its classes, ready to be printed.
#[derive(Debug, Clone, Copy)]
pub struct NamedReport<'a, Name> {
    report: &'a ClassificationReport,
    names: &'a [Name],
}

impl ClassificationReport {
    /// The report with a name for every class, `names[class]`, of those that do not occur too.
    ///
    /// # Errors
    /// When there are not as many names as the confusion matrix has classes.
    pub fn named<'a, Name: AsRef<str>>(
        &'a self,
        names: &'a [Name],
    ) -> Result<NamedReport<'a, Name>, MetricError> {
        if names.len() == self.classes {
            Ok(NamedReport { report: self, names })
        } else {
            Err(MetricError::NameCount { names: names.len(), classes: self.classes })
        }
    }

    fn write(&self, formatter: &mut fmt::Formatter<'_>, names: &[impl AsRef<str>]) -> fmt::Result {
        let longest = names.iter().map(|name| name.as_ref().chars().count()).max();
        let width = longest.unwrap_or(0).max("weighted avg".len());
        writeln!(
            formatter,
            "{:>width$}  {:>9} {:>9} {:>9} {:>9}\n",
            "", "precision", "recall", "f1-score", "support"
        )?;
        for (row, name) in self.rows.iter().zip(names) {
            let ClassScores { class: _, precision, recall, f1, support } = row;
            let name = name.as_ref();
            writeln!(formatter, "{name:>width$}  {precision:>9.2} {recall:>9.2} {f1:>9.2} {support:>9}")?;
        }
        let (accuracy, support) = (self.accuracy, self.support);
        writeln!(formatter, "\n{:>width$}  {:>9} {:>9} {accuracy:>9.2} {support:>9}", "accuracy", "", "")?;
        for (name, average) in [("macro avg", self.macro_average), ("weighted avg", self.weighted_average)] {
            let AverageScores { precision, recall, f1 } = average;
            writeln!(formatter, "{name:>width$}  {precision:>9.2} {recall:>9.2} {f1:>9.2} {support:>9}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ClassificationReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.rows.iter().map(|row| row.class.to_string()).collect();
        self.write(formatter, &names)
    }
}

impl<Name: AsRef<str>> fmt::Display for NamedReport<'_, Name> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.report.rows.iter().map(|row| self.names[row.class].as_ref()).collect();
        self.report.write(formatter, &names)
    }
}

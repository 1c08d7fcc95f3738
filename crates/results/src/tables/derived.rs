//! Tables whose rows are made of what is recorded for a whole unit.

use std::sync::Arc;

use bitsweep_metrics::{Changes, Confusion, MetricError, holm, paired_difference_interval};

use crate::origin::{Origin, Variant};
use crate::record::{Curve, Predictions, RowPart, ValidationPredictions};

/// One epoch of training.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveRow {
    /// The unit and the variant.
    pub origin: Origin,
    /// Epoch, from 0.
    pub epoch: usize,
    /// Sum over the batches of the mean cross-entropy within each batch (notebook 000's).
    pub loss_sum: f64,
    /// Mean cross-entropy per sample.
    pub loss: f64,
}

/// One prediction of one variant beside the truth and the float model's.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionRow {
    /// The unit and the variant.
    pub origin: Origin,
    /// Whether it is a row to score or to choose on.
    pub part: RowPart,
    /// Row number in the dataset.
    pub row: u32,
    /// Name of the true class.
    pub truth: Arc<str>,
    /// Name of the class that the float model predicts.
    pub float: Arc<str>,
    /// Name of the class that the variant predicts.
    pub quantized: Arc<str>,
}

/// How well one variant recognizes one class.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassRow {
    /// The unit and the variant.
    pub origin: Origin,
    /// Name of the class.
    pub class: Arc<str>,
    /// Of the rows predicted to be of the class, the fraction that are.
    pub precision: f64,
    /// Of the rows of the class, the fraction predicted to be.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Test rows of the class.
    pub support: usize,
}

/// How much of one class one variant loses against the float model.
///
/// Of a class without test rows everything behind `support` but the counts is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct RecallRow {
    /// The unit and the variant.
    pub origin: Origin,
    /// Name of the class.
    pub class: Arc<str>,
    /// Test rows of the class.
    pub support: usize,
    /// Of these, the fraction that the float model predicts to be.
    pub float_recall: Option<f64>,
    /// Of these, the fraction that the variant predicts to be.
    pub recall: Option<f64>,
    /// Rows of the class right in float and wrong here.
    pub lost: usize,
    /// Rows of the class wrong in float and right here.
    pub gained: usize,
    /// Recall lost: the float model's minus the variant's.
    pub difference: Option<f64>,
    /// Lower end of its 95 % interval, Tango's.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Two-sided exact McNemar test of `lost` against `gained`.
    pub p_value: Option<f64>,
    /// The same, corrected by Holm for the variant's classes that have test rows.
    pub adjusted_p_value: Option<f64>,
}

/// The confidence of intervals of recall lost.
const CONFIDENCE: f64 = 0.95;

impl Curve {
    /// One row per epoch.
    pub fn rows(&self) -> impl Iterator<Item = CurveRow> {
        self.losses.iter().enumerate().map(|(epoch, losses)| CurveRow {
            origin: self.origin.clone(),
            epoch,
            loss_sum: losses.loss_sum,
            loss: losses.loss,
        })
    }
}

impl Predictions {
    fn origin(&self, position: usize, variant: &Arc<Variant>) -> Origin {
        Origin { unit: Arc::clone(&self.unit), variant: Arc::clone(variant), position }
    }

    fn class_names(&self) -> Vec<Arc<str>> {
        self.classes.iter().map(|name| Arc::from(name.as_str())).collect()
    }

    /// The classes that the variant at `position` of the unit predicts.
    #[must_use]
    pub fn of(&self, position: usize) -> Option<&[u16]> {
        let found = self.variants.iter().find(|(own, ..)| *own == position)?;
        Some(&found.2)
    }

    /// How often each class was predicted as each class by the variant at `position`; `None` where it predicted nothing.
    ///
    /// # Errors
    /// When there are no test rows, not as many predictions, or a class has no name.
    pub fn confusion(&self, position: usize) -> Option<Result<Confusion, MetricError>> {
        self.of(position).map(|predicted| self.confusion_with(predicted))
    }

    fn confusion_with(&self, predicted: &[u16]) -> Result<Confusion, MetricError> {
        let wide = |labels: &[u16]| labels.iter().copied().map(usize::from).collect::<Vec<_>>();
        Confusion::new(&wide(&self.truth), &wide(predicted), self.classes.len())
    }

    /// One row per variant and test row, then one per variant and validation row. A class without a name is called by its
    /// number.
    pub fn rows(&self) -> impl Iterator<Item = PredictionRow> {
        let names = self.class_names();
        let name = move |class: u16| {
            names.get(usize::from(class)).map_or_else(|| Arc::from(class.to_string()), Arc::clone)
        };
        let Self { rows, truth, float, variants, validation, .. } = self;
        let test = (RowPart::Test, rows, truth, float, variants);
        let validation = validation.as_ref().map(|validation| {
            let ValidationPredictions { rows, truth, float, variants, .. } = validation;
            (RowPart::Validation, rows, truth, float, variants)
        });
        let parts = [test].into_iter().chain(validation);
        let cells = parts.flat_map(move |(part, rows, truth, float, variants)| {
            variants.iter().flat_map(move |(position, variant, predicted)| {
                let origin = self.origin(*position, variant);
                let own = rows.iter().zip(truth).zip(float.iter().zip(predicted));
                own.map(move |((row, truth), (float, quantized))| {
                    (origin.clone(), part, *row, *truth, *float, *quantized)
                })
            })
        });
        cells.map(move |(origin, part, row, truth, float, quantized)| PredictionRow {
            origin,
            part,
            row,
            truth: name(truth),
            float: name(float),
            quantized: name(quantized),
        })
    }

    /// One row per variant and class, the float model's aside.
    ///
    /// # Errors
    /// When a variant has not as many predictions as there are test rows.
    pub fn recall_rows(&self) -> Result<Vec<RecallRow>, MetricError> {
        let mut rows = Vec::new();
        for (position, variant, predicted) in self.variants.iter().filter(|(position, ..)| *position > 0) {
            rows.extend(self.recall_rows_with(&self.origin(*position, variant), predicted)?);
        }
        Ok(rows)
    }

    /// One row per class of the variant at `position`; `None` where it predicted nothing.
    ///
    /// # Errors
    /// As [`recall_rows`](Self::recall_rows).
    pub fn recall_rows_of(&self, position: usize) -> Option<Result<Vec<RecallRow>, MetricError>> {
        let (_, variant, predicted) = self.variants.iter().find(|(own, ..)| *own == position)?;
        Some(self.recall_rows_with(&self.origin(position, variant), predicted))
    }

    fn recall_rows_with(&self, origin: &Origin, predicted: &[u16]) -> Result<Vec<RecallRow>, MetricError> {
        let names = self.class_names();
        let mut rows = Vec::with_capacity(names.len());
        for (class, name) in names.iter().enumerate() {
            rows.push(self.recall_row(origin, (class, name), predicted)?);
        }
        let adjusted = holm(&rows.iter().filter_map(|row| row.p_value).collect::<Vec<_>>())?;
        let tested = rows.iter_mut().filter(|row| row.p_value.is_some());
        tested.zip(adjusted).for_each(|(row, adjusted)| row.adjusted_p_value = Some(adjusted));
        Ok(rows)
    }

    fn recall_row(
        &self,
        origin: &Origin,
        (class, name): (usize, &Arc<str>),
        predicted: &[u16],
    ) -> Result<RecallRow, MetricError> {
        let of_class = |labels: &[u16]| -> Vec<usize> {
            let all = self.truth.iter().zip(labels);
            all.filter(|(truth, _)| usize::from(**truth) == class)
                .map(|(_, label)| usize::from(*label))
                .collect()
        };
        let (float, quantized) = (of_class(&self.float), of_class(predicted));
        let support = quantized.len();
        let mut row = RecallRow {
            origin: origin.clone(),
            class: Arc::clone(name),
            support,
            float_recall: None,
            recall: None,
            lost: 0,
            gained: 0,
            difference: None,
            low: None,
            high: None,
            p_value: None,
            adjusted_p_value: None,
        };
        if support == 0 {
            return Ok(row);
        }
        let changes = Changes::between(&vec![class; support], &float, &quantized)?;
        let interval = paired_difference_interval(changes.lost, changes.gained, support, CONFIDENCE)?;
        let recall =
            |labels: &[usize]| labels.iter().filter(|label| **label == class).count() as f64 / support as f64;
        row.float_recall = Some(recall(&float));
        row.recall = Some(recall(&quantized));
        (row.lost, row.gained) = (changes.lost, changes.gained);
        row.difference = Some(interval.value);
        (row.low, row.high) = (Some(interval.low), Some(interval.high));
        row.p_value = Some(changes.p_value());
        Ok(row)
    }

    /// One row per variant and class.
    ///
    /// # Errors
    /// As [`confusion`](Self::confusion).
    pub fn class_rows(&self) -> Result<Vec<ClassRow>, MetricError> {
        let names = self.class_names();
        let mut rows = Vec::with_capacity(names.len() * self.variants.len());
        for (position, variant, predicted) in &self.variants {
            let confusion = self.confusion_with(predicted)?;
            let origin = self.origin(*position, variant);
            rows.extend(names.iter().enumerate().map(|(class, name)| ClassRow {
                origin: origin.clone(),
                class: Arc::clone(name),
                precision: confusion.precision(class),
                recall: confusion.recall(class),
                f1: confusion.f1(class),
                support: confusion.support()[class],
            }));
        }
        Ok(rows)
    }
}

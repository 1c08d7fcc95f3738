//! What every trainer asks of its training rows.

use ndarray::ArrayView2;
use thiserror::Error;

use crate::class_weights::ClassWeights;

/// Why rows cannot be learnt from.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SampleError {
    /// There are no rows or no columns.
    #[error("the features have shape ({rows}, {columns}): expected at least one row and one column")]
    Empty {
        /// Rows of the features.
        rows: usize,
        /// Columns of the features.
        columns: usize,
    },
    /// Features and labels do not belong together.
    #[error("there are {labels} labels for {rows} rows: expected one for each")]
    LabelCount {
        /// Rows of the features.
        rows: usize,
        /// The number of labels.
        labels: usize,
    },
    /// There is nothing to tell apart.
    #[error("`{0}` is not a number of classes to tell apart: expected at least 2")]
    Classes(usize),
    /// A label is none of the classes.
    #[error("row {row} has label `{label}`: expected 0 to {}", classes - 1)]
    Label {
        /// Counted from 0.
        row: usize,
        /// The label.
        label: usize,
        /// The number of classes.
        classes: usize,
    },
    /// The weights are not those of the classes.
    #[error(
        "the class weights are `{given:?}`: expected a finite one above 0 for each of the {classes} classes"
    )]
    ClassWeights {
        /// The weights.
        given: ClassWeights,
        /// The number of classes.
        classes: usize,
    },
    /// A feature is NaN or infinite, or too large for `f32`.
    #[error(
        "row {row}, column {column} of the features is `{value}`: expected a finite number within the range of f32"
    )]
    NotFinite {
        /// Counted from 0.
        row: usize,
        /// Counted from 0.
        column: usize,
        /// The feature.
        value: f64,
    },
}

/// Refuses rows that cannot be learnt from.
pub(crate) fn check_samples(
    features: ArrayView2<'_, f64>,
    labels: &[usize],
    classes: usize,
) -> Result<(), SampleError> {
    let (rows, columns) = features.dim();
    if rows == 0 || columns == 0 {
        return Err(SampleError::Empty { rows, columns });
    }
    if labels.len() != rows {
        return Err(SampleError::LabelCount { rows, labels: labels.len() });
    }
    if classes < 2 {
        return Err(SampleError::Classes(classes));
    }
    if let Some((row, &label)) = labels.iter().enumerate().find(|&(_, &label)| label >= classes) {
        return Err(SampleError::Label { row, label, classes });
    }
    let is_finite = |value: f64| (value as f32).is_finite();
    match features.indexed_iter().find(|&(_, &value)| !is_finite(value)) {
        Some(((row, column), &value)) => Err(SampleError::NotFinite { row, column, value }),
        None => Ok(()),
    }
}

/// The weight of each class, or why there is none.
pub(crate) fn weights_of_classes(
    weights: &ClassWeights,
    labels: &[usize],
    classes: usize,
) -> Result<Vec<f64>, SampleError> {
    let of_classes = weights.of_classes(labels, classes);
    of_classes.ok_or_else(|| SampleError::ClassWeights { given: weights.clone(), classes })
}

//! What can be wrong with labels, probabilities and scores.

use thiserror::Error;

/// Why a metric could not be computed.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MetricError {
    /// Two sequences that describe the same samples differ in length.
    #[error("{left_name} has `{left}` samples but {right_name} has `{right}`, expected as many")]
    LengthMismatch {
        /// What the first sequence is.
        left_name: &'static str,
        /// Its length.
        left: usize,
        /// What the second sequence is.
        right_name: &'static str,
        /// Its length.
        right: usize,
    },
    /// A label is not below the number of classes.
    #[error(
        "{name} label `{label}` of sample `{sample}` is out of range, expected a class below `{classes}`"
    )]
    LabelOutOfRange {
        /// Which sequence the label is in.
        name: &'static str,
        /// Position of the sample, from 0.
        sample: usize,
        /// The label found.
        label: usize,
        /// The number of classes.
        classes: usize,
    },
    /// There is nothing to score.
    #[error("no {name} given, expected at least one")]
    Empty {
        /// What is missing.
        name: &'static str,
    },
    /// A table of counts is not square.
    #[error(
        "`{found}` counts given for `{classes}` classes, expected `{classes}` rows of `{classes}` counts"
    )]
    NotSquare {
        /// The number of classes.
        classes: usize,
        /// The number of counts given.
        found: usize,
    },
    /// More classes or samples than can be counted.
    #[error("{name} do not fit in memory, expected fewer")]
    TooMany {
        /// What there is too much of.
        name: &'static str,
    },
    /// More samples are right than there are.
    #[error("`{right}` of `{samples}` samples are right, expected at most `{samples}`")]
    MoreRightThanSamples {
        /// Samples classified correctly.
        right: usize,
        /// Samples in all.
        samples: usize,
    },
    /// A probability is not a number within [0, 1].
    #[error("probability `{value}` of class `{class}` in sample `{sample}`, expected a number from 0 to 1")]
    NotAProbability {
        /// Position of the sample, from 0.
        sample: usize,
        /// Position of the class, from 0.
        class: usize,
        /// The value found.
        value: f64,
    },
    /// More samples change than there are.
    #[error("`{changed}` of `{samples}` samples are lost or gained, expected at most `{samples}`")]
    MoreChangedThanSamples {
        /// Samples lost or gained.
        changed: usize,
        /// Samples in all.
        samples: usize,
    },
    /// Fewer samples than an estimate needs.
    #[error("`{found}` {name} given, expected at least `{needed}`")]
    TooFew {
        /// What there is too little of.
        name: &'static str,
        /// How many there are.
        found: usize,
        /// How many there must be.
        needed: usize,
    },
    /// Two tables of probabilities are not over the same classes.
    #[error("{left_name} has `{left}` classes but {right_name} has `{right}`, expected as many")]
    ClassMismatch {
        /// What the first table is.
        left_name: &'static str,
        /// Its number of classes.
        left: usize,
        /// What the second table is.
        right_name: &'static str,
        /// Its number of classes.
        right: usize,
    },
    /// A p-value is not a number within [0, 1].
    #[error("p-value `{value}` at position `{position}`, expected a number from 0 to 1")]
    NotAPValue {
        /// Its position, from 0.
        position: usize,
        /// The value found.
        value: f64,
    },
    /// A setting is not a number between two others.
    #[error("{name} `{value}`, expected a number between {low} and {high}")]
    NotBetween {
        /// What the setting is.
        name: &'static str,
        /// The value found.
        value: f64,
        /// What it must exceed.
        low: f64,
        /// What it must stay below.
        high: f64,
    },
    /// A width is negative.
    #[error("{name} `{value}`, expected a number from 0")]
    Negative {
        /// What the width is.
        name: &'static str,
        /// The value found.
        value: f64,
    },
    /// A value that must be averaged is NaN or infinite.
    #[error("{name} `{value}` at position `{position}`, expected a finite number")]
    NotFinite {
        /// What the value is.
        name: &'static str,
        /// Its position, from 0.
        position: usize,
        /// The value found.
        value: f64,
    },
    /// A value that must be ordered is NaN.
    #[error("{name} of point `{position}` is not a number, expected one that can be ordered")]
    NotANumber {
        /// What the value is.
        name: &'static str,
        /// Position of the point, from 0.
        position: usize,
    },
}

/// Refuses sequences of unequal length, and empty ones.
pub(crate) fn check_lengths(
    (left_name, left): (&'static str, usize),
    (right_name, right): (&'static str, usize),
) -> Result<(), MetricError> {
    if left != right {
        return Err(MetricError::LengthMismatch { left_name, left, right_name, right });
    }
    if left == 0 {
        return Err(MetricError::Empty { name: "samples" });
    }
    Ok(())
}

/// Refuses a label that is not below `classes`.
pub(crate) fn check_label(
    name: &'static str,
    sample: usize,
    label: usize,
    classes: usize,
) -> Result<(), MetricError> {
    if label < classes { Ok(()) } else { Err(MetricError::LabelOutOfRange { name, sample, label, classes }) }
}

/// Refuses a setting that is not between `low` and `high`, which it may not be.
pub(crate) fn check_within(
    name: &'static str,
    value: f64,
    (low, high): (f64, f64),
) -> Result<(), MetricError> {
    if low < value && value < high { Ok(()) } else { Err(MetricError::NotBetween { name, value, low, high }) }
}

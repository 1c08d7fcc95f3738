//! How rows are divided into training and test rows.

use std::fmt;

use bitsweep_random::Stream;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::split::{Split, SplitError};
use crate::stratification::stratified;

/// How many rows are held out for the test; in TOML a float is a fraction and an integer a count, as scikit-learn's
/// `test_size`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TestSize {
    /// This share of the rows, in (0, 1): `⌈fraction·n⌉` of `n` rows.
    Fraction(f64),
    /// This many rows.
    Count(usize),
}

/// One division of the rows into training and test rows.
///
/// ```toml
/// test = 0.2         # or a number of rows
/// stratified = true  # false is the default
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Holdout {
    /// The size of the test set; the other rows are for training.
    pub test: TestSize,
    /// Whether each class is divided in the same proportion, up to one row.
    #[serde(default)]
    pub stratified: bool,
}

impl Holdout {
    /// How many of so many rows are held out for the test.
    ///
    /// # Errors
    /// A [`SplitError`] for a size that leaves one side empty.
    pub fn test_rows(&self, rows: usize) -> Result<usize, SplitError> {
        self.test.of(rows).map(|(_, test)| test)
    }
}

impl TestSize {
    /// The numbers of training and test rows, checked in the order of scikit-learn's `_validate_shuffle_split`.
    fn of(self, rows: usize) -> Result<(usize, usize), SplitError> {
        self.check()?;
        let test = match self {
            Self::Count(count) if count >= rows => return Err(SplitError::Count { count, rows }),
            Self::Count(count) => count,
            // Below `rows`, or equal to it after rounding; a product that is rounded up counts, as in scikit-learn.
            Self::Fraction(fraction) => match (fraction * rows as f64).ceil() as usize {
                test if test >= rows => return Err(SplitError::NoTrainingRows { fraction, rows }),
                test => test,
            },
        };
        Ok((rows - test, test))
    }

    /// What can be said without knowing the dataset.
    fn check(self) -> Result<(), SplitError> {
        match self {
            Self::Fraction(fraction) if fraction > 0.0 && fraction < 1.0 => Ok(()),
            Self::Fraction(fraction) => Err(SplitError::Fraction(fraction)),
            Self::Count(0) => Err(SplitError::NoTestRows),
            Self::Count(_) => Ok(()),
        }
    }
}

/// Divides rows `0..labels.len()` into training and test rows.
///
/// With [`Generator::Numpy`](bitsweep_random::Generator::Numpy) and the stage `split`, these are the rows, in the
/// order, of scikit-learn 1.6.1's `train_test_split(test_size=…, random_state=seed, stratify=labels or None)`:
///
/// * plain (`ShuffleSplit`): of one permutation the head is the test set and the rest the training set;
/// * stratified (`StratifiedShuffleSplit`): each class gets its share of both sets, as
///   `sklearn.utils.extmath._approximate_mode` rounds it, its rows are permuted and dealt out, and both sets are
///   permuted at the end. Classes without rows take no part.
///
/// # Errors
/// A [`SplitError`] for a size that leaves one side empty and, when stratified, for a class with a single row and for
/// a side with fewer rows than classes.
pub fn holdout(
    labels: &[usize],
    classes: usize,
    rule: &Holdout,
    stream: &mut Stream,
) -> Result<Split, SplitError> {
    let (train_rows, test_rows) = rule.test.of(labels.len())?;
    if let Some((row, &label)) = labels.iter().enumerate().find(|&(_, &label)| label >= classes) {
        return Err(SplitError::Label { row, label, classes });
    }
    if rule.stratified {
        stratified(labels, classes, train_rows, test_rows, stream)
    } else {
        let mut test = stream.permutation(labels.len());
        let train = test.split_off(test_rows);
        Ok(Split { train, test })
    }
}

impl<'de> Deserialize<'de> for TestSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TestSizeVisitor;

        impl Visitor<'_> for TestSizeVisitor {
            type Value = TestSize;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a fraction between 0 and 1 or a number of rows")
            }

            fn visit_f64<E: de::Error>(self, fraction: f64) -> Result<TestSize, E> {
                let size = TestSize::Fraction(fraction);
                size.check().map_err(E::custom).map(|()| size)
            }

            fn visit_i64<E: de::Error>(self, count: i64) -> Result<TestSize, E> {
                match usize::try_from(count) {
                    Ok(count) => self.visit_u64(count as u64),
                    Err(_) => Err(E::invalid_value(de::Unexpected::Signed(count), &self)),
                }
            }

            fn visit_u64<E: de::Error>(self, count: u64) -> Result<TestSize, E> {
                let size = usize::try_from(count)
                    .map(TestSize::Count)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(count), &self))?;
                size.check().map_err(E::custom).map(|()| size)
            }
        }

        deserializer.deserialize_any(TestSizeVisitor)
    }
}

impl Serialize for TestSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fraction(fraction) => fraction.serialize(serializer),
            Self::Count(count) => count.serialize(serializer),
        }
    }
}

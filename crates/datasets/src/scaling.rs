//! Scaling of features: fitted on the training rows, applied to all.

use std::fmt;

use ndarray::{Array1, Array2, ArrayView2, Zip};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::dataset::Dataset;

/// What is done to the features before training.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Scaling {
    /// The features as they are.
    None,
    /// Each column to mean 0 and population deviation 1 over the training rows.
    Standard,
    /// Each value divided by this number.
    Divide(
        #[schemars(extend("exclusiveMinimum" = 0))]
        #[serde(deserialize_with = "divisor")]
        f64,
    ),
}

/// A fitted [`Scaling`], to be applied to training and test rows alike; in `f64`, each operation rounded.
#[derive(Clone, Debug, PartialEq)]
pub enum Scaler {
    /// `x`
    None,
    /// `x / divisor`
    Divide(f64),
    /// `x / divisor`, column by column.
    DivideEach(Array1<f64>),
    /// `(x - mean) / scale`, column by column.
    Standard {
        /// The mean of each column over the training rows.
        mean: Array1<f64>,
        /// The population deviation of each column over the training rows, and 1 for a constant column.
        scale: Array1<f64>,
        /// The constant columns, ascending. A value of theirs up to `2⁻²³ · |mean|` from the mean is the mean.
        constant: Vec<usize>,
    },
}

/// How far a value of a constant column may be from its mean, as a part of the mean: the distance of neighbouring `f32`, `2⁻²³`.
/// The mean may be rounded to half of it, and what it is the mean of may differ by rounding.
const CONSTANT_ROUNDING: f64 = f32::EPSILON as f64;

/// Why features cannot be scaled; columns are counted from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ScalingError {
    /// The divisor is not a positive finite number, or `f32` cannot hold it.
    #[error("divisor `{}` is out of range: expected a positive finite number that f32 can hold", plain(*.0))]
    Divisor(f64),
    /// There are no training rows to take mean and deviation of.
    #[error("there are no training rows to take the mean and deviation of")]
    NoRows,
    /// Mean or deviation of a column is not finite.
    #[error("feature column {column} cannot be standardized: its mean or variance is not a finite number")]
    Moments {
        /// The column.
        column: usize,
    },
    /// What a column is scaled by is beyond `f32`, as which it is stored, or would be 0.
    #[error("feature column {column} cannot be scaled: f32 cannot hold what it is scaled by, `{number:e}`")]
    Single {
        /// The column.
        column: usize,
        /// Its mean, its deviation or its divisor.
        number: f64,
    },
    /// A scaled value is beyond `f32`, in which models compute.
    #[error("row {row}, feature column {column}: {overflow}")]
    Overflow {
        /// The row.
        row: usize,
        /// The column.
        column: usize,
        /// The value before and after scaling.
        overflow: Overflow,
    },
    /// The scaler was fitted on rows of another width.
    #[error("expected {expected} feature columns, as the scaler was fitted on, found {found}")]
    Columns {
        /// The columns at fitting.
        expected: usize,
        /// The columns now.
        found: usize,
    },
}

/// A value that scaling makes, or leaves, too large for `f32`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overflow {
    /// How it was scaled.
    pub scaling: Scaling,
    /// The value before scaling.
    pub value: f64,
    /// The value after scaling; infinite where it is beyond `f64`, too.
    pub scaled: f64,
}

impl fmt::Display for Overflow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BEYOND: &str = "beyond f32, in which models compute";
        let Self { scaling, value, scaled } = self;
        let (how, fix) = match scaling {
            Scaling::None => {
                return write!(
                    formatter,
                    "`{value:e}` is {BEYOND}: scale the features, or leave the row or the column out"
                );
            }
            Scaling::Divide(divisor) => (format!("divided by `{divisor:e}`"), "divide by a larger number"),
            Scaling::Standard => ("standardized".to_owned(), "leave the row or the column out"),
        };
        match scaled.is_finite() {
            true => write!(formatter, "`{value:e}` {how} is `{scaled:e}`, {BEYOND}: {fix}"),
            false => write!(formatter, "`{value:e}` {how} is beyond f64: {fix}"),
        }
    }
}

impl ScalingError {
    /// The error in the names of the dataset; `features` are what its features are called, `rows` the rows that were scaled.
    #[must_use]
    pub fn in_names_of(&self, dataset: &Dataset, features: &[String], rows: &[usize]) -> String {
        let column = |column: usize| &features[column];
        match self {
            Self::Moments { column: at } => format!(
                "column `{}` of `{}` cannot be standardized, its mean or variance is beyond f64: leave it out",
                column(*at),
                dataset.name
            ),
            Self::Single { column: at, number } => format!(
                "column `{}` of `{}` cannot be scaled, f32 cannot hold what it is scaled by, `{number:e}`: leave it out",
                column(*at),
                dataset.name
            ),
            Self::Overflow { row, column: at, overflow } => {
                format!("{}, column `{}`: {overflow}", dataset.place_of(rows[*row]), column(*at))
            }
            Self::Divisor(_) | Self::NoRows | Self::Columns { .. } => self.to_string(),
        }
    }
}

/// Fits a scaler on the training rows.
///
/// `standard` takes mean and variance as scikit-learn 1.6.1's `StandardScaler` does and in its order of operations,
/// so that the doubles are the same: rows are added from first to last, and the variance is the corrected two-pass
/// sum of squares `(Σ(x-m)² - (Σ(x-m))²/n)/n` (Chan, Golub and LeVeque 1983). A column counts as
/// constant, and keeps the scale 1, when its variance is within the rounding error of that sum, `v <= n·ε·v + (n·m·ε)²`.
/// (With a single column NumPy adds pairwise; the last bits may then differ.)
///
/// # Errors
/// [`ScalingError::Divisor`], [`ScalingError::NoRows`], and [`ScalingError::Moments`] where values are too large.
pub fn fit(scaling: &Scaling, train: ArrayView2<'_, f64>) -> Result<Scaler, ScalingError> {
    match *scaling {
        Scaling::None => Ok(Scaler::None),
        Scaling::Divide(divisor) => check_divisor(divisor).map(Scaler::Divide),
        Scaling::Standard => standard(train),
    }
}

fn check_divisor(divisor: f64) -> Result<f64, ScalingError> {
    if divisor > 0.0 && divisor.is_finite() { Ok(divisor) } else { Err(ScalingError::Divisor(divisor)) }
}

/// A number without more zeros than one would write.
fn plain(number: f64) -> String {
    match number == 0.0 || (1e-4..1e9).contains(&number.abs()) {
        true => number.to_string(),
        false => format!("{number:e}"),
    }
}

fn divisor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    check_divisor(f64::deserialize(deserializer)?).map_err(de::Error::custom)
}

fn standard(train: ArrayView2<'_, f64>) -> Result<Scaler, ScalingError> {
    if train.nrows() == 0 {
        return Err(ScalingError::NoRows);
    }
    let n = train.nrows() as f64;
    // Added in the order of the rows, one accumulator a column.
    let sum_of = |center: &Array1<f64>, term: fn(f64) -> f64| -> Array1<f64> {
        let mut sums = Array1::zeros(train.ncols());
        for row in train.rows() {
            Zip::from(&mut sums)
                .and(row)
                .and(center)
                .for_each(|sum, value, center| *sum += term(value - center));
        }
        sums
    };
    let mean = sum_of(&Array1::zeros(train.ncols()), |value| value) / n;
    let deviations = sum_of(&mean, |deviation| deviation);
    let squares = sum_of(&mean, |deviation| deviation * deviation);
    let variance = (squares - &deviations * &deviations / n) / n;

    let mut scale = variance.mapv(f64::sqrt);
    let mut constant = Vec::new();
    for (column, scale) in scale.iter_mut().enumerate() {
        let (mean, variance) = (mean[column], variance[column]);
        if !(mean.is_finite() && variance.is_finite()) {
            return Err(ScalingError::Moments { column });
        }
        let error = n * mean.abs() * f64::EPSILON;
        if variance <= n * f64::EPSILON * variance + error * error {
            *scale = 1.0;
            constant.push(column);
        }
    }
    Ok(Scaler::Standard { mean, scale, constant })
}

impl Scaling {
    /// Bytes that are stored to scale features of so many columns; see [`Scaler::stored_bytes`].
    #[must_use]
    pub const fn stored_bytes(&self, columns: usize) -> u64 {
        FLOAT_BYTES
            * match self {
                Self::None => 0,
                Self::Divide(_) => 1,
                Self::Standard => 2 * columns as u64,
            }
    }
}

const FLOAT_BYTES: u64 = size_of::<f32>() as u64;

impl Scaler {
    /// The same with numbers rounded to `f32`, as which they are stored beside a model.
    ///
    /// # Errors
    /// [`ScalingError::Single`], or of one divisor [`ScalingError::Divisor`], for a number that is beyond `f32`, or divides and
    /// would be 0.
    pub fn single(&self) -> Result<Self, ScalingError> {
        let rounded = |column: usize, number: f64, is_divisor: bool| {
            let single = f64::from(number as f32);
            match single.is_finite() && !(is_divisor && single == 0.0) {
                true => Ok(single),
                false => Err(ScalingError::Single { column, number }),
            }
        };
        let all = |numbers: &Array1<f64>, is_divisor: bool| -> Result<Array1<f64>, ScalingError> {
            numbers.iter().enumerate().map(|(column, number)| rounded(column, *number, is_divisor)).collect()
        };
        Ok(match self {
            Self::None => Self::None,
            Self::Divide(divisor) => {
                Self::Divide(rounded(0, *divisor, true).map_err(|_| ScalingError::Divisor(*divisor))?)
            }
            Self::DivideEach(divisors) => Self::DivideEach(all(divisors, true)?),
            Self::Standard { mean, scale, constant } => Self::Standard {
                mean: all(mean, false)?,
                scale: all(scale, true)?,
                constant: constant.clone(),
            },
        })
    }

    /// What divides the scaled features by factors, one per column, as well: they go into the divisors.
    #[must_use]
    pub fn divided_by(&self, factors: &Array1<f64>) -> Self {
        match self {
            Self::None => Self::DivideEach(factors.clone()),
            Self::Divide(divisor) => Self::DivideEach(factors * *divisor),
            Self::DivideEach(divisors) => Self::DivideEach(factors * divisors),
            Self::Standard { mean, scale, constant } => {
                Self::Standard { mean: mean.clone(), scale: factors * scale, constant: constant.clone() }
            }
        }
    }

    /// Bytes of its numbers as `f32`: a mean and a scale per column, those of constant columns too, or one divisor per column,
    /// or one of all.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        FLOAT_BYTES
            * match self {
                Self::None => 0,
                Self::Divide(_) => 1,
                Self::DivideEach(divisors) => divisors.len() as u64,
                Self::Standard { mean, scale, .. } => (mean.len() + scale.len()) as u64,
            }
    }

    /// The scaled features, in the shape of the given ones.
    ///
    /// # Errors
    /// [`ScalingError::Columns`] for rows of another width, and [`ScalingError::Overflow`] for a value beyond `f32`,
    /// so that what is returned is finite in single precision, too.
    pub fn apply(&self, features: ArrayView2<'_, f64>) -> Result<Array2<f64>, ScalingError> {
        let expected = match self {
            Self::None | Self::Divide(_) => features.ncols(),
            Self::DivideEach(divisors) | Self::Standard { scale: divisors, .. } => divisors.len(),
        };
        if features.ncols() != expected {
            return Err(ScalingError::Columns { expected, found: features.ncols() });
        }
        let scaled = match self {
            Self::None => features.to_owned(),
            Self::Divide(divisor) => &features / *divisor,
            Self::DivideEach(divisors) => &features / divisors,
            Self::Standard { mean, scale, constant } => {
                let mut deviations = &features - mean;
                for &column in constant {
                    let rounding = CONSTANT_ROUNDING * mean[column].abs();
                    deviations
                        .column_mut(column)
                        .mapv_inplace(|deviation| if deviation.abs() <= rounding { 0.0 } else { deviation });
                }
                deviations / scale
            }
        };
        match scaled.indexed_iter().find(|(_, value)| !(**value as f32).is_finite()) {
            None => Ok(scaled),
            Some(((row, column), &scaled)) => {
                let (scaling, value) = (self.scaling_of(column), features[(row, column)]);
                Err(ScalingError::Overflow { row, column, overflow: Overflow { scaling, value, scaled } })
            }
        }
    }

    /// What is done to a column.
    fn scaling_of(&self, column: usize) -> Scaling {
        match self {
            Self::None => Scaling::None,
            Self::Divide(divisor) => Scaling::Divide(*divisor),
            Self::DivideEach(divisors) => Scaling::Divide(divisors[column]),
            Self::Standard { .. } => Scaling::Standard,
        }
    }
}

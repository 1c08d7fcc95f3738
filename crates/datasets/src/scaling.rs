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

/// A fitted [`Scaling`], to be applied to training and test rows alike.
#[derive(Clone, Debug, PartialEq)]
pub enum Scaler {
    /// `x`
    None,
    /// `x / divisor`
    Divide(f64),
    /// `(x - mean) / scale`, column by column.
    Standard {
        /// The mean of each column over the training rows.
        mean: Array1<f64>,
        /// The population deviation of each column over the training rows, and 1 for a constant column.
        scale: Array1<f64>,
        /// Deviations from the mean up to this are rounding error, and 0; 0 for a column that is not constant.
        rounding: Array1<f64>,
    },
}

/// Why features cannot be scaled; columns are counted from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ScalingError {
    /// The divisor is not a positive finite number.
    #[error("divisor `{0}` is out of range: expected a positive finite number")]
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
/// sum of squares `(Σ(x-m)² - (Σ(x-m))²/n)/n` (Chan, Golub and LeVeque 1983). A column counts as constant, and keeps
/// the scale 1, when its variance is within the rounding error of that sum, `v <= n·ε·v + (n·m·ε)²`; what then is left
/// of a value, up to `n·√n·|m|·ε`, is rounding error, and 0 here. (With a single column NumPy adds pairwise; the last
/// bits may then differ.)
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
    let mut rounding = Array1::zeros(train.ncols());
    for (column, scale) in scale.iter_mut().enumerate() {
        let (mean, variance) = (mean[column], variance[column]);
        if !(mean.is_finite() && variance.is_finite()) {
            return Err(ScalingError::Moments { column });
        }
        let error = n * mean.abs() * f64::EPSILON;
        if variance <= n * f64::EPSILON * variance + error * error {
            *scale = 1.0;
            rounding[column] = n.sqrt() * error;
        }
    }
    Ok(Scaler::Standard { mean, scale, rounding })
}

impl Scaling {
    /// Numbers that have to be stored to scale features of so many columns: a mean and a deviation each, those of constant
    /// columns too, or one divisor.
    #[must_use]
    pub const fn stored_numbers(&self, columns: usize) -> usize {
        match self {
            Self::None => 0,
            Self::Divide(_) => 1,
            Self::Standard => 2 * columns,
        }
    }
}

impl Scaler {
    /// The scaled features, in the shape of the given ones.
    ///
    /// # Errors
    /// [`ScalingError::Columns`] for rows of another width, and [`ScalingError::Overflow`] for a value beyond `f32`,
    /// so that what is returned is finite in single precision, too.
    pub fn apply(&self, features: ArrayView2<'_, f64>) -> Result<Array2<f64>, ScalingError> {
        let scaled = match self {
            Self::None => features.to_owned(),
            Self::Divide(divisor) => features.mapv(|value| value / divisor),
            Self::Standard { mean, scale, rounding } => {
                if features.ncols() != mean.len() {
                    return Err(ScalingError::Columns { expected: mean.len(), found: features.ncols() });
                }
                let mut deviations = &features - mean;
                for mut row in deviations.rows_mut() {
                    row.zip_mut_with(rounding, |deviation, rounding| {
                        if deviation.abs() <= *rounding {
                            *deviation = 0.0;
                        }
                    });
                }
                deviations / scale
            }
        };
        match scaled.indexed_iter().find(|(_, value)| !(**value as f32).is_finite()) {
            None => Ok(scaled),
            Some(((row, column), &scaled)) => {
                let (scaling, value) = (self.scaling(), features[(row, column)]);
                Err(ScalingError::Overflow { row, column, overflow: Overflow { scaling, value, scaled } })
            }
        }
    }

    /// What was fitted.
    const fn scaling(&self) -> Scaling {
        match self {
            Self::None => Scaling::None,
            Self::Divide(divisor) => Scaling::Divide(*divisor),
            Self::Standard { .. } => Scaling::Standard,
        }
    }
}

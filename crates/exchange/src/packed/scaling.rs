//! What is done to features before the first layer.

use ndarray::{Array1, Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::error::PackedError;
use super::tensors::{FLOAT_BYTES, Tensors};

/// What is done to features before the first layer; in `f64`, each operation rounded.
#[derive(Clone, Debug, PartialEq)]
pub enum FeatureScaling {
    /// `x`
    None,
    /// `x / divisor`
    Divide(f32),
    /// `x / divisor`, feature by feature.
    DivideEach(Array1<f32>),
    /// `(x - mean) / scale`, feature by feature.
    Standard {
        /// One per feature.
        mean: Array1<f32>,
        /// One per feature, not 0.
        scale: Array1<f32>,
        /// The features that were constant, ascending: a value up to `2⁻²³ · |mean|` from the mean is the mean.
        constant: Vec<usize>,
    },
}

const MEAN: &str = "scaler.mean";
const SCALE: &str = "scaler.scale";
const DIVISOR: &str = "scaler.divisor";
const DIVISORS: &str = "scaler.divisors";

/// What the header says of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum ScalingHeader {
    None,
    Divide,
    DivideEach,
    Standard {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        constant: Vec<usize>,
    },
}

impl FeatureScaling {
    /// The scaled features.
    pub(super) fn apply(&self, features: ArrayView2<'_, f64>) -> Array2<f64> {
        match self {
            Self::None => features.to_owned(),
            Self::Divide(divisor) => &features / f64::from(*divisor),
            Self::DivideEach(divisors) => &features / &divisors.mapv(f64::from),
            Self::Standard { mean, scale, constant } => {
                let mut deviations = &features - &mean.mapv(f64::from);
                for &feature in constant {
                    let rounding = f64::from(f32::EPSILON) * f64::from(mean[feature].abs());
                    deviations
                        .column_mut(feature)
                        .mapv_inplace(|deviation| if deviation.abs() <= rounding { 0.0 } else { deviation });
                }
                deviations / scale.mapv(f64::from)
            }
        }
    }

    /// Bytes of its numbers.
    pub(super) fn bytes(&self) -> u64 {
        let numbers = match self {
            Self::None => 0,
            Self::Divide(_) => 1,
            Self::DivideEach(divisors) => divisors.len(),
            Self::Standard { mean, scale, .. } => mean.len() + scale.len(),
        };
        numbers as u64 * FLOAT_BYTES
    }
}

/// Refuses numbers that are no scaling of so many features.
pub(super) fn check(scaling: &FeatureScaling, features: usize) -> Result<(), PackedError> {
    let is_divisor = |number: &f32| *number != 0.0 && number.is_finite();
    let are_divisors = |numbers: &Array1<f32>| numbers.len() == features && numbers.iter().all(is_divisor);
    let is_right = match scaling {
        FeatureScaling::None => true,
        FeatureScaling::Divide(divisor) => is_divisor(divisor),
        FeatureScaling::DivideEach(divisors) => are_divisors(divisors),
        FeatureScaling::Standard { mean, scale, constant } => {
            are_divisors(scale)
                && mean.len() == features
                && mean.iter().all(|number| number.is_finite())
                && constant.is_sorted_by(|before, after| before < after)
                && constant.last().is_none_or(|last| *last < features)
        }
    };
    match is_right {
        true => Ok(()),
        false => Err(PackedError::Contradiction(format!(
            "the scaler does not fit {features} features: expected finite numbers for each, none of them a divisor of 0"
        ))),
    }
}

/// What the header says of the scaling; its numbers are added to the tensors.
pub(super) fn write(scaling: &FeatureScaling, tensors: &mut Tensors) -> ScalingHeader {
    let mut add = |name: &str, numbers: &[f32]| {
        tensors.add_floats(name, vec![numbers.len()], numbers.iter().copied());
    };
    match scaling {
        FeatureScaling::None => ScalingHeader::None,
        FeatureScaling::Divide(divisor) => {
            add(DIVISOR, &[*divisor]);
            ScalingHeader::Divide
        }
        FeatureScaling::DivideEach(divisors) => {
            add(DIVISORS, &divisors.to_vec());
            ScalingHeader::DivideEach
        }
        FeatureScaling::Standard { mean, scale, constant } => {
            add(MEAN, &mean.to_vec());
            add(SCALE, &scale.to_vec());
            ScalingHeader::Standard { constant: constant.clone() }
        }
    }
}

/// The scaling of so many features.
pub(super) fn read(
    header: &ScalingHeader,
    features: usize,
    tensors: &Tensors,
) -> Result<FeatureScaling, PackedError> {
    let numbers = |name: &str| tensors.floats(name, features).map(Array1::from);
    Ok(match header {
        ScalingHeader::None => FeatureScaling::None,
        ScalingHeader::Divide => FeatureScaling::Divide(tensors.float(DIVISOR)?),
        ScalingHeader::DivideEach => FeatureScaling::DivideEach(numbers(DIVISORS)?),
        ScalingHeader::Standard { constant } => FeatureScaling::Standard {
            mean: numbers(MEAN)?,
            scale: numbers(SCALE)?,
            constant: constant.clone(),
        },
    })
}

//! What is done to features before the first layer.

use bitsweep_inference::integer::{FeatureCodes, NetworkError};
use bitsweep_quant::ActivationQuantizer;
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

const MEAN: &str = "mean";
const SCALE: &str = "scale";
const DIVISOR: &str = "divisor";
const DIVISORS: &str = "divisors";

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
    /// How far a value of a constant feature may be from its mean, as a part of the mean: `2⁻²³`.
    pub(crate) const CONSTANT_ROUNDING: f64 = f32::EPSILON as f64;

    /// What it is called: `none`, `divide`, `divide-each`, `standard`.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Divide(_) => "divide",
            Self::DivideEach(_) => "divide-each",
            Self::Standard { .. } => "standard",
        }
    }

    /// What makes codes of so many features that are not scaled yet, as `quantizer` makes them of scaled ones.
    ///
    /// # Errors
    /// As [`FeatureCodes::new`].
    pub fn codes(
        &self,
        features: usize,
        quantizer: &ActivationQuantizer,
    ) -> Result<FeatureCodes, NetworkError> {
        let all = |number: f32| vec![number; features];
        let (means, scales) = match self {
            Self::None => (all(0.0), all(1.0)),
            Self::Divide(divisor) => (all(0.0), all(*divisor)),
            Self::DivideEach(divisors) => (all(0.0), divisors.to_vec()),
            Self::Standard { mean, scale, constant: _ } => (mean.to_vec(), scale.to_vec()),
        };
        FeatureCodes::new(means, &scales, quantizer)
    }

    /// The scaled features.
    pub(crate) fn apply(&self, features: ArrayView2<'_, f64>) -> Array2<f64> {
        match self {
            Self::None => features.to_owned(),
            Self::Divide(divisor) => &features / f64::from(*divisor),
            Self::DivideEach(divisors) => &features / &divisors.mapv(f64::from),
            Self::Standard { mean, scale, constant } => {
                let mut deviations = &features - &mean.mapv(f64::from);
                for &feature in constant {
                    let rounding = Self::CONSTANT_ROUNDING * f64::from(mean[feature].abs());
                    deviations
                        .column_mut(feature)
                        .mapv_inplace(|deviation| if deviation.abs() <= rounding { 0.0 } else { deviation });
                }
                deviations / scale.mapv(f64::from)
            }
        }
    }

    /// Its numbers by what they are: `mean`, `scale`, `divisor`, `divisors`.
    pub(super) fn numbers(&self) -> Vec<(&'static str, Vec<f32>)> {
        match self {
            Self::None => Vec::new(),
            Self::Divide(divisor) => vec![(DIVISOR, vec![*divisor])],
            Self::DivideEach(divisors) => vec![(DIVISORS, divisors.to_vec())],
            Self::Standard { mean, scale, .. } => vec![(MEAN, mean.to_vec()), (SCALE, scale.to_vec())],
        }
    }

    /// The features that were constant.
    pub(super) fn constant(&self) -> &[usize] {
        match self {
            Self::None | Self::Divide(_) | Self::DivideEach(_) => &[],
            Self::Standard { constant, .. } => constant,
        }
    }

    /// Bytes of its numbers.
    pub(super) fn bytes(&self) -> u64 {
        self.numbers().iter().map(|(_, numbers)| numbers.len() as u64 * FLOAT_BYTES).sum()
    }
}

/// The name of the tensor of some numbers of the scaler.
pub(super) fn tensor_name(part: &str) -> String {
    format!("scaler.{part}")
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
    for (part, numbers) in scaling.numbers() {
        tensors.add_floats(&tensor_name(part), vec![numbers.len()], numbers.into_iter());
    }
    match scaling {
        FeatureScaling::None => ScalingHeader::None,
        FeatureScaling::Divide(_) => ScalingHeader::Divide,
        FeatureScaling::DivideEach(_) => ScalingHeader::DivideEach,
        FeatureScaling::Standard { constant, .. } => ScalingHeader::Standard { constant: constant.clone() },
    }
}

/// The scaling of so many features.
pub(super) fn read(
    header: &ScalingHeader,
    features: usize,
    tensors: &Tensors,
) -> Result<FeatureScaling, PackedError> {
    let numbers = |part: &str| tensors.floats(&tensor_name(part), features).map(Array1::from);
    Ok(match header {
        ScalingHeader::None => FeatureScaling::None,
        ScalingHeader::Divide => FeatureScaling::Divide(tensors.float(&tensor_name(DIVISOR))?),
        ScalingHeader::DivideEach => FeatureScaling::DivideEach(numbers(DIVISORS)?),
        ScalingHeader::Standard { constant } => FeatureScaling::Standard {
            mean: numbers(MEAN)?,
            scale: numbers(SCALE)?,
            constant: constant.clone(),
        },
    })
}

//! What is done to features before the first layer.

use ndarray::{Array1, Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::error::PackedError;
use super::tensors::Tensors;

/// What is done to features before the first layer; in `f64`, each operation rounded.
#[derive(Clone, Debug, PartialEq)]
pub enum FeatureScaling {
    /// `x`
    None,
    /// `x / divisor`
    Divide(f64),
    /// `(x - mean) / scale`, feature by feature.
    Standard {
        /// One a feature.
        mean: Array1<f64>,
        /// One a feature, not 0.
        scale: Array1<f64>,
        /// Differences from the mean up to this are taken as 0; 0 of most features.
        rounding: Array1<f64>,
    },
}

const MEAN: &str = "scaler.mean";
const SCALE: &str = "scaler.scale";
const ROUNDING: &str = "scaler.rounding";
const DIVISOR: &str = "scaler.divisor";
const FACTORS: &str = "scaler.factors";

/// What the header says of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScalingHeader {
    kind: ScalingKind,
    /// Whether scaled features are then divided by factors of their own.
    #[serde(default, skip_serializing_if = "super::columns::is_false")]
    factors: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ScalingKind {
    None,
    Divide,
    Standard,
}

impl FeatureScaling {
    /// What it is called: `none`, `divide`, `standard`.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Divide(_) => "divide",
            Self::Standard { .. } => "standard",
        }
    }

    /// The scaled features, divided by `factors`.
    pub(super) fn apply(&self, features: ArrayView2<'_, f64>, factors: Option<&Array1<f32>>) -> Array2<f64> {
        let mut scaled = features.to_owned();
        match self {
            Self::None => {}
            Self::Divide(divisor) => scaled.mapv_inplace(|value| value / divisor),
            Self::Standard { mean, scale, rounding } => {
                for mut row in scaled.rows_mut() {
                    let numbers = mean.iter().zip(scale).zip(rounding);
                    for (value, ((mean, scale), rounding)) in row.iter_mut().zip(numbers) {
                        let deviation = *value - mean;
                        *value = if deviation.abs() <= *rounding { 0.0 / scale } else { deviation / scale };
                    }
                }
            }
        }
        if let Some(factors) = factors {
            for mut row in scaled.rows_mut() {
                row.iter_mut().zip(factors).for_each(|(value, factor)| *value /= f64::from(*factor));
            }
        }
        scaled
    }
}

/// Refuses numbers that are no scaling of so many features.
pub(super) fn check(
    scaling: &FeatureScaling,
    factors: Option<&Array1<f32>>,
    features: usize,
) -> Result<(), PackedError> {
    let is_divisor = |number: &f64| *number != 0.0 && number.is_finite();
    let is_right = match scaling {
        FeatureScaling::None => true,
        FeatureScaling::Divide(divisor) => is_divisor(divisor),
        FeatureScaling::Standard { mean, scale, rounding } => {
            [mean, scale, rounding].iter().all(|numbers| numbers.len() == features)
                && mean.iter().all(|number| number.is_finite())
                && scale.iter().all(is_divisor)
                && rounding.iter().all(|number| *number >= 0.0 && number.is_finite())
        }
    };
    let are_right = factors.is_none_or(|factors| {
        factors.len() == features && factors.iter().all(|factor| is_divisor(&f64::from(*factor)))
    });
    match is_right && are_right {
        true => Ok(()),
        false => Err(PackedError::Contradiction(format!(
            "the scaler does not fit {features} features: expected finite numbers for each, none of them a divisor of 0"
        ))),
    }
}

/// What the header says of the scaling; its numbers are added to the tensors.
pub(super) fn write(
    scaling: &FeatureScaling,
    factors: Option<&Array1<f32>>,
    tensors: &mut Tensors,
) -> ScalingHeader {
    let kind = match scaling {
        FeatureScaling::None => ScalingKind::None,
        FeatureScaling::Divide(divisor) => {
            tensors.add_numbers(DIVISOR, &[*divisor]);
            ScalingKind::Divide
        }
        FeatureScaling::Standard { mean, scale, rounding } => {
            tensors.add_numbers(MEAN, &mean.to_vec());
            tensors.add_numbers(SCALE, &scale.to_vec());
            if rounding.iter().any(|rounding| *rounding != 0.0) {
                tensors.add_numbers(ROUNDING, &rounding.to_vec());
            }
            ScalingKind::Standard
        }
    };
    if let Some(factors) = factors {
        tensors.add_floats(FACTORS, vec![factors.len()], factors.iter().copied());
    }
    ScalingHeader { kind, factors: factors.is_some() }
}

/// The scaling and the factors of so many features.
pub(super) fn read(
    header: &ScalingHeader,
    features: usize,
    tensors: &Tensors,
) -> Result<(FeatureScaling, Option<Array1<f32>>), PackedError> {
    let numbers = |name: &str| tensors.numbers(name, features).map(Array1::from);
    let scaling = match header.kind {
        ScalingKind::None => FeatureScaling::None,
        ScalingKind::Divide => {
            let divisor = tensors.numbers(DIVISOR, 1)?;
            FeatureScaling::Divide(divisor.first().copied().unwrap_or_default())
        }
        ScalingKind::Standard => {
            let (mean, scale) = (numbers(MEAN)?, numbers(SCALE)?);
            let rounding = match tensors.get(ROUNDING) {
                Some(_) => numbers(ROUNDING)?,
                None => Array1::zeros(mean.len()),
            };
            FeatureScaling::Standard { mean, scale, rounding }
        }
    };
    let factors = match header.factors {
        true => Some(Array1::from(tensors.floats(FACTORS, features)?)),
        false => None,
    };
    Ok((scaling, factors))
}

//! From logits to probabilities and classes.

use ndarray::{Array2, ArrayView2};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::float::Float;

/// How logits become probabilities.
///
/// It is what follows the last layer. A model that ends in a softmax, or in its logarithm, has the head `softmax`; one that
/// ends in a logistic function for each of several classes has `one-vs-rest`. The largest logit is the largest probability
/// under both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Head {
    /// `p_j = exp(z_j) / Σ_i exp(z_i)`.
    Softmax,
    /// `p_j = σ(z_j) / Σ_i σ(z_i)` with the logistic function `σ(z) = 1 / (1 + exp(-z))`: independent two-class models,
    /// normalized as scikit-learn's `OneVsRestClassifier` does.
    OneVsRest,
}

impl Head {
    /// The probabilities, `(batch, classes)`, that belong to `logits`, of the same shape; each row sums to 1.
    ///
    /// Both formulas are evaluated without overflow, also where every `σ(z)` underflows. A row with a NaN or infinite
    /// logit gives NaN.
    pub fn probabilities<T: Float>(self, logits: ArrayView2<'_, T>) -> Array2<f64> {
        let mut probabilities = logits.mapv(Into::<f64>::into);
        for mut row in probabilities.outer_iter_mut() {
            if matches!(self, Self::OneVsRest) {
                row.mapv_inplace(ln_logistic);
            }
            // Both heads are a softmax: of the logits, and of ln σ(z).
            let largest = row.fold(f64::NEG_INFINITY, |largest, &value| largest.max(value));
            let mut sum = 0.0;
            for value in &mut row {
                *value = libm::exp(*value - largest);
                sum += *value;
            }
            row.mapv_inplace(|value| value / sum);
        }
        probabilities
    }
}

/// `ln σ(z) = -ln(1 + exp(-z))`, from the exponential that does not overflow.
pub(crate) fn ln_logistic(z: f64) -> f64 {
    if z > 0.0 { -libm::log1p(libm::exp(-z)) } else { z - libm::log1p(libm::exp(z)) }
}

/// The class of each row: the index of its largest logit, the first of several equal ones.
///
/// A NaN is never the largest; a row of NaN alone gives class 0.
///
/// ```
/// use ndarray::array;
/// assert_eq!(bitsweep_models::predict(array![[0.1_f32, 2.0, 2.0], [3.0, -1.0, 0.0]].view()), [1, 0]);
/// ```
pub fn predict<T: Float>(logits: ArrayView2<'_, T>) -> Vec<usize> {
    let mut classes = Vec::with_capacity(logits.nrows());
    predict_into(logits, &mut classes);
    classes
}

/// [`predict`] into a vector that is cleared first and can be used again.
pub fn predict_into<T: Float>(logits: ArrayView2<'_, T>, classes: &mut Vec<usize>) {
    classes.clear();
    classes.extend(logits.outer_iter().map(|row| {
        let mut best = 0;
        for (class, &logit) in row.iter().enumerate() {
            if logit > row[best] || (row[best].is_nan() && !logit.is_nan()) {
                best = class;
            }
        }
        best
    }));
}

//! From the outputs of the last layer to logits, probabilities and classes.

use std::fmt;

use ndarray::{Array2, ArrayView2};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::each::Each;
use crate::float::{Float, ForEachFloat};

/// How logits become probabilities.
///
/// It is what follows the last layer. A model that ends in a softmax, or in its logarithm, has the head `softmax`; one that
/// ends in a logistic function for each of several classes has `one-vs-rest`; one that has a single output, the logit of the
/// second of two classes, has `logistic`. The largest logit is the largest probability under all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Head {
    /// `p_j = exp(z_j) / Σ_i exp(z_i)`.
    Softmax,
    /// `p_j = σ(z_j) / Σ_i σ(z_i)` with the logistic function `σ(z) = 1 / (1 + exp(-z))`: independent two-class models,
    /// normalized as scikit-learn's `OneVsRestClassifier` does.
    OneVsRest,
    /// `p_1 = σ(z)` and `p_0 = 1 - p_1 = σ(-z)` of the only output `z`: two classes, the second one where `z > 0`. The logits are
    /// `[0, z]`.
    Logistic,
}

impl Head {
    /// How many classes a last layer of so many outputs tells apart; `None` where the head does not take so many.
    ///
    /// ```
    /// use bitsweep_models::Head;
    /// assert_eq!(Head::Softmax.classes(3), Some(3));
    /// assert_eq!(Head::Logistic.classes(1), Some(2));
    /// assert_eq!((Head::Softmax.classes(1), Head::Logistic.classes(2)), (None, None));
    /// ```
    pub fn classes(self, outputs: usize) -> Option<usize> {
        match self {
            Self::Softmax | Self::OneVsRest => (outputs > 1).then_some(outputs),
            Self::Logistic => (outputs == 1).then_some(2),
        }
    }

    /// What [`classes`](Self::classes) takes, as the end of a sentence.
    pub(crate) fn expected_outputs(self) -> &'static str {
        match self {
            Self::Softmax | Self::OneVsRest => "one for each of two or more classes, or the head `logistic`",
            Self::Logistic => "a single one, the logit of the second of two classes",
        }
    }

    /// Makes logits, `(batch, classes)`, of the `outputs` of the last layer, `(batch, out)`, both row after row: `[0, z]` of
    /// the only output `z` of [`Logistic`](Self::Logistic), and the outputs as they are otherwise.
    ///
    /// As `softmax([0, z]) = [σ(-z), σ(z)]`, nothing behind it has to know of models with one output.
    pub(crate) fn complete<T: Float>(self, outputs: &mut Vec<T>) {
        match self {
            Self::Softmax | Self::OneVsRest => {}
            Self::Logistic => {
                let rows = outputs.len();
                outputs.resize(2 * rows, T::ZERO);
                // From the last row, so that each output is read before it is overwritten.
                for row in (0..rows).rev() {
                    outputs[2 * row + 1] = outputs[row];
                    outputs[2 * row] = T::ZERO;
                }
            }
        }
    }

    /// The probabilities, `(batch, classes)`, that belong to `logits`, of the same shape; each row sums to 1.
    ///
    /// All formulas are evaluated without overflow, also where every `σ(z)` underflows, and without cancellation. A row with a
    /// NaN or infinite logit gives NaN.
    pub fn probabilities<T: Float>(self, logits: ArrayView2<'_, T>) -> Array2<f64> {
        PROBABILITIES.of()(self, logits)
    }

    fn probabilities_as<T: Float>(self, logits: ArrayView2<'_, T>) -> Array2<f64> {
        let mut probabilities = logits.mapv(Into::<f64>::into);
        for mut row in probabilities.outer_iter_mut() {
            if row.iter().any(|logit| !logit.is_finite()) {
                row.fill(f64::NAN);
                continue;
            }
            // Every head is a softmax: of the logits, or of ln σ(z).
            match self {
                Self::Softmax | Self::Logistic => {}
                Self::OneVsRest => row.mapv_inplace(ln_logistic),
            }
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

struct Probabilities;

impl ForEachFloat for Probabilities {
    type Of<T: Float> = fn(Head, ArrayView2<'_, T>) -> Array2<f64>;
}

static PROBABILITIES: Each<Probabilities> =
    Each { of_f32: Head::probabilities_as, of_f64: Head::probabilities_as };

/// As files of experiments spell it.
impl fmt::Display for Head {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Softmax => "softmax",
            Self::OneVsRest => "one-vs-rest",
            Self::Logistic => "logistic",
        })
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
    PREDICT.of()(logits, classes);
}

struct Predict;

impl ForEachFloat for Predict {
    type Of<T: Float> = fn(ArrayView2<'_, T>, &mut Vec<usize>);
}

static PREDICT: Each<Predict> = Each { of_f32: predict_as, of_f64: predict_as };

fn predict_as<T: Float>(logits: ArrayView2<'_, T>, classes: &mut Vec<usize>) {
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

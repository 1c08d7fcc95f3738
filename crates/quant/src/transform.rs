//! Rescalings of two neighbouring layers that leave their function as it is and make it easier to quantize.

use ndarray::{Array1, Array2, Axis};
use serde::{Deserialize, Serialize};

use crate::real::Real;

/// A rescaling of hidden unit `j` between two layers: `W1[:,j] /= s_j`, `b1_j /= s_j`, `W2[j,:] *= s_j`.
///
/// The function of the network stays the same, up to rounding, for activations with `f(s·x) = s·f(x)` for `s > 0`, of
/// which ReLU and the identity are two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    /// Leave the layers as they are.
    #[default]
    None,
    /// Notebook 000's equalization, see [`absmax_equalization`].
    AbsmaxEqualization,
    /// Nagel et al. 2019, §4.1, see [`cross_layer_equalization`].
    CrossLayerEqualization,
}

/// What a transform did.
#[derive(Debug, Clone, PartialEq)]
pub struct Equalization<T> {
    /// The factor `s_j` of each hidden unit.
    pub factors: Array1<T>,
}

impl<T: Real> Equalization<T> {
    /// Whether any factor differs from 1.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.factors.iter().any(|&factor| factor != T::ONE)
    }
}

/// Layers that do not fit each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a layer of {outputs} outputs, its bias of {biases} and a next layer of {inputs} inputs do not fit: expected the same number"
)]
pub struct LayerMismatch {
    /// Columns of the first weights.
    pub outputs: usize,
    /// Length of the first bias.
    pub biases: usize,
    /// Rows of the second weights.
    pub inputs: usize,
}

impl Transform {
    /// Applies the transform to two neighbouring layers in place.
    ///
    /// # Errors
    /// When the layers do not fit each other.
    pub fn apply<T: Real>(
        self,
        first: &mut Array2<T>,
        first_bias: &mut Array1<T>,
        second: &mut Array2<T>,
    ) -> Result<Equalization<T>, LayerMismatch> {
        match self {
            Self::None => {
                fit(first, first_bias, second)?;
                Ok(Equalization { factors: Array1::from_elem(first.ncols(), T::ONE) })
            }
            Self::AbsmaxEqualization => absmax_equalization(first, first_bias, second),
            Self::CrossLayerEqualization => cross_layer_equalization(first, first_bias, second),
        }
    }
}

impl std::fmt::Display for Transform {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(match self {
            Self::None => "none",
            Self::AbsmaxEqualization => "absmax-equalization",
            Self::CrossLayerEqualization => "cross-layer-equalization",
        })
    }
}

/// Notebook 000's equalization: `s_j = max|W1[:,j]| / max_i max|W1[:,i]|`, so that all columns of the first layer have
/// the same largest magnitude; `s_j = 1` where a column is zero.
///
/// `first` is `(in, hidden)`, `first_bias` `(hidden)` and `second` `(hidden, out)`; all change in place, in the
/// arithmetic of `T`.
///
/// # Errors
/// When the layers do not fit each other.
pub fn absmax_equalization<T: Real>(
    first: &mut Array2<T>,
    first_bias: &mut Array1<T>,
    second: &mut Array2<T>,
) -> Result<Equalization<T>, LayerMismatch> {
    fit(first, first_bias, second)?;
    let columns = largest_magnitudes(first, Axis(1));
    let largest = columns.iter().fold(T::ZERO, |largest, &column| largest.greater(column));
    let factors = columns.mapv(|column| positive_or_one(column / largest));
    rescale(&factors, first, first_bias, second);
    Ok(Equalization { factors })
}

/// Cross-layer equalization (Nagel et al. 2019, Data-Free Quantization, §4.1): `s_j = sqrt(max|W1[:,j]| /
/// max|W2[j,:]|)`, so that column `j` of the first and row `j` of the second layer have the same largest magnitude;
/// `s_j = 1` where one of them is zero.
///
/// Shapes and errors are those of [`absmax_equalization`]; the factors are computed in `f64`.
///
/// # Errors
/// When the layers do not fit each other.
pub fn cross_layer_equalization<T: Real>(
    first: &mut Array2<T>,
    first_bias: &mut Array1<T>,
    second: &mut Array2<T>,
) -> Result<Equalization<T>, LayerMismatch> {
    fit(first, first_bias, second)?;
    let columns = largest_magnitudes(first, Axis(1));
    let rows = largest_magnitudes(second, Axis(0));
    let pairs = columns.iter().zip(&rows);
    let factors = pairs
        .map(|(column, row)| positive_or_one(T::from_f64((column.to_f64() / row.to_f64()).sqrt())))
        .collect();
    rescale(&factors, first, first_bias, second);
    Ok(Equalization { factors })
}

fn fit<T>(first: &Array2<T>, first_bias: &Array1<T>, second: &Array2<T>) -> Result<(), LayerMismatch> {
    let (outputs, biases, inputs) = (first.ncols(), first_bias.len(), second.nrows());
    if outputs == biases && biases == inputs {
        Ok(())
    } else {
        Err(LayerMismatch { outputs, biases, inputs })
    }
}

/// The largest magnitude at each index along `axis`; 0 where there is no value.
fn largest_magnitudes<T: Real>(matrix: &Array2<T>, axis: Axis) -> Array1<T> {
    let largest = |lane: ndarray::ArrayView1<'_, T>| {
        lane.iter().fold(T::ZERO, |largest, value| largest.greater(value.abs()))
    };
    matrix.axis_iter(axis).map(largest).collect()
}

/// A factor that can be divided by and multiplied with: 1 for 0, infinity (a quotient by 0, or overflow) and NaN (0/0).
fn positive_or_one<T: Real>(factor: T) -> T {
    if factor > T::ZERO && factor.is_finite() { factor } else { T::ONE }
}

fn rescale<T: Real>(
    factors: &Array1<T>,
    first: &mut Array2<T>,
    first_bias: &mut Array1<T>,
    second: &mut Array2<T>,
) {
    for mut row in first.rows_mut() {
        row.zip_mut_with(factors, |weight, &factor| *weight = *weight / factor);
    }
    first_bias.zip_mut_with(factors, |bias, &factor| *bias = *bias / factor);
    for (mut row, &factor) in second.rows_mut().into_iter().zip(factors) {
        row.mapv_inplace(|weight| weight * factor);
    }
}

//! Absorption of high biases: what a unit always gives moves into the biases of the next layer.

use ndarray::{Array1, ArrayView2, Axis};

use crate::layer::calibration::{CalibrationError, Moments};
use crate::number::Real;

/// What each unit always gives: `c_j = max(0, mean - 3·deviation)` of its sums `(n, hidden)` before the ReLU over
/// calibration rows (Nagel et al. 2019, Data-Free Quantization, §4.1.3, where mean and deviation are those of batch
/// normalization).
///
/// # Errors
/// No rows, or a sum that is not finite.
pub fn absorbable<T: Real>(sums: ArrayView2<'_, f64>) -> Result<Array1<T>, CalibrationError> {
    let Moments { mean, variance } = Moments::of_inputs(sums)?;
    let pairs = mean.iter().zip(&variance);
    Ok(pairs.map(|(mean, variance)| T::from_f64((mean - 3.0 * variance.sqrt()).max(0.0))).collect())
}

/// `b1 -= c` and `b2 += c·W2`, `W2 (hidden, out)`.
///
/// As `max(0, x - c) = max(0, x) - c` for every `x ≥ c`, the network computes the same for all rows whose sums lie above
/// `c`: of normal sums all but 0.13 %. The others change. Activations have a smaller range afterwards.
pub fn absorb<T: Real>(
    absorbed: &Array1<T>,
    first_bias: &mut Array1<T>,
    second: ArrayView2<'_, T>,
    second_bias: &mut Array1<T>,
) {
    first_bias.zip_mut_with(absorbed, |bias, &absorbed| *bias = *bias - absorbed);
    for (row, &absorbed) in second.axis_iter(Axis(0)).zip(absorbed) {
        second_bias.zip_mut_with(&row, |bias, &weight| *bias = *bias + absorbed * weight);
    }
}

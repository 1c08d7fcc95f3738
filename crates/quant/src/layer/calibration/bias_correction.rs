//! The mean output of a quantized layer, put back where it was.

use ndarray::{Array1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use crate::number::Real;

use super::error::CalibrationError;

/// What happens to biases once the weights of their layer are quantized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BiasCorrection {
    /// They stay as they are.
    #[default]
    None,
    /// The shift of the mean output over the calibration inputs is taken off, see [`mean_shift`].
    Empirical,
    /// The same shift as expected from the means and variances of the features, see [`Moments`](super::Moments).
    Analytic,
}

/// `mean(y) - mean(ŷ)` of each output over the rows of `float` and `quantized`, both `(n, out)`: what must be added to the
/// bias so that the quantized layer has the mean output of the float one (Nagel, van Baalen, Blankevoort & Welling 2019,
/// *Data-Free Quantization Through Weight Equalization and Bias Correction*, §4.2 and appendix D).
///
/// Outputs are taken before the activation function. Summed in `f64`, row by row.
///
/// ```
/// use bitsweep_quant::mean_shift;
/// use ndarray::array;
///
/// let shift = mean_shift(array![[1.0, 2.0], [3.0, 2.0]].view(), array![[1.5, 2.0], [2.0, 3.0]].view());
/// assert_eq!(shift.unwrap(), array![0.25, -0.5]);
/// ```
///
/// # Errors
/// No rows, or outputs of different shapes.
pub fn mean_shift<T: Real>(
    float: ArrayView2<'_, T>,
    quantized: ArrayView2<'_, T>,
) -> Result<Array1<f64>, CalibrationError> {
    if float.dim() != quantized.dim() {
        return Err(CalibrationError::Outputs { expected: float.dim(), found: quantized.dim() });
    }
    let rows = float.nrows();
    if rows == 0 {
        return Err(CalibrationError::NoRows);
    }
    let mut sums = Array1::zeros(float.ncols());
    for (float, quantized) in float.axis_iter(Axis(0)).zip(quantized.axis_iter(Axis(0))) {
        for (sum, (float, quantized)) in sums.iter_mut().zip(float.iter().zip(quantized)) {
            *sum += float.to_f64() - quantized.to_f64();
        }
    }
    Ok(sums / rows as f64)
}

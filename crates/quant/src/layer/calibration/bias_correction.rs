//! The mean output of a quantized layer, put back where it was.

use ndarray::{Array1, ArrayView2, Axis};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::CalibrationError;

/// What happens to biases once the weights of their layer are quantized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BiasCorrection {
    /// They stay as they are.
    #[default]
    None,
    /// The [shift of the mean output](mean_shift) over the calibration rows is taken off.
    Empirical,
    /// The same shift as expected from the [means and variances](super::Moments) of the features.
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
pub fn mean_shift(
    float: ArrayView2<'_, f64>,
    quantized: ArrayView2<'_, f64>,
) -> Result<Array1<f64>, CalibrationError> {
    let mut sum = ShiftSum::new(float.ncols());
    sum.add(float, quantized)?;
    sum.finish()
}

/// A mean shift that is summed up batch by batch: the same bits as [`mean_shift`] of all rows, however they are divided.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftSum {
    rows: usize,
    sums: Array1<f64>,
}

impl ShiftSum {
    /// The sum over no rows of so many outputs.
    #[must_use]
    pub fn new(outputs: usize) -> Self {
        Self { rows: 0, sums: Array1::zeros(outputs) }
    }

    /// Adds the rows of two batches `(n, out)`, in `f64` one after the other.
    ///
    /// # Errors
    /// Outputs of different shapes, or more or fewer outputs than before: nothing of the batches is added then.
    pub fn add(
        &mut self,
        float: ArrayView2<'_, f64>,
        quantized: ArrayView2<'_, f64>,
    ) -> Result<(), CalibrationError> {
        let expected = (float.nrows(), self.sums.len());
        if let Some(found) = [float.dim(), quantized.dim()].into_iter().find(|found| *found != expected) {
            return Err(CalibrationError::Outputs { expected, found });
        }
        for (float, quantized) in float.axis_iter(Axis(0)).zip(quantized.axis_iter(Axis(0))) {
            for (sum, (float, quantized)) in self.sums.iter_mut().zip(float.iter().zip(quantized)) {
                *sum += float - quantized;
            }
        }
        self.rows += float.nrows();
        Ok(())
    }

    /// The mean shift of each output.
    ///
    /// # Errors
    /// No rows.
    pub fn finish(self) -> Result<Array1<f64>, CalibrationError> {
        match self.rows {
            0 => Err(CalibrationError::NoRows),
            rows => Ok(self.sums / rows as f64),
        }
    }
}

//! Mean and variance of a layer's inputs, carried through the network without looking at more rows.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use ndarray::{Array1, ArrayView1, ArrayView2};

use crate::number::Real;

use super::error::CalibrationError;

/// Mean and variance of each of several numbers that are taken to be independent and normal.
///
/// The analytic correction of biases (Nagel, van Baalen, Blankevoort & Welling 2019, *Data-Free Quantization Through
/// Weight Equalization and Bias Correction*, §4.2.1 and appendix C) needs the mean input `E[x]` of every layer. The
/// paper takes mean and variance of a hidden unit from its batch normalization; here, without one, they are propagated
/// from those of the features: [`through`](Self::through) a layer, then [`rectified`](Self::rectified) by its ReLU.
///
/// Two assumptions are made. Inputs of a layer are independent of each other: correlated ones make the variance of its
/// sums wrong, and with it the mean after the ReLU (not the mean before). Sums are normal: true for normal inputs of the
/// first layer, and nearly so for sums of many.
///
/// ```
/// use bitsweep_quant::Moments;
/// use ndarray::array;
///
/// let features = Moments::of_inputs(array![[1.0, -2.0], [1.0, 2.0]].view()).unwrap();
/// assert_eq!((features.mean[0], features.variance[0]), (1.0, 0.0));
/// assert_eq!((features.mean[1], features.variance[1]), (0.0, 4.0));
/// // The mean of max(0, x) for a standard normal x is 1/√(2π).
/// let sums = features.through(array![[0.0], [0.5]].view(), array![0.0].view()).unwrap();
/// assert!((sums.rectified().mean[0] - 0.398_942_280_401_432_7).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// `E[x]` of each.
    pub mean: Array1<f64>,
    /// `E[(x - E[x])²]` of each.
    pub variance: Array1<f64>,
}

impl Moments {
    /// Those of the columns of `inputs (n, in)`, the variance divided by `n`; summed in `f64` row by row.
    ///
    /// # Errors
    /// No rows, or an input that is not finite.
    pub fn of_inputs<T: Real>(inputs: ArrayView2<'_, T>) -> Result<Self, CalibrationError> {
        let (rows, columns) = inputs.dim();
        if rows == 0 {
            return Err(CalibrationError::NoRows);
        }
        if let Some(((row, column), value)) = inputs.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(CalibrationError::NotFinite { row, column, value: value.to_f64() });
        }
        let count = rows as f64;
        let mut mean = Array1::zeros(columns);
        for row in inputs.rows() {
            for (sum, value) in mean.iter_mut().zip(row) {
                *sum += value.to_f64();
            }
        }
        mean.mapv_inplace(|sum: f64| sum / count);
        let mut variance = Array1::zeros(columns);
        for row in inputs.rows() {
            for ((sum, value), mean) in variance.iter_mut().zip(row).zip(&mean) {
                let distance = value.to_f64() - mean;
                *sum += distance * distance;
            }
        }
        variance.mapv_inplace(|sum: f64| sum / count);
        Ok(Self { mean, variance })
    }

    /// Those of `x·W + b`, `W (in, out)` and `b (out)`: mean `E[x]·W + b`, variance `Σᵢ wᵢⱼ²·Var[xᵢ]`.
    ///
    /// # Errors
    /// When there are more or fewer inputs than rows of the weights.
    pub fn through<T: Real>(
        &self,
        weights: ArrayView2<'_, T>,
        bias: ArrayView1<'_, T>,
    ) -> Result<Self, CalibrationError> {
        self.expect(weights)?;
        let mut mean = bias.mapv(Real::to_f64);
        let mut variance = Array1::zeros(weights.ncols());
        for (row, (input, spread)) in weights.rows().into_iter().zip(self.mean.iter().zip(&self.variance)) {
            for ((mean, variance), weight) in mean.iter_mut().zip(variance.iter_mut()).zip(row) {
                let weight = weight.to_f64();
                *mean += weight * input;
                *variance += weight * weight * spread;
            }
        }
        Ok(Self { mean, variance })
    }

    /// Those of `max(0, x)` for a normal `x` of mean `μ` and deviation `σ`, with density `φ` and distribution `Φ` of the
    /// standard normal at `μ/σ`: mean `μ·Φ + σ·φ`, second moment `(μ² + σ²)·Φ + μ·σ·φ` (the paper's clipped normal).
    #[must_use]
    pub fn rectified(&self) -> Self {
        let pairs = self.mean.iter().zip(&self.variance);
        let (mean, variance) = pairs.map(|(&mean, &variance)| rectified(mean, variance)).unzip();
        Self { mean: Array1::from_vec(mean), variance: Array1::from_vec(variance) }
    }

    /// `E[x]·(W - Ŵ)` of each output: what must be added to the bias of a layer with the quantized weights `Ŵ (in, out)`
    /// so that its mean output is that of the layer with the float weights `W`.
    ///
    /// # Errors
    /// When weights and inputs do not fit.
    pub fn expected_shift<T: Real>(
        &self,
        float: ArrayView2<'_, T>,
        quantized: ArrayView2<'_, T>,
    ) -> Result<Array1<f64>, CalibrationError> {
        if float.dim() != quantized.dim() {
            return Err(CalibrationError::Outputs { expected: float.dim(), found: quantized.dim() });
        }
        self.expect(float)?;
        let mut shift = Array1::zeros(float.ncols());
        for ((float, quantized), mean) in float.rows().into_iter().zip(quantized.rows()).zip(&self.mean) {
            for (shift, (float, quantized)) in shift.iter_mut().zip(float.iter().zip(quantized)) {
                *shift += mean * (float.to_f64() - quantized.to_f64());
            }
        }
        Ok(shift)
    }

    fn expect<T>(&self, weights: ArrayView2<'_, T>) -> Result<(), CalibrationError> {
        if weights.nrows() == self.mean.len() {
            Ok(())
        } else {
            Err(CalibrationError::Moments { weights: weights.nrows(), moments: self.mean.len() })
        }
    }
}

/// Mean and variance of `max(0, x)`.
fn rectified(mean: f64, variance: f64) -> (f64, f64) {
    let deviation = variance.sqrt();
    if deviation == 0.0 {
        return (mean.max(0.0), 0.0);
    }
    let standardized = mean / deviation;
    let density = libm::exp(-0.5 * standardized * standardized) / (2.0 * PI).sqrt();
    let below = 0.5 * libm::erfc(-standardized * FRAC_1_SQRT_2);
    let first = mean * below + deviation * density;
    let second = (mean * mean + variance) * below + mean * deviation * density;
    // Far below zero both are differences of numbers that round to each other.
    (first.max(0.0), (second - first * first).max(0.0))
}

//! Mean and variance of a layer's inputs, carried through the network without looking at more rows.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use ndarray::{Array1, ArrayView1, ArrayView2};

use crate::number::Real;

use super::batch::expect_batch;
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
    pub fn of_inputs(inputs: ArrayView2<'_, f64>) -> Result<Self, CalibrationError> {
        let mut means = MeanSum::new(inputs.ncols());
        means.add(inputs)?;
        let mut variances = means.finish()?;
        variances.add(inputs)?;
        variances.finish()
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

/// The first of two passes over batches of rows, which finds the mean; the second, [`VarianceSum`], adds the squared
/// distances from it. Together they have the bits of [`Moments::of_inputs`] of all rows, however these are divided.
///
/// ```
/// use bitsweep_quant::{MeanSum, Moments};
/// use ndarray::{array, s};
///
/// let inputs = array![[1.0, 2.0], [3.0, 0.1], [0.7, -1.0]];
/// let batches = || [inputs.slice(s![..1, ..]), inputs.slice(s![1.., ..])];
/// let mut means = MeanSum::new(2);
/// batches().into_iter().try_for_each(|batch| means.add(batch)).unwrap();
/// let mut variances = means.finish().unwrap();
/// batches().into_iter().try_for_each(|batch| variances.add(batch)).unwrap();
/// assert_eq!(variances.finish().unwrap(), Moments::of_inputs(inputs.view()).unwrap());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MeanSum {
    rows: usize,
    sums: Array1<f64>,
}

/// The second of two passes over batches of rows; see [`MeanSum`].
#[derive(Debug, Clone, PartialEq)]
pub struct VarianceSum {
    /// Rows of the first pass.
    expected: usize,
    rows: usize,
    mean: Array1<f64>,
    /// Squared distances from the mean.
    sums: Array1<f64>,
}

impl MeanSum {
    /// The sum over no rows of so many inputs.
    #[must_use]
    pub fn new(inputs: usize) -> Self {
        Self { rows: 0, sums: Array1::zeros(inputs) }
    }

    /// Adds the rows of `batch (n, in)`, in `f64` one after the other.
    ///
    /// # Errors
    /// More or fewer inputs than before, or an input that is not finite: nothing of the batch is added then.
    pub fn add(&mut self, batch: ArrayView2<'_, f64>) -> Result<(), CalibrationError> {
        expect_batch(batch, self.sums.len(), self.rows)?;
        for row in batch.rows() {
            for (sum, value) in self.sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
        self.rows += batch.nrows();
        Ok(())
    }

    /// The second pass, which starts from the mean of all rows.
    ///
    /// # Errors
    /// No rows.
    pub fn finish(self) -> Result<VarianceSum, CalibrationError> {
        let Self { rows, sums } = self;
        if rows == 0 {
            return Err(CalibrationError::NoRows);
        }
        let count = rows as f64;
        let mean = sums.mapv_into(|sum| sum / count);
        Ok(VarianceSum { expected: rows, rows: 0, sums: Array1::zeros(mean.len()), mean })
    }
}

impl VarianceSum {
    /// Adds the rows of `batch (n, in)`, one of those of the first pass.
    ///
    /// # Errors
    /// As [`MeanSum::add`].
    pub fn add(&mut self, batch: ArrayView2<'_, f64>) -> Result<(), CalibrationError> {
        expect_batch(batch, self.sums.len(), self.rows)?;
        for row in batch.rows() {
            for ((sum, value), mean) in self.sums.iter_mut().zip(row).zip(&self.mean) {
                let distance = value - mean;
                *sum += distance * distance;
            }
        }
        self.rows += batch.nrows();
        Ok(())
    }

    /// Mean and variance of all rows.
    ///
    /// # Errors
    /// When the second pass had more or fewer rows than the first.
    pub fn finish(self) -> Result<Moments, CalibrationError> {
        let Self { expected, rows, mean, sums } = self;
        if rows != expected {
            return Err(CalibrationError::Passes { expected, found: rows });
        }
        let count = rows as f64;
        Ok(Moments { mean, variance: sums.mapv_into(|sum| sum / count) })
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

//! How much quantization changes values.

use ndarray::ArrayView2;

use crate::real::Real;

/// Sums over values and their reconstructions, from which all error measures follow.
///
/// ```
/// use bitsweep_quant::Errors;
/// use ndarray::array;
///
/// let errors = Errors::measure(array![[1.0, 2.0]].view(), array![[1.0, 2.5]].view());
/// assert_eq!((errors.count, errors.sse, errors.mse(), errors.max_error), (2, 0.25, 0.125, 0.5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Errors {
    /// Number of values.
    pub count: usize,
    /// Sum of squared errors `Σ(w - ŵ)²` (notebook 000's "MSE").
    pub sse: f64,
    /// Sum of squares `Σw²`.
    pub signal: f64,
    /// Largest magnitude of an error.
    pub max_error: f64,
}

impl Errors {
    /// The errors of `reconstruction` against `original`, added up in `f64` in row-major order; values beyond the
    /// smaller of the two shapes are left out.
    #[must_use]
    pub fn measure<T: Real>(original: ArrayView2<'_, T>, reconstruction: ArrayView2<'_, T>) -> Self {
        let mut errors = Self::default();
        for (original, reconstruction) in original.iter().zip(reconstruction) {
            errors.add(*original, *reconstruction);
        }
        errors
    }

    /// Adds one value.
    #[inline(always)]
    pub(crate) fn add<T: Real>(&mut self, original: T, reconstruction: T) {
        let original = original.to_f64();
        let error = original - reconstruction.to_f64();
        self.count += 1;
        self.sse += error * error;
        self.signal += original * original;
        self.max_error = self.max_error.greater(error.abs());
    }

    /// The errors of two sets of values together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sse: self.sse + other.sse,
            signal: self.signal + other.signal,
            max_error: self.max_error.max(other.max_error),
        }
    }

    /// Mean squared error `sse/n`; 0 of no values.
    #[must_use]
    pub fn mse(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sse / self.count as f64 }
    }

    /// Signal-to-quantization-noise ratio `10·log₁₀(Σw²/Σ(w - ŵ)²)` in decibels; infinite where nothing was lost.
    #[must_use]
    pub fn sqnr_db(&self) -> f64 {
        if self.sse == 0.0 { f64::INFINITY } else { 10.0 * libm::log10(self.signal / self.sse) }
    }
}

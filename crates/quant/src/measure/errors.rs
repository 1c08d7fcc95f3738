//! How much quantization changes values.

use ndarray::ArrayView2;
use pulp::{Arch, NullaryFnOnce};

use crate::number::{Real, row_major};
use crate::tensor::{QuantizeError, Quantized};

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
    /// The errors of `reconstruction` against `original`, up to the end of the shorter one.
    ///
    /// Sums are of `f64`. Value `i` in row-major order enters sum `i mod 32`, and the 32 sums are added up in order.
    #[must_use]
    pub fn measure<T: Real>(original: ArrayView2<'_, T>, reconstruction: ArrayView2<'_, T>) -> Self {
        let (original, reconstruction) = (row_major(original), row_major(reconstruction));
        Arch::new().dispatch(Measure { original: &original, reconstruction: &reconstruction })
    }

    /// Adds one value.
    #[inline(always)]
    fn add<T: Real>(&mut self, original: T, reconstruction: T) {
        let original = original.to_f64();
        let error = original - reconstruction.to_f64();
        self.count += 1;
        self.sse += error * error;
        self.signal += original * original;
        self.max_error = error.abs().greater(self.max_error);
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

impl Quantized {
    /// The errors of every block against the values that were quantized, in order.
    ///
    /// # Errors
    /// When `original` has another shape or type.
    pub fn block_errors<T: Real>(&self, original: ArrayView2<'_, T>) -> Result<Vec<Errors>, QuantizeError> {
        self.expect_shape(original.dim())?;
        let reconstruction = self.decoded(self.parameters::<T>()?);
        let blocks = self.blocks();
        let mut errors = vec![Errors::default(); blocks.len()];
        for (((row, column), &original), reconstruction) in original.indexed_iter().zip(reconstruction) {
            errors[blocks.index_of(row, column)].add(original, reconstruction);
        }
        Ok(errors)
    }
}

/// Independent sums.
const LANES: usize = 32;

struct Measure<'a, T> {
    original: &'a [T],
    reconstruction: &'a [T],
}

impl<T: Real> NullaryFnOnce for Measure<'_, T> {
    type Output = Errors;

    #[inline(always)]
    fn call(self) -> Errors {
        let count = self.original.len().min(self.reconstruction.len());
        let (originals, rest) = self.original[..count].as_chunks::<LANES>();
        let (reconstructions, other_rest) = self.reconstruction[..count].as_chunks::<LANES>();
        let mut lanes = Lanes::default();
        for (original, reconstruction) in originals.iter().zip(reconstructions) {
            lanes.add(original, reconstruction);
        }
        // Zeros add nothing.
        let mut padded = [[T::ZERO; LANES]; 2];
        padded[0][..rest.len()].copy_from_slice(rest);
        padded[1][..rest.len()].copy_from_slice(other_rest);
        lanes.add(&padded[0], &padded[1]);
        Errors {
            count,
            sse: lanes.sse.iter().sum(),
            signal: lanes.signal.iter().sum(),
            max_error: lanes.max_error.into_iter().fold(0.0, f64::greater),
        }
    }
}

#[derive(Default)]
struct Lanes {
    sse: [f64; LANES],
    signal: [f64; LANES],
    max_error: [f64; LANES],
}

impl Lanes {
    #[inline(always)]
    fn add<T: Real>(&mut self, original: &[T; LANES], reconstruction: &[T; LANES]) {
        let value = original.map(T::to_f64);
        let error: [f64; LANES] = std::array::from_fn(|lane| value[lane] - reconstruction[lane].to_f64());
        for (sum, error) in self.sse.iter_mut().zip(&error) {
            *sum += error * error;
        }
        for (sum, value) in self.signal.iter_mut().zip(&value) {
            *sum += value * value;
        }
        for (largest, error) in self.max_error.iter_mut().zip(&error) {
            *largest = error.abs().greater(*largest);
        }
    }
}

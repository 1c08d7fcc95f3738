//! How much quantization changes values.

use bitsweep_vector::arch;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use pulp::NullaryFnOnce;

use crate::number::{Each, ForEachDtype, Real, row_major};
use crate::tensor::{Blocks, QuantizeError, Quantized};

use super::squares::SquareSum;

/// Sums over values and their reconstructions, from which all error measures follow.
///
/// ```
/// use bitsweep_quant::Errors;
/// use ndarray::array;
///
/// let errors = Errors::measure(array![[1.0, 2.0]].view(), array![[1.0, 2.5]].view());
/// assert_eq!((errors.count, errors.sse(), errors.mse(), errors.max_error), (2, 0.25, 0.125, 0.5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Errors {
    /// Number of values.
    pub count: usize,
    /// Squared errors `Σ(w - ŵ)²`.
    pub noise: SquareSum,
    /// Squares `Σw²`.
    pub signal: SquareSum,
    /// Largest magnitude of an error.
    pub max_error: f64,
}

struct Measure;

impl ForEachDtype for Measure {
    type Of<T: Real> = fn(&[T], &[T]) -> Errors;
}

static MEASURE: Each<Measure> = Each { of_f32: Errors::measure_slices, of_f64: Errors::measure_slices };

impl Errors {
    /// The errors of `reconstruction` against `original`, up to the end of the shorter one.
    ///
    /// Sums are of `f64`. Value `i` in row-major order enters sum `i mod 32`, and the 32 sums are added up in order.
    #[must_use]
    pub fn measure<T: Real>(original: ArrayView2<'_, T>, reconstruction: ArrayView2<'_, T>) -> Self {
        MEASURE.of()(&row_major(original), &row_major(reconstruction))
    }

    /// The errors of `levels` against the weights `(in, out)` of a layer of which a transform made `values`, in the units from
    /// before it: the inputs were divided by `inputs` and the outputs by `outputs`, so that `W'_jk = W_jk·s_j/t_k`, and an error
    /// `e'` was `e'·t_k/s_j`. The weights were `before`; where that is not known, `values` in the units from before.
    #[must_use]
    pub fn measure_rescaled(
        values: ArrayView2<'_, f32>,
        levels: ArrayView2<'_, f32>,
        before: Option<ArrayView2<'_, f32>>,
        inputs: Option<&Array1<f64>>,
        outputs: Option<&Array1<f64>>,
    ) -> Self {
        let wide = |values: ArrayView2<'_, f32>| values.mapv(f64::from);
        let undone = |mut values: Array2<f64>| {
            if let Some(inputs) = inputs {
                values /= &inputs.view().insert_axis(Axis(1));
            }
            if let Some(outputs) = outputs {
                values *= outputs;
            }
            values
        };
        let change = undone(wide(values) - wide(levels));
        let original = before.map_or_else(|| undone(wide(values)), wide);
        Self::measure(original.view(), (&original - &change).view())
    }

    fn measure_slices<T: Real>(original: &[T], reconstruction: &[T]) -> Self {
        let errors = arch().dispatch(Sums { original, reconstruction });
        let is_plain = |sum: SquareSum| SquareSum::is_safe(sum.value());
        let is_exact = errors.max_error == 0.0;
        if is_plain(errors.signal) && (is_exact || is_plain(errors.noise)) {
            return errors;
        }
        let mut errors = Self::default();
        for (&original, &reconstruction) in original.iter().zip(reconstruction) {
            errors.add(original, reconstruction);
        }
        errors
    }

    /// Adds one value.
    #[inline(always)]
    fn add<T: Real>(&mut self, original: T, reconstruction: T) {
        let original = original.to_f64();
        let error = original - reconstruction.to_f64();
        self.count += 1;
        self.noise.add(error);
        self.signal.add(original);
        self.max_error = error.abs().greater(self.max_error);
    }

    /// The errors of two sets of values together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            noise: self.noise.merge(other.noise),
            signal: self.signal.merge(other.signal),
            max_error: self.max_error.max(other.max_error),
        }
    }

    /// Sum of squared errors `Σ(w - ŵ)²` (notebook 000's "MSE"); infinite beyond the largest number.
    #[must_use]
    pub fn sse(&self) -> f64 {
        self.noise.value()
    }

    /// Mean squared error `sse/n`; 0 of no values.
    #[must_use]
    pub fn mse(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.noise.mean(self.count) }
    }

    /// Whether every value came back as it was.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.noise.is_zero()
    }

    /// Signal-to-quantization-noise ratio `10·log₁₀(Σw²/Σ(w - ŵ)²)` in decibels, right where the sums overflow or underflow,
    /// too; infinite where nothing was lost.
    #[must_use]
    pub fn sqnr_db(&self) -> f64 {
        if self.is_exact() { f64::INFINITY } else { 10.0 * self.signal.log10_of_ratio(self.noise) }
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
        Ok(MEASURE_BLOCKS.of()(&self.blocks(), original, &reconstruction))
    }
}

struct MeasureBlocks;

impl ForEachDtype for MeasureBlocks {
    type Of<T: Real> = fn(&Blocks, ArrayView2<'_, T>, &[T]) -> Vec<Errors>;
}

static MEASURE_BLOCKS: Each<MeasureBlocks> = Each { of_f32: measure_blocks, of_f64: measure_blocks };

fn measure_blocks<T: Real>(
    blocks: &Blocks,
    original: ArrayView2<'_, T>,
    reconstruction: &[T],
) -> Vec<Errors> {
    let mut errors = vec![Errors::default(); blocks.len()];
    for (((row, column), &original), &reconstruction) in original.indexed_iter().zip(reconstruction) {
        errors[blocks.index_of(row, column)].add(original, reconstruction);
    }
    errors
}

/// Independent sums.
const LANES: usize = 32;

struct Sums<'a, T> {
    original: &'a [T],
    reconstruction: &'a [T],
}

impl<T: Real> NullaryFnOnce for Sums<'_, T> {
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
            noise: SquareSum::of_ordinary(lanes.noise.iter().sum()),
            signal: SquareSum::of_ordinary(lanes.signal.iter().sum()),
            max_error: lanes.max_error.into_iter().fold(0.0, f64::greater),
        }
    }
}

#[derive(Default)]
struct Lanes {
    noise: [f64; LANES],
    signal: [f64; LANES],
    max_error: [f64; LANES],
}

impl Lanes {
    #[inline(always)]
    fn add<T: Real>(&mut self, original: &[T; LANES], reconstruction: &[T; LANES]) {
        let value = original.map(T::to_f64);
        let error: [f64; LANES] = std::array::from_fn(|lane| value[lane] - reconstruction[lane].to_f64());
        for (sum, error) in self.noise.iter_mut().zip(&error) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn the_ratio_of_signal_to_noise_has_no_unit() {
        // Σw² = 25, Σ(w - ŵ)² = 0.25: 20 dB.
        let (values, levels) = (array![[3.0, 4.0]], array![[3.5, 4.0]]);
        for exponent in [-1060, -600, -300, 0, 300, 600, 1020] {
            let unit = 2.0_f64.powi(exponent / 2) * 2.0_f64.powi(exponent - exponent / 2);
            let errors = Errors::measure((&values * unit).view(), (&levels * unit).view());
            assert!((errors.sqnr_db() - 20.0).abs() < 1e-12, "2^{exponent}: {}", errors.sqnr_db());
            assert!(!errors.is_exact());
        }
        let long = Array2::from_elem((50, 3), 1e308);
        assert!(Errors::measure(long.view(), long.view()).is_exact());
        assert_eq!(Errors::measure(long.view(), (&long * 0.5).view()).sse(), f64::INFINITY);
    }
}

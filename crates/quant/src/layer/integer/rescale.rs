//! From sums of products to whole numbers of another step.

use ndarray::{Array2, ArrayView2};

use super::error::IntegerError;
use crate::layer::activation::Requantize;

/// Bits of a multiplier, of which the highest is 1 in the largest of an output.
const MULTIPLIER_BITS: i32 = 31;
/// The largest shift: a sum below 2⁶³ is rounded by half of what is shifted out.
const MOST_SHIFT: i32 = 62;
/// How far a ratio of steps, each rounded to `f32`, may be from the power of two that it stands for, as a part of it.
const ROUNDING: f64 = 4.0 * f32::EPSILON as f64;

/// Sums of groups in units of one step, without floating point: `v = (Σ_g a_g·M_g + 2^(n-1)) >> n`, half up.
///
/// With one group this is TFLite's `MultiplyByQuantizedMultiplier` with a single rounding
/// (`tensorflow/lite/kernels/internal/common.h`, `TFLITE_SINGLE_ROUNDING`) and CMSIS-NN's `arm_nn_requantize` with
/// `CMSIS_NN_USE_SINGLE_ROUNDING`. The groups of an output share the shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescale {
    /// `(groups, out)`.
    multipliers: Array2<i32>,
    /// One per output.
    shifts: Vec<u32>,
}

impl Rescale {
    /// What multiplies sums by `ratios`, `(groups, out)`, all positive.
    ///
    /// # Errors
    /// Ratios of 2³⁰ and above; with [`Requantize::PowerOfTwo`], ratios that are none.
    ///
    /// ```
    /// use bitsweep_quant::{Requantize, Rescale};
    /// use ndarray::array;
    ///
    /// let rescale = Rescale::new(array![[0.75, 0.001]].view(), Requantize::FixedPoint).unwrap();
    /// assert_eq!((rescale.multipliers()[[0, 0]], rescale.shifts()[0]), (3 << 29, 31));
    /// // 7.5 and -7.5 are rounded up.
    /// assert_eq!((rescale.apply(0, [10]), rescale.apply(0, [-10])), (8, -7));
    /// assert_eq!(rescale.apply(1, [2500]), 3);
    /// ```
    pub fn new(ratios: ArrayView2<'_, f64>, requantize: Requantize) -> Result<Self, IntegerError> {
        let mut multipliers = Array2::zeros(ratios.dim());
        let mut shifts = Vec::with_capacity(ratios.ncols());
        for (output, (ratios, mut multipliers)) in
            ratios.columns().into_iter().zip(multipliers.columns_mut()).enumerate()
        {
            let largest = ratios.fold(0.0_f64, |largest, ratio| largest.max(*ratio));
            let shift = match requantize {
                Requantize::Float | Requantize::FixedPoint => fixed_point_shift(largest),
                Requantize::PowerOfTwo => {
                    let exponents: Option<Vec<i32>> = ratios.iter().map(|ratio| exponent(*ratio)).collect();
                    let exponents = exponents.ok_or(IntegerError::NoPowerOfTwo { output })?;
                    -exponents.into_iter().min().unwrap_or(0).min(0)
                }
            };
            let one = libm::scalbn(1.0, shift);
            if shift < 0 || largest * one >= libm::scalbn(1.0, MULTIPLIER_BITS) {
                return Err(IntegerError::Ratio { ratio: largest });
            }
            multipliers.zip_mut_with(&ratios, |multiplier, ratio| *multiplier = (ratio * one).round() as i32);
            shifts.push(shift as u32);
        }
        Ok(Self { multipliers, shifts })
    }

    /// The whole number of an output whose groups have these sums.
    #[must_use]
    pub fn apply(&self, output: usize, sums: impl IntoIterator<Item = i64>) -> i64 {
        let multipliers = self.multipliers.column(output);
        let products =
            sums.into_iter().zip(multipliers).map(|(sum, multiplier)| sum * i64::from(*multiplier));
        let (total, shift) = (products.sum::<i64>(), self.shifts[output]);
        match shift {
            0 => total,
            shift => (total + (1 << (shift - 1))) >> shift,
        }
    }

    /// Refuses sums up to `bounds`, `(groups, out)`, whose scaled sum is beyond 64 bits, or shifted beyond 30: a zero point is
    /// added.
    ///
    /// # Errors
    /// The first output where that may be.
    pub fn check(&self, bounds: ArrayView2<'_, i64>) -> Result<(), IntegerError> {
        for (output, &shift) in self.shifts.iter().enumerate() {
            let groups = bounds.column(output).into_iter().zip(self.multipliers.column(output));
            let scaled =
                groups.map(|(bound, multiplier)| i128::from(*bound) * i128::from(multiplier.unsigned_abs()));
            let scaled = scaled.sum::<i128>() + (1_i128 << shift);
            if scaled > i128::from(i64::MAX) || scaled >> shift > 1 << 30 {
                return Err(IntegerError::Sum { output });
            }
        }
        Ok(())
    }

    /// The multipliers `M`, `(groups, out)`.
    #[must_use]
    pub fn multipliers(&self) -> ArrayView2<'_, i32> {
        self.multipliers.view()
    }

    /// The shifts `n`, one per output.
    #[must_use]
    pub fn shifts(&self) -> &[u32] {
        &self.shifts
    }

    /// The smallest power of two times `unit` that is not below `step`, but for the rounding of `f32`.
    #[must_use]
    pub fn widened(step: f64, unit: f64) -> f64 {
        let ratio = step / unit;
        let (fraction, exponent) = libm::frexp(ratio);
        // 0.5 is the power of two itself.
        let exponent = if fraction <= 0.5 * (1.0 + ROUNDING) { exponent - 1 } else { exponent };
        unit * libm::scalbn(1.0, exponent)
    }
}

/// The shift with which a ratio has [`MULTIPLIER_BITS`] bits; negative where that would be no shift to the right.
fn fixed_point_shift(ratio: f64) -> i32 {
    let (fraction, exponent) = libm::frexp(ratio);
    let is_next =
        (fraction * libm::scalbn(1.0, MULTIPLIER_BITS)).round() >= libm::scalbn(1.0, MULTIPLIER_BITS);
    (MULTIPLIER_BITS - exponent - i32::from(is_next)).min(MOST_SHIFT)
}

/// `k` of the ratio `2^k`; `None` of another ratio.
fn exponent(ratio: f64) -> Option<i32> {
    let (fraction, exponent) = libm::frexp(ratio);
    let is_power = |of: f64| (fraction / of - 1.0).abs() <= ROUNDING;
    match fraction {
        _ if is_power(0.5) => Some(exponent - 1),
        _ if is_power(1.0) => Some(exponent),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_ratio_is_multiplied_by_to_31_bits() {
        for ratio in [1e-9, 1e-4, 0.123_456_789, 0.5, 0.999_999_999_9, 1.0, 7.3, 1e6] {
            let rescale = Rescale::new(array![[ratio]].view(), Requantize::FixedPoint).unwrap();
            for sum in [0, 1, -1, 12_345, -98_765, i64::from(i32::MAX), i64::from(i32::MIN)] {
                let exact = sum as f64 * ratio;
                let own = rescale.apply(0, [sum]) as f64;
                assert!((own - exact).abs() <= 0.5 + exact.abs() * 2.0_f64.powi(-31), "{sum}·{ratio}: {own}");
            }
        }
        assert!(Rescale::new(array![[2.0_f64.powi(31)]].view(), Requantize::FixedPoint).is_err());
    }

    #[test]
    fn groups_share_the_shift_of_the_largest() {
        let rescale = Rescale::new(array![[0.5], [0.001]].view(), Requantize::FixedPoint).unwrap();
        assert_eq!(rescale.shifts(), [31]);
        assert_eq!(rescale.apply(0, [100, 2_000]), 52);
        assert!(rescale.check(array![[1 << 30], [1 << 30]].view()).is_ok());
        assert!(rescale.check(array![[1 << 32], [1 << 30]].view()).is_err());
        let large = Rescale::new(array![[0.9], [0.9], [0.9]].view(), Requantize::FixedPoint).unwrap();
        assert_eq!(
            large.check(array![[1_i64 << 32], [1 << 32], [1 << 32]].view()),
            Err(IntegerError::Sum { output: 0 })
        );
    }

    #[test]
    fn powers_of_two_are_shifts() {
        let rescale =
            Rescale::new(array![[0.25, 4.0], [0.0625, 1.0]].view(), Requantize::PowerOfTwo).unwrap();
        assert_eq!(rescale.multipliers(), array![[4, 4], [1, 1]]);
        assert_eq!(rescale.shifts(), [4, 0]);
        assert_eq!(rescale.apply(0, [6, 8]), 2);
        assert_eq!(
            Rescale::new(array![[0.5, 0.3]].view(), Requantize::PowerOfTwo),
            Err(IntegerError::NoPowerOfTwo { output: 1 })
        );
        // Each of the steps is rounded to f32.
        let nearly = 0.25 * (1.0 + f64::from(f32::EPSILON));
        assert_eq!(Rescale::new(array![[nearly]].view(), Requantize::PowerOfTwo).unwrap().shifts(), [2]);
    }

    #[test]
    fn a_step_is_widened_to_a_power_of_two_of_the_unit() {
        assert_eq!(Rescale::widened(0.9, 0.3), 0.3 * 4.0);
        assert_eq!(Rescale::widened(1.2, 0.3), 0.3 * 4.0);
        assert_eq!(Rescale::widened(0.01, 0.32), 0.01);
    }
}

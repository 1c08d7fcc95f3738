//! The arithmetic of the two floating-point types a model computes in.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

mod sealed {
    use super::ForEachFloat;

    /// Keeps other types out.
    pub trait Sealed: Sized {
        /// Of what there is for each type, that of this one.
        fn pick<F: ForEachFloat>(of_f32: F::Of<f32>, of_f64: F::Of<f64>) -> F::Of<Self>
        where
            Self: super::Float;
    }

    impl Sealed for f32 {
        fn pick<F: ForEachFloat>(of_f32: F::Of<f32>, _: F::Of<f64>) -> F::Of<f32> {
            of_f32
        }
    }

    impl Sealed for f64 {
        fn pick<F: ForEachFloat>(_: F::Of<f32>, of_f64: F::Of<f64>) -> F::Of<f64> {
            of_f64
        }
    }
}

/// Something that there is for each of the two types.
pub trait ForEachFloat {
    /// What there is for `T`.
    type Of<T: Float>: Copy;
}

/// `f32` or `f64`: the precision of activations and gradients (weights are always `f32`).
///
/// Every operation gives the same bits on every machine: the basic ones and the fused multiply-add are exactly
/// rounded by IEEE 754, and the transcendental ones come from the `libm` crate or this one instead of the C library.
pub trait Float:
    sealed::Sealed
    + Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + 'static
    + From<f32>
    + Into<f64>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The softmax subtracts the largest logit only where its magnitude is above this limit.
    ///
    /// For `f32` it is 0: always. For `f64` it is 700, just inside the range of `exp`: below it the plain quotient
    /// `exp(z) / Σ exp(z)` cannot overflow, and it is the formula that notebook 000 uses, whose printed losses differ
    /// from the shifted formula's after the twelfth digit.
    const SOFTMAX_SHIFT_ABOVE: Self;
    /// Whether matrix products compute two panels of columns together: of `f64` they would not fit into registers.
    #[doc(hidden)]
    const WIDE: bool;

    /// Rounds to the nearest value of this type, ties to even.
    fn from_f64(value: f64) -> Self;
    /// Rounds to the nearest `f32`, ties to even.
    fn to_f32(self) -> f32;
    /// `self · factor + addend`, rounded once.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// `self / count`: by a division for `f64`, as NumPy does; by a product with `1 / count` for `f32`, which is several
    /// times as fast.
    fn mean(self, count: Self) -> Self;
    /// `√self`, exactly rounded.
    fn sqrt(self) -> Self;
    /// `e^self`.
    fn exp(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// `|self|`.
    fn abs(self) -> Self;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// Not a number.
    fn is_nan(self) -> bool;

    /// Replaces magnitudes below 2⁻¹⁰⁰ by zero.
    ///
    /// Late in training most gradients are denormal, and arithmetic on denormal numbers takes a hundred times as long
    /// as on normal ones. Setting the processor's flush-to-zero mode would be neither portable nor safe code.
    #[inline(always)]
    fn flush(self) -> Self {
        // 2^-100 is a power of two and exact in both types.
        let threshold = Self::from_f64(1.0 / (1u128 << 100) as f64);
        if self.abs() < threshold { Self::ZERO } else { self }
    }
}

macro_rules! float {
    ($type:ty, $wide:literal, $shift:literal, $exp:path, $ln:path, $mean:expr) => {
        impl Float for $type {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const SOFTMAX_SHIFT_ABOVE: Self = $shift;
            const WIDE: bool = $wide;

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $type
            }
            #[inline(always)]
            fn to_f32(self) -> f32 {
                self as f32
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                <$type>::mul_add(self, factor, addend)
            }
            #[inline(always)]
            fn mean(self, count: Self) -> Self {
                $mean(self, count)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$type>::sqrt(self)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                $exp(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                $ln(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$type>::abs(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$type>::is_finite(self)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                <$type>::is_nan(self)
            }
        }
    };
}

float!(f32, true, 0.0, exponential, libm::logf, |sum: f32, count: f32| sum * (1.0 / count));
float!(f64, false, 700.0, libm::exp, libm::log, |sum: f64, count: f64| sum / count);

/// `e^x` in `f32` without branches, so that loops over it are vectorized; the relative error is below 1.5·10⁻⁷ (measured
/// over all `x` in the range where the result is a normal number). Below -87 the result is 0, above 88 it is infinite.
///
/// `x = n·ln 2 + r` with `|r| ≤ ln 2 / 2`, and `e^x = 2ⁿ·e^r`; `e^r` is its Taylor polynomial of degree 7.
#[inline(always)]
fn exponential(x: f32) -> f32 {
    // ln 2 in two parts; the first has so few bits that its product with n is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // Adding and subtracting 1.5·2²³ rounds to an integer, ties to even.
    const ROUND: f32 = 12_582_912.0;
    let clamped = x.clamp(-87.0, 88.0);
    let shifted = clamped.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, clamped));
    let mut power = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        power = r.mul_add(power, coefficient);
    }
    // The lowest bits of `shifted` are n; the exponent of 2ⁿ is n + 127.
    let scale = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    let result = power * scale;
    let below = if x < -87.0 { 0.0 } else { result };
    if x > 88.0 { f32::INFINITY } else { below }
}

#[cfg(test)]
mod tests {
    use super::{Float, exponential};

    #[test]
    fn the_single_precision_exponential_errs_by_less_than_a_spacing_and_a_half() {
        // Every 1009th float of [-87, 88], that is two million.
        let (mut largest, mut count) = (0.0_f64, 0);
        for bits in (0..=88.0_f32.to_bits()).step_by(1009) {
            for x in [f32::from_bits(bits), -f32::from_bits(bits)] {
                if x >= -87.0 {
                    let exact = libm::exp(f64::from(x));
                    largest = largest.max((f64::from(exponential(x)) / exact - 1.0).abs());
                    count += 1;
                }
            }
        }
        assert!(count > 2_000_000);
        assert!(largest < 1.5e-7, "{largest:e}");
    }

    #[test]
    fn the_single_precision_exponential_has_the_right_limits() {
        assert_eq!(exponential(0.0), 1.0);
        assert_eq!(exponential(-1e4), 0.0);
        assert_eq!(exponential(f32::NEG_INFINITY), 0.0);
        assert_eq!(exponential(89.0), f32::INFINITY);
        assert_eq!(exponential(f32::INFINITY), f32::INFINITY);
        assert!(exponential(f32::NAN).is_nan());
    }

    #[test]
    fn flushing_takes_what_is_below_the_threshold_and_nothing_else() {
        let threshold = 2.0_f32.powi(-100);
        assert_eq!((0.99 * threshold).flush(), 0.0);
        assert_eq!((-0.99 * threshold).flush(), 0.0);
        assert_eq!(threshold.flush(), threshold);
        assert_eq!((-threshold).flush(), -threshold);
        assert_eq!(f64::from(threshold).flush(), f64::from(threshold));
        assert!(f32::NAN.flush().is_nan());
    }

    #[test]
    fn what_is_flushed_moves_no_weight_that_matters() {
        // Half the spacing of floats around 2⁻⁷⁶ is 2⁻¹⁰⁰: a smaller step leaves the weight where it is.
        let weight = 2.0_f32.powi(-76);
        let step = 0.49 * 2.0_f32.powi(-100);
        assert_eq!(weight + step, weight);
        assert_eq!(weight - step, weight);
    }
}

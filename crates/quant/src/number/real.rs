//! The two types of real numbers that tensors hold.

use std::cmp::Ordering;
use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::dtype::Dtype;
use super::elementary::hyperbolic_tangent;

mod sealed {
    use super::ForEachDtype;

    pub trait Sealed: Sized {
        /// Of what there is for each type, that of this one.
        fn pick<F: ForEachDtype>(of_f32: F::Of<f32>, of_f64: F::Of<f64>) -> F::Of<Self>
        where
            Self: super::Real;
    }

    impl Sealed for f32 {
        fn pick<F: ForEachDtype>(of_f32: F::Of<f32>, _: F::Of<f64>) -> F::Of<f32> {
            of_f32
        }
    }

    impl Sealed for f64 {
        fn pick<F: ForEachDtype>(_: F::Of<f32>, of_f64: F::Of<f64>) -> F::Of<f64> {
            of_f64
        }
    }
}

/// Something that there is for each of the two types.
pub trait ForEachDtype {
    /// What there is for `T`.
    type Of<T: Real>: Copy;
}

/// `f32` or `f64`: quantization computes in the type of its input, as NumPy does.
pub trait Real:
    sealed::Sealed
    + Copy
    + Debug
    + Default
    + Display
    + PartialOrd
    + Send
    + Sync
    + Sum
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// Which type this is.
    const DTYPE: Dtype;
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The smallest positive number with a full mantissa.
    const SMALLEST_NORMAL: Self;
    /// The smallest positive number.
    const SMALLEST: Self;
    /// Bytes of one number.
    const BYTES: usize;
    /// The distance from 1 to the next number.
    const PRECISION: f64;
    /// What the exponent of 1 is stored as.
    const EXPONENT_BIAS: i32;

    /// The nearest number to a whole one.
    fn from_i32(value: i32) -> Self;
    /// The nearest number, ties to even; infinite when out of range.
    fn from_f64(value: f64) -> Self;
    /// The same number in `f64`.
    fn to_f64(self) -> f64;
    /// The whole number nearest to zero; the nearest `i32` when out of range.
    fn to_i32(self) -> i32;
    /// A whole number of magnitude up to 2²⁰, converted faster than [`to_i32`](Self::to_i32): vectors have no
    /// saturating conversion.
    fn whole_to_i32(self) -> i32;
    /// Magnitude.
    fn abs(self) -> Self;
    /// Nearest whole number, ties to the even one.
    fn round_ties_even(self) -> Self;
    /// Nearest whole number, ties away from zero.
    fn round_half_away(self) -> Self;
    /// Largest whole number not above.
    fn floor(self) -> Self;
    /// Hyperbolic tangent, as `libm` has it.
    fn tanh(self) -> Self;
    /// Whether the sign is negative, also of -0.
    fn is_sign_negative(self) -> bool;
    /// The next number up; of the largest infinity.
    fn next_up(self) -> Self;
    /// A whole number that is as much greater than those of others as there are numbers between.
    fn to_ordered(self) -> i64;
    /// The number of [`to_ordered`](Self::to_ordered).
    fn from_ordered(ordered: i64) -> Self;
    /// The exponent as it is stored and so many bits of the mantissa after it, rounded to nearest, ties to even: of a number
    /// from 0.
    fn leading_bits(self, mantissa_bits: u32) -> i32;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// IEEE 754's total order.
    fn total_cmp(&self, other: &Self) -> Ordering;
    /// Appends the little-endian bytes.
    fn append_to(self, bytes: &mut Vec<u8>);
    /// Writes the number of `table` that the low four bits of each of `codes` count to.
    fn look_up(table: &[Self; 16], codes: &[i32], values: &mut [Self]);
    /// Reads [`Self::BYTES`] little-endian bytes; `None` when there are fewer or more.
    fn read_from(bytes: &[u8]) -> Option<Self>;

    /// The smaller of two numbers; the second when they are equal.
    #[inline(always)]
    fn lesser(self, other: Self) -> Self {
        if self < other { self } else { other }
    }

    /// The larger of two numbers; the second when they are equal.
    #[inline(always)]
    fn greater(self, other: Self) -> Self {
        if self > other { self } else { other }
    }
}

macro_rules! real {
    ($type:ident, $bits:ident, $dtype:ident, $tanh:path, $look_up:path) => {
        impl Real for $type {
            const DTYPE: Dtype = Dtype::$dtype;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const SMALLEST_NORMAL: Self = $type::MIN_POSITIVE;
            const SMALLEST: Self = $type::from_bits(1);
            const BYTES: usize = size_of::<$type>();
            const PRECISION: f64 = $type::EPSILON as f64;
            const EXPONENT_BIAS: i32 = $type::MAX_EXP - 1;

            #[inline(always)]
            fn from_i32(value: i32) -> Self {
                value as $type
            }
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $type
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn to_i32(self) -> i32 {
                self as i32
            }
            #[inline(always)]
            fn whole_to_i32(self) -> i32 {
                // The sum has the unit in its last place, so its lowest bits are the whole number in two's complement.
                let shift: Self = 1.5 / $type::EPSILON;
                (self + shift).to_bits().wrapping_sub(shift.to_bits()) as i32
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $type::abs(self)
            }
            #[inline(always)]
            fn round_ties_even(self) -> Self {
                $type::round_ties_even(self)
            }
            #[inline(always)]
            fn round_half_away(self) -> Self {
                $type::round(self)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                $type::floor(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                $tanh(self)
            }
            #[inline(always)]
            fn is_sign_negative(self) -> bool {
                $type::is_sign_negative(self)
            }
            fn next_up(self) -> Self {
                $type::next_up(self)
            }
            fn to_ordered(self) -> i64 {
                // Negative numbers descend with their bits.
                let bits = self.to_bits() as $bits;
                i64::from(if bits < 0 { $bits::MIN - bits } else { bits })
            }
            fn from_ordered(ordered: i64) -> Self {
                // No more bits than the type has.
                let bits = ordered as $bits;
                $type::from_bits((if bits < 0 { $bits::MIN - bits } else { bits }) as _)
            }
            #[inline(always)]
            fn leading_bits(self, mantissa_bits: u32) -> i32 {
                let dropped = $type::MANTISSA_DIGITS - 1 - mantissa_bits;
                let (bits, half) = (self.to_bits(), 1 << (dropped - 1));
                ((bits + (half - 1) + (bits >> dropped & 1)) >> dropped) as i32
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $type::is_finite(self)
            }
            #[inline(always)]
            fn total_cmp(&self, other: &Self) -> Ordering {
                $type::total_cmp(self, other)
            }
            fn append_to(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }
            fn look_up(table: &[Self; 16], codes: &[i32], values: &mut [Self]) {
                $look_up(table, codes, values);
            }
            fn read_from(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map($type::from_le_bytes)
            }
        }
    };
}

real!(f32, i32, F32, hyperbolic_tangent, bitsweep_vector::look_up);
real!(f64, i64, F64, libm::tanh, look_up);

fn look_up(table: &[f64; 16], codes: &[i32], values: &mut [f64]) {
    for (value, code) in values.iter_mut().zip(codes) {
        *value = table[(code & 15) as usize];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordered_numbers_are_as_many_apart_as_there_are_between() {
        for number in [-f64::MAX, -1.0, -5e-324, 0.0, 5e-324, 1.0, 1e300] {
            assert_eq!(number.next_up().to_ordered(), number.to_ordered() + 1);
            assert_eq!(f64::from_ordered(number.to_ordered()), number);
        }
        for number in [-f32::MAX, -1.0, -1e-45, 0.0, 1e-45, 1.0, 1e30] {
            assert_eq!(number.next_up().to_ordered(), number.to_ordered() + 1);
            assert_eq!(f32::from_ordered(number.to_ordered()), number);
        }
    }

    #[test]
    fn whole_numbers_convert_exactly() {
        for whole in (-(1 << 20)..=1 << 20).step_by(7).chain(-70_000..=70_000) {
            assert_eq!(f32::from_i32(whole).whole_to_i32(), whole);
            assert_eq!(f64::from_i32(whole).whole_to_i32(), whole);
        }
        assert_eq!((-0.0_f32).whole_to_i32(), 0);
        assert_eq!((-0.0_f64).whole_to_i32(), 0);
    }
}

//! Numbers rounded to floats of fewer bits.

use pulp::NullaryFnOnce;

use super::real::Real;
use super::vectorized::vectorized;

/// How numbers are rounded to a float of a sign bit, `e` bits of exponent with bias `2^(e-1)-1`, and `m` of mantissa, subnormal
/// numbers included: to the nearest, ties to even; beyond the largest number to that one. The code is the bit pattern.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NarrowFloat<T> {
    mantissa_bits: u32,
    sign_place: u32,
    /// What the exponent of `T` is more by, in its place.
    rebias: i32,
    largest: T,
    smallest_normal: T,
    /// Steps of the subnormal numbers in 1.
    steps: T,
}

impl<T: Real> NarrowFloat<T> {
    /// A format with a narrower mantissa than `T`, and with the exponent bits of `T` or less and its largest number.
    pub(crate) fn new(exponent_bits: u32, mantissa_bits: u32, largest: f64) -> Self {
        // At most 10 bits of mantissa and 8 of exponent.
        let (bias, places) = ((1 << (exponent_bits - 1)) - 1, mantissa_bits as i32);
        let is_as_wide = bias == T::EXPONENT_BIAS;
        let power = |exponent| T::from_f64(libm::scalbn(1.0, exponent));
        Self {
            mantissa_bits,
            sign_place: exponent_bits + mantissa_bits,
            rebias: (T::EXPONENT_BIAS - bias) << mantissa_bits,
            largest: T::from_f64(largest),
            // Of the same exponents also the subnormal numbers have the same places.
            smallest_normal: if is_as_wide { T::ZERO } else { power(1 - bias) },
            steps: if is_as_wide { T::ZERO } else { power(bias - 1 + places) },
        }
    }

    /// IEEE 754 binary16.
    pub(crate) fn binary16() -> Self {
        Self::new(5, 10, 65_504.0)
    }

    /// bfloat16.
    pub(crate) fn bfloat16() -> Self {
        Self::new(8, 7, f64::from(f32::from_bits(0x7f7f_0000)))
    }

    /// The bit pattern of the number nearest to one that is not NaN.
    #[inline(always)]
    pub(crate) fn code(self, value: T) -> i32 {
        let magnitude = value.abs().lesser(self.largest);
        let normal = magnitude.leading_bits(self.mantissa_bits) - self.rebias;
        // Not looked at where it is large.
        let subnormal = (magnitude * self.steps).round_ties_even().whole_to_i32();
        let code = if magnitude < self.smallest_normal { subnormal } else { normal };
        code | i32::from(value.is_sign_negative()) << self.sign_place
    }

    /// The bit patterns of 16 bits of numbers that are not NaN.
    pub(crate) fn patterns(self, numbers: &[T]) -> Vec<u16> {
        vectorized::<T, _>(Patterns { float: self, numbers })
    }
}

struct Patterns<'a, T> {
    float: NarrowFloat<T>,
    numbers: &'a [T],
}

impl<T: Real> NullaryFnOnce for Patterns<'_, T> {
    type Output = Vec<u16>;

    #[inline(always)]
    fn call(self) -> Vec<u16> {
        let mut patterns = vec![0; self.numbers.len()];
        for (pattern, &number) in patterns.iter_mut().zip(self.numbers) {
            *pattern = self.float.code(number) as u16;
        }
        patterns
    }
}

/// The numbers of bit patterns of a float of a sign bit, `e` bits of exponent with bias `2^(e-1)-1`, and `m` of mantissa: at most
/// those of `f32`, and no pattern that is infinite or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FloatPatterns {
    /// From the places of the format to those of `f32`.
    shift: u32,
    sign_shift: u32,
    /// `2^(127-bias)`.
    rebias: f32,
    magnitude: u32,
}

impl FloatPatterns {
    pub(crate) fn new(exponent_bits: u32, mantissa_bits: u32) -> Self {
        let (places, bias) = (exponent_bits + mantissa_bits, (1 << (exponent_bits - 1)) - 1);
        Self {
            shift: f32::MANTISSA_DIGITS - 1 - mantissa_bits,
            sign_shift: u32::BITS - 1 - places,
            rebias: f32::from_bits((127 + 127 - bias) << (f32::MANTISSA_DIGITS - 1)),
            magnitude: (1 << places) - 1,
        }
    }

    /// The number of a bit pattern, exactly.
    #[inline(always)]
    pub(crate) fn number(self, code: i32) -> f32 {
        let bits = code.cast_unsigned();
        let magnitude = f32::from_bits((bits & self.magnitude) << self.shift) * self.rebias;
        f32::from_bits(magnitude.to_bits() | (bits & !self.magnitude) << self.sign_shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::{encode_bfloat16, encode_binary16};
    use crate::scheme::Minifloat;

    /// Patterns of `f32` all over, and neighbours of every number of 16 bits and of every tie between two.
    fn numbers() -> impl Iterator<Item = f32> {
        let all_over = (0..=u32::MAX).step_by(65_521);
        let near = (0..=u32::from(u16::MAX))
            .flat_map(|high| [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff].map(|low| high << 16 | low));
        all_over.chain(near).map(f32::from_bits).filter(|number| number.is_finite())
    }

    #[test]
    fn every_pattern_is_the_number_that_its_format_says() {
        use Minifloat as Float;
        for float in [Float::E4M3, Float::E5M2, Float::E3M2, Float::E2M3, Float::E2M1] {
            let patterns = FloatPatterns::new(float.exponent_bits(), float.mantissa_bits());
            for code in 0..1 << float.bits() {
                if let Some(number) = float.value(code) {
                    let own = f64::from(patterns.number(code.cast_signed()));
                    assert_eq!(own.to_bits(), number.to_bits(), "{code:b} of {float}");
                }
            }
        }
    }

    #[test]
    fn sixteen_bits_are_those_of_the_reference() {
        for number in numbers() {
            let wide = f64::from(number);
            assert_eq!(NarrowFloat::binary16().code(number), i32::from(encode_binary16(wide)), "{number}");
            assert_eq!(NarrowFloat::bfloat16().code(number), i32::from(encode_bfloat16(wide)), "{number}");
            // Between two neighbours of `f32`.
            for wide in [wide * (1.0 + 1e-12), wide * (1.0 - 1e-12), wide * 1e-30, wide * 1e30] {
                assert_eq!(NarrowFloat::binary16().code(wide), i32::from(encode_binary16(wide)), "{wide}");
                assert_eq!(NarrowFloat::bfloat16().code(wide), i32::from(encode_bfloat16(wide)), "{wide}");
            }
        }
    }
}

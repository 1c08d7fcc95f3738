//! 16-bit floats: the code is the bit pattern.

use half::{bf16, f16};

/// By which part of it rounding to nearest may change a normal number: half a unit in the last place.
pub(crate) const BINARY16_ROUNDING: f64 = 1.0 / 2048.0;
/// The same of bfloat16.
pub(crate) const BFLOAT16_ROUNDING: f64 = 1.0 / 256.0;

/// The bit pattern of the nearest binary16 number, ties to even: beyond the largest number that one, never infinity.
pub(crate) fn encode_binary16(value: f64) -> u16 {
    // The constant conversions compute in software, the same on every machine.
    let bits = f16::from_f32_const(round_to_odd(value)).to_bits();
    if decode_binary16(bits).is_infinite() { bits - 1 } else { bits }
}

/// The bit pattern of the nearest bfloat16 number, ties to even: beyond the largest number that one, never infinity.
pub(crate) fn encode_bfloat16(value: f64) -> u16 {
    let bits = bf16::from_f32_const(round_to_odd(value)).to_bits();
    if decode_bfloat16(bits).is_infinite() { bits - 1 } else { bits }
}

/// The number of a binary16 bit pattern.
#[inline(always)]
pub(crate) fn decode_binary16(bits: u16) -> f64 {
    const SIGN: u32 = 0x8000;
    const EXPONENT: u32 = 0x7c00;
    /// `2^(127 - 15)`, between the biases of `f32` and binary16.
    const REBIAS: f32 = f32::from_bits((127 + 112) << 23);
    let bits = u32::from(bits);
    let magnitude = (bits & !SIGN) << 13;
    let number = f32::from_bits(magnitude) * REBIAS;
    let is_number = bits & EXPONENT != EXPONENT;
    let number = if is_number { number } else { f32::from_bits(magnitude | 0x7f80_0000) };
    f64::from(f32::from_bits(number.to_bits() | (bits & SIGN) << 16))
}

/// The number of a bfloat16 bit pattern.
#[inline(always)]
pub(crate) fn decode_bfloat16(bits: u16) -> f64 {
    f64::from(f32::from_bits(u32::from(bits) << 16))
}

/// `value` in `f32`, an inexact result with its last bit set.
///
/// Rounding twice to nearest may be off by a bit: `f64` to `f32` can make a tie of what was none. Rounding to odd first
/// keeps which side of the tie it was (Boldo & Melquiond 2008), since `f32` has more than two bits to spare.
#[inline(always)]
fn round_to_odd(value: f64) -> f32 {
    let nearest = value as f32;
    let (back, bits) = (f64::from(nearest), nearest.to_bits());
    // Without branches, which no processor could foresee.
    let is_kept = (back == value) | (bits & 1 == 1);
    let step = if back.abs() > value.abs() { -1 } else { 1 };
    f32::from_bits(bits.wrapping_add_signed(if is_kept { 0 } else { step }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_just_above_a_tie_rounds_up() {
        // Halfway between 1 and 1 + 2⁻¹⁰, plus what neither f32 nor a truncated mantissa keeps.
        let tie = 1.0 + f64::powi(2.0, -11);
        let value = tie + f64::powi(2.0, -50);
        assert_eq!(encode_binary16(tie), 0x3c00);
        assert_eq!(encode_binary16(value), 0x3c01);
        assert_eq!(encode_binary16(-value), 0xbc01);
    }

    #[test]
    fn every_pattern_is_the_number_of_the_reference() {
        for bits in 0..=u16::MAX {
            for (own, reference) in [
                (decode_binary16(bits), f16::from_bits(bits).to_f64_const()),
                (decode_bfloat16(bits), bf16::from_bits(bits).to_f64_const()),
            ] {
                let is_same = own.to_bits() == reference.to_bits() || own.is_nan() && reference.is_nan();
                assert!(is_same, "{bits:x}: {own} for {reference}");
            }
        }
    }

    #[test]
    fn every_finite_pattern_encodes_to_itself() {
        for bits in 0..=u16::MAX {
            for (decode, encode) in [
                (decode_binary16 as fn(u16) -> f64, encode_binary16 as fn(f64) -> u16),
                (decode_bfloat16, encode_bfloat16),
            ] {
                let value = decode(bits);
                if value.is_finite() {
                    assert_eq!(encode(value), bits);
                }
            }
        }
    }

    #[test]
    fn what_is_beyond_the_largest_number_becomes_it() {
        for value in [65_519.9, 65_520.0, 1e30, f64::MAX] {
            assert_eq!(encode_binary16(value), 0x7bff);
            assert_eq!(encode_binary16(-value), 0xfbff);
        }
        for value in [f64::from(f32::MAX), f64::MAX] {
            assert_eq!(encode_bfloat16(value), 0x7f7f);
            assert_eq!(encode_bfloat16(-value), 0xff7f);
        }
    }

    #[test]
    fn tiny_doubles_do_not_vanish_before_they_are_rounded() {
        let half_of_smallest = f64::powi(2.0, -25);
        assert_eq!(encode_binary16(half_of_smallest), 0);
        assert_eq!(encode_binary16(half_of_smallest * (1.0 + 1e-15)), 1);
        assert_eq!(encode_binary16(-1e-300), 0x8000);
    }
}

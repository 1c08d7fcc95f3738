//! The exponential function, powers and the hyperbolic tangent of many numbers: the bits of `libm`, in loops that are vectorized.
//!
//! The formulas are those of FreeBSD's `e_exp.c`, `e_pow.c` and `s_expm1f.c` (Copyright (C) 1993, 2004 by Sun Microsystems, Inc.
//! All rights reserved. Permission to use, copy, modify, and distribute this software is freely granted, provided that this
//! notice is preserved) and musl's `tanhf.c`, as `libm` has them, with selections in place of branches. Exponentials and powers
//! that might not be normal come from `libm` itself.

use std::f64::consts::{LN_2, LOG2_E};

/// Magnitudes up to which the exponential is a normal number, and base-2 logarithms of powers that are.
const MOST: f64 = 700.0;
/// Of the remainder in both functions, polynomials of its square.
const REMAINDER: [f64; 5] = [
    1.666_666_666_666_660_2e-1,
    -2.777_777_777_701_559_3e-3,
    6.613_756_321_437_934e-5,
    -1.653_390_220_546_525_2e-6,
    4.138_136_797_057_238_5e-8,
];

/// `e^x` of each number, as `libm::exp` has it.
///
/// Must be called within a dispatch to vector instructions to be fast.
#[inline(always)]
pub(crate) fn exponentials(numbers: &[f64], results: &mut [f64]) {
    for (result, &number) in results.iter_mut().zip(numbers) {
        *result = exponential(number);
    }
    if numbers.iter().any(|number| !is_within(*number)) {
        replace(numbers, results, is_within, libm::exp);
    }
}

/// `x^power` of each `x ≥ 0`, as `libm::pow` has it.
///
/// Must be called within a dispatch to vector instructions to be fast.
#[inline(always)]
pub(crate) fn powers(numbers: &[f64], power: f64, results: &mut [f64]) {
    // Of other numbers and powers `libm` makes cases of their own.
    let is_plain = power > 1.0 && power < MOST && power != 2.0;
    let least = libm::exp2(-MOST / power).max(f64::MIN_POSITIVE);
    let is_within = |number: f64| is_plain & (number >= least) & (number < 2.0);
    for (result, &number) in results.iter_mut().zip(numbers) {
        *result = self::power(number, power);
    }
    if numbers.iter().any(|number| !is_within(*number)) {
        replace(numbers, results, is_within, |number| libm::pow(number, power));
    }
}

#[inline(always)]
fn is_within(number: f64) -> bool {
    number.abs() <= MOST
}

/// Has the results of numbers beyond the bounds from `function`.
#[cold]
#[inline(never)]
fn replace(
    numbers: &[f64],
    results: &mut [f64],
    is_within: impl Fn(f64) -> bool,
    function: impl Fn(f64) -> f64,
) {
    for (result, &number) in results.iter_mut().zip(numbers) {
        if !is_within(number) {
            *result = function(number);
        }
    }
}

/// The bits of the upper half of a number.
#[inline(always)]
fn upper(number: f64) -> f64 {
    f64::from_bits(number.to_bits() & 0xffff_ffff_0000_0000)
}

/// `2^exponent`, for a whole exponent of a normal number.
#[inline(always)]
fn power_of_two(exponent: f64) -> f64 {
    // The lowest bits of 2⁵² + n are n.
    f64::from_bits((exponent + (4_503_599_627_370_496.0 + 1023.0)).to_bits() << 52)
}

/// `xx·(P₁ + xx·(P₂ + …))`.
#[inline(always)]
fn remainder(xx: f64) -> f64 {
    let [p1, p2, p3, p4, p5] = REMAINDER;
    xx * (p1 + xx * (p2 + xx * (p3 + xx * (p4 + xx * p5))))
}

/// `e^x` where `|x| ≤ 700`: `x = k·ln 2 + r` with `|r| ≤ ln 2/2`.
#[inline(always)]
fn exponential(x: f64) -> f64 {
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    // Halves of ln 2 and of 3·ln 2, and 2⁻²⁸: the least numbers with these upper bits.
    let (half, three_halves, tiny) = (
        f64::from_bits(0x3fd6_2e43_0000_0000),
        f64::from_bits(0x3ff0_a2b2_0000_0000),
        f64::from_bits(0x3e30_0001_0000_0000),
    );
    let size = x.abs();
    let far = (LOG2_E * x + 0.5_f64.copysign(x)).trunc();
    let near = if size >= half { 1.0_f64.copysign(x) } else { 0.0 };
    let k = if size >= three_halves { far } else { near };
    let (high, low) = (x - k * LN_2_HIGH, k * LN_2_LOW);
    let r = high - low;
    let c = r - remainder(r * r);
    let y = 1.0 + (r * c / (2.0 - c) - low + high);
    if size >= tiny { y * power_of_two(k) } else { 1.0 + x }
}

/// `x^y` of a normal `0 < x < 2` and a power whose result is normal: `2^(y·log₂ x)`, the logarithm in two parts.
#[inline(always)]
fn power(x: f64, y: f64) -> f64 {
    const L: [f64; 6] = [
        5.999_999_999_999_946e-1,
        4.285_714_285_785_502e-1,
        3.333_333_298_183_774_3e-1,
        2.727_281_238_085_34e-1,
        2.306_607_457_755_617_5e-1,
        2.069_750_178_003_384_2e-1,
    ];
    const LG_2_HIGH: f64 = 6.931_471_824_645_996e-1;
    const LG_2_LOW: f64 = -1.904_654_299_957_768e-9;
    // 2/(3·ln 2).
    const C: f64 = 9.617_966_939_259_756e-1;
    const C_HIGH: f64 = 9.617_967_009_544_373e-1;
    const C_LOW: f64 = -7.028_461_650_952_758e-9;
    // x = 2ⁿ·a, where a lies within [√¾, √1½) around 1, or within [√1½, √3) around 1½.
    let bits = x.to_bits();
    let digits = (bits >> 32) & 0x000f_ffff;
    let (middle, above) = ((digits > 0x3_988e) & (digits < 0xb_b67a), digits >= 0xb_b67a);
    let exponent = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    let n = exponent + if above { 1.0 } else { 0.0 };
    let a_high = digits | if above { 0x3fe0_0000 } else { 0x3ff0_0000 };
    let a = f64::from_bits((bits & 0xffff_ffff) | (a_high << 32));
    let (around, of_high, of_low, step) = if middle {
        (1.5, 5.849_624_872_207_642e-1, 1.350_039_202_129_749e-8, 1 << 18)
    } else {
        (1.0, 0.0, 0.0, 0)
    };
    // s = (a - around)/(a + around).
    let (difference, per_sum) = (a - around, 1.0 / (a + around));
    let s = difference * per_sum;
    let s_high = upper(s);
    let sum_high = f64::from_bits((((a_high >> 1) | 0x2000_0000) + 0x0008_0000 + step) << 32);
    let sum_low = a - (sum_high - around);
    let s_low = per_sum * ((difference - s_high * sum_high) - s_high * sum_low);
    let ss = s * s;
    let series = L[0] + ss * (L[1] + ss * (L[2] + ss * (L[3] + ss * (L[4] + ss * L[5]))));
    let r = ss * ss * series + s_low * (s_high + s);
    let ss = s_high * s_high;
    let t_high = upper(3.0 + ss + r);
    let t_low = r - ((t_high - 3.0) - ss);
    let (u, v) = (s_high * t_high, s_low * t_high + t_low * s);
    let p_high = upper(u + v);
    let p_low = v - (p_high - u);
    let (z_high, z_low) = (C_HIGH * p_high, C_LOW * p_high + p_low * C + of_low);
    let log_high = upper(((z_high + z_low) + of_high) + n);
    let log_low = z_low - (((log_high - n) - of_high) - z_high);
    // y·log₂ x.
    let y_high = upper(y);
    let low = (y - y_high) * log_high + y * log_low;
    let high = y_high * log_high;
    let z = upper(low + high);
    let whole = if z.abs() > 0.5 { (z.abs() + 0.5).trunc().copysign(z) } else { 0.0 };
    let high = high - whole;
    let t = upper(low + high);
    let (u, v) = (t * LG_2_HIGH, (low - (t - high)) * LN_2 + t * LG_2_LOW);
    let z = u + v;
    let w = v - (z - u);
    let t = z - remainder(z * z);
    let r = (z * t) / (t - 2.0) - (w + z * w);
    (1.0 - (r - z)) * power_of_two(whole)
}

/// `tanh x`, as `libm::tanhf` has it: of `t = e^z - 1` with `z = -2·|x|` near 0, `z = 2·|x|` elsewhere.
///
/// Must be called within a dispatch to vector instructions to be fast.
#[inline(always)]
pub(super) fn hyperbolic_tangent(x: f32) -> f32 {
    // The least magnitudes with these bits lie around ln(5/3)/2 and ln(3)/2.
    let (near, middle) = (f32::from_bits(0x3e82_c578), f32::from_bits(0x3f0c_9f54));
    let size = x.abs();
    let (is_near, is_middle) = (size <= near, size <= middle);
    let t = exponential_less_one(if is_near { -2.0 * size } else { 2.0 * size });
    let divided = if is_near { -t } else { t };
    let quotient = (if is_middle { divided } else { 2.0 }) / (t + 2.0);
    let result = if is_middle { quotient } else { 1.0 - quotient };
    (if size > 10.0 { 1.0 } else { result }).copysign(x)
}

/// `e^z - 1` where `-0.6 ≤ z ≤ 20`: `z = k·ln 2 + r - c` with `|r| ≤ ln 2/2`.
#[inline(always)]
fn exponential_less_one(z: f32) -> f32 {
    const LN_2_HIGH: f32 = 6.931_381e-1;
    const LN_2_LOW: f32 = 9.058_001e-6;
    const Q: [f32; 2] = [-3.333_321_2e-2, 1.580_717e-3];
    // Halves of ln 2 and of 3·ln 2, and 2⁻²⁵.
    let (half, three_halves, tiny) =
        (f32::from_bits(0x3eb1_7218), f32::from_bits(0x3f85_1592), f32::from_bits(0x3300_0000));
    let size = z.abs();
    let far = (std::f32::consts::LOG2_E * z + 0.5).trunc();
    let close = if size > half { 1.0_f32.copysign(z) } else { 0.0 };
    let k = if size < three_halves { close } else { far };
    let (high, low) = (z - k * LN_2_HIGH, k * LN_2_LOW);
    let r = high - low;
    let c = (high - r) - low;
    let half_r = 0.5 * r;
    let s = r * half_r;
    let r1 = 1.0 + s * (Q[0] + s * Q[1]);
    let t = 3.0 - r1 * half_r;
    let e = s * ((r1 - t) / (6.0 - r * t));
    let e = r * (e - c) - c - s;
    // The lowest bits of 2²³ + n are n.
    let power = |exponent: f32| f32::from_bits((exponent + (8_388_608.0 + 127.0)).to_bits() << 23);
    let less = power(-k);
    let sum = if (k == 1.0) & (r < -0.25) { (r + 0.5) - e } else { r - e + (1.0 - less) };
    let sum = if k < 23.0 { sum } else { r - (e + less) + 1.0 };
    if size < tiny { z } else { sum * power(k) }
}

#[cfg(test)]
mod tests {
    use bitsweep_random::{Generator, Stream};
    use bitsweep_vector::arch;
    use pulp::NullaryFnOnce;

    use super::*;

    struct All<'a>(&'a [f64], Option<f64>);

    impl NullaryFnOnce for All<'_> {
        type Output = Vec<f64>;

        #[inline(always)]
        fn call(self) -> Vec<f64> {
            let mut results = vec![0.0; self.0.len()];
            match self.1 {
                None => exponentials(self.0, &mut results),
                Some(power) => powers(self.0, power, &mut results),
            }
            results
        }
    }

    fn assert_bits(numbers: &[f64], power: Option<f64>) {
        for results in [arch().dispatch(All(numbers, power)), All(numbers, power).call()] {
            for (&number, result) in numbers.iter().zip(results) {
                let expected = power.map_or_else(|| libm::exp(number), |power| libm::pow(number, power));
                assert_eq!(result.to_bits(), expected.to_bits(), "{number:e} and {power:?}");
            }
        }
    }

    /// Numbers around each bound of a case: with these bits, and some before and behind them.
    fn around(bounds: &[f64]) -> Vec<f64> {
        let near =
            |bound: &f64| (0..2000).map(|step| f64::from_bits(bound.to_bits() + step - 1000)).collect();
        bounds.iter().flat_map(|bound: &f64| -> Vec<f64> { near(bound) }).collect()
    }

    #[test]
    fn exponentials_have_the_bits_of_libm() {
        let mut stream = Stream::new(Generator::Modern, 0, "exponentials").unwrap();
        let mut numbers: Vec<f64> = Vec::new();
        for width in [1e-9, 1e-3, 0.7, 3.0, 40.0, 800.0] {
            numbers.extend((0..200_000).map(|_| width * (2.0 * stream.uniform() - 1.0)));
        }
        numbers.extend(around(&[0.5 * 2.0_f64.ln(), 1.5 * 2.0_f64.ln(), 1.0 / (1 << 28) as f64, 700.0]));
        numbers
            .extend(around(&[f64::from_bits(0x3fd6_2e43_0000_0000), f64::from_bits(0x3ff0_a2b2_0000_0000)]));
        numbers.extend([0.0, 1e-310, 709.0, 710.0, f64::INFINITY, f64::NAN, f64::MIN_POSITIVE]);
        let negative: Vec<f64> = numbers.iter().map(|number| -number).collect();
        assert_bits(&numbers, None);
        assert_bits(&negative, None);
    }

    #[test]
    fn powers_have_the_bits_of_libm() {
        let mut stream = Stream::new(Generator::Modern, 0, "powers").unwrap();
        let mut numbers: Vec<f64> = (0..50_000).map(|_| 1.2 * stream.uniform()).collect();
        numbers.extend((0..20_000).map(|_| libm::exp(-80.0 * stream.uniform())));
        numbers.extend(around(&[0.5, 1.0, 0.5 * 1.5_f64.sqrt(), 0.5 * 3.0_f64.sqrt(), 2.0, 1.5, 0.75]));
        numbers.extend(around(&[1.5_f64.sqrt(), f64::from_bits(0x3fe3_988e_0000_0000)]));
        numbers.extend(around(&[f64::from_bits(0x3feb_b67a_0000_0000)]));
        numbers.extend([0.0, 1e-310, 1e-300, f64::MIN_POSITIVE, 3.5, f64::INFINITY, f64::NAN]);
        let powers =
            [0.0, 0.7, 1.0, 1.000_01, 1.5, 2.0, 2.5, 3.0, 7.25, 11.0 / 3.0, 18.999, 19.0, 300.0, 1e9];
        for power in powers.into_iter().chain((0..40).map(|_| 1.0 + 18.0 * stream.uniform())) {
            assert_bits(&numbers, Some(power));
        }
    }

    struct HyperbolicTangents<'a>(&'a [f32]);

    impl NullaryFnOnce for HyperbolicTangents<'_> {
        type Output = Vec<f32>;

        #[inline(always)]
        fn call(self) -> Vec<f32> {
            self.0.iter().map(|&number| hyperbolic_tangent(number)).collect()
        }
    }

    #[test]
    fn hyperbolic_tangents_have_the_bits_of_libm() {
        // Every 997th float, and all around the bounds of the cases.
        let mut numbers: Vec<f32> = (0..=f32::INFINITY.to_bits()).step_by(997).map(f32::from_bits).collect();
        let ln_2 = std::f32::consts::LN_2;
        for bound in
            [0.5 * (5.0_f32 / 3.0).ln(), 0.5 * 3.0_f32.ln(), 10.0, 1.0 / (1 << 26) as f32, 0.25 * ln_2]
                .into_iter()
                .chain((1..60).map(|half| 0.25 * half as f32 * ln_2))
        {
            numbers.extend((0..4000).map(|step| f32::from_bits(bound.to_bits() + step - 2000)));
        }
        numbers.extend([f32::INFINITY, f32::MIN_POSITIVE, f32::from_bits(1)]);
        numbers.extend(numbers.iter().map(|number| -number).collect::<Vec<_>>());
        let tangents = HyperbolicTangents(&numbers);
        for results in [arch().dispatch(HyperbolicTangents(&numbers)), tangents.call()] {
            for (&number, result) in numbers.iter().zip(results) {
                assert_eq!(result.to_bits(), libm::tanhf(number).to_bits(), "{number:e}");
            }
        }
        assert!(hyperbolic_tangent(f32::NAN).is_nan());
    }
}

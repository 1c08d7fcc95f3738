//! The normal distribution and Student's: what bounds and p-values need of them.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI, FRAC_PI_2};

/// Beyond this many deviations a normal variable has no probability that an `f64` could tell from 0.
const FAR: f64 = 39.0;

/// `P(Z ≤ z)` of a standard normal variable: `erfc(-z/√2) / 2`.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// The `z` with `P(Z ≤ z) = p` for `p` in (0, 1), by bisection to the last bit.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    // Upper quantiles by symmetry: close to 1 the distribution function has no digits left.
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    bisected(-FAR, 0.0, |z| normal_cdf(z) < p)
}

/// `P(T ≤ t)` of Student's distribution with `degrees ≥ 1` degrees of freedom.
pub(crate) fn student_cdf(t: f64, degrees: usize) -> f64 {
    let within = probability_within(libm::atan(t.abs() / (degrees as f64).sqrt()), degrees);
    if t < 0.0 { 0.5 * (1.0 - within) } else { 0.5 * (1.0 + within) }
}

/// The `t` with `P(T ≤ t) = p` for `p` in (0, 1) and Student's distribution with `degrees ≥ 1` degrees of freedom.
///
/// `P` rises with the angle `arctan(t/√ν)`, so that bisection finds the angle to the last bit. `O(ν)` a step, some 60
/// steps.
pub(crate) fn student_quantile(p: f64, degrees: usize) -> f64 {
    let within = (2.0 * p - 1.0).abs();
    let angle = bisected(0.0, FRAC_PI_2, |angle| probability_within(angle, degrees) < within);
    ((degrees as f64).sqrt() * libm::tan(angle)).copysign(p - 0.5)
}

/// The point between `low` and `high` up to which `is_below` holds.
fn bisected(mut low: f64, mut high: f64, is_below: impl Fn(f64) -> bool) -> f64 {
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if is_below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// `P(|T| ≤ √ν tan θ)`, a finite sum of positive terms (Abramowitz & Stegun, Handbook of Mathematical Functions, 26.7.3
/// and 26.7.4).
fn probability_within(angle: f64, degrees: usize) -> f64 {
    let (sine, cosine) = libm::sincos(angle);
    let square = cosine * cosine;
    // Even ν: sin θ (1 + 1/2 cos²θ + 1·3/(2·4) cos⁴θ + …), ν/2 terms.
    // Odd ν:  2/π (θ + sin θ cos θ (1 + 2/3 cos²θ + 2·4/(3·5) cos⁴θ + …)), (ν - 1)/2 terms.
    let odd = degrees % 2;
    let (mut term, mut sum) = (1.0, 0.0);
    for j in 1..=degrees / 2 {
        sum += term;
        let above = (2 * j - 1 + odd) as f64;
        term *= above / (above + 1.0) * square;
    }
    if odd == 1 { FRAC_2_PI * (angle + sine * cosine * sum) } else { sine * sum }
}

//! The quantile of Student's t distribution that a 95 % interval needs.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// The `t` with `P(|T| ≤ t) = 0.95` for Student's distribution with `degrees ≥ 1` degrees of freedom.
///
/// `P` is a finite sum of positive terms in the angle `θ = arctan(t/√ν)` (Abramowitz & Stegun, Handbook of
/// Mathematical Functions, 26.7.3 and 26.7.4) and rises with it, so that bisection finds the angle to the
/// last bit. `O(ν)` a step, some 60 steps.
pub(crate) fn two_sided_95(degrees: usize) -> f64 {
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return (degrees as f64).sqrt() * libm::tan(middle);
        }
        if probability_within(middle, degrees) < 0.95 {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// `P(|T| ≤ √ν tan θ)`.
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

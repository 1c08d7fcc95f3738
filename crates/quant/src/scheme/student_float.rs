//! Levels at the quantiles of Student's t distribution.

use std::f64::consts::{FRAC_1_PI, PI};

use super::normal_float::rising_root;

/// Degrees of freedom `ν` of the published format.
const DEGREES: f64 = 5.0;

/// The `2^bits` ascending levels of Student Float (Dotzel et al. 2024, *Learning from Students*, §4) with `ν = 5`, whose
/// tails are those of trained weights more often than the normal distribution's.
///
/// The construction is NormalFloat's with another quantile function `F⁻¹`: with `p = 1 - ½·(1/2^(b+1) + 1/(2^(b+1)-2))`
/// zero, `2^(b-1)` positive levels `F⁻¹` of points evenly spaced from `p` down to ½ (½ left out), and `2^(b-1)-1` negative
/// ones likewise; all divided by the largest.
pub(super) fn levels(bits: u32) -> Vec<f64> {
    let count = f64::from(1_u32 << bits);
    let tail = 1.0 - 0.5 * (0.5 / count + 0.5 / (count - 1.0));
    let half = 1_u32 << (bits - 1);
    // Smallest first.
    let side = |points: u32| {
        let step = (tail - 0.5) / f64::from(points);
        (1..=points).map(move |point| if point == points { tail } else { 0.5 + step * f64::from(point) })
    };
    let largest = quantile(tail);
    let negative = side(half - 1).rev().map(|point| -quantile(point));
    let levels = negative.chain([0.0]).chain(side(half).map(quantile));
    levels.map(|level| level / largest).collect()
}

/// The `x ≥ 0` with `F(x) = probability`, for a probability from ½ to below 1.
///
/// With `θ = arctan(x/√ν)` and five degrees of freedom `F(x) = ½ + (θ + sin θ·cos θ·(1 + ⅔·cos²θ))/π` (Abramowitz &
/// Stegun, 26.7.3), whose derivative is `8/(3·π·√5)·cos⁶θ`.
fn quantile(probability: f64) -> f64 {
    rising_root(|x| {
        let angle = libm::atan(x / libm::sqrt(DEGREES));
        let (sine, cosine) = libm::sincos(angle);
        let square = cosine * cosine;
        let above_half = FRAC_1_PI * (angle + sine * cosine * (1.0 + 2.0 / 3.0 * square));
        let density = 8.0 / (3.0 * PI * libm::sqrt(DEGREES)) * square * square * square;
        x + ((probability - 0.5) - above_half) / density
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bits_are_the_published_table() {
        // Dotzel et al. 2024, the table of SF4, to three decimals.
        let published = [
            -1.0, -0.628, -0.455, -0.334, -0.237, -0.153, -0.075, 0.0, 0.066, 0.133, 0.205, 0.284, 0.376,
            0.491, 0.657, 1.0,
        ];
        let levels = levels(4);
        assert_eq!(levels.len(), published.len());
        for (level, published) in levels.iter().zip(published) {
            assert!((level - published).abs() < 5e-4, "{level} {published}");
        }
    }

    /// Probability and quantile by scipy 1.17.1, `scipy.stats.t.ppf(p, 5)`.
    const SCIPY: [(f64, f64); 7] = [
        (0.5, 0.0),
        (0.6, 0.2671808657041451),
        (0.75, 0.7266868438004226),
        (0.9, 1.4758840488244815),
        (0.975, 2.5705818356363146),
        (0.9677083333333333, 2.3620894623280875),
        (0.999, 5.893429531356009),
    ];

    #[test]
    fn quantiles_are_those_of_students_distribution() {
        for (probability, x) in SCIPY {
            assert!((quantile(probability) - x).abs() < 1e-12 * (1.0 + x), "{probability}");
        }
    }
}

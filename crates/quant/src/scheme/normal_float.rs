//! Levels at the quantiles of the normal distribution.

/// The `2^bits` ascending levels of NormalFloat (Dettmers et al. 2023, QLoRA, §3), as `f32`.
///
/// With `Φ⁻¹` the quantile function of the standard normal distribution and `p = 1 - ½·(1/2^(b+1) + 1/(2^(b+1)-2))`:
/// zero, `2^(b-1)` positive levels `Φ⁻¹` of points evenly spaced from `p` down to ½ (½ left out), and `2^(b-1)-1`
/// negative ones likewise; all divided by the largest. For 4 bits `p` is truncated to 0.9677083, as bitsandbytes does;
/// its published table also has the arithmetic of `f32` in points, quantiles and quotients, which is followed here.
pub(super) fn levels(bits: u32) -> Vec<f64> {
    let count = f64::from(1_u32 << bits);
    let tail = match bits {
        4 => 0.967_708_3,
        _ => 1.0 - 0.5 * (0.5 / count + 0.5 / (count - 1.0)),
    };
    let half = 1_u32 << (bits - 1);
    // Largest first on both sides.
    let negative = quantiles(tail, half - 1).into_iter().map(|level| -level);
    let mut positive = quantiles(tail, half);
    let largest = positive[0];
    positive.reverse();
    let levels = negative.chain([0.0]).chain(positive);
    levels.map(|level| f64::from(level / largest)).collect()
}

/// The quantiles of the first `count` of `count + 1` points from `tail` to ½, evenly spaced as `torch.linspace` does: from
/// the nearer end.
fn quantiles(tail: f64, count: u32) -> Vec<f32> {
    let (start, end) = (tail as f32, 0.5_f32);
    // At most 128 points, exact in `f32`.
    let steps = |number: u32| number as f32;
    let step = (end - start) / steps(count);
    let point = |index: u32| {
        if index < count.div_ceil(2) {
            start + step * steps(index)
        } else {
            end - step * steps(count - index)
        }
    };
    (0..count).map(|index| quantile(f64::from(point(index))) as f32).collect()
}

/// The `x ≥ 0` with `Φ(x) = probability`, for a probability from ½ to below 1.
fn quantile(probability: f64) -> f64 {
    rising_root(|x| {
        // 1 - Φ(x), which keeps its digits in the tail.
        let beyond = 0.5 * libm::erfc(x * std::f64::consts::FRAC_1_SQRT_2);
        let density = libm::exp(-0.5 * x * x) / libm::sqrt(2.0 * std::f64::consts::PI);
        x + (beyond - (1.0 - probability)) / density
    })
}

/// The root that Newton's method finds from 0, given its step: of a function that is concave from there on, such as a
/// distribution's above its middle, the iterates rise to the root and stop when they no longer do.
pub(super) fn rising_root(newton: impl Fn(f64) -> f64) -> f64 {
    let mut x = 0.0;
    loop {
        let next = newton(x);
        if next <= x {
            return x;
        }
        x = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bits_are_the_published_table() {
        // bitsandbytes, `get_4bit_type("nf4")`.
        let published: [f32; 16] = [
            -1.0,
            -0.696_192_8,
            -0.525_073_05,
            -0.394_917_5,
            -0.284_441_38,
            -0.184_773_43,
            -0.091_050_036,
            0.0,
            0.079_580_3,
            0.160_930_2,
            0.246_112_3,
            0.337_915_24,
            0.440_709_83,
            0.562_617,
            0.722_956_84,
            1.0,
        ];
        let levels: Vec<f32> = levels(4).into_iter().map(|level| level as f32).collect();
        assert_eq!(levels, published);
    }

    #[test]
    fn quantiles_are_those_of_the_normal_distribution() {
        for (probability, x) in [(0.5, 0.0), (0.841_344_746_068_542_9, 1.0), (0.998_650_101_968_369_9, 3.0)] {
            assert!((quantile(probability) - x).abs() < 1e-13);
        }
    }
}

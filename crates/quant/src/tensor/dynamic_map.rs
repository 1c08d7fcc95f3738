//! The 8-bit dynamic data type of bitsandbytes.

/// The 256 ascending levels of bitsandbytes' `create_dynamic_map()` (Dettmers 2016, 8-Bit Approximations for Parallelism in
/// Deep Learning, §2): `±10^(i-6)·f` for `i` from 0 to 6, `f` running through the `2^i` midpoints of as many equal parts of
/// `[0.1, 1]`; 0 and 1. Computed in `f64` and rounded to `f32`.
pub(super) fn levels() -> Vec<f64> {
    let mut levels = vec![0.0, 1.0];
    let mut power = 1e-6;
    for exponent in 0..7 {
        let parts = 1 << exponent;
        for part in 0..parts {
            let midpoint = 0.1 + 0.9 * (f64::from(part) + 0.5) / f64::from(parts);
            let level = f64::from((power * midpoint) as f32);
            levels.extend([level, -level]);
        }
        power *= 10.0;
    }
    levels.sort_unstable_by(f64::total_cmp);
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_has_256_levels_from_below_minus_0_99_to_1() {
        let levels = levels();
        assert_eq!(levels.len(), 256);
        // bitsandbytes' own: -0.992968738079071 … 0.992968738079071, 1.0.
        assert_eq!(levels[0], f64::from(-0.992_968_74_f32));
        assert_eq!(levels[254], f64::from(0.992_968_74_f32));
        assert_eq!((levels[127], levels[255]), (0.0, 1.0));
        assert_eq!(levels[128], f64::from(5.5e-7_f32));
    }
}

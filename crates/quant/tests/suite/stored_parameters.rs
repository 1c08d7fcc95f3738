//! Parameters that their format cannot hold, and values beyond a format without scales.

use bitsweep_quant::{FarParameters, Quantized, Unrepresentable};
use ndarray::{Array2, array};

use crate::{quantized, scheme, stream};

fn far(values: &Array2<f64>, text: &str) -> FarParameters {
    quantized(values, &scheme(text)).far_parameters()
}

/// Weights of a size that every format holds.
fn ordinary() -> Array2<f64> {
    stream(3).normal_matrix(64, 8)
}

const F16_ROWS: &str = "bits = 8\ngranularity = 'row'\nscale_format = 'f16'";

#[test]
fn scales_below_the_normal_numbers_of_binary16_are_far() {
    let row = |unit: f64| [unit, -0.4 * unit, 0.7 * unit, 0.1 * unit];
    let values = ndarray::arr2(&[row(1.0), row(1e-5), row(1e-6), row(1e-9)]);
    let found = far(&values, F16_ROWS);
    // 1e-9/127 is off by the largest factor: the smallest number is 2⁻²⁴.
    assert_eq!(found, FarParameters { count: 3, wanted: 1e-9 / 127.0, stored: 2.0_f64.powi(-24) });
    assert_eq!(far(&values, "bits = 8\ngranularity = 'row'").count, 0);
    assert_eq!(far(&values, "bits = 8\ngranularity = 'row'\nscale_format = 'bf16'").count, 0);
}

#[test]
fn what_rounding_to_nearest_explains_is_not_far() {
    for text in [
        "bits = 4\nscale_format = 'f16'\ngranularity = { group = 16 }",
        "bits = 4\nscale_format = 'bf16'\ngranularity = { group = 16 }",
        "bits = 4\nscale_format = 'e8m0-floor'\ngranularity = { group = 16 }",
        "bits = 4\nscale_format = 'e8m0-ceiling'\ngranularity = { group = 16 }",
        "bits = 4\nscale_format = 'double'\ngranularity = { group = 16 }",
        "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'minimum'\nscale_format = 'f16'\ngranularity = 'row'",
        "bits = 4\noutliers = { percent = 5 }",
        "format = 'nvfp4'",
        "format = 'mxfp4'",
        "format = 'mxint8'",
        "format = 'q4_0'",
        "format = 'q5_1'",
        "format = 'q8_0'",
        "format = { vq = { centroids = 16 } }\ncodebook_format = 'f16'",
        "format = { vq = { centroids = 16 } }\ncodebook_format = 'int8'",
    ] {
        assert_eq!(far(&ordinary(), text), FarParameters::default(), "{text}");
        assert_eq!(far(&Array2::zeros((64, 2)), text), FarParameters::default(), "zeros, {text}");
        assert_eq!(far(&Array2::zeros((0, 2)), text), FarParameters::default(), "nothing, {text}");
    }
}

#[test]
fn a_block_scale_below_the_others_by_ten_orders_is_far_under_two_levels() {
    // Block scales of 2 and 8.4e8: the outer scale is 8.4e8/448 = 1.875e6, the least inner one 2⁻⁹.
    let values = Array2::from_shape_fn((32, 1), |(row, _)| if row < 16 { 12.0 } else { 6.0 * 8.4e8 });
    let found = far(&values, "format = 'nvfp4'");
    assert_eq!((found.count, found.wanted), (1, 2.0));
    assert!((found.stored - 1.875e6 / 512.0).abs() < 1.0);
}

#[test]
fn what_underflows_or_saturates_is_far_in_every_format() {
    let tiny = "format = { vq = { centroids = 2 } }\ncodebook_format = 'f16'";
    for (unit, text, count) in [
        (1e-9, "bits = 4\nscale_format = 'f16'", 1),
        (1e9, "bits = 4\nscale_format = 'f16'", 1),
        (1e-60, "bits = 4\nscale_format = 'bf16'", 1),
        (1e60, "bits = 4\nscale_format = 'bf16'", 1),
        (1e-60, "bits = 4\nscale_format = 'e8m0-floor'", 1),
        (1e60, "bits = 4\nscale_format = 'e8m0-ceiling'", 1),
        (1e60, "bits = 4\nscale_format = 'double'", 1),
        (1e-60, "bits = 4\nscale_format = 'double'", 1),
        (1e60, "format = 'fp4-e2m1'\nscale_format = 'two-level'", 1),
        (1e-9, "format = 'q4_0'", 1),
        // The minimum is gone, too.
        (1e-9, "format = 'q4_1'", 2),
        (1e9, "format = 'q4_1'", 2),
        (1e300, "format = 'q5_1'", 2),
        (1e-300, "format = 'q5_0'", 1),
        (1e-9, "bits = 1\nscale_format = 'f16'", 1),
        (1e-9, tiny, 2),
        (1e9, tiny, 2),
        (1e-9, "bits = 4\noutliers = { percent = 25 }", 1),
        (1e9, "bits = 4\noutliers = { percent = 25 }", 1),
    ] {
        let values = array![[1.0, -1.0, 1.0, -1.0]] * unit;
        let values = if text.contains("outliers") { values + array![[unit, 0.0, 0.0, 0.0]] } else { values };
        let result = quantized(&values, &scheme(text));
        assert_eq!(result.far_parameters().count, count, "{unit:e} {text}");
        assert!(result.reconstruct::<f64>().iter().all(|value| value.is_finite()), "{unit:e} {text}");
        assert_eq!(Quantized::unpack(&result.pack()).unwrap(), result, "{unit:e} {text}");
    }
}

#[test]
fn parameters_beyond_the_largest_number_of_their_format_become_it() {
    let values = array![[1e6_f32, -1e6]];
    let scale = |text: &str| quantized(&values, &scheme(text)).block_parameters().next().unwrap().scale;
    assert_eq!(scale("bits = 2\nscale_format = 'f16'"), Some(65_504.0));
    assert_eq!(scale("format = 'q4_0'"), Some(-65_504.0));
    let centroids = "format = { vq = { centroids = 2 } }\ncodebook_format = 'f16'";
    let books = quantized(&values, &scheme(centroids)).codebooks();
    assert_eq!(books[0].components(), [-65_504.0, 65_504.0]);
    let power = quantized(&array![[1e300_f64, -1e300]], &scheme("bits = 2\nscale_format = 'e8m0-floor'"));
    assert_eq!(power.block_parameters().next().unwrap().scale, Some(2.0_f64.powi(127)));
}

#[test]
fn values_beyond_a_format_without_scales_become_its_largest_number_and_are_counted() {
    for (text, largest, beyond) in [
        ("format = 'f16'", 65_504.0, 65_521.0),
        ("format = 'bf16'", 3.389_531_389_251_535_5e38, 3.4e38),
        ("format = 'fp8-e4m3'\nscale_format = 'none'", 448.0, 464.1),
        ("format = 'fp8-e5m2'\nscale_format = 'none'", 57_344.0, 61_441.0),
        ("format = 'fp6-e3m2'\nscale_format = 'none'", 28.0, 30.1),
        ("format = 'fp6-e2m3'\nscale_format = 'none'", 7.5, 7.8),
        ("format = 'fp4-e2m1'\nscale_format = 'none'", 6.0, 7.1),
    ] {
        let scheme = scheme(text);
        let values = array![[beyond, -2.0 * beyond, largest, 1.0]];
        let result = quantized(&values, &scheme);
        assert_eq!(result.reconstruct::<f64>(), array![[largest, -largest, largest, 1.0]], "{text}");
        let expected = Unrepresentable { above: 2, largest: 2.0 * beyond, below: 0 };
        assert_eq!(result.unrepresentable(), expected, "{text}");
        let unpacked = Quantized::unpack(&result.pack()).unwrap();
        assert_eq!((&unpacked, unpacked.unrepresentable()), (&result, Unrepresentable::default()), "{text}");
        // A little beyond the largest number it is the nearest one.
        let near = array![[largest * (1.0 + 1e-4), 1.0]];
        assert_eq!(quantized(&near, &scheme).unrepresentable(), Unrepresentable::default(), "{text}");
    }
    // Three levels to each side of 0, a third apart: 7/6 is half a step beyond 1.
    let clipped = quantized(&array![[1.17, -1.16, 5.0, 0.01]], &scheme("format = 'wrpn'\nbits = 3"));
    assert_eq!(clipped.unrepresentable(), Unrepresentable { above: 2, largest: 5.0, below: 0 });
    for text in ["format = 'fp8-e4m3'", "bits = 4", "format = 'dorefa'\nbits = 3", "format = 'mxfp4'"] {
        let values = array![[1e6, -1e30]];
        assert_eq!(quantized(&values, &scheme(text)).unrepresentable(), Unrepresentable::default(), "{text}");
    }
}

#[test]
fn values_too_small_for_a_format_without_scales_become_0_and_are_counted() {
    // The smallest numbers: 2⁻²⁴, 2⁻⁹, 0.5. Half of one is rounded to the even 0, a little more is not.
    for (text, smallest) in [
        ("format = 'f16'", 2.0_f64.powi(-24)),
        ("format = 'fp8-e4m3'\nscale_format = 'none'", 2.0_f64.powi(-9)),
        ("format = 'fp4-e2m1'\nscale_format = 'none'", 0.5),
    ] {
        let values = array![[0.5 * smallest, -1e-12, 0.51 * smallest, 0.0]];
        let result = quantized(&values, &scheme(text));
        assert_eq!(result.reconstruct::<f64>(), array![[0.0, 0.0, smallest, 0.0]], "{text}");
        assert_eq!(result.unrepresentable(), Unrepresentable { above: 0, largest: 0.0, below: 2 }, "{text}");
    }
}

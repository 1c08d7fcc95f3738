//! What lies beyond the outermost levels.

use bitsweep_quant::{Bits, QuantizeError, Scheme};
use ndarray::{Array2, array};

use crate::format_properties;
use crate::{quantized, scheme, stream};

/// Normal values, every one different.
fn values() -> Array2<f64> {
    stream(3).normal_matrix(12, 9)
}

#[test]
fn min_max_clips_nothing() {
    for text in ["bits = 3", "bits = 3\nsymmetry = 'asymmetric'\nzero_point = 'float'", "format = 'nf4'"] {
        let values = values();
        let clipped = quantized(&values, &scheme(text)).clipped(values.view()).unwrap();
        let moved = (&clipped - &values).mapv(f64::abs).fold(0.0, |most, &moved| f64::max(most, moved));
        assert!(moved < 1e-14, "{text}: {moved}");
    }
}

#[test]
fn a_percentile_clips_what_lies_beyond_it_to_the_range() {
    let values = array![[-4.0, -1.0, 0.0, 1.0, 2.0]];
    // The 75th percentile of the magnitudes is 2, the step of the codes -1, 0 and 1.
    let quantized = quantized(&values, &scheme("bits = 2\nrange = { percentile = 75 }"));
    let clipped = quantized.clipped(values.view()).unwrap();
    assert_eq!(clipped, array![[-2.0, -1.0, 0.0, 1.0, 2.0]]);
}

#[test]
fn a_clipped_value_has_the_code_of_the_value_and_lies_no_farther_from_it() {
    let values = values();
    let plain = [
        "format = 'f16'",
        "format = 'bf16'",
        "format = { vq = { centroids = 5 } }",
        "bits = 3\nrange = { percentile = 80 }\noutliers = { percent = 5 }",
    ];
    for scheme in format_properties::all().into_iter().chain(plain.map(scheme)) {
        let quantized = quantized(&values, &scheme);
        let clipped = quantized.clipped(values.view()).unwrap();
        let reconstruction = quantized.reconstruct::<f64>();
        let codes = quantized.encode(clipped.view(), &mut stream(0)).unwrap();
        for (position, &value) in values.indexed_iter() {
            let (clipped, reconstruction) = (clipped[position], reconstruction[position]);
            assert!((clipped - value).abs() <= (reconstruction - value).abs() * (1.0 + 1e-12), "{scheme}");
            if clipped != value {
                // The outermost level; no value is rounded beyond where it is clipped to.
                assert_eq!(codes.to_array()[position], quantized.codes().to_array()[position], "{scheme}");
                assert_eq!(clipped, reconstruction, "{scheme}");
            }
        }
    }
}

#[test]
fn another_shape_is_refused() {
    let quantized = quantized(&values(), &scheme("bits = 4"));
    let error = quantized.clipped(Array2::<f64>::zeros((2, 2)).view()).unwrap_err();
    assert_eq!(error, QuantizeError::Shape { expected: (12, 9), found: (2, 2) });
}

#[test]
fn bits_change_where_the_format_has_a_choice_of_them() {
    for name in ["int", "dorefa", "wrpn", "nf", "power-of-two", "additive-power-of-two"] {
        let at = |bits: u32| scheme(&format!("format = '{name}'\nbits = {bits}"));
        let format = at(3).format.with_bits(Bits::new(4).unwrap()).unwrap();
        assert_eq!(Scheme { format, ..at(3) }, at(4));
    }
    for text in
        ["format = 'f16'", "format = 'fp4-e2m1'", "format = 'q4_0'", "format = { vq = { centroids = 4 } }"]
    {
        assert_eq!(scheme(text).format.with_bits(Bits::MOST), None);
    }
}

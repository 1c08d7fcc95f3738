//! Constant, empty, tiny, huge and impossible input.

use bitsweep_quant::{Errors, Parameters, QuantizeError, Scheme, SchemeSpec, quantize};
use ndarray::{Array2, array};

use crate::{codebook_properties, format_properties, quantized, scheme, stream};

/// Every integer convention at several widths, every granularity and range that combines.
fn all_schemes() -> Vec<Scheme> {
    let mut schemes = Vec::new();
    for bits in [1, 2, 3, 8, 16] {
        for symmetry in [
            "",
            "code_range = 'full'",
            "code_range = 'covering'",
            "symmetry = 'asymmetric'",
            "symmetry = 'asymmetric'\ncodes = 'signed'",
            "symmetry = 'asymmetric'\ncode_range = 'narrow'",
            "symmetry = 'asymmetric'\nzero_point = 'float'",
            "symmetry = 'asymmetric'\nzero_point = 'float'\ncodes = 'unsigned'",
        ] {
            for granularity in ["'tensor'", "'row'", "{ rows = 2 }", "'column'", "{ group = 2 }"] {
                for range in ["'min-max'", "{ percentile = 80 }", "{ percentile = 100 }", "'mse'"] {
                    let text =
                        format!("bits = {bits}\n{symmetry}\ngranularity = {granularity}\nrange = {range}");
                    let spec: SchemeSpec = toml::from_str(&text).unwrap();
                    schemes.extend(spec.resolve());
                }
            }
        }
    }
    for text in [
        "format = 'f16'",
        "format = 'bf16'",
        "format = 'dorefa'\nbits = 1",
        "format = 'dorefa'\nbits = 3",
        "format = 'wrpn'\nbits = 2",
    ] {
        schemes.push(scheme(text));
    }
    schemes.extend(codebook_properties::all());
    assert!(schemes.len() > 500);
    schemes
}

#[test]
fn constant_tensors_are_reconstructed_exactly() {
    for scheme in all_schemes() {
        let rescales = scheme.to_string().contains("dorefa") || scheme.to_string().contains("wrpn");
        let short = scheme.to_string().contains("16");
        if rescales || short && !scheme.to_string().contains("bit ") {
            continue;
        }
        for constant in [0.1_f64, -0.3, 1e-300, -1e300, 5e-324, f64::MAX, 0.0] {
            for shape in [(3, 4), (1, 5), (1, 1)] {
                let values = Array2::from_elem(shape, constant);
                let result = quantized(&values, &scheme);
                assert_eq!(result.reconstruct::<f64>(), values, "{scheme} {constant}");
                if let (Parameters::Affine(affine), false) =
                    (result.parameters::<f64>().unwrap(), constant == 0.0)
                {
                    assert!(affine.scales.iter().all(|scale| *scale == constant.abs()));
                }
            }
        }
        let values = Array2::from_elem((3, 4), 0.1_f32);
        assert_eq!(quantized(&values, &scheme).reconstruct::<f32>(), values, "{scheme}");
    }
}

#[test]
fn a_constant_has_a_code_beside_the_zero_point() {
    for text in
        ["symmetry = 'symmetric'", "symmetry = 'asymmetric'", "symmetry = 'asymmetric'\nzero_point = 'float'"]
    {
        for constant in [2.5_f64, -2.5] {
            let result = quantized(&array![[constant, constant]], &scheme(&format!("bits = 4\n{text}")));
            let zero_point = result.block_parameters().next().unwrap().zero_point.unwrap_or(0.0);
            assert_eq!(f64::from(result.codes().get(0, 0).unwrap()) - zero_point, constant.signum());
            assert_eq!(result.zero_points_outside_codes(), 0);
        }
    }
}

#[test]
fn empty_tensors_have_no_codes_and_no_parameters() {
    for scheme in all_schemes() {
        for shape in [(0, 0), (0, 3), (3, 0)] {
            let values = Array2::<f32>::zeros(shape);
            let result = quantized(&values, &scheme);
            assert_eq!(result.reconstruct::<f32>().dim(), shape, "{scheme}");
            assert_eq!(result.size().total(), 0, "{scheme}");
            assert_eq!(result.pack().bytes.len(), 0, "{scheme}");
            assert_eq!(result.bits_per_weight(), 0.0);
            assert_eq!(Errors::measure(values.view(), result.reconstruct::<f32>().view()).mse(), 0.0);
        }
    }
}

#[test]
fn nan_and_infinity_are_refused_with_their_place() {
    for scheme in all_schemes() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            // More values than one vector of the fast check, the bad one in its middle and in its rest.
            for (row, column) in [(1, 3), (4, 6)] {
                let mut values = Array2::from_shape_fn((5, 7), |(row, column)| (row * 7 + column) as f32);
                values[[row, column]] = bad;
                let error = quantize(values.view(), &scheme, &mut stream(0)).unwrap_err();
                let QuantizeError::NotFinite { row: r, column: c, value } = error.clone() else {
                    panic!("{scheme}: {error}");
                };
                assert_eq!((r, c), (row, column));
                assert_eq!(value.to_string(), bad.to_string());
            }
        }
    }
    let error = quantize(array![[0.0, f64::NAN]].view(), &scheme("bits = 8"), &mut stream(0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`NaN` in row 0, column 1 (counted from 0) cannot be quantized: expected a finite number"
    );
}

#[test]
fn extreme_values_give_finite_results_or_an_error() {
    let tiny = f32::from_bits(1);
    for values in [
        array![[tiny, -tiny, 0.0, 3.0 * tiny]],
        array![[f32::MAX, -f32::MAX, 1.0, 0.0]],
        array![[f32::MAX, 1.0, f32::MIN_POSITIVE, -tiny]],
        array![[f32::MAX, f32::MAX * 0.999, f32::MAX, f32::MAX]],
        array![[f32::MIN_POSITIVE, -f32::MIN_POSITIVE, tiny, 0.0]],
        array![[1.0, 1.0, 1.0, 1.0 + f32::EPSILON]],
        array![[1e30, 1e-30, 1e-30, -1e-30]],
        array![[0.0, 0.0, 0.0, -0.0]],
    ] {
        for scheme in all_schemes() {
            match quantize(values.view(), &scheme, &mut stream(0)) {
                Ok(result) => {
                    assert!(
                        result.reconstruct::<f32>().iter().all(|value| value.is_finite()),
                        "{scheme} {values}"
                    );
                    for block in result.block_parameters() {
                        assert!(block.scale.is_none_or(f64::is_finite), "{scheme} {values}");
                        assert!(block.zero_point.is_none_or(f64::is_finite), "{scheme} {values}");
                    }
                }
                Err(QuantizeError::RangeTooWide { .. } | QuantizeError::ZeroPointTooLarge { .. }) => {}
                Err(error) => panic!("{scheme} {values}: {error}"),
            }
        }
    }
}

#[test]
fn values_too_small_for_a_scale_are_multiples_of_the_smallest_number_and_exact() {
    let tiny = f32::from_bits(1);
    let values = array![[tiny, -tiny, 0.0, 3.0 * tiny]];
    assert_eq!(quantized(&values, &scheme("bits = 8")).reconstruct::<f32>(), values);
    assert_eq!(quantized(&values, &scheme("bits = 8\nsymmetry = 'asymmetric'")).reconstruct::<f32>(), values);
}

#[test]
fn a_range_wider_than_the_number_type_is_an_error() {
    let values = array![[f32::MAX, -f32::MAX]];
    let error =
        quantize(values.view(), &scheme("bits = 8\nsymmetry = 'asymmetric'"), &mut stream(0)).unwrap_err();
    let maximum = f64::from(f32::MAX);
    assert_eq!(error, QuantizeError::RangeTooWide { block: 0, low: -maximum, high: maximum });
}

#[test]
fn a_zero_point_beyond_32_bits_is_an_error() {
    let values = array![[1.0_f64, 1.0 + 1e-12]];
    let error =
        quantize(values.view(), &scheme("bits = 8\nsymmetry = 'asymmetric'"), &mut stream(0)).unwrap_err();
    assert!(matches!(error, QuantizeError::ZeroPointTooLarge { block: 0, zero_point } if zero_point < -1e14));
    let kept = scheme("bits = 8\nsymmetry = 'asymmetric'\nzero_point = 'float'");
    assert!(quantize(values.view(), &kept, &mut stream(0)).is_ok());
}

#[test]
fn a_percentile_range_of_one_point_gives_every_value_that_point() {
    for (symmetry, constant) in
        [("asymmetric", 0.25), ("asymmetric", -0.25), ("asymmetric", 0.0), ("symmetric", 0.0)]
    {
        let mut values = Array2::from_elem((10, 10), constant);
        values[[3, 3]] = 5.0;
        let scheme = scheme(&format!("bits = 4\nsymmetry = '{symmetry}'\nrange = {{ percentile = 90 }}"));
        assert_eq!(quantized(&values, &scheme).reconstruct::<f64>(), Array2::from_elem((10, 10), constant));
    }
}

#[test]
fn a_constant_block_of_gguf_is_its_minimum_in_16_bits() {
    // ggml: d = (max - min)/15 = 0, m = min, all codes 0. 0.1 in binary16 is 1638/16384.
    for (text, constant, expected) in [
        ("format = 'q4_1'", 0.1, 1638.0 / 16_384.0),
        ("format = 'q5_1'", 0.1, 1638.0 / 16_384.0),
        ("format = 'q4_1'", -2.0, -2.0),
        ("format = 'q5_1'", 0.0, 0.0),
        // Scaled by 1/8, 1/16 and 1/127, whose codes 8, 16 and 127 give the constant back as far as binary16 holds it.
        ("format = 'q4_0'", -2.0, -2.0),
        ("format = 'q5_0'", 3.0, 3.0),
        ("format = 'q4_0'", 0.0, 0.0),
    ] {
        let values = Array2::from_elem((64, 2), constant);
        let result = quantized(&values, &scheme(text));
        assert_eq!(result.reconstruct::<f64>(), Array2::from_elem((64, 2), expected), "{text} {constant}");
        for block in result.block_parameters() {
            let numbers = [block.scale, block.zero_point];
            assert!(numbers.into_iter().flatten().all(f64::is_finite), "{text} {constant}: {block:?}");
        }
    }
}

#[test]
fn every_format_gives_finite_numbers_for_doubles_at_the_ends_of_their_range() {
    for scheme in all_schemes().into_iter().chain(format_properties::all()) {
        for values in [
            array![[1e308, -1.5e308, 1e307, 1.7e308]],
            array![[1.7e308, 1.7e308, 1e300, 0.0]],
            array![[f64::MAX, f64::MAX, f64::MAX, f64::MAX]],
            array![[1e-200, -1.5e-200, 1e-201, 1.7e-200]],
            array![[5e-324, -1e-323, 0.0, 2e-310]],
            array![[1e300, 1e-300, -1e-300, 1.0]],
            array![[-0.0, 0.0, 5e-324, 0.0]],
        ] {
            let result = match quantize(values.view(), &scheme, &mut stream(0)) {
                Ok(result) => result,
                Err(QuantizeError::RangeTooWide { .. } | QuantizeError::ZeroPointTooLarge { .. }) => continue,
                Err(error) => panic!("{scheme} {values}: {error}"),
            };
            let reconstruction = result.reconstruct::<f64>();
            assert!(reconstruction.iter().all(|value| value.is_finite()), "{scheme} {values}");
            for block in result.block_parameters() {
                let numbers = [block.scale, block.zero_point];
                assert!(numbers.into_iter().flatten().all(f64::is_finite), "{scheme} {values}: {block:?}");
            }
            let errors = Errors::measure(values.view(), reconstruction.view());
            assert_eq!(errors.is_exact(), values == reconstruction, "{scheme} {values}");
            assert!(!errors.sqnr_db().is_nan(), "{scheme} {values}");
            assert_eq!(errors.sqnr_db() == f64::INFINITY, errors.is_exact(), "{scheme} {values}");
        }
    }
}

#[test]
fn more_sub_vectors_than_columns_are_an_error() {
    let scheme = scheme("format = { pq = { subvectors = 5, centroids = 4 } }");
    let error = quantize(Array2::<f32>::zeros((3, 4)).view(), &scheme, &mut stream(0)).unwrap_err();
    assert_eq!(error.to_string(), "`subvectors = 5` splits rows of length 4: expected at most 4");
}

#[test]
fn values_of_another_shape_do_not_fit_the_parameters() {
    let result = quantized(&array![[1.0, 2.0]], &scheme("bits = 8"));
    let other = array![[1.0], [2.0]];
    let expected = QuantizeError::Shape { expected: (1, 2), found: (2, 1) };
    assert_eq!(result.encode(other.view(), &mut stream(0)).unwrap_err(), expected);
    assert_eq!(result.block_errors(other.view()).unwrap_err(), expected);
    assert_eq!(result.reconstruct_into(other.clone().view_mut()).unwrap_err(), expected);
    let mut columns = Array2::<f64>::zeros((2, 1));
    result.reconstruct_into(columns.view_mut().reversed_axes()).unwrap();
    assert_eq!(columns.t(), result.reconstruct::<f64>());
}

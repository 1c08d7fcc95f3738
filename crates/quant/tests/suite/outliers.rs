//! Outliers beside the codes: which they are, what they cost, and that bytes bring them back.

use bitsweep_quant::{FarParameters, Packed, Quantized, Scheme, UnpackError};
use ndarray::{Array2, array};
use proptest::prelude::*;

use crate::{quantized, scheme, stream};

fn split(percent: f64, axes: &str) -> (Scheme, Scheme) {
    (scheme(&format!("{axes}\noutliers = {{ percent = {percent:?} }}")), scheme(axes))
}

#[test]
fn an_outlier_is_kept_and_widens_no_range() {
    // The largest of ten weights; the others fill the 2-bit grid -1, 0, 1 exactly.
    let weights = array![[1.0_f32, -1.0, 0.0, 1.0, 1.0], [0.0, -1.0, 100.5, 0.0, -1.0]];
    let (with, without) = split(10.0, "bits = 2");
    let result = quantized(&weights, &with);
    assert_eq!(result.reconstruct::<f32>(), weights);
    assert_eq!(result.outliers().unwrap().positions(), [7]);
    assert_ne!(quantized(&weights, &without).reconstruct::<f32>(), weights);
    // One byte of gap and two of the value.
    assert_eq!(result.size().outliers, 3);
    assert_eq!(result.size().total(), quantized(&weights, &without).size().total() + 3);
}

#[test]
fn of_equal_weights_the_first_are_outliers() {
    let weights = array![[2.0_f64, -3.0, 3.0, -3.0, 1.0]];
    let result = quantized(&weights, &split(40.0, "bits = 8").0);
    assert_eq!(result.outliers().unwrap().positions(), [1, 2]);
}

#[test]
fn any_part_of_a_tensor_is_at_least_one_weight() {
    let weights = stream(0).normal_matrix(10, 10);
    for (percent, count) in [(1e-9, 1), (1.0, 1), (1.1, 2), (2.0, 2), (50.0, 50)] {
        let result = quantized(&weights, &split(percent, "bits = 4").0);
        assert_eq!(result.outliers().unwrap().len(), count, "{percent} %");
    }
    let empty = quantized(&Array2::<f32>::zeros((0, 3)), &split(1.0, "bits = 4").0);
    assert!(empty.outliers().unwrap().is_empty());
    assert_eq!(empty.size().total(), 0);
}

#[test]
fn a_block_of_nothing_but_outliers_has_no_range() {
    let weights = array![[8.0_f32, 0.5], [9.0, 0.25]];
    let result = quantized(&weights, &split(50.0, "bits = 3\ngranularity = 'column'").0);
    assert_eq!(result.outliers().unwrap().positions(), [0, 2]);
    assert_eq!(result.reconstruct::<f32>().column(0).to_vec(), [8.0, 9.0]);
    assert_eq!(result.block_parameters().next().unwrap().scale, Some(1.0));
}

#[test]
fn an_outlier_beyond_a_16_bit_float_becomes_its_largest_number() {
    let weights = array![[1.0_f32, 2.0, 1e6]];
    let result = quantized(&weights, &split(1.0, "bits = 4").0);
    assert_eq!(result.reconstruct::<f32>()[[0, 2]], 65_504.0);
    assert_eq!(result.far_parameters(), FarParameters { count: 1, wanted: 1e6, stored: 65_504.0 });
}

#[test]
fn bytes_that_are_no_outliers_are_refused() {
    let weights = stream(1).normal_matrix(20, 20);
    let packed = quantized(&weights, &split(1.0, "bits = 4").0).pack();
    let unpack = |bytes: Vec<u8>| Quantized::unpack(&Packed { bytes, ..packed.clone() });
    let outliers =
        packed.bytes.len() - quantized(&weights, &split(1.0, "bits = 4").0).size().outliers as usize;
    let head = &packed.bytes[..outliers];
    let with = |tail: &[u8]| unpack([head, tail].concat());
    assert!(unpack(packed.bytes.clone()).is_ok());
    assert_eq!(with(&[]).unwrap_err(), UnpackError::Length { found: head.len() });
    // 400 is one beyond the last position: 0b11_0010000.
    let one = [0x90, 0x03, 0, 0x3c];
    assert_eq!(with(&[&one[..], &[0; 9]].concat()).unwrap_err(), UnpackError::OutlierPosition { count: 400 });
    assert_eq!(with(&[0xff; 12]).unwrap_err(), UnpackError::OutlierPosition { count: 400 });
    // Infinity.
    assert!(matches!(with(&[0, 0, 0x7c]).unwrap_err(), UnpackError::NotFinite { .. }));
    let four = [[0, 0, 0x3c]; 4].concat();
    assert!(with(&four).is_ok());
    assert!(matches!(with(&[&four[..], &[0]].concat()).unwrap_err(), UnpackError::Length { .. }));
    assert_eq!(
        UnpackError::OutlierPosition { count: 400 }.to_string(),
        "an outlier lies beyond the `400` values of the matrix"
    );
}

proptest! {
    #[test]
    fn packing_brings_outliers_back(
        seed in any::<u32>(), rows in 1..40_usize, columns in 1..40_usize, percent in 0.01..50.0_f64, axes in 0..4_usize,
    ) {
        let axes = [
            "bits = 3",
            "bits = 4\ngranularity = 'column'\nsymmetry = 'asymmetric'",
            "bits = 2\ngranularity = { group = 8 }\nsymmetry = 'asymmetric'\nzero_point = 'float'",
            "bits = 4\nrounding = 'stochastic'\nrange = 'mse'\nscale_format = 'f16'",
        ][axes];
        let weights = stream(u64::from(seed)).normal_matrix(rows, columns);
        let result = quantized(&weights, &split(percent, axes).0);
        let packed = result.pack();
        prop_assert_eq!(packed.bytes.len() as u64, result.size().total());
        prop_assert_eq!(&Quantized::unpack(&packed).unwrap(), &result);
        // Outliers are the largest, to half a digit of 16-bit floats; the others lie in the range of the others.
        let outliers = result.outliers().unwrap().positions();
        let reconstruction = result.reconstruct::<f64>();
        let is_outlier = |position: usize| outliers.binary_search(&position).is_ok();
        let all = weights.iter().zip(&reconstruction).enumerate();
        let least = outliers.iter().map(|position| weights.as_slice().unwrap()[*position].abs()).fold(f64::MAX, f64::min);
        for (position, (weight, level)) in all {
            if is_outlier(position) {
                prop_assert!((weight - level).abs() <= weight.abs() / 2048.0 + 1e-7);
            } else {
                prop_assert!(weight.abs() <= least);
            }
        }
    }

    #[test]
    fn encoding_a_reconstruction_with_outliers_again_gives_the_same_codes(
        seed in any::<u32>(), percent in 0.1..50.0_f64,
    ) {
        let weights = stream(u64::from(seed)).normal_matrix(12, 7);
        let result = quantized(&weights, &split(percent, "bits = 4\ngranularity = 'column'").0);
        let again = result.encode(result.reconstruct::<f64>().view(), &mut stream(0)).unwrap();
        prop_assert_eq!(&again, result.codes());
    }
}

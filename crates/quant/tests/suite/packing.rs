//! Bytes: their number, their order, and back again.

use bitsweep_quant::{Dtype, Packed, Quantized, Real, Scheme, Size, UnpackError, quantize};
use ndarray::{Array2, array};
use proptest::prelude::*;

use crate::properties::{integer_schemes, matrices};
use crate::{quantized, scheme, stream};

fn round_trips<T: Real>(values: &Array2<T>, scheme: &Scheme) -> Result<(), TestCaseError> {
    let Ok(result) = quantize(values.view(), scheme, &mut stream(3)) else {
        return Err(TestCaseError::reject("a zero point beyond 32 bits"));
    };
    let packed = result.pack();
    prop_assert_eq!(packed.bytes.len() as u64, result.size().total());
    prop_assert_eq!(&result.clone().into_packed(), &packed);
    prop_assert_eq!(Quantized::unpack(&packed).unwrap(), result);
    Ok(())
}

proptest! {
    #[test]
    fn unpacking_what_was_packed_gives_the_same(values in matrices(12), scheme in integer_schemes()) {
        round_trips(&values, &scheme)?;
        round_trips(&values.mapv(|value| value as f32), &scheme)?;
    }

    #[test]
    fn formats_without_blocks_survive_packing(
        values in matrices(12),
        text in prop::sample::select(vec![
            "format = 'f16'", "format = 'bf16'", "format = 'dorefa'\nbits = 1", "format = 'dorefa'\nbits = 5",
            "format = 'wrpn'\nbits = 2", "format = { vq = { centroids = 5 } }",
            "format = { pq = { subvectors = 1, centroids = 3 } }",
        ]),
    ) {
        round_trips(&values, &scheme(text))?;
        round_trips(&values.mapv(|value| value as f32), &scheme(text))?;
    }
}

#[test]
fn bytes_are_codes_scales_zero_points() {
    let values = array![[0.0_f32, 1.0, 3.0], [-1.0, 2.0, 6.0]];
    let result = quantized(&values, &scheme("bits = 3\nsymmetry = 'asymmetric'"));
    // Scale 1, zero point 1: codes 1 2 4 0 3 7, three bits each.
    let packed = result.pack();
    assert_eq!(packed.bytes[..3], [0b0001_0001, 0b1011_0001, 0b11]);
    assert_eq!(packed.bytes[3..7], 1.0_f32.to_le_bytes());
    assert_eq!(packed.bytes[7..], 1_i32.to_le_bytes());
    let size = Size { codes: 2, scales: 4, zero_points: 4, codebooks: 0, outliers: 0, padding: 1 };
    assert_eq!(result.size(), size);
    assert_eq!(size.merge(size).total(), 22);
    assert!((result.bits_per_weight() - 88.0 / 6.0).abs() < 1e-12);
}

#[test]
fn sizes_count_every_block_and_every_centroid() {
    let values = Array2::from_shape_fn((5, 4), |(row, column)| ((row * 4 + column) as f32).sin());
    let size = |text: &str| quantized(&values, &scheme(text)).size();
    let column = "bits = 4\nsymmetry = 'asymmetric'\ngranularity = 'column'";
    assert_eq!(size(column), Size { codes: 10, scales: 16, zero_points: 16, ..Size::default() });
    assert_eq!(size("bits = 4\ngranularity = { group = 2 }").scales, 4 * 3 * 4);
    assert_eq!(size("format = 'f16'"), Size { codes: 40, ..Size::default() });
    let vq = size("format = { vq = { centroids = 8 } }");
    assert_eq!(vq, Size { codes: 7, padding: 1, codebooks: 32, ..Size::default() });
    let vq = size("format = { vq = { centroids = 4, width = 3 } }\ncodebook_format = 'f16'");
    assert_eq!(vq, Size { codes: 2, padding: 1, codebooks: 4 * 3 * 2, ..Size::default() });
    let residual = "format = { residual = { stages = 2, centroids = 2, width = 2 } }";
    let rows = size(&format!("{residual}\ngranularity = {{ rows = 3 }}\ncodebook_format = 'int8'"));
    // Three and two rows: twice two codebooks of two centroids of two bytes and a scale.
    assert_eq!(rows, Size { codes: 2, padding: 1, codebooks: 2 * 2 * (2 * 2 + 4), ..Size::default() });
    let pq = size("format = { pq = { subvectors = 2, centroids = 4 } }");
    assert_eq!(pq, Size { codes: 2, padding: 1, codebooks: 2 * 4 * 2 * 4, ..Size::default() });
    assert_eq!(size("format = 'dorefa'\nbits = 2"), Size { codes: 5, ..Size::default() });
    assert_eq!(
        size("format = 'dorefa'\nbits = 1"),
        Size { codes: 2, padding: 1, scales: 4, ..Size::default() }
    );
}

#[test]
fn bytes_that_are_too_few_or_too_many_are_refused() {
    let packed = quantized(&array![[1.0, -2.0, 0.5]], &scheme("bits = 8")).pack();
    for length in (0..packed.bytes.len()).chain([packed.bytes.len() + 1]) {
        let mut other = packed.clone();
        other.bytes.resize(length, 0);
        assert_eq!(Quantized::unpack(&other), Err(UnpackError::Length { found: length }));
    }
    let mut other = packed.clone();
    other.shape = (1 << 40, 3);
    assert!(matches!(Quantized::unpack(&other), Err(UnpackError::Length { .. })));
    // Packed from f64, read as f32.
    let other = Packed { dtype: Dtype::F32, ..packed };
    assert!(matches!(Quantized::unpack(&other), Err(UnpackError::Length { .. })));
}

#[test]
fn codes_that_the_scheme_does_not_use_are_refused() {
    let mut packed = quantized(&array![[1.0, -2.0, 0.5]], &scheme("bits = 8")).pack();
    packed.bytes[1] = 0x80;
    assert_eq!(Quantized::unpack(&packed), Err(UnpackError::Code { code: -128, position: 1 }));

    let vq = quantized(&array![[1.0, 2.0, 3.0]], &scheme("format = { vq = { centroids = 4 } }"));
    let mut packed = vq.pack();
    assert_eq!(packed.centroids, [3]);
    packed.bytes[0] |= 3;
    assert_eq!(Quantized::unpack(&packed), Err(UnpackError::Code { code: 3, position: 0 }));
    packed.centroids.clear();
    assert!(matches!(Quantized::unpack(&packed), Err(UnpackError::Codebooks { found: 0, .. })));
}

#[test]
fn codebooks_that_are_too_many_or_without_a_scale_are_refused() {
    let text = "format = { residual = { stages = 2, centroids = 2, width = 2 } }\ncodebook_format = 'int8'";
    let result = quantized(&array![[1.0, 2.0, 3.0], [4.0, 5.0, 7.0], [8.0, 9.0, 1.0]], &scheme(text));
    let packed = result.pack();
    assert_eq!(packed.centroids, [2, 2]);
    let mut other = packed.clone();
    other.centroids.push(2);
    assert!(matches!(Quantized::unpack(&other), Err(UnpackError::Codebooks { found: 3, .. })));
    // Twelve codes of one bit, then the scale of the first codebook.
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut other = packed.clone();
        other.bytes[2..10].copy_from_slice(&f64::to_le_bytes(scale));
        assert!(matches!(Quantized::unpack(&other), Err(UnpackError::CodebookScale { .. })));
    }
}

#[test]
fn bits_after_the_last_code_must_be_zero() {
    let mut packed = quantized(&array![[1.0, -1.0, 0.0]], &scheme("bits = 2")).pack();
    packed.bytes[0] |= 0x40;
    assert_eq!(Quantized::unpack(&packed), Err(UnpackError::Padding { bits: 1 }));
}

#[test]
fn a_contradicting_scheme_is_refused_before_its_bytes_are_read() {
    let mut packed = quantized(&array![[1.0, -1.0, 0.0]], &scheme("format = 'f16'")).pack();
    packed.scheme.rounding = bitsweep_quant::Rounding::Stochastic;
    assert!(matches!(Quantized::unpack(&packed), Err(UnpackError::Scheme(_))));
}

#[test]
fn shapes_beyond_memory_are_refused() {
    for text in ["bits = 8", "format = { pq = { subvectors = 2, centroids = 4 } }"] {
        let mut packed = quantized(&Array2::<f64>::zeros((0, 0)), &scheme(text)).pack();
        for shape in [(usize::MAX, 0), (0, usize::MAX), (usize::MAX, usize::MAX), (1 << 40, 1 << 40)] {
            packed.shape = shape;
            assert_eq!(Quantized::unpack(&packed), Err(UnpackError::Shape { shape }));
        }
    }
}

#[test]
fn parameters_that_are_not_finite_are_refused() {
    let mut packed = quantized(&array![[1.0_f32, -2.0, 0.5]], &scheme("bits = 8")).pack();
    packed.bytes[3..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    assert_eq!(Quantized::unpack(&packed), Err(UnpackError::NotFinite { value: f64::INFINITY }));
}

#[test]
fn more_sub_vectors_than_columns_have_no_codebooks() {
    let mut packed = quantized(
        &Array2::<f64>::zeros((0, 0)),
        &scheme("format = { pq = { subvectors = 5, centroids = 4 } }"),
    )
    .pack();
    packed.shape = (2, 3);
    assert!(matches!(Quantized::unpack(&packed), Err(UnpackError::Codebooks { found: 0, .. })));
}

//! Small floats against ml_dtypes, shared exponents against a transcription of their specification, GGUF's blocks byte for
//! byte against the gguf package.

use bitsweep_quant::{GgufBlock, GgufError, GgufType, Parameters, Quantized, quantize};
use bitsweep_random::LegacyRandom;
use ndarray::{Array2, array};
use proptest::prelude::*;
use serde::Deserialize;

use crate::{quantized, scheme, stream};

#[derive(Deserialize)]
struct Golden {
    floats: Vec<Float>,
    gguf: Vec<Gguf>,
    mx: Vec<Mx>,
    nvfp4: Nvfp4,
}

#[derive(Deserialize)]
struct Float {
    format: String,
    levels: Vec<Option<f64>>,
    ties: Vec<i32>,
    random: String,
}

#[derive(Deserialize)]
struct Gguf {
    format: String,
    wide: String,
    wide_reconstruction: String,
    coarse: String,
    coarse_reconstruction: String,
    first_block: Vec<u8>,
}

#[derive(Deserialize)]
struct Mx {
    format: String,
    exponents: Vec<u8>,
    codes: Vec<i32>,
}

#[derive(Deserialize)]
struct Nvfp4 {
    tensor: f32,
    scales: Vec<u8>,
    codes: Vec<i32>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/formats.json")).unwrap()
}

/// FNV-1a, 64 bits.
fn hash(bytes: impl IntoIterator<Item = u8>) -> String {
    let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, mix))
}

/// The golden script's values of all magnitudes from 2⁻²⁵ to 2²⁰.
fn spread(seed: u32, count: usize) -> Vec<f32> {
    let mut random = LegacyRandom::new(seed);
    let mut value = || {
        let mantissa = 2.0 * random.random_sample() - 1.0;
        let exponent = (random.random_sample() * 45.0).floor() as i32 - 25;
        (mantissa * 2.0_f64.powi(exponent)) as f32
    };
    (0..count).map(|_| value()).collect()
}

fn matrix(seed: u32, rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_vec((rows, columns), spread(seed, rows * columns)).unwrap()
}

fn row(values: Vec<f32>) -> Array2<f32> {
    Array2::from_shape_vec((1, values.len()), values).unwrap()
}

fn codes(result: &Quantized) -> Vec<i32> {
    result.codes().iter().collect()
}

#[test]
fn every_code_of_the_small_floats_is_that_of_ml_dtypes() {
    for float in golden().floats {
        let scheme = scheme(&format!("format = '{}'\nscale_format = 'none'", float.format));
        let levels = scheme.levels().unwrap().levels();
        let expected = (0..).zip(float.levels).filter_map(|(code, level)| level.map(|level| (code, level)));
        assert_eq!(levels, expected.collect::<Vec<_>>(), "{}", float.format);
    }
}

#[test]
fn casts_to_small_floats_round_as_ml_dtypes_does() {
    for float in golden().floats {
        let scheme = scheme(&format!("format = '{}'\nscale_format = 'none'", float.format));
        let random = quantized(&row(spread(7, 100_000)), &scheme);
        assert_eq!(hash(codes(&random).into_iter().map(|code| code as u8)), float.random, "{}", float.format);

        let mut levels: Vec<f64> =
            scheme.levels().unwrap().levels().into_iter().map(|(_, level)| level).collect();
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        let middles: Vec<f32> = levels.windows(2).map(|pair| ((pair[0] + pair[1]) / 2.0) as f32).collect();
        let below = middles.iter().map(|middle| middle.next_down());
        let above = middles.iter().map(|middle| middle.next_up());
        let ties = below.chain(middles.iter().copied()).chain(above).collect();
        assert_eq!(codes(&quantized(&row(ties), &scheme)), float.ties, "{}", float.format);
    }
}

#[test]
fn a_cast_saturates_and_keeps_the_sign_of_zero() {
    let values = array![[1e30_f32, -1e30, 0.0, -0.0, 1e-30, -1e-30]];
    let cast =
        |format: &str| quantized(&values, &scheme(&format!("format = '{format}'\nscale_format = 'none'")));
    assert_eq!(codes(&cast("fp8-e4m3")), [0x7e, 0xfe, 0, 0x80, 0, 0x80]);
    assert_eq!(codes(&cast("fp8-e5m2")), [0x7b, 0xfb, 0, 0x80, 0, 0x80]);
    assert_eq!(cast("fp8-e5m2").reconstruct::<f32>()[[0, 1]], -57_344.0);
    assert_eq!(cast("fp4-e2m1").size().total(), 3);
}

#[test]
fn gguf_blocks_are_those_of_the_gguf_package_byte_for_byte() {
    let wide = matrix(11, 1024, 8).mapv(|value| value / 256.0);
    let mut random = LegacyRandom::new(12);
    let mut coarse = Array2::from_shape_simple_fn((256, 4), || {
        (random.random_sample() * 16.0).round_ties_even() as f32 - 8.0
    });
    coarse.column_mut(1).iter_mut().skip(32).take(32).for_each(|value| *value = 0.0);
    let bytes_of = |values: &Array2<f32>| hash(values.iter().flat_map(|value| value.to_le_bytes()));
    for gguf in golden().gguf {
        let scheme = scheme(&format!("format = '{}'", gguf.format));
        for (values, bytes, reconstruction) in [
            (&wide, &gguf.wide, &gguf.wide_reconstruction),
            (&coarse, &gguf.coarse, &gguf.coarse_reconstruction),
        ] {
            let result = quantized(values, &scheme);
            let found = result.gguf_bytes().unwrap();
            if values == wide {
                assert_eq!(found[..gguf.first_block.len()], gguf.first_block, "{}", gguf.format);
            }
            assert_eq!(found.len() as u64, result.size().total());
            assert_eq!(hash(found), *bytes, "{}", gguf.format);
            // -0 and 0 are one number with two patterns, and which one a code 0 gives is not asked of ggml.
            let found = result.reconstruct::<f32>();
            assert_eq!(bytes_of(&found), *reconstruction, "{}", gguf.format);
            let doubles = quantize(values.mapv(f64::from).view(), &scheme, &mut stream(0)).unwrap();
            assert_eq!(doubles.gguf_bytes(), result.gguf_bytes());
        }
    }
}

#[test]
fn a_matrix_with_one_row_is_one_run_of_gguf_blocks() {
    let column = matrix(11, 64, 1).mapv(|value| value / 256.0);
    let scheme = scheme("format = 'q5_1'");
    let row = column.t().to_owned();
    assert_eq!(quantized(&row, &scheme).gguf_bytes(), quantized(&column, &scheme).gguf_bytes());
}

#[test]
fn gguf_has_no_ragged_blocks_and_no_other_formats() {
    let ragged = quantized(&matrix(11, 40, 2).mapv(|value| value / 256.0), &scheme("format = 'q8_0'"));
    assert_eq!(ragged.size().total(), 80 + 4 * 2);
    let error = ragged.gguf_bytes().unwrap_err();
    assert_eq!(error, GgufError::Ragged { length: 40 });
    assert_eq!(error.to_string(), "`40` inputs do not fill blocks of 32: expected a multiple of 32");
    let other = quantized(&Array2::<f32>::zeros((32, 1)), &scheme("bits = 4"));
    assert_eq!(
        other.gguf_bytes().unwrap_err().to_string(),
        "format `int` is no block type of GGUF: expected `q4_0`, `q4_1`, `q5_0`, `q5_1`, `q8_0` or `mxfp4`"
    );
    let block = GgufBlock::Plain(GgufType::Q4_0);
    let read = |length, bytes: &[u8]| Quantized::from_gguf_bytes(block, (length, 1), bytes).unwrap_err();
    assert_eq!(read(33, &[0; 18]), GgufError::Ragged { length: 33 });
    assert_eq!(read(32, &[0; 17]), GgufError::Length { expected: 18, found: 17 });
    assert_eq!(read(32, &[&[0, 0x7c][..], &[0; 16]].concat()), GgufError::NotFinite { value: f64::INFINITY });
    let mxfp4 = Quantized::from_gguf_bytes(GgufBlock::Mxfp4, (1, 32), &[0xff; 17]).unwrap_err();
    assert_eq!(mxfp4.to_string(), "`NaN` is no scale or minimum: expected a finite number");
}

/// Every scheme that some block type has the codes and scales of.
const BLOCKS: [(&str, &str); 13] = [
    ("format = 'q4_0'", "q4_0"),
    ("format = 'q4_1'", "q4_1"),
    ("format = 'q5_0'", "q5_0"),
    ("format = 'q5_1'", "q5_1"),
    ("format = 'q8_0'", "q8_0"),
    ("format = 'mxfp4'", "mxfp4"),
    ("format = 'fp4-e2m1'\ngranularity = { group = 32 }\nscale_format = 'e8m0-ceiling'", "mxfp4"),
    ("bits = 4\ngranularity = { group = 32 }\nscale_format = 'f16'\nrange = 'mse'", "q4_0"),
    ("bits = 4\ngranularity = { group = 32 }\nscale_format = 'f16'\ncode_range = 'full'", "q4_0"),
    ("bits = 5\ngranularity = { group = 32 }\nscale_format = 'f16'", "q5_0"),
    ("bits = 8\ngranularity = { group = 32 }\nscale_format = 'f16'\ncode_range = 'full'", "q8_0"),
    (
        "bits = 4\ngranularity = { group = 32 }\nscale_format = 'f16'\nsymmetry = 'asymmetric'\nzero_point = 'minimum'",
        "q4_1",
    ),
    (
        "bits = 5\ngranularity = { group = 32 }\nscale_format = 'f16'\nsymmetry = 'asymmetric'\nzero_point = 'minimum'",
        "q5_1",
    ),
];

proptest! {
    #[test]
    fn gguf_bytes_are_read_as_the_same_codes_and_values(
        (text, name) in prop::sample::select(BLOCKS.to_vec()), seed in any::<u32>(), bands in 1..4_usize,
        columns in 1..9_usize, one_row in any::<bool>(), magnitude in prop::sample::select(vec![1e-6_f32, 1.0, 300.0]),
    ) {
        let scheme = scheme(text);
        let block = scheme.gguf_block().unwrap();
        prop_assert_eq!(block.to_string(), name);
        let shape = if one_row { (1, 32 * bands) } else { (32 * bands, columns) };
        let mut stream = stream(seed.into());
        let values = Array2::from_shape_simple_fn(shape, || (stream.uniform() as f32 - 0.4) * magnitude);
        let own = quantized(&values, &scheme);
        let bytes = own.gguf_bytes().unwrap();
        prop_assert_eq!(bytes.len(), values.len() / 32 * block.bytes());
        let read = Quantized::from_gguf_bytes(block, shape, &bytes).unwrap();
        prop_assert_eq!(read.codes(), own.codes());
        prop_assert_eq!(read.parameters::<f32>().unwrap(), own.parameters::<f32>().unwrap());
        let bits = |quantized: &Quantized| quantized.reconstruct::<f32>().mapv(f32::to_bits);
        prop_assert_eq!(bits(&read), bits(&own));
    }
}

#[test]
fn schemes_beside_those_of_blocks_have_no_block_type() {
    for text in [
        "bits = 4\ngranularity = { group = 32 }",
        "bits = 4\ngranularity = { group = 16 }\nscale_format = 'f16'",
        "bits = 6\ngranularity = { group = 32 }\nscale_format = 'f16'",
        "bits = 8\ngranularity = { group = 32 }\nscale_format = 'f16'\nsymmetry = 'asymmetric'\nzero_point = 'minimum'",
        "bits = 4\ngranularity = { group = 32 }\nscale_format = 'f16'\nsymmetry = 'asymmetric'\nzero_point = 'minimum'\ncodes = 'signed'",
        "bits = 4\ngranularity = { group = 32 }\nscale_format = 'f16'\noutliers = { percent = 1 }",
        "format = 'nvfp4'",
        "format = 'mxfp6-e2m3'",
        "format = 'f16'",
    ] {
        assert_eq!(scheme(text).gguf_block(), None, "{text}");
    }
}

#[test]
fn shared_exponents_and_elements_follow_the_microscaling_specification() {
    let values = matrix(21, 70, 3);
    for mx in golden().mx {
        let result = quantized(&values, &scheme(&format!("format = '{}'", mx.format)));
        assert_eq!(codes(&result), mx.codes, "{}", mx.format);
        let packed = result.pack();
        let scales = result.size().scales as usize;
        assert_eq!(packed.bytes[packed.bytes.len() - scales..], mx.exponents, "{}", mx.format);
    }
}

#[test]
fn nvfp4_has_e4m3_scales_under_one_f32() {
    let Nvfp4 { tensor, scales, codes: expected } = golden().nvfp4;
    let result = quantized(&matrix(22, 40, 3), &scheme("format = 'nvfp4'"));
    let Parameters::Affine(affine) = result.parameters::<f32>().unwrap() else { panic!("no scales") };
    let nested = affine.nested.as_ref().unwrap();
    assert_eq!((&nested.codes, &nested.scales, nested.offset), (&scales, &vec![tensor], None));
    assert_eq!(codes(&result), expected);
    assert_eq!(result.size().scales, 9 + 4);
}

#[test]
fn a_block_of_zeros_has_a_minimum_and_no_zero_point() {
    let values = Array2::from_shape_fn((1, 64), |(_, column)| (column as f32 - 31.0).max(0.0));
    let result = quantized(&values, &scheme("format = 'q4_1'"));
    let zero_points: Vec<bool> = result.block_parameters().map(|block| block.zero_point.is_some()).collect();
    assert_eq!(zero_points, [false, true]);
    assert!(result.reconstruct::<f32>().iter().take(32).all(|value| *value == 0.0));
}

#[test]
fn double_quantization_keeps_scales_within_the_dynamic_map() {
    let values = matrix(23, 64, 600).mapv(|value| value.abs().min(1.0) + 0.5);
    let single = quantized(&values, &scheme("format = 'nf4'"));
    let double = quantized(
        &values,
        &scheme("format = 'nf'\nbits = 4\ngranularity = { group = 64 }\nscale_format = 'double'"),
    );
    // 600 codes, three scales of 256 blocks at most, one mean.
    assert_eq!((single.size().scales, double.size().scales), (2400, 600 + 3 * 4 + 4));
    for (exact, stored) in single.block_parameters().zip(double.block_parameters()) {
        // The widest gap between dynamic levels is 0.0140625; differences from the mean are at most 1 here.
        assert!((exact.scale.unwrap() - stored.scale.unwrap()).abs() <= 0.0071);
    }
}

#[test]
fn double_quantized_scales_are_never_negative() {
    let mut values = Array2::from_elem((4, 40), 1e-6_f32);
    values.column_mut(0).fill(1.0);
    values.column_mut(1).fill(0.0);
    let result = quantized(&values, &scheme("bits = 4\ngranularity = 'column'\nscale_format = 'double'"));
    assert!(result.block_parameters().all(|block| block.scale.unwrap() > 0.0));
    assert!(result.reconstruct::<f32>().iter().all(|value| *value >= 0.0));
}

#[test]
fn a_ceiling_power_of_two_clips_nothing() {
    let values = matrix(24, 64, 4);
    let ceiling = "format = 'fp4-e2m1'\ngranularity = { group = 32 }\nscale_format = 'e8m0-ceiling'";
    let result = quantized(&values, &scheme(ceiling));
    for ((row, column), value) in values.indexed_iter() {
        let block = result.blocks().index_of(row, column);
        let scale = result.block_parameters().nth(block).unwrap().scale.unwrap() as f32;
        assert!(value.abs() <= 6.0 * scale);
        assert!(f64::from(scale).log2().fract() == 0.0);
    }
}

#[test]
fn ternary_weights_of_least_error_are_no_worse_than_absmean() {
    let values = matrix(25, 50, 6).mapv(|value| value.abs().log2() + 3.0);
    let error = |rule: &str| {
        let scheme = scheme(&format!("format = {{ ternary = '{rule}' }}\ngranularity = 'column'"));
        let result = quantized(&values, &scheme);
        assert!(result.codes().iter().all(|code| (-1..=1).contains(&code)));
        result.block_errors(values.view()).unwrap()
    };
    for (least, absmean) in error("least-error").iter().zip(error("absmean")) {
        assert!(least.sse() <= absmean.sse() * (1.0 + 1e-6));
    }
}

#[test]
fn absmean_ternary_weights_are_those_of_bitnet() {
    // mean|w| = 1: what lies beyond ±½ is ±1.
    let result =
        quantized(&array![[0.4_f32, 0.5, 0.6, -2.5, -1.0]], &scheme("format = { ternary = 'absmean' }"));
    assert_eq!(codes(&result), [0, 0, 1, -1, -1]);
    assert_eq!(result.reconstruct::<f32>(), array![[0.0, 0.0, 1.0, -1.0, -1.0]]);
    assert_eq!(result.size().codes + result.size().padding, 2);
}

//! What holds for every matrix and every scheme.

use std::collections::HashSet;

use bitsweep_quant::{
    CodeRange, CodebookFormat, Codes, Errors, Format, Granularity, GroupSize, Parameters, Percentile,
    Quantized, Range, Rounding, ScaleFormat, Scheme, Symmetry, ZeroPoint, quantize,
};
use ndarray::{Array2, Axis};
use proptest::prelude::*;

use crate::{bits, quantized, scheme, stream};

/// Matrices of up to `most` rows and columns, some with repeated values, some without values.
pub(crate) fn matrices(most: usize) -> impl Strategy<Value = Array2<f64>> {
    let value = prop_oneof![
        4 => -10.0..10.0_f64,
        2 => (-4..=4_i32).prop_map(|quarter| f64::from(quarter) / 4.0),
        1 => -1000.0..1000.0_f64,
    ];
    (0..=most.min(6), 0..=most)
        .prop_flat_map(move |(a, b)| {
            (Just((a, b)), any::<bool>(), prop::collection::vec(value.clone(), a * b))
        })
        .prop_map(|((a, b), tall, values)| {
            let shape = if tall { (b, a) } else { (a, b) };
            Array2::from_shape_vec(shape, values).unwrap()
        })
}

/// Schemes that round to nearest.
pub(crate) fn nearest_schemes() -> impl Strategy<Value = Scheme> {
    (integer_schemes(), any::<bool>()).prop_map(|(scheme, even)| {
        let rounding = if even || scheme.is_binary() { Rounding::NearestEven } else { Rounding::HalfAway };
        Scheme { rounding, ..scheme }
    })
}

pub(crate) fn integer_schemes() -> impl Strategy<Value = Scheme> {
    let symmetry = prop_oneof![
        Just(Symmetry::Symmetric),
        Just(Symmetry::Asymmetric(ZeroPoint::Integer)),
        Just(Symmetry::Asymmetric(ZeroPoint::Float)),
    ];
    let granularity = prop_oneof![
        Just(Granularity::Tensor),
        Just(Granularity::InputChannel),
        Just(Granularity::OutputChannel),
        (1..8_u32).prop_map(|size| Granularity::Group(GroupSize::new(size).unwrap())),
        (1..8_u32).prop_map(|count| Granularity::Rows(GroupSize::new(count).unwrap())),
    ];
    let rounding =
        prop_oneof![Just(Rounding::NearestEven), Just(Rounding::HalfAway), Just(Rounding::Stochastic)];
    let codes = prop_oneof![Just(Codes::Signed), Just(Codes::Unsigned)];
    let code_range = prop_oneof![Just(CodeRange::Full), Just(CodeRange::Narrow), Just(CodeRange::Covering)];
    (1..=16_u32, codes, code_range, symmetry, granularity, rounding)
        .prop_map(|(width, codes, code_range, symmetry, granularity, rounding)| Scheme {
            format: Format::Integer { bits: bits(width), codes, code_range },
            symmetry,
            granularity,
            scale_format: ScaleFormat::Float,
            codebook_format: CodebookFormat::Float,
            range: Range::MinMax,
            rounding,
            outliers: bitsweep_quant::Outliers::None,
        })
        .prop_filter("contradicting axes", |scheme| scheme.check().is_ok())
}

fn with_range(scheme: Scheme, range: Range) -> Option<Scheme> {
    let scheme = Scheme { range, ..scheme };
    scheme.check().is_ok().then_some(scheme)
}

fn percentile(value: f64) -> Range {
    Range::Percentile(Percentile::new(value).unwrap())
}

/// Levels of a scheme with more than signs: scale and zero point of a value's block.
fn affine(result: &Quantized, row: usize, column: usize) -> (f64, f64) {
    let Parameters::Affine(affine) = result.parameters::<f64>().unwrap() else { panic!("no scales") };
    let block = result.blocks().index_of(row, column);
    (affine.scales[block], affine.zero_points[block])
}

proptest! {
    #[test]
    fn every_reconstruction_is_on_the_grid(
        values in matrices(12), scheme in integer_schemes(), p in 51.0..100.0_f64, choice in 0..4,
    ) {
        let range = [Range::MinMax, percentile(p), Range::Mse, Range::Kl][choice as usize];
        let scheme = with_range(scheme, range).unwrap_or(scheme);
        let result = quantize(values.view(), &scheme, &mut stream(1)).unwrap();
        for ((row, column), reconstruction) in result.reconstruct::<f64>().indexed_iter() {
            let (scale, zero_point) = affine(&result, row, column);
            let code = result.codes().get(row, column).unwrap();
            match scheme.grid() {
                Some(grid) => prop_assert!(grid.contains(code)),
                None => prop_assert!(code.abs() == 1),
            }
            prop_assert_eq!(*reconstruction, scale * (f64::from(code) - zero_point));
            prop_assert!(reconstruction.is_finite());
        }
    }

    #[test]
    fn nearest_rounding_errs_by_at_most_half_a_step_inside_the_grid(
        values in matrices(12), scheme in nearest_schemes(), p in 51.0..100.0_f64, clip in any::<bool>(),
    ) {
        let Some(grid) = scheme.grid() else { return Ok(()) };
        let scheme = if clip { with_range(scheme, percentile(p)).unwrap() } else { scheme };
        let result = quantize(values.view(), &scheme, &mut stream(1)).unwrap();
        for ((row, column), reconstruction) in result.reconstruct::<f64>().indexed_iter() {
            let (scale, zero_point) = affine(&result, row, column);
            let value = values[[row, column]];
            let level = |code: i32| scale * (f64::from(code) - zero_point);
            // Rounding of w/s + z itself, in steps.
            let noise = 1e-15 * (f64::from(grid.steps()) + zero_point.abs());
            // A percentile range may be a single point, which is then the code of the whole block.
            let block = result.blocks().index_of(row, column);
            let codes = result.blocks().get(block).positions().map(|position| result.codes().to_array().as_slice().unwrap()[position]);
            let is_point = clip && codes.collect::<HashSet<_>>().len() == 1;
            let ends = [level(grid.lowest), level(grid.highest)];
            // A negative scale mirrors the levels.
            let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
            if (low..=high).contains(&value) && !is_point {
                prop_assert!((value - reconstruction).abs() <= scale.abs() * (0.5 + noise));
            }
        }
    }

    #[test]
    fn without_clipping_no_value_is_farther_than_one_step(
        values in matrices(12), scheme in integer_schemes(),
    ) {
        // A full symmetric grid clips +max by half a step; an integer zero point shifts the grid by up to half a step.
        if scheme.is_binary() {
            return Ok(());
        }
        let result = quantize(values.view(), &scheme, &mut stream(1)).unwrap();
        for ((row, column), reconstruction) in result.reconstruct::<f64>().indexed_iter() {
            let (scale, zero_point) = affine(&result, row, column);
            let limit = scale.abs() * (1.0 + 1e-14 * (1.0 + zero_point.abs()));
            prop_assert!((values[[row, column]] - reconstruction).abs() <= limit);
        }
    }

    #[test]
    fn encoding_a_reconstruction_again_gives_the_same_codes(
        values in matrices(12), scheme in integer_schemes(), choice in 0..2,
    ) {
        // Stochastic rounding may leave a code for the sake of a last digit; hence nearest rounding.
        let scheme = Scheme { rounding: Rounding::NearestEven, ..scheme };
        let range = [Range::MinMax, Range::Mse][choice as usize];
        let scheme = with_range(scheme, range).unwrap_or(scheme);
        let result = quantize(values.view(), &scheme, &mut stream(1)).unwrap();
        // A block of zeros has scale 0 in binary, and its sign is +1 then as before.
        let again = result.encode(result.reconstruct::<f64>().view(), &mut stream(2)).unwrap();
        prop_assert_eq!(&again, result.codes());
    }

    #[test]
    fn formats_without_blocks_encode_their_reconstruction_to_the_same_codes(
        values in matrices(12),
        text in prop::sample::select(vec![
            "format = 'f16'", "format = 'bf16'", "format = 'wrpn'\nbits = 2", "format = 'wrpn'\nbits = 8",
            "format = { vq = { centroids = 5 } }", "format = { pq = { subvectors = 1, centroids = 4 } }",
        ]),
    ) {
        let result = quantized(&values, &scheme(text));
        let again = result.encode(result.reconstruct::<f64>().view(), &mut stream(2)).unwrap();
        prop_assert_eq!(&again, result.codes());
    }

    #[test]
    fn mse_range_is_never_worse_than_min_max(values in matrices(12), scheme in nearest_schemes()) {
        let Some(searched) = with_range(scheme, Range::Mse) else { return Ok(()) };
        let min_max = quantize(values.view(), &scheme, &mut stream(1)).unwrap();
        let searched = quantize(values.view(), &searched, &mut stream(1)).unwrap();
        let before = min_max.block_errors(values.view()).unwrap();
        let after = searched.block_errors(values.view()).unwrap();
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(after.sse() <= before.sse() * (1.0 + 1e-12));
        }
    }

    #[test]
    fn symmetric_narrow_schemes_are_odd(
        values in matrices(12), scheme in nearest_schemes(), width in 1..=16_u32, mse in any::<bool>(),
    ) {
        let scheme = Scheme {
            granularity: scheme.granularity,
            rounding: if width == 1 { Rounding::NearestEven } else { scheme.rounding },
            range: if mse && width > 1 { Range::Mse } else { Range::MinMax },
            ..bitsweep_quant::presets::symmetric_narrow(bits(width))
        };
        // The binary code of zero is +1.
        let values = values.mapv(|value| if width == 1 && value == 0.0 { 1.0 } else { value });
        let result = quantized(&values, &scheme);
        let mirrored = quantized(&values.mapv(|value| -value), &scheme);
        prop_assert_eq!(mirrored.codes().to_array(), -result.codes().to_array());
    }

    #[test]
    fn rows_and_columns_are_quantized_on_their_own(values in matrices(12), scheme in nearest_schemes()) {
        let alone = Scheme { granularity: Granularity::Tensor, ..scheme };
        for (granularity, axis) in [(Granularity::InputChannel, Axis(0)), (Granularity::OutputChannel, Axis(1))] {
            let together = quantized(&values, &Scheme { granularity, ..scheme }).reconstruct::<f64>();
            for (lane, expected) in values.axis_iter(axis).zip(together.axis_iter(axis)) {
                let lane = lane.insert_axis(Axis(0)).to_owned();
                let own = quantized(&lane, &alone).reconstruct::<f64>();
                prop_assert_eq!(own.row(0), expected);
            }
        }
    }

    #[test]
    fn the_layout_in_memory_does_not_matter(values in matrices(12), scheme in integer_schemes()) {
        let transposed = values.t().as_standard_layout().to_owned();
        let result = quantize(values.view(), &scheme, &mut stream(1)).unwrap();
        let other = quantize(transposed.t(), &scheme, &mut stream(1)).unwrap();
        prop_assert_eq!(result, other);
    }

    #[test]
    fn errors_of_blocks_add_up_to_those_of_the_matrix(values in matrices(12), scheme in integer_schemes()) {
        let result = quantize(values.view(), &scheme, &mut stream(1)).unwrap();
        let blocks = result.block_errors(values.view()).unwrap();
        prop_assert_eq!(blocks.len(), result.block_parameters().count());
        let sum = blocks.into_iter().fold(Errors::default(), Errors::merge);
        let whole = Errors::measure(values.view(), result.reconstruct::<f64>().view());
        prop_assert_eq!((sum.count, sum.max_error), (whole.count, whole.max_error));
        prop_assert!((sum.sse() - whole.sse()).abs() <= 1e-12 * whole.sse());
        prop_assert_eq!(result.block_parameters().map(|block| block.count).sum::<usize>(), values.len());
    }

    #[test]
    fn stochastic_rounding_takes_one_of_the_two_neighbours(values in matrices(12), seed in any::<u64>()) {
        let scheme = scheme("bits = 4\nrounding = 'stochastic'");
        let result = quantize(values.view(), &scheme, &mut stream(seed)).unwrap();
        for ((row, column), &code) in result.codes().to_array().indexed_iter() {
            let (scale, _) = affine(&result, row, column);
            let position = values[[row, column]] / scale;
            prop_assert!((position.floor() as i32..=position.ceil() as i32).contains(&code));
        }
    }
}

#[test]
fn stochastic_rounding_is_unbiased() {
    // Scale 0.1, so that 0.23 lies at position 2.3.
    let values = Array2::from_shape_fn((1, 40_001), |(_, column)| if column == 0 { 0.7 } else { 0.23 });
    let scheme = scheme("bits = 4\nrounding = 'stochastic'");
    let mean = quantized(&values, &scheme).reconstruct::<f64>().iter().skip(1).sum::<f64>() / 40_000.0;
    // The deviation of one value is 0.1·sqrt(0.3·0.7), of the mean 200 times less: five of those.
    assert!((mean - 0.23).abs() < 5.0 * 0.1 * 0.46 / 200.0);
}

#[test]
fn half_away_and_nearest_even_differ_at_ties_only() {
    // Scale 1: the largest magnitude is 7 on a grid of ±7.
    let values = ndarray::array![[7.0, 0.5, 1.5, 2.5, -0.5, -2.5, 2.4999, 2.5001]];
    let even = quantized(&values, &scheme("bits = 4"));
    assert_eq!(even.codes().to_array().row(0).to_vec(), [7, 0, 2, 2, 0, -2, 2, 3]);
    let away = quantized(&values, &scheme("bits = 4\nrounding = 'half-away'"));
    assert_eq!(away.codes().to_array().row(0).to_vec(), [7, 1, 2, 3, -1, -3, 2, 3]);
}

#[test]
fn mse_range_clips_an_outlier_at_few_bits() {
    // Bulk within ±1: the step over the outlier is about 3, and 0 the best code for nearly all of it.
    let values = Array2::from_shape_fn((1, 1001), |(_, column)| match column {
        0 => 10.0,
        _ => (column as f64 * 0.7).sin(),
    });
    for symmetry in ["symmetric", "asymmetric"] {
        let scheme = |range| scheme(&format!("bits = 3\nsymmetry = '{symmetry}'\nrange = '{range}'"));
        let of_bulk = |result: Quantized| {
            let (_, bulk) = values.view().split_at(Axis(1), 1);
            let reconstruction = result.reconstruct::<f64>();
            let (_, reconstruction) = reconstruction.view().split_at(Axis(1), 1);
            Errors::measure(bulk, reconstruction).mse()
        };
        let min_max = of_bulk(quantized(&values, &scheme("min-max")));
        let searched = of_bulk(quantized(&values, &scheme("mse")));
        assert!(searched < 0.2 * min_max, "{symmetry}: {searched} against {min_max}");
    }
}

#[test]
fn symmetric_full_grid_clips_the_largest_value_to_two_thirds_at_two_bits() {
    let result = quantized(&ndarray::array![[1.0_f64, -1.0, 0.1]], &scheme("bits = 2\ncode_range = 'full'"));
    let reconstruction = result.reconstruct::<f64>();
    assert!((reconstruction[[0, 0]] - 2.0 / 3.0).abs() < 1e-15);
    assert_eq!(result.codes().to_array().row(0).to_vec(), [1, -2, 0]);
}

//! What holds for every format of levels, every block type and every scale format.

use bitsweep_quant::{Format, GgufType, Quantized, Scheme, SchemeSpec, quantize};
use ndarray::Array2;
use proptest::prelude::*;

use crate::formats::{FORMATS, GRANULARITIES, SCALES};
use crate::properties::matrices;
use crate::{quantized, stream};

/// Every format with every scale format and granularity that it can have, and unscaled floats.
pub(crate) fn all() -> Vec<Scheme> {
    let mut schemes = Vec::new();
    for format in FORMATS {
        for scale in SCALES {
            for granularity in GRANULARITIES {
                let text = format!("{format}\ngranularity = {granularity}\nscale_format = '{scale}'");
                schemes.extend(toml::from_str::<SchemeSpec>(&text).unwrap().resolve());
            }
        }
        for text in [format.to_owned(), format!("{format}\nscale_format = 'none'")] {
            schemes.extend(toml::from_str::<SchemeSpec>(&text).unwrap().resolve());
        }
    }
    assert!(schemes.len() > 700);
    schemes
}

fn schemes() -> impl Strategy<Value = Scheme> {
    prop::sample::select(all())
}

fn scale_of(result: &Quantized, row: usize, column: usize) -> f64 {
    let block = result.blocks().index_of(row, column);
    result.block_parameters().nth(block).unwrap().scale.unwrap()
}

fn is_gguf(scheme: &Scheme) -> bool {
    matches!(scheme.format, Format::Gguf(_))
}

proptest! {
    #[test]
    fn packed_bytes_are_as_many_as_the_size_says_and_unpack_to_the_same(
        values in matrices(12), scheme in schemes(),
    ) {
        let result = quantized(&values, &scheme);
        let packed = result.pack();
        prop_assert_eq!(packed.bytes.len() as u64, result.size().total());
        let parts = result.stored_parts();
        prop_assert!(parts.windows(2).all(|pair| pair[0].name < pair[1].name));
        for part in &parts {
            let numbers: usize = part.shape.iter().product();
            prop_assert_eq!(numbers * part.element.bytes(), part.bytes.len());
        }
        let bytes: Vec<u8> = parts.into_iter().flat_map(|part| part.bytes).collect();
        prop_assert_eq!(&bytes, &packed.bytes);
        prop_assert_eq!(&result.clone().into_packed(), &packed);
        let unpacked = Quantized::unpack(&packed).unwrap();
        prop_assert_eq!(unpacked.reconstruct::<f64>(), result.reconstruct::<f64>());
        prop_assert_eq!(unpacked, result);
        let singles = quantized(&values.mapv(|value| value as f32), &scheme);
        prop_assert_eq!(Quantized::unpack(&singles.clone().into_packed()).unwrap(), singles);
    }

    #[test]
    fn encoding_a_reconstruction_again_gives_the_same_codes(values in matrices(12), scheme in schemes()) {
        let result = quantized(&values, &scheme);
        let again = result.encode(result.reconstruct::<f64>().view(), &mut stream(2)).unwrap();
        prop_assert_eq!(&again, result.codes());
    }

    #[test]
    fn every_reconstruction_is_a_level_times_the_scale(values in matrices(12), scheme in schemes()) {
        let Some(format) = scheme.levels() else { return Ok(()) };
        let levels = format.levels();
        let result = quantized(&values, &scheme);
        for ((row, column), reconstruction) in result.reconstruct::<f64>().indexed_iter() {
            let code = result.codes().get(row, column).unwrap();
            let (_, level) = levels.iter().find(|(known, _)| *known == code).unwrap();
            prop_assert_eq!(*reconstruction, scale_of(&result, row, column) * level);
        }
    }

    #[test]
    fn no_other_level_is_nearer(values in matrices(12), scheme in schemes()) {
        let Some(format) = scheme.levels() else { return Ok(()) };
        let levels = format.levels();
        let result = quantized(&values, &scheme);
        for ((row, column), reconstruction) in result.reconstruct::<f64>().indexed_iter() {
            let (value, scale) = (values[[row, column]], scale_of(&result, row, column));
            let error = (value - reconstruction).abs();
            for (_, level) in &levels {
                prop_assert!(error <= (value - scale * level).abs() + 1e-12 * value.abs());
            }
        }
    }

    #[test]
    fn a_larger_value_has_no_smaller_reconstruction(values in matrices(12), scheme in schemes()) {
        let result = quantized(&values, &scheme);
        let reconstruction = result.reconstruct::<f64>();
        for block in result.blocks().iter() {
            let mut pairs: Vec<(f64, f64)> = block
                .positions()
                .map(|position| (values.as_slice().unwrap()[position], reconstruction.as_slice().unwrap()[position]))
                .collect();
            pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
            // A scale of q4_0 and q5_0 may be negative, the levels then descend with the codes, not with the values.
            prop_assert!(pairs.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        }
    }

    #[test]
    fn levels_with_a_sign_are_odd(values in matrices(12), scheme in schemes()) {
        let Some(format) = scheme.levels() else { return Ok(()) };
        let levels = format.levels();
        let is_odd = levels.iter().all(|(_, level)| levels.iter().any(|(_, other)| *other == -level));
        // Quantiles: one level more above zero than below.
        prop_assert_eq!(is_odd, !["nf", "sf"].iter().any(|name| format.to_string().starts_with(name)));
        if is_odd {
            let result = quantized(&values, &scheme).reconstruct::<f64>();
            let mirrored = quantized(&values.mapv(|value| -value), &scheme).reconstruct::<f64>();
            prop_assert_eq!(mirrored, -result);
        }
    }

    #[test]
    fn errors_are_within_half_the_widest_gap_and_what_saturates(values in matrices(12), scheme in schemes()) {
        let Some(format) = scheme.levels() else { return Ok(()) };
        let mut levels: Vec<f64> = format.levels().into_iter().map(|(_, level)| level).collect();
        levels.sort_by(f64::total_cmp);
        let gap = levels.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
        let (lowest, highest) = (levels[0], levels[levels.len() - 1]);
        let result = quantized(&values, &scheme);
        for ((row, column), reconstruction) in result.reconstruct::<f64>().indexed_iter() {
            let (value, scale) = (values[[row, column]], scale_of(&result, row, column));
            let beyond = (value - scale * highest).max(scale * lowest - value).max(0.0);
            prop_assert!((value - reconstruction).abs() <= (0.5 * gap * scale + beyond) * (1.0 + 1e-12));
        }
    }

    #[test]
    fn values_from_a_minimum_err_by_at_most_half_a_step(values in matrices(12), group in 1..8_u32) {
        let text = format!(
            "bits = 5\nsymmetry = 'asymmetric'\nzero_point = 'minimum'\ngranularity = {{ group = {group} }}"
        );
        let result = quantized(&values, &crate::scheme(&text));
        for ((row, column), reconstruction) in result.reconstruct::<f64>().indexed_iter() {
            let value = values[[row, column]];
            let step = scale_of(&result, row, column);
            prop_assert!((value - reconstruction).abs() <= 0.5 * step * (1.0 + 1e-9) + 1e-12 * value.abs());
        }
    }

    #[test]
    fn searched_ranges_of_levels_are_never_worse(values in matrices(12), scheme in schemes()) {
        // A nested scale is rounded after the search.
        let is_nested = ["two-level", "double"].contains(&scheme.scale_format.to_string().as_str());
        let searched = Scheme { range: bitsweep_quant::Range::Mse, ..scheme };
        if is_nested || searched.check().is_err() || scheme.levels().is_none() {
            return Ok(());
        }
        let before = quantized(&values, &scheme).block_errors(values.view()).unwrap();
        let after = quantized(&values, &searched).block_errors(values.view()).unwrap();
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(after.sse() <= before.sse() * (1.0 + 1e-12));
        }
    }
}

#[test]
fn constants_are_exact_where_scales_are_as_wide_as_the_values() {
    for scheme in all() {
        if is_gguf(&scheme) || scheme.scale_format != bitsweep_quant::ScaleFormat::Float {
            continue;
        }
        for constant in [0.1_f64, -0.3, 1e-300, -1e300, 5e-324, f64::MAX, 0.0] {
            let values = Array2::from_elem((3, 4), constant);
            assert_eq!(quantized(&values, &scheme).reconstruct::<f64>(), values, "{scheme} {constant}");
        }
    }
}

#[test]
fn zeros_stay_zeros() {
    for scheme in all() {
        let is_nested_sign =
            scheme.is_binary() && ["two-level", "double"].contains(&scheme.scale_format.to_string().as_str());
        if is_nested_sign {
            continue;
        }
        let mut values = Array2::<f32>::zeros((4, 5));
        assert_eq!(quantized(&values, &scheme).reconstruct::<f32>(), values, "{scheme}");
        values[[0, 0]] = 3.0;
        let reconstruction = quantized(&values, &scheme).reconstruct::<f32>();
        if !scheme.is_binary() && scheme.zero_point() != Some(bitsweep_quant::ZeroPoint::Float) {
            assert!(reconstruction.iter().skip(1).all(|value| *value == 0.0), "{scheme} {reconstruction}");
        }
    }
}

#[test]
fn empty_matrices_have_no_bytes() {
    for scheme in all() {
        for shape in [(0, 0), (0, 3), (3, 0)] {
            let result = quantized(&Array2::<f32>::zeros(shape), &scheme);
            assert_eq!((result.size().total(), result.pack().bytes.len()), (0, 0), "{scheme}");
        }
    }
}

#[test]
fn extreme_values_give_finite_results_or_an_error() {
    let tiny = f32::from_bits(1);
    for values in [
        ndarray::array![[tiny, -tiny, 0.0, 3.0 * tiny]],
        ndarray::array![[f32::MAX, -f32::MAX, 1.0, 0.0]],
        ndarray::array![[f32::MAX, 1.0, f32::MIN_POSITIVE, -tiny]],
        ndarray::array![[1e30, 1e-30, 1e-30, -1e-30]],
    ] {
        for scheme in all() {
            let Ok(result) = quantize(values.view(), &scheme, &mut stream(0)) else { continue };
            assert!(result.reconstruct::<f32>().iter().all(|value| value.is_finite()), "{scheme} {values}");
            assert_eq!(Quantized::unpack(&result.pack()).unwrap(), result, "{scheme} {values}");
        }
    }
}

#[test]
fn every_block_type_has_a_preset() {
    for block in GgufType::ALL {
        let preset = bitsweep_quant::presets::gguf(block);
        preset.check().unwrap();
        assert_eq!(crate::scheme(&format!("format = '{block}'")), preset);
    }
}

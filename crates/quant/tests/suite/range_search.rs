//! Searched ranges beside a dense search over scales, and scales of either sign.

use bitsweep_quant::{
    CalibrationMethod, Errors, Grid, Hessian, Parameters, Scheme, calibrate, number_line, quantize,
};
use ndarray::{Array2, array};
use proptest::prelude::*;

use crate::{quantized, scheme, stream};

fn scale_and_error(values: &Array2<f64>, text: &str) -> (f64, f64) {
    let result = quantized(values, &scheme(text));
    let Parameters::Affine(affine) = result.parameters::<f64>().unwrap() else { panic!("no scales") };
    (affine.scales[0], Errors::measure(values.view(), result.reconstruct::<f64>().view()).sse())
}

#[test]
fn least_squares_widens_a_range_that_clips() {
    // Of the scales that put 1 and 0.9 on code 1 their mean is the best: 2·0.05² + 0.1² + 0.05² = 0.0175.
    let values = array![[1.0, 0.9, -0.1, 0.05]];
    let (scale, error) = scale_and_error(&values, "bits = 2\ncode_range = 'full'\nrange = 'mse'");
    assert!((scale - 0.95).abs() < 0.005, "{scale}");
    assert!((error - 0.0175).abs() < 1e-4, "{error}");
}

#[test]
fn least_squares_widens_a_range_that_clips_nothing() {
    // On ±3 steps of 1/3, 0.5 is between two codes; steps of 0.5 have both.
    let (scale, error) = scale_and_error(&array![[1.0, 0.5]], "bits = 3\nrange = 'mse'");
    assert!((scale - 0.5).abs() < 1e-12 && error < 1e-24, "{scale} {error}");
    // The levels 0, 0.5 … 6 of 4 bits put 1 and 2/3 on 6 and 4, and with 1 on 4 they have 0.75, too.
    let values = array![[1.0, 0.75, 0.5]];
    assert!(scale_and_error(&values, "format = 'fp4-e2m1'").1 > 1e-3);
    assert!(scale_and_error(&values, "format = 'fp4-e2m1'\nrange = 'mse'").1 < 1e-24);
}

#[test]
fn the_output_error_widens_a_range_that_clips() {
    let weights = array![[1.0], [0.9], [-0.1], [0.05]];
    // Inputs that do not depend on each other: the output error is that of the weights, times 2/4.
    let hessian = Hessian::of_inputs(Array2::<f64>::eye(4).view()).unwrap();
    let scheme = scheme("bits = 2\ncode_range = 'full'\nrange = 'output-mse'");
    let found =
        calibrate(weights.view(), &scheme, &CalibrationMethod::Nearest, &hessian, &mut stream(0)).unwrap();
    assert!((found.outcome.proxy_loss - 0.5 * 0.0175).abs() < 1e-4, "{}", found.outcome.proxy_loss);
}

#[test]
fn a_covering_scale_gives_a_grid_back_whichever_side_has_the_extra_code() {
    for sign in [1.0, -1.0] {
        let grid = Array2::from_shape_fn((1, 16), |(_, step)| sign * 0.25 * (step as f64 - 8.0));
        let (scale, error) = scale_and_error(&grid, "bits = 4\ncode_range = 'covering'");
        assert_eq!((scale, error), (0.25 * sign, 0.0));
        let searched = "bits = 4\ncode_range = 'covering'\nrange = 'mse'";
        assert_eq!(scale_and_error(&grid, searched), (0.25 * sign, 0.0));
    }
    assert_eq!(number_line(&scheme("bits = 2\ncode_range = 'covering'")), Some(vec![-1.0, -0.5, 0.0, 0.5]));
}

#[test]
fn a_covering_scale_is_the_least_that_clips_nothing() {
    for (values, scale) in [
        (array![[-0.8, 0.1]], 0.1),
        (array![[0.8, -0.1]], -0.1),
        (array![[-0.8, 0.75]], 0.75 / 7.0),
        (array![[0.8, 0.4]], -0.1),
        (array![[-0.7, 0.7]], 0.1),
    ] {
        let (found, _) = scale_and_error(&values, "bits = 4\ncode_range = 'covering'");
        assert!((found - scale).abs() < 1e-15, "{values}: {found}");
    }
    // Clipped by percentile, the scale is that of what is left on either side.
    let mut values = Array2::from_shape_fn((1, 101), |(_, step)| -f64::from(step as u32 + 1) / 101.0);
    values[[0, 0]] = 9.0;
    let (scale, _) =
        scale_and_error(&values, "bits = 4\ncode_range = 'covering'\nrange = { percentile = 99 }");
    assert!((scale.abs() - 1.0 / 7.0).abs() < 1e-12, "{scale}");
}

#[test]
fn negative_scales_are_stored_and_read_in_16_bits() {
    let values = array![[0.8_f32, -0.1, 0.33], [0.0, 0.0, 0.0]];
    for format in ["float", "f16", "bf16"] {
        let text =
            format!("bits = 4\ncode_range = 'covering'\ngranularity = 'row'\nscale_format = '{format}'");
        let result = quantized(&values, &scheme(&text));
        assert!(result.block_parameters().next().unwrap().scale.unwrap() < 0.0);
        assert_eq!(result.codes().get(0, 0), Some(-8));
        assert_eq!(result.reconstruct::<f32>().row(1).to_vec(), [0.0; 3]);
        assert_eq!(bitsweep_quant::Quantized::unpack(&result.pack()).unwrap(), result);
    }
}

#[test]
fn what_squares_to_nothing_or_to_infinity_is_searched_as_well() {
    for unit in [2.0_f64.powi(-700), 2.0_f64.powi(700), 2.0_f64.powi(1000)] {
        let values = array![[1.0, 0.9, -0.1, 0.05]] * unit;
        for code_range in ["full", "narrow", "covering"] {
            let text = format!("bits = 2\ncode_range = '{code_range}'\nrange = 'mse'");
            let (scale, _) = scale_and_error(&values, &text);
            let (ordinary, _) = scale_and_error(&(&values / unit), &text);
            assert_eq!(scale / unit, ordinary, "{unit:e} {code_range}");
        }
    }
}

/// `Σ(w - s·q)²` and `Σq²` with the nearest codes.
fn by_scale(values: &[f64], scale: f64, grid: Grid) -> (f64, f64) {
    let code = |value: f64| (value / scale).round_ties_even().clamp(grid.lowest.into(), grid.highest.into());
    let errors = values.iter().map(|value| (value - scale * code(*value)).powi(2)).sum();
    (errors, values.iter().map(|value| code(*value).powi(2)).sum())
}

fn symmetric(width: u32, code_range: &str) -> Scheme {
    scheme(&format!("bits = {width}\ncode_range = '{code_range}'"))
}

proptest! {
    /// With the codes of a scale `s` held, another scale `t` errs by at most `|t - s|·‖q‖` more (as a norm): no scale is
    /// better than the found one by more than half a step of the search makes.
    #[test]
    fn no_scale_of_a_dense_search_is_better(
        values in prop::collection::vec(prop_oneof![-1.0..1.0_f64, -0.1..0.1_f64, Just(0.5)], 2..9),
        width in 2..6_u32,
        code_range in prop::sample::select(vec!["narrow", "full", "covering"]),
    ) {
        let largest = values.iter().fold(0.0, |largest, value| f64::max(largest, value.abs()));
        let min_max = symmetric(width, code_range);
        let searched = Scheme { range: bitsweep_quant::Range::Mse, ..min_max };
        let grid = min_max.grid().unwrap();
        let matrix = Array2::from_shape_vec((1, values.len()), values.clone()).unwrap();
        let whole = quantize(matrix.view(), &min_max, &mut stream(0)).unwrap();
        let whole_scale = whole.block_parameters().next().unwrap().scale.unwrap().abs();
        let found = quantized(&matrix, &searched).block_errors(matrix.view()).unwrap()[0].sse();
        prop_assert!(found <= whole.block_errors(matrix.view()).unwrap()[0].sse() * (1.0 + 1e-12));
        if values.iter().all(|value| *value == values[0]) {
            return Ok(());
        }
        let signs: &[f64] = if code_range == "covering" { &[1.0, -1.0] } else { &[1.0] };
        for part in 1..=2000 {
            let scale = largest * f64::from(part) / 2000.0;
            if scale < 0.01 * whole_scale {
                continue;
            }
            // Half of a scale so large has all its levels.
            let mut nested = scale;
            while nested > 2.0 * largest / f64::from(grid.highest) {
                nested /= 2.0;
            }
            for sign in signs {
                let (error, codes) = by_scale(&values, sign * nested, grid);
                let bound = error.sqrt() + 0.0051 * whole_scale * codes.sqrt();
                prop_assert!(found.sqrt() <= bound + 1e-12, "{found} at {scale}: {error}");
                prop_assert!(error <= by_scale(&values, sign * scale, grid).0 + 1e-12);
            }
        }
    }

    #[test]
    fn an_asymmetric_search_is_not_worse_than_any_upper_end(
        values in prop::collection::vec(-1.0..1.0_f64, 2..9), width in 1..5_u32, float in any::<bool>(),
    ) {
        let zero_point = if float { "float" } else { "integer" };
        let text = format!("bits = {width}\nsymmetry = 'asymmetric'\nzero_point = '{zero_point}'");
        let matrix = Array2::from_shape_vec((1, values.len()), values.clone()).unwrap();
        let found = scale_and_error(&matrix, &format!("{text}\nrange = 'mse'")).1;
        let grid = scheme(&text).grid().unwrap();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let width = values.iter().copied().fold(f64::NEG_INFINITY, f64::max) - low;
        for hundredths in 1..=200 {
            let step = width * f64::from(hundredths) / 100.0 / f64::from(grid.steps());
            let exact = f64::from(grid.lowest) - low / step;
            let zero = if float { exact } else { exact.round_ties_even() };
            let error: f64 = values.iter().map(|value| {
                let code = (value / step + zero).round_ties_even();
                let code = code.clamp(grid.lowest.into(), grid.highest.into());
                (value - step * (code - zero)).powi(2)
            }).sum();
            prop_assert!(found <= error * (1.0 + 1e-9) + 1e-12, "{found} at {hundredths}: {error}");
        }
    }
}

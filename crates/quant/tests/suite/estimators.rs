//! Estimators against the derivative of their surrogates: the function with each rounding residue held constant,
//! differentiated by finite differences, and against hand-made numbers.

use bitsweep_quant::estimator::{
    ClippedActivation, EstimatorError, check_learned_step, check_straight_through, constrain_steps,
    initial_steps, learned_step_gradient, quantize_gradient, straight_through_gradient,
};
use bitsweep_quant::{Affine, Parameters, QuantizeError, Quantized, Scheme, quantize_with_scales};
use ndarray::{Array2, array};
use proptest::prelude::*;

use crate::{bits, quantized, scheme, stream};

const STEP: f64 = 1e-6;

/// `Σ gᵢ·(f(x + h·e) - f(x - h·e))ᵢ/2h` for every direction `e`.
fn differences(
    at: &Array2<f64>,
    upstream: &Array2<f64>,
    surrogate: impl Fn(&Array2<f64>) -> Array2<f64>,
) -> Array2<f64> {
    Array2::from_shape_fn(at.dim(), |place| {
        let moved = |by: f64| {
            let mut moved = at.clone();
            moved[place] += by;
            (surrogate(&moved) * upstream).sum()
        };
        (moved(STEP) - moved(-STEP)) / (2.0 * STEP)
    })
}

#[track_caller]
fn assert_close(ours: &Array2<f64>, expected: &Array2<f64>) {
    for (place, value) in ours.indexed_iter() {
        let difference = (value - expected[place]).abs();
        assert!(difference < 1e-6 * (1.0 + expected[place].abs()), "{place:?}: {value}, {}", expected[place]);
    }
}

fn latent(seed: u64, rows: usize, columns: usize) -> Array2<f32> {
    stream(seed).normal_matrix(rows, columns).mapv(|value| value as f32)
}

fn upstream(seed: u64, rows: usize, columns: usize) -> Array2<f64> {
    stream(1000 + seed).normal_matrix(rows, columns)
}

fn through(values: &Array2<f32>, quantized: &Quantized, upstream: &Array2<f64>) -> Array2<f64> {
    let mut gradient = upstream.clone();
    straight_through_gradient(values.view(), quantized, gradient.view_mut()).unwrap();
    gradient
}

fn affine(quantized: &Quantized) -> &Affine<f32> {
    match quantized.parameters::<f32>().unwrap() {
        Parameters::Affine(affine) => affine,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_range_that_clips_nothing_passes_the_gradient_as_it_is() {
    for spec in [
        "bits = 4",
        "bits = 2\ncode_range = 'full'",
        "bits = 16\ncode_range = 'full'",
        "bits = 2\ncode_range = 'covering'",
        "bits = 1",
        "bits = 1\nsymmetry = 'asymmetric'",
        "bits = 3\nsymmetry = 'asymmetric'\ngranularity = 'column'",
        "bits = 3\nsymmetry = 'asymmetric'\nzero_point = 'float'\ngranularity = 'row'",
        "bits = 3\ngranularity = { group = 3 }\nrounding = 'stochastic'",
    ] {
        let values = latent(1, 7, 5);
        let gradient = upstream(1, 7, 5);
        assert_eq!(through(&values, &quantized(&values, &scheme(spec)), &gradient), gradient, "{spec}");
    }
}

#[test]
fn a_clipped_value_gets_no_gradient() {
    // The 75th percentile of the magnitudes 1, 1, 2, 8 is 3.5: the grid is -3.5, 0, 3.5, and beyond 5.25 is clipped.
    let values = array![[1.0_f32, -1.0, 2.0, -8.0]];
    let result = quantized(&values, &scheme("bits = 2\nrange = { percentile = 75 }"));
    assert_eq!(affine(&result).scales, [3.5]);
    let gradient = through(&values, &result, &array![[0.5, 0.25, -1.0, 2.0]]);
    assert_eq!(gradient, array![[0.5, 0.25, -1.0, 0.0]]);
}

#[test]
fn the_clipped_gradient_is_the_difference_of_its_surrogate() {
    for seed in 0..5 {
        let values = latent(seed, 9, 4);
        let spec = "bits = 3\nsymmetry = 'asymmetric'\nrange = { percentile = 80 }\ngranularity = 'column'";
        let result = quantized(&values, &scheme(spec));
        let (blocks, parameters) = (result.blocks(), affine(&result));
        // Clipped before rounding, at what nearest rounding brings to the outermost codes, 0 and 7.
        let surrogate = |values: &Array2<f64>| {
            Array2::from_shape_fn(values.dim(), |(row, column)| {
                let block = blocks.index_of(row, column);
                let scale = f64::from(parameters.scales[block]);
                let position = values[[row, column]] / scale + f64::from(parameters.zero_points[block]);
                scale * position.clamp(-0.5, 7.5)
            })
        };
        let gradient = upstream(seed, 9, 4);
        let ours = through(&values, &result, &gradient);
        assert_close(&ours, &differences(&values.mapv(f64::from), &gradient, surrogate));
        assert!(ours.iter().any(|value| *value == 0.0));
    }
}

#[test]
fn dorefas_gradient_is_the_difference_of_its_surrogate_through_the_maximum() {
    for (seed, width) in [(0, 2), (1, 3), (2, 8)] {
        let values = latent(seed, 6, 3);
        let result = quantized(&values, &scheme(&format!("format = 'dorefa'\nbits = {width}")));
        let steps = 2.0_f64.powi(width) - 1.0;
        let fractions = |values: &Array2<f64>| {
            let largest =
                values.iter().fold(0.0, |largest, value| f64::max(largest, libm::tanh(*value).abs()));
            values.mapv(|value| libm::tanh(value) / (2.0 * largest) + 0.5)
        };
        let at = values.mapv(f64::from);
        let residue = fractions(&at).mapv(|x| (steps * x).round_ties_even() / steps - x);
        let gradient = upstream(seed, 6, 3);
        let expected = differences(&at, &gradient, |moved| 2.0 * (fractions(moved) + &residue) - 1.0);
        assert_close(&through(&values, &result, &gradient), &expected);
    }
}

#[test]
fn dorefas_gradient_of_zeros_and_of_one_bit_follow_their_formulas() {
    let gradient = array![[1.0, -0.5]];
    let zeros = Array2::<f32>::zeros((1, 2));
    let result = quantized(&zeros, &scheme("format = 'dorefa'\nbits = 4"));
    assert_eq!(through(&zeros, &result, &gradient), array![[2.0, -1.0]]);
    let values = array![[3.0_f32, -0.1]];
    let result = quantized(&values, &scheme("format = 'dorefa'\nbits = 1"));
    assert_eq!(through(&values, &result, &gradient), gradient);
}

#[test]
fn wrpns_gradient_stops_beyond_one() {
    let values = array![[0.2_f32, -1.0, 1.01, -7.0]];
    let result = quantized(&values, &scheme("format = 'wrpn'\nbits = 4"));
    assert_eq!(through(&values, &result, &array![[1.0, 2.0, 3.0, 4.0]]), array![[1.0, 2.0, 0.0, 0.0]]);
}

/// `ŵ` of the surrogate: `s·(clip(w/s) + residue)`.
fn lsq_surrogate(
    values: &Array2<f64>,
    step: f64,
    residue: &Array2<f64>,
    lowest: f64,
    highest: f64,
) -> Array2<f64> {
    let mut result = values.mapv(|value| (value / step).clamp(lowest, highest));
    result += residue;
    result * step
}

#[test]
fn lsqs_gradients_are_the_differences_of_its_surrogate() {
    for (seed, spec, lowest, highest) in [
        (0, "bits = 2", -1.0, 1.0),
        (1, "bits = 3", -3.0, 3.0),
        (2, "bits = 3\ncode_range = 'full'", -4.0, 3.0),
    ] {
        let values = latent(seed, 6, 5);
        let scheme = scheme(spec);
        // Small enough that some values are clipped.
        let step = 0.2_f32;
        let result = quantize_with_scales(values.view(), &scheme, &[step], &mut stream(0)).unwrap();
        let at = values.mapv(f64::from);
        let clipped = at.mapv(|value| (value / f64::from(step)).clamp(lowest, highest));
        let residue = clipped.mapv(f64::round_ties_even) - &clipped;
        let gradient = upstream(seed, 6, 5);
        let mut ours = gradient.clone();
        let mut of_step = [0.0];
        learned_step_gradient(values.view(), &result, ours.view_mut(), &mut of_step).unwrap();
        let surrogate = |values: &Array2<f64>, step| lsq_surrogate(values, step, &residue, lowest, highest);
        assert_close(&ours, &differences(&at, &gradient, |moved| surrogate(moved, step.into())));
        let moved = |by: f64| (surrogate(&at, f64::from(step) + by) * &gradient).sum();
        let factor = 1.0 / (30.0 * highest).sqrt();
        let expected = factor * (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
        assert!((of_step[0] - expected).abs() < 1e-6, "{} is not {expected}", of_step[0]);
        assert!(ours.iter().any(|value| *value == 0.0) && ours.iter().any(|value| *value != 0.0));
    }
}

#[test]
fn lsqs_gradient_of_the_step_is_that_of_its_table() {
    // 2 bits narrow: codes -1, 0, 1; step 1. Inside: 0.25 → code 0, 0 - 0.25; 0.75 → 1 - 0.75; outside: -1 and 1.
    let values = array![[0.25_f32, 0.75, -3.0, 1.0]];
    let result = quantize_with_scales(values.view(), &scheme("bits = 2"), &[1.0], &mut stream(0)).unwrap();
    for (position, (expected, through)) in
        [(-0.25, 1.0), (0.25, 1.0), (-1.0, 0.0), (1.0, 0.0)].into_iter().enumerate()
    {
        let mut gradient = Array2::zeros((1, 4));
        gradient[[0, position]] = 1.0;
        let mut of_step = [0.0];
        learned_step_gradient(values.view(), &result, gradient.view_mut(), &mut of_step).unwrap();
        // 1/√(N·q_p) = 1/√4.
        assert_eq!((of_step[0], gradient[[0, position]]), (0.5 * expected, through));
    }
}

#[test]
fn first_steps_follow_the_mean_magnitude_of_each_block() {
    let values = array![[1.0_f32, -2.0, 0.0], [3.0, 4.0, 0.0]];
    // 2·mean/√q_p with q_p = 1 at 2 bits, 127 at 8.
    assert_eq!(
        initial_steps(values.view(), &scheme("bits = 2\ngranularity = 'column'")).unwrap(),
        [4.0, 6.0, 1.0]
    );
    let tensor = initial_steps(values.view(), &scheme("bits = 8")).unwrap();
    assert!((f64::from(tensor[0]) - 2.0 * (10.0 / 6.0) / 127.0_f64.sqrt()).abs() < 1e-7);
}

#[test]
fn steps_stay_above_zero_and_the_held_ones_are_counted() {
    let mut steps = [-0.5, 0.25, 1e-9];
    assert_eq!(constrain_steps(&mut steps, &[1.0, 1.0, 2.0]), 2);
    assert_eq!(steps, [1.0 / 1024.0, 0.25, 2.0 / 1024.0]);
}

#[test]
fn given_scales_are_what_the_codes_are_packed_and_read_with() {
    let values = latent(3, 6, 4);
    let scheme = scheme("bits = 3\ngranularity = 'column'");
    let scales = [0.5_f32, 0.25, 1.0, 0.125];
    let result = quantize_with_scales(values.view(), &scheme, &scales, &mut stream(0)).unwrap();
    for (((_, column), value), reconstruction) in values.indexed_iter().zip(result.reconstruct::<f32>()) {
        let code = (value / scales[column]).round_ties_even().clamp(-3.0, 3.0);
        assert_eq!(reconstruction, code * scales[column]);
    }
    assert_eq!(Quantized::unpack(&result.pack()).unwrap(), result);
    assert_eq!(result.size().total(), result.pack().bytes.len() as u64);
}

#[test]
fn scales_that_are_none_are_refused() {
    let values = latent(3, 2, 2);
    let refused = |spec: &str, scales: &[f32]| {
        quantize_with_scales(values.view(), &scheme(spec), scales, &mut stream(0)).unwrap_err()
    };
    for scale in [0.0, -1.0, f32::NAN, f32::MAX] {
        assert!(matches!(refused("bits = 4", &[scale]), QuantizeError::NotAScale { block: 0, .. }));
    }
    assert_eq!(refused("bits = 4", &[1.0; 2]), QuantizeError::ScaleCount { expected: 1, found: 2 });
    for spec in ["bits = 4\nsymmetry = 'asymmetric'", "format = 'f16'", "bits = 4\nformat = 'wrpn'"] {
        assert!(matches!(refused(spec, &[1.0]), QuantizeError::NoGivenScales { .. }), "{spec}");
    }
}

#[test]
fn schemes_without_an_estimator_are_refused() {
    let step = |spec: &str| check_learned_step(&scheme(spec)).unwrap_err();
    assert_eq!(step("bits = 4\nsymmetry = 'asymmetric'"), EstimatorError::ZeroPoint);
    assert_eq!(step("bits = 1"), EstimatorError::OneBit);
    assert!(matches!(step("bits = 4\nrange = 'mse'"), EstimatorError::Range { .. }));
    for spec in ["format = 'f16'", "format = { vq = { centroids = 4 } }"] {
        assert!(matches!(step(spec), EstimatorError::NoStep { .. }));
        let error = check_straight_through(&scheme(spec)).unwrap_err();
        assert!(matches!(error, EstimatorError::NotEven { .. }));
    }
    assert!(matches!(step("format = 'wrpn'\nbits = 4"), EstimatorError::NoStep { .. }));
}

#[test]
fn parameters_that_are_stored_rounded_are_refused() {
    let sentence = |stored| {
        format!(
            "training does not know `{stored}`, which stores parameters rounded: expected `scale_format = float` and a zero point"
        )
    };
    let rounded = scheme("bits = 4\nscale_format = 'f16'");
    assert_eq!(check_straight_through(&rounded).unwrap_err().to_string(), sentence("scale_format = f16"));
    assert_eq!(check_learned_step(&rounded).unwrap_err().to_string(), sentence("scale_format = f16"));
    let minimum = scheme("bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'minimum'");
    assert_eq!(check_straight_through(&minimum).unwrap_err().to_string(), sentence("zero_point = minimum"));
}

#[test]
fn matrices_of_different_shapes_are_refused() {
    let values = latent(3, 2, 3);
    let scheme: Scheme = scheme("bits = 4");
    let result = quantized(&values, &scheme);
    let mut gradient = Array2::zeros((3, 2));
    let shape = EstimatorError::Shape { expected: (2, 3), found: (3, 2) };
    let error = straight_through_gradient(values.view(), &result, gradient.view_mut());
    assert_eq!(error, Err(shape.clone()));
    assert_eq!(learned_step_gradient(values.view(), &result, gradient.view_mut(), &mut [0.0]), Err(shape));
    let mut gradient = Array2::zeros((2, 3));
    let error = learned_step_gradient(values.view(), &result, gradient.view_mut(), &mut []);
    assert_eq!(error, Err(EstimatorError::Steps { expected: 1, found: 0 }));
}

#[test]
fn clipped_activations_follow_their_formula() {
    // 2 bits to a clip of 1.5: levels 0, 0.5, 1, 1.5; the tie 0.25 goes to the even code 0, 0.75 to 2.
    let mut values = array![[-1.0, 0.0, 0.25, 0.26, 0.75, 1.3, 1.5, 9.0]];
    let activation = ClippedActivation { bits: bits(2) };
    let before = values.clone();
    activation.quantize(1.5, values.view_mut());
    assert_eq!(values, array![[0.0, 0.0, 0.0, 0.5, 1.0, 1.5, 1.5, 1.5]]);
    let mut gradient = array![[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]];
    let of_clip = activation.clip_gradient(1.5, before.view(), gradient.view());
    activation.gradient(1.5, before.view(), gradient.view_mut());
    assert_eq!(of_clip, 192.0);
    assert_eq!(gradient, array![[0.0, 2.0, 4.0, 8.0, 16.0, 32.0, 0.0, 0.0]]);
}

#[test]
fn pacts_gradients_are_the_differences_of_its_surrogate() {
    // PACT counts `round(x·n/α)·α/n` as `clip(x, 0, α)`: the residue, in units of activations, is the constant.
    let activation = ClippedActivation { bits: bits(3) };
    let clip = 0.9;
    let before = stream(5).normal_matrix(8, 4);
    let mut after = before.clone();
    activation.quantize(clip, after.view_mut());
    let residue = &after - &before.mapv(|value| value.clamp(0.0, clip));
    let gradient = upstream(5, 8, 4);
    let mut ours = gradient.clone();
    let of_clip = activation.clip_gradient(clip, before.view(), gradient.view());
    activation.gradient(clip, before.view(), ours.view_mut());
    let surrogate = |values: &Array2<f64>, clip: f64| values.mapv(|value| value.clamp(0.0, clip)) + &residue;
    assert_close(&ours, &differences(&before, &gradient, |moved| surrogate(moved, clip)));
    let moved = |by: f64| (surrogate(&before, clip + by) * &gradient).sum();
    assert!((of_clip - (moved(STEP) - moved(-STEP)) / (2.0 * STEP)).abs() < 1e-6);
}

proptest! {
    #[test]
    fn quantized_gradients_are_on_the_grid_of_their_row(seed in 0..100_u64, width in 1..=8_u32) {
        let gradient = upstream(seed, 3, 5);
        let mut ours = gradient.clone();
        quantize_gradient(bits(width), ours.view_mut(), &mut stream(seed));
        let steps = 2.0_f64.powi(width as i32) - 1.0;
        for (before, after) in gradient.rows().into_iter().zip(ours.rows()) {
            let largest = before.iter().fold(0.0, |largest, value| f64::max(largest, value.abs()));
            for (before, after) in before.iter().zip(after) {
                let position = steps * (after / (2.0 * largest) + 0.5);
                prop_assert!((position - position.round()).abs() < 1e-9);
                prop_assert!((after - before).abs() <= 2.0 * largest / steps * (1.0 + 1e-9));
            }
        }
    }
}

#[test]
fn quantized_gradients_are_right_on_average_and_zeros_stay() {
    let gradient = array![[0.3, -1.0, 0.77, 0.0], [0.0, 0.0, 0.0, 0.0]];
    let mut sum = Array2::<f64>::zeros((2, 4));
    let mut stream = stream(9);
    let draws = 40_000;
    for _ in 0..draws {
        let mut drawn = gradient.clone();
        quantize_gradient(bits(2), drawn.view_mut(), &mut stream);
        assert_eq!(drawn.row(1).to_vec(), [0.0; 4]);
        sum += &drawn;
    }
    for (sum, expected) in sum.iter().zip(&gradient) {
        // A step is ⅔; the deviation of the mean is at most ⅓/√40000 = 0.0017.
        assert!(
            (sum / f64::from(draws) - expected).abs() < 0.008,
            "{} is not {expected}",
            sum / f64::from(draws)
        );
    }
}

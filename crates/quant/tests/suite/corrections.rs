//! Ranges by output error and analytic bias correction, against brute force, integration and sampling.

use bitsweep_quant::{
    Calibrated, CalibrationMethod, Hessian, LearnedScale, Moments, Range, Scheme, calibrate, quantize,
};
use ndarray::{Array1, Array2, Axis, array};
use proptest::prelude::*;

use crate::{scheme, stream};

/// Correlated inputs `(rows, columns)`.
fn inputs(seed: u64, rows: usize, columns: usize) -> Array2<f64> {
    let mixing = stream(seed + 1).normal_matrix(columns, columns);
    stream(seed).normal_matrix(rows, columns).dot(&mixing)
}

fn run(
    weights: &Array2<f64>,
    inputs: &Array2<f64>,
    scheme: &Scheme,
    method: CalibrationMethod,
) -> Calibrated {
    let hessian = Hessian::of_inputs(inputs.view()).unwrap();
    calibrate(weights.view(), scheme, &method, &hessian, &mut stream(0)).unwrap()
}

/// `‖X·(W - Ŵ)‖²·2/n`, from the outputs themselves.
fn output_error(weights: &Array2<f64>, reconstruction: &Array2<f64>, inputs: &Array2<f64>) -> f64 {
    let outputs = inputs.dot(&(weights - reconstruction));
    outputs.iter().map(|output| output * output).sum::<f64>() * 2.0 / inputs.nrows() as f64
}

fn with_range(scheme: Scheme, range: Range) -> Scheme {
    Scheme { range, ..scheme }
}

proptest! {
    #[test]
    fn a_range_by_output_error_is_never_worse_than_min_max(
        seed in any::<u32>(), width in 2..5_u32, symmetric in any::<bool>(), granularity in 0..4_usize,
    ) {
        let (weights, inputs) = (stream(u64::from(seed)).normal_matrix(9, 4), inputs(7, 20, 9));
        let symmetry = if symmetric { "symmetric" } else { "asymmetric" };
        let granularity = ["'tensor'", "'row'", "'column'", "{ group = 4 }"][granularity];
        let text = format!("bits = {width}\nsymmetry = '{symmetry}'\ngranularity = {granularity}");
        let min_max = scheme(&text);
        let result = run(&weights, &inputs, &with_range(min_max, Range::OutputMse), CalibrationMethod::Nearest);
        let nearest = quantize(weights.view(), &min_max, &mut stream(0)).unwrap();
        let before = output_error(&weights, &nearest.reconstruct::<f64>(), &inputs);
        let after = output_error(&weights, &result.quantized.reconstruct::<f64>(), &inputs);
        prop_assert!(after <= before * (1.0 + 1e-12));
        // The record says the same.
        prop_assert!((result.outcome.proxy_loss - after).abs() <= 1e-9 * before);
        prop_assert!((result.outcome.proxy_loss_nearest - before).abs() <= 1e-9 * before);
        prop_assert_eq!(result.outcome.blocks_changed > 0, result.outcome.proxy_loss < result.outcome.proxy_loss_nearest);
    }
}

#[test]
fn the_range_of_a_column_is_the_best_of_all_factors_up_to_2() {
    let (weights, inputs) = (stream(3).normal_matrix(8, 5), inputs(4, 30, 8));
    let scheme = scheme("bits = 3\ngranularity = 'column'\nrange = 'output-mse'");
    let reconstruction =
        run(&weights, &inputs, &scheme, CalibrationMethod::Nearest).quantized.reconstruct::<f64>();
    for (column, reconstruction) in weights.axis_iter(Axis(1)).zip(reconstruction.axis_iter(Axis(1))) {
        let loss = |levels: &Array1<f64>| {
            let outputs = inputs.dot(&(&column - levels));
            outputs.iter().map(|output| output * output).sum::<f64>()
        };
        let largest = column.iter().fold(0.0, |largest: f64, weight| largest.max(weight.abs()));
        let best = (1..=200).map(|part| {
            let scale = largest * f64::from(part) / 100.0 / 3.0;
            loss(&column.mapv(|weight| scale * (weight / scale).round_ties_even().clamp(-3.0, 3.0)))
        });
        let best = best.fold(f64::INFINITY, f64::min);
        let found = loss(&reconstruction.to_owned());
        assert!((found - best).abs() < 1e-12 * best, "{found} {best}");
    }
}

#[test]
fn for_uncorrelated_inputs_of_one_size_the_output_error_is_the_squared_error() {
    let weights = stream(5).normal_matrix(12, 6);
    let inputs = Array2::eye(12);
    for text in [
        "bits = 3",
        "bits = 2\ngranularity = 'column'",
        "bits = 4\ngranularity = { group = 5 }\nsymmetry = 'asymmetric'",
        "bits = 3\ngranularity = 'row'\nsymmetry = 'asymmetric'\nzero_point = 'float'",
    ] {
        let scheme = scheme(text);
        let squared = quantize(weights.view(), &with_range(scheme, Range::Mse), &mut stream(0)).unwrap();
        let output =
            run(&weights, &inputs, &with_range(scheme, Range::OutputMse), CalibrationMethod::Nearest);
        assert_eq!(output.quantized.codes(), squared.codes(), "{text}");
        assert_eq!(output.quantized.reconstruct::<f64>(), squared.reconstruct::<f64>(), "{text}");
    }
}

#[test]
fn methods_start_from_ranges_by_output_error() {
    let (weights, inputs) = (stream(8).normal_matrix(10, 6), inputs(9, 40, 10));
    let scheme = scheme("bits = 2\ngranularity = 'column'\nrange = 'output-mse'");
    let nearest = run(&weights, &inputs, &scheme, CalibrationMethod::Nearest);
    let greedy = run(&weights, &inputs, &scheme, CalibrationMethod::Greedy);
    assert_eq!(greedy.outcome.proxy_loss_nearest, nearest.outcome.proxy_loss);
    assert_eq!(greedy.quantized.parameters::<f64>().unwrap(), nearest.quantized.parameters::<f64>().unwrap());
    assert!(greedy.outcome.codes_changed > 0 && greedy.outcome.proxy_loss < nearest.outcome.proxy_loss);
}

/// Mean and variance of `max(0, x)` by Simpson's rule over twelve deviations.
fn integrated(mean: f64, variance: f64) -> (f64, f64) {
    let deviation = variance.sqrt();
    let steps = 200_000_u32;
    let (low, high) = ((mean - 12.0 * deviation).max(0.0), (mean + 12.0 * deviation).max(0.0));
    let width = (high - low) / f64::from(steps);
    let moment = |power: i32| {
        let sum: f64 = (0..=steps)
            .map(|step| {
                let x = low + width * f64::from(step);
                let weight = if step == 0 || step == steps { 1.0 } else { f64::from(2 + 2 * (step % 2)) };
                let z = (x - mean) / deviation;
                weight * x.powi(power) * (-0.5 * z * z).exp()
            })
            .sum();
        sum * width / 3.0 / deviation / (2.0 * std::f64::consts::PI).sqrt()
    };
    (moment(1), moment(2) - moment(1) * moment(1))
}

#[test]
fn moments_of_a_rectified_normal_agree_with_integration() {
    for (mean, variance) in [(0.0, 1.0), (1.3, 0.25), (-0.7, 2.0), (4.0, 1.0), (-2.0, 0.5), (0.01, 9.0)] {
        let rectified = Moments { mean: array![mean], variance: array![variance] }.rectified();
        let (expected_mean, expected_variance) = integrated(mean, variance);
        assert!((rectified.mean[0] - expected_mean).abs() < 1e-12, "{mean} {variance}");
        assert!((rectified.variance[0] - expected_variance).abs() < 1e-11, "{mean} {variance}");
    }
}

#[test]
fn moments_of_a_constant_and_far_from_zero_are_those_of_its_side() {
    let moments = Moments { mean: array![2.0, -2.0, 1e3, -1e3], variance: array![0.0, 0.0, 1.0, 1.0] };
    let rectified = moments.rectified();
    assert_eq!(rectified.mean, array![2.0, 0.0, 1e3, 0.0]);
    assert_eq!((rectified.variance[0], rectified.variance[1], rectified.variance[3]), (0.0, 0.0, 0.0));
    assert!((rectified.variance[2] - 1.0).abs() < 1e-9);
}

#[test]
fn an_analytic_shift_is_the_mean_shift_of_normal_inputs() {
    // Two layers, the first with a ReLU; features independent and normal, as the formulas assume.
    const ROWS: usize = 200_000;
    let mut random = stream(11);
    let (first, second) = (random.normal_matrix(6, 8), random.normal_matrix(8, 3));
    let bias = random.normal_matrix(1, 8).row(0).to_owned();
    let (center, spread) = (array![0.5, -1.0, 2.0, 0.0, 0.3, -0.2], array![1.0, 0.5, 2.0, 1.5, 0.1, 1.0]);
    let inputs = random.normal_matrix(ROWS, 6) * &spread + &center;
    let features = Moments { mean: center, variance: spread.mapv(|deviation: f64| deviation * deviation) };
    let scheme = scheme("bits = 2\ngranularity = 'column'");
    let nearest = |weights: &Array2<f64>| {
        quantize(weights.view(), &scheme, &mut stream(0)).unwrap().reconstruct::<f64>()
    };
    let compare = |analytic: &Array1<f64>, inputs: &Array2<f64>, change: &Array2<f64>| {
        let shifts = inputs.dot(change);
        let mean = shifts.mean_axis(Axis(0)).unwrap();
        let deviation = shifts.std_axis(Axis(0), 1.0) / (ROWS as f64).sqrt();
        for ((analytic, mean), deviation) in analytic.iter().zip(&mean).zip(&deviation) {
            assert!((analytic - mean).abs() < 5.0 * deviation, "{analytic} {mean} ± {deviation}");
            assert!(mean.abs() > 20.0 * deviation, "a shift of {mean} ± {deviation} proves nothing");
        }
    };
    let quantized = nearest(&first);
    let shift = features.expected_shift(first.view(), quantized.view()).unwrap();
    compare(&shift, &inputs, &(&first - &quantized));
    let hidden = (inputs.dot(&first) + &bias).mapv(|sum| sum.max(0.0));
    let moments = features.through(first.view(), bias.view()).unwrap().rectified();
    let quantized = nearest(&second);
    let shift = moments.expected_shift(second.view(), quantized.view()).unwrap();
    compare(&shift, &hidden, &(&second - &quantized));
}

#[test]
fn moments_that_mean_nothing_are_refused() {
    let sentence = |inputs: Array2<f64>| Moments::of_inputs(inputs.view()).unwrap_err().to_string();
    assert_eq!(sentence(Array2::zeros((0, 3))), "there are no calibration inputs: expected at least `1` row");
    assert_eq!(
        sentence(array![[0.0, f64::INFINITY]]),
        "the calibration input `inf` in row 0, column 1 (counted from 0) means nothing: expected a finite number"
    );
    let moments = Moments::of_inputs(array![[1.0, 2.0]].view()).unwrap();
    let weights = Array2::<f64>::zeros((3, 1));
    assert_eq!(
        moments.through(weights.view(), array![0.0].view()).unwrap_err().to_string(),
        "moments of `2` inputs do not fit weights of 3: expected as many"
    );
    assert_eq!(
        moments.expected_shift(weights.view(), weights.view()).unwrap_err().to_string(),
        "moments of `2` inputs do not fit weights of 3: expected as many"
    );
    assert_eq!(
        moments.expected_shift(weights.view(), Array2::zeros((2, 1)).view()).unwrap_err().to_string(),
        "outputs of shape `(2, 1)` cannot be compared with outputs of shape `(3, 1)`"
    );
}

#[test]
fn learned_scales_lower_the_output_error_and_nothing_but_scales_is_learned() {
    let (weights, inputs) = (stream(21).normal_matrix(16, 6), inputs(22, 60, 16));
    let method = CalibrationMethod::LearnedScale(LearnedScale::default());
    for text in [
        "bits = 2",
        "bits = 3\ngranularity = 'column'",
        "bits = 2\ngranularity = { group = 4 }\nrange = 'mse'",
    ] {
        let scheme = scheme(text);
        let result = run(&weights, &inputs, &scheme, method);
        assert!(
            result.outcome.proxy_loss < 0.9 * result.outcome.proxy_loss_nearest,
            "{text} {:?}",
            result.outcome
        );
        assert!(result.outcome.blocks_changed > 0);
        // Every code is the nearest one for its block's scale.
        let blocks: Vec<_> = result.quantized.block_parameters().collect();
        for ((row, column), &code) in result.quantized.codes().to_array().indexed_iter() {
            let scale = blocks[result.quantized.blocks().index_of(row, column)].scale.unwrap();
            let grid = scheme.grid().unwrap();
            let nearest = (weights[[row, column]] / scale).round_ties_even() as i32;
            assert_eq!(code, nearest.clamp(grid.lowest, grid.highest));
        }
    }
}

#[test]
fn the_first_step_of_a_learned_scale_is_the_learning_rate() {
    // At the scale 1.1 no weight is clipped and all but the third lie below their level: LSQ's gradient is positive, and the
    // first step of Adam has the length of the rate whatever the gradient's. The squared error falls from
    // 0.1² + 0.2² + 0.05² to 0.089² + 0.189² + 0.011² + 0.039².
    let weights = array![[1.0], [0.9], [-1.1], [1.05]];
    let scheme = scheme("bits = 2\ngranularity = 'column'");
    let method = CalibrationMethod::LearnedScale(LearnedScale { iterations: 1, learning_rate: 0.01 });
    let result = run(&weights, &Array2::eye(4), &scheme, method);
    let scale = result.quantized.block_parameters().next().unwrap().scale.unwrap();
    assert!((scale - 1.1 * 0.99).abs() < 1e-7, "{scale}");
    // Of four rows: twice the mean of the squared errors.
    assert!((result.outcome.proxy_loss_nearest - 0.0525 / 2.0).abs() < 1e-12);
    assert!((result.outcome.proxy_loss - 0.045_284 / 2.0).abs() < 1e-7);
}

proptest! {
    #[test]
    fn learned_scales_are_never_worse_than_nearest(seed in any::<u32>(), width in 2..6_u32, granularity in 0..3_usize) {
        let (weights, inputs) = (stream(u64::from(seed)).normal_matrix(7, 3), inputs(5, 12, 7));
        let granularity = ["'tensor'", "'column'", "{ group = 3 }"][granularity];
        let scheme = scheme(&format!("bits = {width}\ngranularity = {granularity}"));
        let method = CalibrationMethod::LearnedScale(LearnedScale { iterations: 20, learning_rate: 0.05 });
        let result = run(&weights, &inputs, &scheme, method);
        prop_assert!(result.outcome.proxy_loss <= result.outcome.proxy_loss_nearest);
        prop_assert_eq!(result.outcome.changed(), result.outcome.proxy_loss < result.outcome.proxy_loss_nearest);
    }
}

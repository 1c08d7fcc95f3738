//! Inputs of layers: codes against ONNX Runtime, ranges against what each mode promises.

use bitsweep_quant::{
    ActivationError, ActivationParameters, ActivationQuantizer, ActivationSpec, QuantizeError,
    QuantizedActivations, ScaledLevels,
};
use ndarray::{Array1, Array2, Axis, array};
use serde::Deserialize;

use crate::{matrix, numbers, quantized, scheme, stream};

#[derive(Deserialize)]
struct Golden {
    layers: Vec<Layer>,
    statics: Vec<Static>,
    averages: Vec<Average>,
}

#[derive(Deserialize)]
struct Layer {
    shape: (usize, usize, usize),
    symmetry: String,
    inputs: String,
    codes: String,
    scale: String,
    zero_point: i32,
    weight_bits: u32,
    weights: String,
    weight_codes: String,
    weight_scales: String,
    accumulators: String,
}

#[derive(Deserialize)]
struct Static {
    range: String,
    bits: u32,
    symmetry: String,
    values: String,
    codes: String,
    scale: String,
    zero_point: i32,
}

#[derive(Deserialize)]
struct Average {
    momentum: f64,
    batch: usize,
    rows: usize,
    inputs: String,
    scale: String,
    zero_point: i32,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/activations.json")).unwrap()
}

/// The quantizer that a TOML text spells, fitted to `inputs`.
pub(crate) fn fitted(toml: &str, inputs: &Array2<f32>) -> ActivationQuantizer {
    let spec: ActivationSpec = toml::from_str(toml).unwrap();
    ActivationQuantizer::fit(spec.resolve().unwrap(), inputs.view()).unwrap()
}

/// `inputs` as a TOML text says, a static scheme being fitted to them.
pub(crate) fn encoded(toml: &str, inputs: &Array2<f32>) -> QuantizedActivations {
    fitted(toml, inputs).quantize(inputs.view()).unwrap()
}

pub(crate) fn normal(seed: u64, rows: usize, columns: usize) -> Array2<f32> {
    stream(seed).normal_matrix(rows, columns).mapv(|value| value as f32)
}

fn codes(activations: &QuantizedActivations) -> Vec<i32> {
    activations.codes().iter().copied().collect()
}

fn parameters(scale: &str, zero_point: i32) -> ActivationParameters {
    ActivationParameters { scale: scale.parse().unwrap(), zero_point }
}

#[test]
fn dynamic_codes_and_their_products_are_those_of_onnx_runtime() {
    for layer in golden().layers {
        let (rows, inputs, outputs) = layer.shape;
        let activations = encoded(
            &format!("bits = 8\nmode = 'dynamic'\nbatch = {rows}"),
            &matrix(rows, inputs, &layer.inputs),
        );
        assert_eq!(activations.parameters(0), parameters(&layer.scale, layer.zero_point));
        assert_eq!(codes(&activations), numbers::<i32>(&layer.codes));

        let spelled =
            format!("bits = {}\ngranularity = 'column'\nsymmetry = '{}'", layer.weight_bits, layer.symmetry);
        let weights = quantized::<f32>(&matrix(inputs, outputs, &layer.weights), &scheme(&spelled));
        assert_eq!(weights.codes().iter().collect::<Vec<_>>(), numbers::<i32>(&layer.weight_codes));
        let bias = normal(9, 1, outputs).row(0).to_owned();
        let product = ScaledLevels::of(&weights).unwrap().product(&activations, bias.view()).unwrap();
        let scales: Vec<f32> = numbers(&layer.weight_scales);
        let accumulators: Array2<i32> = matrix(rows, outputs, &layer.accumulators);
        for ((row, column), accumulator) in accumulators.indexed_iter() {
            let rescaled =
                *accumulator as f32 * (activations.parameters(row).scale * scales[column]) + bias[column];
            assert_eq!(product[[row, column]], rescaled);
        }
    }
}

#[test]
fn static_codes_are_those_of_onnx_runtime_ties_included() {
    for entry in golden().statics {
        let range: Vec<f32> = numbers(&entry.range);
        let spelled = format!("bits = {}\nmode = 'static'\nsymmetry = '{}'", entry.bits, entry.symmetry);
        let quantizer = fitted(&spelled, &array![[range[0], range[1]]]);
        assert_eq!(quantizer.fitted(), Some(parameters(&entry.scale, entry.zero_point)));
        let values: Vec<f32> = numbers(&entry.values);
        let activations = quantizer.quantize(matrix(1, values.len(), &entry.values).view()).unwrap();
        assert_eq!(codes(&activations), numbers::<i32>(&entry.codes));
        assert!(activations.clipped() > 0);
    }
}

#[test]
fn moving_averages_are_those_of_pytorchs_observer() {
    for entry in golden().averages {
        let Average { momentum, batch, rows, inputs, scale, zero_point } = entry;
        let spelled = format!(
            "bits = 8\nmode = 'static'\nrange = {{ moving-average = {{ momentum = {momentum}, batch = {batch} }} }}"
        );
        let quantizer = fitted(&spelled, &matrix(rows, 3, &inputs));
        assert_eq!(quantizer.fitted(), Some(parameters(&scale, zero_point)));
    }
}

#[test]
fn a_moving_average_with_momentum_1_knows_the_last_batch_alone() {
    let inputs = array![[-8.0_f32, 8.0], [-1.0, 1.0], [0.0, 2.0], [-1.0, 1.5]];
    let last = "bits = 8\nmode = 'static'\nrange = { moving-average = { momentum = 1, batch = 3 } }";
    let alone = fitted("bits = 8\nmode = 'static'", &inputs.select(Axis(0), &[3]));
    assert_eq!(fitted(last, &inputs).fitted(), alone.fitted());
    let whole = "bits = 8\nmode = 'static'\nrange = { moving-average = { batch = 9 } }";
    assert_eq!(fitted(whole, &inputs).fitted(), fitted("bits = 8\nmode = 'static'", &inputs).fitted());
}

#[test]
fn static_parameters_do_not_follow_later_inputs() {
    let quantizer = fitted("bits = 4\nmode = 'static'\nrange = 'mse'", &normal(1, 50, 6));
    let later = normal(2, 20, 6).mapv(|value| 3.0 * value);
    let activations = quantizer.quantize(later.view()).unwrap();
    assert_eq!(Some(activations.parameters(19)), quantizer.fitted());
    assert_eq!(quantizer.bytes(), (4, 4));
    let (low, high) =
        (quantizer.quantize(array![[-1e30_f32]].view()), quantizer.quantize(array![[1e30]].view()));
    assert_eq!((codes(&low.unwrap()), codes(&high.unwrap())), (vec![0], vec![15]));
    let outside = later.iter().filter(|value| {
        let ActivationParameters { scale, zero_point } = activations.parameters(0);
        let position = (**value / scale).round_ties_even() as i32 + zero_point;
        !(0..16).contains(&position)
    });
    assert_eq!(activations.clipped(), outside.count());
    assert!(activations.clipped() > 10);
}

#[test]
fn dynamic_ranges_are_found_for_each_batch_or_row_by_itself() {
    let inputs = normal(3, 7, 5);
    let batches = encoded("bits = 8\nmode = 'dynamic'\nbatch = 3", &inputs);
    let rows = encoded("bits = 8\nmode = 'dynamic'\ngranularity = 'row'", &inputs);
    for first in [0, 3, 6] {
        let last = (first + 3).min(7);
        let members: Vec<usize> = (first..last).collect();
        let alone = inputs.select(Axis(0), &members);
        let alone = encoded("bits = 8\nmode = 'dynamic'\nbatch = 100", &alone);
        assert_eq!(batches.codes().select(Axis(0), &members), alone.codes());
        assert_eq!(batches.parameters(last - 1), alone.parameters(0));
    }
    for row in 0..7 {
        let alone = encoded("bits = 8\nmode = 'static'", &inputs.select(Axis(0), &[row]));
        assert_eq!(rows.codes().row(row), alone.codes().row(0));
    }
    assert_eq!(fitted("bits = 8\nmode = 'dynamic'", &inputs).bytes(), (0, 0));
}

#[test]
fn zeros_stay_zeros_wherever_the_range_lies() {
    for inputs in
        [normal(4, 5, 4).mapv(|value| value.abs() + 3.0), normal(5, 5, 4).mapv(|value| value.min(-2.0))]
    {
        for symmetry in ["symmetric", "asymmetric"] {
            for mode in ["static", "dynamic"] {
                for bits in 2..=16 {
                    let spelled = format!("bits = {bits}\nmode = '{mode}'\nsymmetry = '{symmetry}'");
                    let mut with_zero = inputs.clone();
                    with_zero[[2, 2]] = 0.0;
                    let activations = encoded(&spelled, &with_zero);
                    assert_eq!(activations.reconstruct()[[2, 2]], 0.0);
                    let grid = fitted(&spelled, &inputs).quantize(with_zero.view()).unwrap();
                    assert_eq!(grid.reconstruct()[[2, 2]], 0.0);
                }
            }
        }
    }
}

#[test]
fn inside_the_range_the_error_is_at_most_half_a_step() {
    let inputs = normal(6, 30, 8);
    for symmetry in ["symmetric", "asymmetric"] {
        for bits in 2..=16 {
            let spelled = format!("bits = {bits}\nmode = 'static'\nsymmetry = '{symmetry}'");
            let activations = encoded(&spelled, &inputs);
            assert_eq!(activations.clipped(), 0);
            let half = 0.5 * f64::from(activations.parameters(0).scale);
            for (value, level) in inputs.iter().zip(&activations.reconstruct()) {
                assert!((f64::from(*value) - f64::from(*level)).abs() <= half * (1.0 + 1e-5) + 3e-7);
            }
        }
    }
}

#[test]
fn degenerate_inputs_have_codes() {
    let zeros = Array2::<f32>::zeros((3, 2));
    for mode in ["static", "dynamic"] {
        let activations = encoded(&format!("bits = 8\nmode = '{mode}'"), &zeros);
        assert_eq!(activations.parameters(2), parameters("1", 0));
        assert!(activations.reconstruct().iter().all(|value| *value == 0.0));
    }
    let dynamic = fitted("bits = 8\nmode = 'dynamic'", &zeros);
    assert_eq!(dynamic.quantize(Array2::zeros((0, 4)).view()).unwrap().codes().dim(), (0, 4));
    assert_eq!(dynamic.quantize(Array2::zeros((4, 0)).view()).unwrap().codes().dim(), (4, 0));
    let fixed = fitted("bits = 8\nmode = 'static'", &array![[1.0_f32]]);
    assert_eq!(fixed.quantize(Array2::zeros((4, 0)).view()).unwrap().codes().dim(), (4, 0));
    let weights = quantized(&Array2::<f32>::zeros((0, 3)), &scheme("bits = 4"));
    let empty = dynamic.quantize(Array2::zeros((2, 0)).view()).unwrap();
    let bias = array![1.0, 2.0, 3.0];
    let product = ScaledLevels::of(&weights).unwrap().product(&empty, bias.view()).unwrap();
    assert_eq!(product, array![[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]);
}

#[test]
fn inputs_that_mean_nothing_are_refused() {
    let scheme = toml::from_str::<ActivationSpec>("bits = 8\nmode = 'static'").unwrap().resolve().unwrap();
    let fit = |inputs: Array2<f32>| ActivationQuantizer::fit(scheme, inputs.view()).unwrap_err();
    assert_eq!(fit(Array2::zeros((0, 3))), ActivationError::NoInputs);
    assert_eq!(
        fit(array![[0.0, f32::NAN]]).to_string(),
        "`NaN` in row 0, column 1 (counted from 0) cannot be quantized: expected a finite number"
    );
    assert!(matches!(
        fit(array![[-3e38, 3e38]]),
        ActivationError::Quantize(QuantizeError::RangeTooWide { .. })
    ));
    let quantizer = fitted("bits = 8\nmode = 'static'", &array![[1.0_f32]]);
    assert!(quantizer.quantize(array![[f32::INFINITY]].view()).is_err());
}

#[test]
fn layers_that_do_not_fit_are_refused() {
    let weights = ScaledLevels::of(&quantized(&normal(1, 3, 2), &scheme("bits = 4"))).unwrap();
    let inputs = |columns| encoded("bits = 8\nmode = 'dynamic'", &normal(2, 1, columns));
    let sentence = |columns, biases| {
        let product = weights.product(&inputs(columns), Array1::zeros(biases).view());
        product.unwrap_err().to_string()
    };
    assert_eq!(sentence(4, 2), "`4` inputs do not fit weights of 3: expected as many");
    assert_eq!(sentence(3, 3), "`3` biases do not fit weights of 2 outputs: expected as many");
    let many = ScaledLevels::MOST_INPUTS + 1;
    let wide = ScaledLevels::of(&quantized(&Array2::<f32>::zeros((many, 1)), &scheme("bits = 2"))).unwrap();
    let inputs = encoded("bits = 2\nmode = 'dynamic'", &Array2::zeros((1, many)));
    assert_eq!(
        wide.product(&inputs, Array1::zeros(1).view()).unwrap_err().to_string(),
        "a sum over `2097153` inputs may not be exact: expected at most 2097152"
    );
}

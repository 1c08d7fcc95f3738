//! Products of codes against integer arithmetic that reads the packed bytes, bit for bit.

use bitsweep_quant::{Codes, Format, Granularity, Quantized, QuantizedActivations, ScaledLevels, Scheme};
use ndarray::{Array1, Array2};

use crate::activations::{encoded, normal};
use crate::{quantized, scheme};

/// Weights as an integer kernel loads them: from bytes, knowing the scheme alone.
struct Kernel {
    shape: (usize, usize),
    codes: Vec<i64>,
    scales: Vec<f32>,
    zero_points: Vec<i64>,
    group: usize,
    is_grouped_by_column: bool,
}

impl Kernel {
    /// Codes of `b` bits each, the first in the lowest bits, then 4 bytes a scale, then 4 bytes a zero point.
    fn load(weights: &Quantized) -> Self {
        let packed = weights.pack();
        let Scheme { format: Format::Integer { bits, codes, .. }, granularity, .. } = packed.scheme else {
            panic!("{} has no integers", packed.scheme);
        };
        let (rows, columns) = packed.shape;
        let bits = bits.get() as usize;
        let bit = |position: usize| i64::from(packed.bytes[position / 8] >> (position % 8) & 1);
        let code = |index: usize| {
            let field: i64 = (0..bits).map(|place| bit(index * bits + place) << place).sum();
            match codes {
                Codes::Signed if field >> (bits - 1) == 1 => field - (1 << bits),
                Codes::Signed | Codes::Unsigned => field,
            }
        };
        let (group, is_grouped_by_column) = match granularity {
            Granularity::Tensor => (rows, false),
            Granularity::InputChannel => (1, false),
            Granularity::Rows(size) => ((size.get() as usize).min(rows), false),
            Granularity::OutputChannel => (rows, true),
            Granularity::Group(size) => ((size.get() as usize).min(rows), true),
        };
        let count = rows.div_ceil(group) * if is_grouped_by_column { columns } else { 1 };
        let words: Vec<[u8; 4]> = packed.bytes[(rows * columns * bits).div_ceil(8)..].as_chunks().0.to_vec();
        let zero_points = words[count..].iter().map(|word| i64::from(i32::from_le_bytes(*word))).collect();
        Self {
            shape: packed.shape,
            codes: (0..rows * columns).map(code).collect(),
            scales: words[..count].iter().map(|word| f32::from_le_bytes(*word)).collect(),
            zero_points,
            group,
            is_grouped_by_column,
        }
    }

    /// `Σ q_x·q_w - z_w·Σ q_x - z_x·Σ q_w + k·z_x·z_w` of each group, rescaled once each.
    fn product(&self, inputs: &QuantizedActivations, bias: &Array1<f32>, fits_32_bits: bool) -> Array2<f32> {
        let (rows, columns) = self.shape;
        Array2::from_shape_fn((inputs.codes().nrows(), columns), |(sample, column)| {
            let x = inputs.parameters(sample);
            let z_x = i64::from(x.zero_point);
            let mut sum = 0.0_f32;
            for first in (0..rows).step_by(self.group) {
                let block = if self.is_grouped_by_column {
                    first / self.group * columns + column
                } else {
                    first / self.group
                };
                let z_w = self.zero_points.get(block).copied().unwrap_or(0);
                let (mut products, mut x_codes, mut w_codes, mut k) = (0_i64, 0, 0, 0);
                for row in first..(first + self.group).min(rows) {
                    let q_x = i64::from(inputs.codes()[[sample, row]]);
                    let q_w = self.codes[row * columns + column];
                    products += q_x * q_w;
                    x_codes += q_x;
                    w_codes += q_w;
                    k += 1;
                }
                let accumulator = products - z_w * x_codes - z_x * w_codes + k * z_x * z_w;
                if fits_32_bits {
                    assert!(i32::try_from(accumulator).is_ok() && i32::try_from(products).is_ok());
                }
                sum += accumulator as f32 * (x.scale * self.scales[block]);
            }
            sum + bias[column]
        })
    }
}

/// Bit patterns, so that -0 and 0 differ.
fn bit_patterns(values: &Array2<f32>) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

const ACTIVATIONS: [&str; 6] = [
    "mode = 'static'",
    "mode = 'static'\nsymmetry = 'symmetric'\nrange = { percentile = 97 }",
    "mode = 'static'\nrange = 'mse'\nrounding = 'half-away'",
    "mode = 'dynamic'\nbatch = 2",
    "mode = 'dynamic'\ngranularity = 'row'",
    "mode = 'dynamic'\ngranularity = 'row'\nsymmetry = 'symmetric'",
];

const WEIGHTS: [&str; 9] = [
    "granularity = 'tensor'",
    "granularity = 'column'",
    "granularity = 'row'",
    "granularity = { group = 4 }",
    "granularity = { rows = 3 }",
    "granularity = 'tensor'\nsymmetry = 'asymmetric'",
    "granularity = 'column'\nsymmetry = 'asymmetric'\ncodes = 'signed'",
    "granularity = 'row'\nsymmetry = 'asymmetric'",
    "granularity = { group = 5 }\nsymmetry = 'asymmetric'\nrange = 'mse'",
];

/// Compares the two for a layer of `inputs` times `outputs`, all bits given.
fn compare((rows, inputs, outputs): (usize, usize, usize), input_bits: u32, weight_bits: u32, seed: u64) {
    let features = normal(seed, rows, inputs).mapv(|value| value + 0.3);
    let bias = normal(seed + 1, 1, outputs).row(0).to_owned();
    let weights = normal(seed + 2, inputs, outputs);
    for spelled in WEIGHTS {
        let weights = quantized(&weights, &scheme(&format!("bits = {weight_bits}\n{spelled}")));
        let (kernel, levels) = (Kernel::load(&weights), ScaledLevels::of(&weights).unwrap());
        for mode in ACTIVATIONS {
            let activations = encoded(&format!("bits = {input_bits}\n{mode}"), &features);
            let simulated = levels.product(&activations, bias.view()).unwrap();
            let exact = kernel.product(&activations, &bias, input_bits.max(weight_bits) <= 8);
            assert_eq!(
                bit_patterns(&simulated),
                bit_patterns(&exact),
                "{rows}x{inputs}x{outputs}, a{input_bits} w{weight_bits}, {spelled}, {mode}"
            );
        }
    }
}

#[test]
fn logits_are_those_of_exact_integer_arithmetic_for_all_bits() {
    for input_bits in 2..=8 {
        for weight_bits in 2..=8 {
            compare((5, 13, 3), input_bits, weight_bits, u64::from(8 * input_bits + weight_bits));
        }
    }
}

#[test]
fn logits_are_those_of_exact_integer_arithmetic_for_all_shapes() {
    for (shape, seed) in
        [(1, 1, 1), (1, 4, 2), (3, 9, 1), (4, 64, 32), (2, 257, 5), (7, 10, 11)].into_iter().zip(200..)
    {
        compare(shape, 8, 8, seed);
        compare(shape, 4, 8, seed);
        compare(shape, 8, 4, seed);
    }
}

#[test]
fn logits_are_those_of_exact_integer_arithmetic_up_to_16_bits() {
    for (input_bits, weight_bits) in [(16, 16), (16, 8), (12, 16), (9, 3)] {
        compare((3, 300, 4), input_bits, weight_bits, 300);
    }
}

#[test]
fn a_network_of_two_layers_has_the_logits_of_integer_arithmetic() {
    let relu = |outputs: Array2<f32>| outputs.mapv(|output| output.max(0.0));
    let features = normal(400, 9, 13);
    for (weights, activations) in [(8, 8), (4, 8), (4, 4), (2, 3)] {
        for mode in ["mode = 'static'\nrange = 'mse'", "mode = 'dynamic'\nbatch = 4"] {
            let of = |shape: (usize, usize), seed| {
                let spelled = format!("bits = {weights}\nsymmetry = 'asymmetric'\ngranularity = 'column'");
                quantized(&normal(seed, shape.0, shape.1), &scheme(&spelled))
            };
            let layers = [of((13, 32), 401), of((32, 3), 402)];
            let biases = [normal(403, 1, 32).row(0).to_owned(), normal(404, 1, 3).row(0).to_owned()];
            let spelled = format!("bits = {activations}\n{mode}");
            let (mut simulated, mut exact) = (features.clone(), features.clone());
            for (layer, bias) in layers.iter().zip(&biases) {
                let codes = encoded(&spelled, &simulated);
                simulated = relu(ScaledLevels::of(layer).unwrap().product(&codes, bias.view()).unwrap());
                exact = relu(Kernel::load(layer).product(&encoded(&spelled, &exact), bias, true));
            }
            assert_eq!(bit_patterns(&simulated), bit_patterns(&exact), "W{weights}A{activations}, {mode}");
            assert!(exact.iter().any(|logit| *logit > 0.0));
        }
    }
}

#[test]
fn other_formats_multiply_by_the_levels_they_reconstruct() {
    let features = normal(20, 6, 12);
    let weights = normal(21, 12, 5);
    let bias = Array1::<f32>::zeros(5);
    for spelled in [
        "bits = 1",
        "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'float'",
        "bits = 4\nsymmetry = 'asymmetric'\nzero_point = 'minimum'",
        "bits = 8\ngranularity = { group = 4 }\nscale_format = 'two-level'",
        "format = 'f16'",
        "format = 'bf16'",
        "format = { vq = { centroids = 5 } }",
        "format = { pq = { subvectors = 2, centroids = 3 } }",
        "format = { residual = { stages = 2, centroids = 3, width = 2 } }\ncodebook_format = 'int8'",
        "bits = 3\ngranularity = 'column'\noutliers = { percent = 10 }",
        "bits = 4\nsymmetry = 'asymmetric'\ngranularity = { group = 5 }\noutliers = { percent = 3 }",
        "format = 'dorefa'\nbits = 3",
        "format = 'wrpn'\nbits = 3",
        "format = 'fp8-e4m3'\ngranularity = 'column'",
        "format = 'fp6-e2m3'\nscale_format = 'none'",
        "format = 'nvfp4'",
        "format = 'nf4'",
        "format = { ternary = 'least-error' }",
        "format = 'power-of-two'\nbits = 4",
        "format = 'mxint8'",
        "format = 'q4_0'",
        "format = 'q4_1'",
        "format = 'q8_0'",
    ] {
        let weights = quantized(&weights, &scheme(spelled));
        let activations = encoded("bits = 8\nmode = 'dynamic'\ngranularity = 'row'", &features);
        let product = ScaledLevels::of(&weights).unwrap().product(&activations, bias.view()).unwrap();
        let (x, w) =
            (activations.reconstruct().mapv(f64::from), weights.reconstruct::<f32>().mapv(f64::from));
        let size = x.mapv(f64::abs).dot(&w.mapv(f64::abs));
        for ((found, expected), size) in product.iter().zip(&x.dot(&w)).zip(&size) {
            assert!((f64::from(*found) - expected).abs() <= 1e-6 * size, "{spelled}: {found} {expected}");
        }
    }
}

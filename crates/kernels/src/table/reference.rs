//! The same numbers by obvious loops.

/// What [`TableWeights::product`](super::TableWeights::product) leaves of weights that have the level `level(output, input)`, and
/// `factors(output, group)`, scale and zero point.
#[must_use]
pub fn product(
    (rows, outputs, inputs): (usize, usize, usize),
    group: usize,
    level: impl Fn(usize, usize) -> f32,
    factors: impl Fn(usize, usize) -> (f32, Option<f32>),
    activations: &[f32],
    bias: Option<&[f32]>,
) -> Vec<f32> {
    let mut results = Vec::new();
    for row in 0..rows {
        for output in 0..outputs {
            let mut sum = 0.0_f32;
            for (index, first) in (0..inputs).step_by(group).enumerate() {
                let (mut parts, mut totals) = ([0.0_f32; 4], [0.0_f32; 4]);
                for input in first..inputs.min(first + group) {
                    let activation = activations[row * inputs + input];
                    let part = (input - first) % 4;
                    parts[part] = activation.mul_add(level(output, input), parts[part]);
                    totals[part] += activation;
                }
                let (scale, zero) = factors(output, index);
                let mut found = (parts[0] + parts[1]) + (parts[2] + parts[3]);
                if let Some(zero) = zero {
                    found -= zero * ((totals[0] + totals[1]) + (totals[2] + totals[3]));
                }
                sum += found * scale;
            }
            results.push(bias.map_or(sum, |bias| sum + bias[output]));
        }
    }
    results
}

//! The backward pass against central differences of the loss.

use super::{rows, stack};
use crate::forward::{PanelLayer, forward, resize_outputs};
use crate::panels::Panels;
use crate::stack::Model;
use crate::training::backward::{LayerGradient, backward};
use crate::training::loss::softmax_cross_entropy;

/// The mean loss in `f64`, and the outputs of each layer.
fn loss(
    layers: &[PanelLayer],
    features: &Panels<f64>,
    labels: &[usize],
) -> (f64, Vec<Panels<f64>>, Panels<f64>) {
    let mut outputs = Vec::new();
    resize_outputs(layers, labels.len(), &mut outputs);
    forward(layers, features, &mut outputs);
    let last = &outputs[outputs.len() - 1];
    let mut gradient = Panels::zeros(last.rows(), last.columns());
    let loss = softmax_cross_entropy(last, labels, &mut gradient, &mut Vec::new());
    (loss, outputs, gradient)
}

/// Which hidden units are switched on, in all rows.
fn pattern(outputs: &[Panels<f64>]) -> Vec<bool> {
    outputs[..outputs.len() - 1].iter().flat_map(|output| output.padded()).map(|&value| value > 0.0).collect()
}

fn gradients(layers: &[PanelLayer], features: &Panels<f64>, labels: &[usize]) -> Vec<LayerGradient<f64>> {
    let (_, outputs, last_delta) = loss(layers, features, labels);
    let mut deltas = outputs.clone();
    deltas.pop();
    deltas.push(last_delta);
    let mut gradients: Vec<_> = layers.iter().map(LayerGradient::zeros).collect();
    let mut transposed: Vec<_> =
        layers.iter().map(|layer| Panels::zeros(layer.weight.columns(), layer.weight.rows())).collect();
    backward(layers, features, &outputs, &mut deltas, &mut transposed, &mut gradients);
    gradients
}

/// Compares every element of every tensor; returns how many could be compared.
fn check(stack: &Model, batch: usize, seed: usize) -> usize {
    // Exact in f32 for the weights of these tests.
    let step = 1.0 / 4096.0_f32;
    let (features, labels) = rows(batch, stack.input_size(), stack.output_size(), seed);
    let features = Panels::from_fn(batch, stack.input_size(), |row, column| features[[row, column]]);
    let layers: Vec<_> = stack.layers().iter().map(PanelLayer::new).collect();
    let gradients = gradients(&layers, &features, &labels);
    let mut compared = 0;
    for (index, gradient) in gradients.iter().enumerate() {
        for (is_bias, expected) in [(false, &gradient.weight), (true, &gradient.bias)] {
            for row in 0..expected.rows() {
                for column in 0..expected.columns() {
                    let moved = |change: f32| {
                        let mut layers = layers.clone();
                        let tensor =
                            if is_bias { &mut layers[index].bias } else { &mut layers[index].weight };
                        tensor.panel_mut(column / 8)[row][column % 8] += change;
                        let (loss, outputs, _) = loss(&layers, &features, &labels);
                        (loss, pattern(&outputs))
                    };
                    let ((above, pattern_above), (below, pattern_below)) = (moved(step), moved(-step));
                    if pattern_above != pattern_below {
                        // A kink of ReLU lies in between.
                        continue;
                    }
                    let measured = (above - below) / (2.0 * f64::from(step));
                    let computed = expected.get(row, column) / batch as f64;
                    assert!(
                        (measured - computed).abs() < 1e-6,
                        "layer {index}, bias {is_bias}, ({row}, {column}): {measured} is not {computed}"
                    );
                    compared += 1;
                }
            }
        }
    }
    compared
}

#[test]
fn gradients_are_those_of_finite_differences() {
    let shapes: [&[usize]; 7] =
        [&[3, 2], &[5, 4, 3], &[1, 1, 2], &[13, 17, 3], &[4, 9, 8, 10], &[2, 3, 4, 5, 2], &[9, 12]];
    let (mut compared, mut parameters) = (0, 0);
    for (seed, sizes) in shapes.into_iter().enumerate() {
        for batch in [1, 3, 10] {
            let stack = stack(sizes, seed);
            compared += check(&stack, batch, seed + batch);
            parameters += stack.parameters();
        }
    }
    assert!(compared * 10 > parameters * 9, "only {compared} of {parameters} derivatives could be compared");
}

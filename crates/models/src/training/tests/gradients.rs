//! The backward pass against central differences of the loss.

use super::{model, rows};
use crate::activation::Activation;
use crate::forward::PanelLayer;
use crate::linear::Linear;
use crate::model::Model;
use crate::panels::Panels;
use crate::training::backward::{LayerGradient, backward};
use crate::training::loss::softmax_cross_entropy;
use crate::training::trainer::{forward_keeping, make_room};

/// What the forward pass leaves, in `f64`.
struct Pass {
    /// The mean loss.
    loss: f64,
    outputs: Vec<Panels<f64>>,
    sums: Vec<Panels<f64>>,
    /// With respect to the logits.
    gradient: Panels<f64>,
}

fn pass(layers: &[PanelLayer], features: &Panels<f64>, labels: &[usize], weights: &[f64]) -> Pass {
    let (mut outputs, mut sums) = (Vec::new(), Vec::new());
    make_room(layers, labels.len(), &mut outputs, &mut sums);
    for (index, layer) in layers.iter().enumerate() {
        let (before, from) = outputs.split_at_mut(index);
        forward_keeping(layer, before.last().unwrap_or(features), &mut from[0], &mut sums[index]);
    }
    let last = &outputs[outputs.len() - 1];
    let mut gradient = Panels::zeros(last.rows(), last.columns());
    let loss = softmax_cross_entropy(last, labels, weights, &mut gradient, &mut Vec::new());
    Pass { loss, outputs, sums, gradient }
}

/// On which side of the kinks of their activations the hidden units are, in all rows.
fn pattern(layers: &[PanelLayer], pass: &Pass) -> Vec<usize> {
    let hidden = layers.iter().zip(pass.outputs.iter().zip(&pass.sums)).take(layers.len() - 1);
    let sides = hidden.flat_map(|(layer, (outputs, sums))| {
        let (values, kinks): (_, &[f64]) = match layer.activation {
            Activation::Relu => (outputs, &[0.0]),
            Activation::LeakyRelu { .. } | Activation::Elu { .. } => (sums, &[0.0]),
            Activation::HardSigmoid { .. } => (sums, &[-2.5, 2.5]),
            Activation::HardSwish => (sums, &[-3.0, 3.0]),
            Activation::HardTanh { .. } => (sums, &[-1.0, 1.0]),
            Activation::Identity
            | Activation::Tanh
            | Activation::Sigmoid
            | Activation::Gelu
            | Activation::GeluTanh => (outputs, &[]),
        };
        values.padded().iter().map(|&value| kinks.iter().filter(|&&kink| value > kink).count())
    });
    sides.collect()
}

fn gradients(
    layers: &[PanelLayer],
    features: &Panels<f64>,
    labels: &[usize],
    weights: &[f64],
) -> Vec<LayerGradient<f64>> {
    let Pass { outputs, sums, gradient, .. } = pass(layers, features, labels, weights);
    let mut deltas = outputs.clone();
    deltas.pop();
    deltas.push(gradient);
    let mut gradients = Vec::new();
    backward(
        &mut layers.to_vec(),
        features,
        &outputs,
        &sums,
        &mut deltas,
        &mut Panels::default(),
        &mut LayerGradient::empty(),
        |_, _, gradient| gradients.push(gradient.clone()),
    );
    gradients.reverse();
    gradients
}

fn panels(layer: &Linear) -> PanelLayer {
    let mut panels = PanelLayer::default();
    layer.write_to(&mut panels);
    panels
}

/// Compares every element of every weight, all rows counting the same; returns how many could be compared.
fn check(model: &Model, batch: usize, seed: usize) -> usize {
    check_weighed(model, batch, seed, &vec![1.0; model.output_size()])
}

/// The same with these weights of the classes.
fn check_weighed(model: &Model, batch: usize, seed: usize, weights: &[f64]) -> usize {
    // Exact in f32 for the weights of these tests.
    let step = 1.0 / 4096.0_f32;
    let (features, labels) = rows(batch, model.input_size(), model.output_size(), seed);
    let features = Panels::from_fn(batch, model.input_size(), |row, column| features[[row, column]]);
    let layers: Vec<_> = model.linear_layers().map(|(_, layer)| panels(layer)).collect();
    let gradients = gradients(&layers, &features, &labels, weights);
    let mut compared = 0;
    for (index, gradient) in gradients.iter().enumerate() {
        for (is_bias, expected) in [(false, &gradient.weight), (true, &gradient.bias)] {
            for row in 0..expected.rows() {
                for column in 0..expected.columns() {
                    let moved = |change: f32| {
                        let mut layers = layers.clone();
                        let values =
                            if is_bias { &mut layers[index].bias } else { &mut layers[index].weight };
                        values.panel_mut(column / 8)[row][column % 8] += change;
                        let pass = pass(&layers, &features, &labels, weights);
                        (pass.loss, pattern(&layers, &pass))
                    };
                    let ((above, pattern_above), (below, pattern_below)) = (moved(step), moved(-step));
                    if pattern_above != pattern_below {
                        // A kink lies in between.
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
            let model = model(sizes, seed);
            compared += check(&model, batch, seed + batch);
            parameters += model.parameters();
        }
    }
    assert!(compared * 10 > parameters * 9, "only {compared} of {parameters} derivatives could be compared");
}

#[test]
fn gradients_with_class_weights_are_those_of_finite_differences() {
    let (mut compared, mut parameters) = (0, 0);
    for (sizes, weights) in [
        (&[13, 17, 3][..], &[0.25, 1.0, 6.0][..]),
        (&[3, 2], &[0.125, 4.0]),
        (&[5, 9, 4, 3], &[3.0, 0.5, 1.0]),
    ] {
        let model = model(sizes, 5);
        compared += check_weighed(&model, 10, 1, weights);
        parameters += model.parameters();
    }
    assert!(compared * 10 > parameters * 9, "only {compared} of {parameters} derivatives could be compared");
}

#[test]
fn gradients_through_every_activation_are_those_of_finite_differences() {
    let activations = [
        Activation::Identity,
        Activation::LeakyRelu { slope: 0.125 },
        Activation::LeakyRelu { slope: -0.5 },
        Activation::Elu { alpha: 0.75 },
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::HardSigmoid { alpha: 0.2, beta: 0.5 },
        Activation::HardSwish,
        Activation::HardTanh { min: -1.0, max: 1.0 },
    ];
    for activation in activations {
        let (mut compared, mut parameters) = (0, 0);
        for (seed, sizes) in [&[13, 17, 3][..], &[5, 9, 8, 10]].into_iter().enumerate() {
            let model = model(sizes, seed);
            let head = model.head();
            let last = model.layers().len() - 1;
            let layers = model.linear_layers().map(|(position, layer)| Linear {
                activation: if position == last { Activation::Identity } else { activation },
                ..layer.clone()
            });
            let model = Model::new(layers, head).unwrap();
            compared += check(&model, 4, seed);
            parameters += model.parameters();
        }
        assert!(compared * 10 > parameters * 9, "{activation}: only {compared} of {parameters}");
    }
}

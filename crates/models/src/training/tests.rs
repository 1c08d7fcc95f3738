//! Gradients by finite differences, the fast loop against a slow one, and what goes wrong.

#![allow(clippy::unwrap_used)]

mod errors;
mod gradients;
mod reference;

use ndarray::{Array1, Array2};

use crate::activation::Activation;
use crate::head::Head;
use crate::linear::Linear;
use crate::model::Model;

/// A model through layers of these sizes, ReLU inside; weights are multiples of 2⁻¹⁰ in ±1.
fn model(sizes: &[usize], seed: usize) -> Model {
    let weight = |index: usize| ((index * 7919 + seed * 104_729 + 13) % 2048) as f32 / 1024.0 - 1.0;
    let last = sizes.len() - 2;
    let layers = sizes.windows(2).enumerate().map(|(layer, size)| Linear {
        weight: Array2::from_shape_fn((size[0], size[1]), |(i, j)| weight(1000 * layer + i * size[1] + j)),
        bias: Array1::from_shape_fn(size[1], |j| weight(500 + 1000 * layer + j) / 4.0),
        activation: if layer == last { Activation::Identity } else { Activation::Relu },
    });
    Model::new(layers, Head::Softmax).unwrap()
}

/// Features in ±1 and labels.
fn rows(rows: usize, columns: usize, classes: usize, seed: usize) -> (Array2<f64>, Vec<usize>) {
    let number = |index: usize| ((index * 6007 + seed * 331 + 29) % 1999) as f64 / 999.5 - 1.0;
    let features = Array2::from_shape_fn((rows, columns), |(row, column)| number(row * columns + column));
    (features, (0..rows).map(|row| (row * 5 + seed) % classes).collect())
}

//! The forward pass, shared by prediction and training.

use pulp::{Arch, Simd, WithSimd};

use crate::dense::{Activation, Linear};
use crate::panels::{Block, Panels};
use crate::product::product;
use crate::real::Real;

/// A dense layer in the layout of the kernels.
#[derive(Clone, Debug)]
pub struct PanelLayer {
    /// `W`, of shape `(inputs, outputs)`.
    pub(crate) weight: Panels<f32>,
    /// `b`, of shape `(1, outputs)`.
    pub(crate) bias: Panels<f32>,
    pub(crate) activation: Activation,
}

impl PanelLayer {
    pub(crate) fn new(layer: &Linear) -> Self {
        let mut panels =
            Self { weight: Panels::default(), bias: Panels::default(), activation: layer.activation };
        panels.assign(layer);
        panels
    }

    /// Takes over shape and values of `layer`; allocates only to grow.
    pub(crate) fn assign(&mut self, layer: &Linear) {
        self.weight.assign(layer.weight.view());
        self.bias.assign(layer.bias.view().insert_axis(ndarray::Axis(0)));
        self.activation = layer.activation;
    }
}

/// Makes room for the output of each layer for a batch of `rows` rows.
pub(crate) fn resize_outputs<T: Real>(layers: &[PanelLayer], rows: usize, outputs: &mut Vec<Panels<T>>) {
    outputs.resize_with(layers.len(), Panels::default);
    for (layer, output) in layers.iter().zip(outputs) {
        output.resize(rows, layer.weight.columns());
    }
}

/// `outputs[l] = a_l(outputs[l-1] · W_l + b_l)`, where `outputs[-1]` is `features`.
///
/// The bias is added after the whole sum over the inputs, as NumPy's `x @ W + b` does.
#[inline(always)]
pub(crate) fn forward<T: Real>(layers: &[PanelLayer], features: &Panels<T>, outputs: &mut [Panels<T>]) {
    for (index, layer) in layers.iter().enumerate() {
        let (before, from) = outputs.split_at_mut(index);
        let input = before.last().unwrap_or(features);
        match layer.activation {
            Activation::Identity => product(
                input,
                &layer.weight,
                &mut from[0],
                #[inline(always)]
                |panel| {
                    let bias = layer.bias.blocks()[panel];
                    #[inline(always)]
                    move |sum, _| add(sum, &bias)
                },
            ),
            Activation::Relu => product(
                input,
                &layer.weight,
                &mut from[0],
                #[inline(always)]
                |panel| {
                    let bias = layer.bias.blocks()[panel];
                    #[inline(always)]
                    move |sum, _| relu(add(sum, &bias))
                },
            ),
        }
    }
}

#[inline(always)]
fn add<T: Real>(mut sum: Block<T>, bias: &Block<f32>) -> Block<T> {
    for (sum, &bias) in sum.iter_mut().zip(bias) {
        *sum += T::from(bias);
    }
    sum
}

/// `max(value, 0)`; NaN becomes 0, so that whoever needs to know about NaN looks at the weights.
#[inline(always)]
fn relu<T: Real>(mut values: Block<T>) -> Block<T> {
    for value in &mut values {
        *value = if *value > T::ZERO { *value } else { T::ZERO };
    }
    values
}

/// [`forward`] with the instructions of this processor.
pub(crate) fn dispatch_forward<T: Real>(
    layers: &[PanelLayer],
    features: &Panels<T>,
    outputs: &mut [Panels<T>],
) {
    Arch::new().dispatch(Forward { layers, features, outputs });
}

/// [`forward`] as what [`Arch::dispatch`] takes; a closure would not be inlined into the dispatch.
struct Forward<'a, T> {
    layers: &'a [PanelLayer],
    features: &'a Panels<T>,
    outputs: &'a mut [Panels<T>],
}

impl<T: Real> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        forward(self.layers, self.features, self.outputs);
    }
}

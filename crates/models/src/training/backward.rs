//! The backward pass.

use crate::dense::Activation;
use crate::forward::PanelLayer;
use crate::panels::{Block, LANES, Panels};
use crate::product::{product, transposed_product};
use crate::real::Real;

/// The gradient of the summed loss with respect to one layer's parameters.
#[derive(Clone, Debug)]
pub(crate) struct LayerGradient<T> {
    /// `∂L/∂W`, of shape `(inputs, outputs)`.
    pub(crate) weight: Panels<T>,
    /// `∂L/∂b`, of shape `(1, outputs)`.
    pub(crate) bias: Panels<T>,
}

impl<T: Real> LayerGradient<T> {
    pub(crate) fn zeros(layer: &PanelLayer) -> Self {
        Self {
            weight: Panels::zeros(layer.weight.rows(), layer.weight.columns()),
            bias: Panels::zeros(1, layer.weight.columns()),
        }
    }
}

/// Propagates the loss's gradient from the last layer to the first.
///
/// `outputs` are the layers' outputs of the forward pass. `deltas[l]` becomes `∂L/∂z_l`, the gradient with respect to
/// layer `l`'s output before its activation; the last one comes in. With `x_l` the input of layer `l`:
/// `∂L/∂W_l = x_lᵀ · δ_l`, `∂L/∂b_l = Σ_rows δ_l`, `δ_{l-1} = (δ_l · W_lᵀ) ⊙ a'_{l-1}(z_{l-1})`.
///
/// `transposed` is memory for the transposed weights of all layers.
#[inline(always)]
pub(crate) fn backward<T: Real>(
    layers: &[PanelLayer],
    features: &Panels<T>,
    outputs: &[Panels<T>],
    deltas: &mut [Panels<T>],
    transposed: &mut [Panels<f32>],
    gradients: &mut [LayerGradient<T>],
) {
    for (index, layer) in layers.iter().enumerate().rev() {
        let (before, delta) = deltas.split_at_mut(index);
        let delta = &delta[0];
        let input = index.checked_sub(1).map_or(features, |before| &outputs[before]);
        parameter_gradient(input, delta, &mut gradients[index]);
        if let Some(delta_before) = before.last_mut() {
            let activation = layers[index - 1].activation;
            input_gradient(layer, delta, activation, input, &mut transposed[index], delta_before);
        }
    }
}

/// `∂L/∂W = xᵀ · δ` and `∂L/∂b = Σ_rows δ` of one layer with the input `x`.
#[inline(always)]
pub(crate) fn parameter_gradient<T: Real>(
    input: &Panels<T>,
    delta: &Panels<T>,
    gradient: &mut LayerGradient<T>,
) {
    transposed_product(input, delta, &mut gradient.weight);
    column_sums(delta, &mut gradient.bias);
}

/// `δ_before = (δ · Wᵀ) ⊙ a'(z)`, where `activation` and `output` are those of the layer before.
#[inline(always)]
pub(crate) fn input_gradient<T: Real>(
    layer: &PanelLayer,
    delta: &Panels<T>,
    activation: Activation,
    output: &Panels<T>,
    transposed: &mut Panels<f32>,
    delta_before: &mut Panels<T>,
) {
    transpose(&layer.weight, transposed);
    match activation {
        Activation::Identity => product(
            delta,
            transposed,
            delta_before,
            #[inline(always)]
            |_| {
                #[inline(always)]
                |gradient, _| gradient
            },
        ),
        Activation::Relu => product(
            delta,
            transposed,
            delta_before,
            #[inline(always)]
            |panel| {
                let outputs = output.panel(panel);
                #[inline(always)]
                move |gradient, row: usize| mask_by_relu(gradient, &outputs[row])
            },
        ),
    }
}

/// The gradient where ReLU's output is positive, 0 elsewhere.
#[inline(always)]
fn mask_by_relu<T: Real>(mut gradient: Block<T>, output: &Block<T>) -> Block<T> {
    for (gradient, &output) in gradient.iter_mut().zip(output) {
        *gradient = if output > T::ZERO { *gradient } else { T::ZERO };
    }
    gradient
}

/// `sums[0, j] = Σ_i values[i, j]`, row after row.
#[inline(always)]
fn column_sums<T: Real>(values: &Panels<T>, sums: &mut Panels<T>) {
    for panel in 0..values.panel_count() {
        let mut total = [T::ZERO; LANES];
        for block in values.panel(panel) {
            for (total, &value) in total.iter_mut().zip(block) {
                *total += value;
            }
        }
        sums.panel_mut(panel)[0] = total;
    }
}

/// `out[j, i] = values[i, j]`.
#[inline(always)]
fn transpose(values: &Panels<f32>, out: &mut Panels<f32>) {
    for column in 0..values.columns() {
        let (panel, lane) = (column / LANES, column % LANES);
        for (number, rows) in values.panel(panel).chunks(LANES).enumerate() {
            let target = &mut out.panel_mut(number)[column];
            for (target, row) in target.iter_mut().zip(rows) {
                *target = row[lane];
            }
        }
    }
}

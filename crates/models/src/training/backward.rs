//! The backward pass.

use crate::dense::Activation;
use crate::forward::PanelLayer;
use crate::panels::Panels;
use crate::product::{Rows, product, transposed_product};
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
/// layer `l`'s output before its activation; the last one comes in as the gradient with respect to the last output.
/// With `x_l` the input of layer `l`:
/// `∂L/∂W_l = x_lᵀ · δ_l`, `∂L/∂b_l = Σ_rows δ_l`, `δ_{l-1} = (δ_l · W_lᵀ) ⊙ a'_{l-1}`.
///
/// `transposed` is memory for the transposed weights of all layers.
#[inline(always)]
pub(crate) fn backward<T: Real>(
    layers: &[PanelLayer],
    features: Rows<'_, T>,
    outputs: &[Panels<T>],
    deltas: &mut [Panels<T>],
    transposed: &mut [Panels<f32>],
    gradients: &mut [LayerGradient<T>],
) {
    for (index, layer) in layers.iter().enumerate().rev() {
        let (before, delta) = deltas.split_at_mut(index);
        let delta = &mut delta[0];
        mask_by_activation(layer.activation, &outputs[index], delta);
        let input = index.checked_sub(1).map_or(features, |before| Rows::of(&outputs[before]));
        transposed_product(input, delta, &mut gradients[index].weight);
        column_sums(delta, &mut gradients[index].bias);
        if let Some(delta_before) = before.last_mut() {
            transpose(&layer.weight, &mut transposed[index]);
            product(Rows::of(delta), &transposed[index], delta_before);
        }
    }
}

/// `gradient ⊙ a'(z)`, where the sign of the output tells the derivative of the activation; that of ReLU is 0 at 0.
#[inline(always)]
fn mask_by_activation<T: Real>(activation: Activation, output: &Panels<T>, gradient: &mut Panels<T>) {
    match activation {
        Activation::Identity => {}
        Activation::Relu => {
            for (gradients, outputs) in gradient.blocks_mut().iter_mut().zip(output.blocks()) {
                for (gradient, &output) in gradients.iter_mut().zip(outputs) {
                    *gradient = if output > T::ZERO { *gradient } else { T::ZERO };
                }
            }
        }
    }
}

/// `sums[0, j] = Σ_i values[i, j]`, row after row.
#[inline(always)]
fn column_sums<T: Real>(values: &Panels<T>, sums: &mut Panels<T>) {
    let blocks_per_row = values.blocks_per_row();
    for (column, sums) in sums.blocks_mut().iter_mut().enumerate() {
        let mut total = [T::ZERO; _];
        for row in values.blocks().chunks_exact(blocks_per_row) {
            for (total, &value) in total.iter_mut().zip(&row[column]) {
                *total += value;
            }
        }
        *sums = total;
    }
}

/// `out[j, i] = values[i, j]`.
#[inline(always)]
fn transpose(values: &Panels<f32>, out: &mut Panels<f32>) {
    for column in 0..values.columns() {
        let stride = values.stride();
        let source = values.padded()[column..].iter().step_by(stride);
        for (target, &value) in out.row_mut(column).iter_mut().zip(source) {
            *target = value;
        }
    }
}

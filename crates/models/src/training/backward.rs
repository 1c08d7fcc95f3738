//! The backward pass, one layer at a time, with the instructions of this processor.

use bitsweep_vector::arch;
use pulp::{Simd, WithSimd};

use crate::activation::Activation;
use crate::float::Float;
use crate::forward::PanelLayer;
use crate::panels::{Block, LANES, Panels};
use crate::product::{product, transposed_product};

/// The gradient of the summed loss with respect to one layer's parameters.
#[derive(Clone, Debug)]
pub(crate) struct LayerGradient<T> {
    /// `∂L/∂W`, of the shape of `W`.
    pub(crate) weight: Panels<T>,
    /// `∂L/∂b`, one row.
    pub(crate) bias: Panels<T>,
}

impl<T: Float> LayerGradient<T> {
    /// Memory for the gradients of layers one after another.
    pub(crate) fn empty() -> Self {
        Self { weight: Panels::default(), bias: Panels::default() }
    }
}

/// Propagates the loss's gradient from the last layer to the first.
///
/// `outputs` and `sums` are what [`forward_keeping`] left. `deltas[l]` becomes `∂L/∂z_l`, the gradient with respect to
/// layer `l`'s output before its activation; the last one comes in. With `x_l` the input of layer `l`:
/// `∂L/∂W_l = x_lᵀ · δ_l`, `∂L/∂b_l = Σ_rows δ_l`, `δ_{l-1} = (δ_l · W_lᵀ) ⊙ a'_{l-1}(z_{l-1})`.
///
/// `update` is given each layer with its gradient, the last layer first, once nothing else needs the layer's weights.
/// `transposed` and `gradient` are memory for one layer.
///
/// [`forward_keeping`]: super::trainer::forward_keeping
#[allow(clippy::too_many_arguments)]
pub(crate) fn backward<T: Float>(
    layers: &mut [PanelLayer],
    features: &Panels<T>,
    outputs: &[Panels<T>],
    sums: &[Panels<T>],
    deltas: &mut [Panels<T>],
    transposed: &mut Panels<f32>,
    gradient: &mut LayerGradient<T>,
    mut update: impl FnMut(usize, &mut PanelLayer, &LayerGradient<T>),
) {
    for index in (0..layers.len()).rev() {
        let (before, delta) = deltas.split_at_mut(index);
        let delta = &delta[0];
        let input = index.checked_sub(1).map_or(features, |before| &outputs[before]);
        parameter_gradient(input, delta, gradient);
        if let Some(delta_before) = before.last_mut() {
            let activation = layers[index - 1].activation;
            let function = Function { activation, outputs: input, sums: &sums[index - 1] };
            input_gradient(&layers[index], delta, &function, transposed, delta_before);
        }
        update(index, &mut layers[index], gradient);
    }
}

/// An activation function where it was applied.
pub(crate) struct Function<'a, T> {
    pub(crate) activation: Activation,
    /// What it gave.
    pub(crate) outputs: &'a Panels<T>,
    /// What it was given, where [`needs_sums`] says so.
    pub(crate) sums: &'a Panels<T>,
}

/// Whether the derivative is found from what the function was given: of ReLU and the identity it is found from what they
/// gave.
pub(crate) const fn needs_sums(activation: Activation) -> bool {
    match activation {
        Activation::Identity | Activation::Relu => false,
        Activation::LeakyRelu { .. }
        | Activation::Elu { .. }
        | Activation::Tanh
        | Activation::Sigmoid
        | Activation::Gelu
        | Activation::GeluTanh
        | Activation::HardSigmoid { .. }
        | Activation::HardSwish
        | Activation::HardTanh { .. } => true,
    }
}

/// `∂L/∂W = xᵀ · δ` and `∂L/∂b = Σ_rows δ` of one layer with the input `x`, where `δ` is the gradient with respect to
/// what the layer gives before its activation.
pub(crate) fn parameter_gradient<T: Float>(
    input: &Panels<T>,
    delta: &Panels<T>,
    gradient: &mut LayerGradient<T>,
) {
    arch().dispatch(ParameterGradient { input, delta, gradient });
}

/// [`parameter_gradient`] as what [`pulp::Arch::dispatch`] takes.
struct ParameterGradient<'a, T> {
    input: &'a Panels<T>,
    delta: &'a Panels<T>,
    gradient: &'a mut LayerGradient<T>,
}

impl<T: Float> WithSimd for ParameterGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { input, delta, gradient } = self;
        gradient.weight.resize(input.columns(), delta.columns());
        gradient.bias.resize(1, delta.columns());
        transposed_product(input, delta, &mut gradient.weight);
        column_sums(delta, &mut gradient.bias);
    }
}

/// `δ_before = (δ · Wᵀ) ⊙ a'(z)`, where `a` is the function between the layer before and this one. `transposed` is memory
/// for one weight.
pub(crate) fn input_gradient<T: Float>(
    layer: &PanelLayer,
    delta: &Panels<T>,
    function: &Function<'_, T>,
    transposed: &mut Panels<f32>,
    delta_before: &mut Panels<T>,
) {
    arch().dispatch(InputGradient { layer, delta, function, transposed, delta_before });
}

/// [`input_gradient`] as what [`pulp::Arch::dispatch`] takes.
struct InputGradient<'a, T> {
    layer: &'a PanelLayer,
    delta: &'a Panels<T>,
    function: &'a Function<'a, T>,
    transposed: &'a mut Panels<f32>,
    delta_before: &'a mut Panels<T>,
}

impl<T: Float> WithSimd for InputGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { layer, delta, function, transposed, delta_before } = self;
        transpose(&layer.weight, transposed);
        if function.activation == Activation::Relu {
            product(
                delta,
                transposed,
                delta_before,
                #[inline(always)]
                |panel| {
                    let outputs = function.outputs.panel(panel);
                    #[inline(always)]
                    move |gradient, row: usize| mask_by_relu(gradient, &outputs[row])
                },
            );
            return;
        }
        product(
            delta,
            transposed,
            delta_before,
            #[inline(always)]
            |_| {
                #[inline(always)]
                |gradient, _| gradient
            },
        );
        if needs_sums(function.activation) {
            for (gradient, &z) in delta_before.padded_mut().iter_mut().zip(function.sums.padded()) {
                // Where a function saturates, gradients would go denormal.
                *gradient = (*gradient * function.activation.derivative(z)).flush();
            }
        }
    }
}

/// The gradient where ReLU's output is positive, 0 elsewhere.
#[inline(always)]
fn mask_by_relu<T: Float>(mut gradient: Block<T>, output: &Block<T>) -> Block<T> {
    for (gradient, &output) in gradient.iter_mut().zip(output) {
        *gradient = if output > T::ZERO { *gradient } else { T::ZERO };
    }
    gradient
}

/// `sums[0, j] = Σ_i values[i, j]`, row after row.
#[inline(always)]
fn column_sums<T: Float>(values: &Panels<T>, sums: &mut Panels<T>) {
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

/// `out[j, i] = values[i, j]`; `out` takes the shape.
#[inline(always)]
fn transpose(values: &Panels<f32>, out: &mut Panels<f32>) {
    out.resize(values.columns(), values.rows());
    for column in 0..values.columns() {
        let (panel, lane) = (column / LANES, column % LANES);
        for (number, rows) in values.panel(panel).chunks(LANES).enumerate() {
            let target = &mut out.panel_mut(number)[column];
            for (target, row) in target.iter_mut().zip(rows) {
                *target = row[lane];
            }
            // The memory may have held another layer's.
            target[rows.len()..].fill(0.0);
        }
    }
}

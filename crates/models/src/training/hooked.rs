//! The mini-batch step with a hook: the plain one's functions, layer by layer, with the hook's in between.

use std::slice;

use ndarray::{ArrayView2, ArrayViewMut2};
use pulp::{Arch, Simd, WithSimd};

use super::backward::{LayerGradient, input_gradient, parameter_gradient};
use super::hook::{Hook, HookParameters, WeightId};
use super::loss::softmax_cross_entropy;
use super::trainer::{Batch, Trainer, Update};
use crate::dense::Activation;
use crate::forward::{PanelLayer, resize_outputs};
use crate::panels::Panels;
use crate::real::Real;

/// Memory that only a hooked step needs.
#[derive(Debug, Default)]
pub(super) struct HookMemory<T> {
    /// The layers that are computed with.
    computed: Vec<PanelLayer>,
    /// What each layer hands on, where the hook changes activations.
    handed_on: Vec<Panels<T>>,
    /// The latent tensors in the usual layout, in the order of [`WeightId::position`].
    latent: Vec<Vec<f32>>,
    /// One tensor to compute with.
    values: Vec<f32>,
    /// Activations or gradients in the usual layout.
    outputs: Vec<f64>,
    gradient: Vec<f64>,
    /// The hook's own gradient in the precision of training.
    own_gradient: Vec<T>,
}

impl<T: Real> Trainer<T> {
    /// One mini-batch; returns its mean loss before the update.
    pub(super) fn hooked_step<H: Hook>(&mut self, batch: &Batch<T>, hook: &mut H) -> Result<f64, String> {
        self.compute(hook)?;
        let loss = self.hooked_forward(batch, hook);
        self.hooked_backward(batch, hook)?;
        self.hooked_update(batch.labels.len(), hook);
        Ok(loss)
    }

    /// Asks the hook for every tensor to compute with.
    fn compute<H: Hook>(&mut self, hook: &mut H) -> Result<(), String> {
        let HookMemory { computed, latent, values, .. } = &mut self.memory;
        computed.truncate(self.layers.len());
        computed.extend(self.layers[computed.len()..].iter().cloned());
        latent.resize_with(2 * self.layers.len(), Vec::new);
        for (index, (layer, computed)) in self.layers.iter().zip(computed).enumerate() {
            let tensors = [
                (WeightId::Weight(index), &layer.weight, &mut computed.weight),
                (WeightId::Bias(index), &layer.bias, &mut computed.bias),
            ];
            for (tensor, from, to) in tensors {
                let latent = &mut latent[tensor.position()];
                from.copy_rows_to(latent);
                values.clone_from(latent);
                let shape = (from.rows(), from.columns());
                hook.compute(tensor, view(shape, latent), view_mut(shape, values))?;
                to.convert_rows_from(values, |value| value);
            }
        }
        Ok(())
    }

    fn hooked_forward<H: Hook>(&mut self, batch: &Batch<T>, hook: &mut H) -> f64 {
        let HookMemory { computed, handed_on, outputs: array, .. } = &mut self.memory;
        let changes = hook.changes_activations();
        if changes {
            resize_outputs(&self.layers, batch.labels.len(), handed_on);
        }
        let last = self.layers.len() - 1;
        for (index, layer) in computed.iter().enumerate() {
            let (before, from) = self.outputs.split_at_mut(index);
            let input = match index.checked_sub(1) {
                None => &batch.features,
                Some(before) if changes => &handed_on[before],
                Some(index) => &before[index],
            };
            T::forward(slice::from_ref(layer), input, &mut from[..1]);
            if changes && index < last {
                let shape = (from[0].rows(), from[0].columns());
                from[0].convert_rows_to(array, Into::into);
                hook.activations(index, view_mut(shape, array));
                handed_on[index].convert_rows_from(array, T::from_f64);
            }
        }
        Arch::new().dispatch(Loss {
            logits: &self.outputs[last],
            labels: &batch.labels,
            gradient: &mut self.deltas[last],
            losses: &mut self.losses,
        })
    }

    fn hooked_backward<H: Hook>(&mut self, batch: &Batch<T>, hook: &mut H) -> Result<(), String> {
        let arch = Arch::new();
        let HookMemory { computed, handed_on, latent, outputs: array, gradient, .. } = &mut self.memory;
        let changes = hook.changes_activations();
        for (index, layer) in computed.iter().enumerate().rev() {
            let (before, delta) = self.deltas.split_at_mut(index);
            let delta = &mut delta[0];
            if hook.changes_gradients() {
                delta.convert_rows_to(gradient, Into::into);
                hook.output_gradient(index, view_mut((delta.rows(), delta.columns()), gradient));
                delta.convert_rows_from(gradient, T::from_f64);
            }
            let input = match index.checked_sub(1) {
                None => &batch.features,
                Some(before) if changes => &handed_on[before],
                Some(before) => &self.outputs[before],
            };
            arch.dispatch(ParameterGradient { input, delta, gradient: &mut self.gradients[index] });
            if let Some(delta_before) = before.last_mut() {
                let output = &self.outputs[index - 1];
                arch.dispatch(InputGradient {
                    layer,
                    delta,
                    activation: self.layers[index - 1].activation,
                    output,
                    transposed: &mut self.transposed[index],
                    delta_before,
                });
                if changes {
                    let shape = (output.rows(), output.columns());
                    output.convert_rows_to(array, Into::into);
                    delta_before.convert_rows_to(gradient, Into::into);
                    hook.activation_gradient(index - 1, view(shape, array), view_mut(shape, gradient));
                    delta_before.convert_rows_from(gradient, T::from_f64);
                }
            }
        }
        for (index, parameters) in self.gradients.iter_mut().enumerate() {
            let tensors = [
                (WeightId::Weight(index), &mut parameters.weight),
                (WeightId::Bias(index), &mut parameters.bias),
            ];
            for (tensor, panels) in tensors {
                let shape = (panels.rows(), panels.columns());
                panels.convert_rows_to(gradient, Into::into);
                let latent = view(shape, &latent[tensor.position()]);
                hook.latent_gradient(tensor, latent, view_mut(shape, gradient))?;
                panels.convert_rows_from(gradient, T::from_f64);
            }
        }
        Ok(())
    }

    fn hooked_update<H: Hook>(&mut self, rows: usize, hook: &mut H) {
        Arch::new().dispatch(Update {
            layers: &mut self.layers,
            gradients: &self.gradients,
            optimizer: &mut self.optimizer,
            rows,
        });
        let HookParameters { values, gradient } = hook.parameters();
        let own = &mut self.memory.own_gradient;
        own.clear();
        own.extend(gradient.iter().map(|&gradient| T::from_f64(gradient)));
        self.optimizer.update(2 * self.layers.len(), true, values, own, T::from_f64(rows as f64));
        hook.updated();
    }
}

/// A row-major matrix of as many values as its shape has places.
fn view<E>(shape: (usize, usize), values: &[E]) -> ArrayView2<'_, E> {
    let Ok(view) = ArrayView2::from_shape(shape, values) else {
        unreachable!("the buffer was filled from a matrix of this shape")
    };
    view
}

fn view_mut<E>(shape: (usize, usize), values: &mut [E]) -> ArrayViewMut2<'_, E> {
    let Ok(view) = ArrayViewMut2::from_shape(shape, values) else {
        unreachable!("the buffer was filled from a matrix of this shape")
    };
    view
}

/// [`softmax_cross_entropy`] as what [`Arch::dispatch`] takes.
struct Loss<'a, T> {
    logits: &'a Panels<T>,
    labels: &'a [usize],
    gradient: &'a mut Panels<T>,
    losses: &'a mut Vec<f64>,
}

impl<T: Real> WithSimd for Loss<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> f64 {
        softmax_cross_entropy(self.logits, self.labels, self.gradient, self.losses)
    }
}

/// [`parameter_gradient`] as what [`Arch::dispatch`] takes.
struct ParameterGradient<'a, T> {
    input: &'a Panels<T>,
    delta: &'a Panels<T>,
    gradient: &'a mut LayerGradient<T>,
}

impl<T: Real> WithSimd for ParameterGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        parameter_gradient(self.input, self.delta, self.gradient);
    }
}

/// [`input_gradient`] as what [`Arch::dispatch`] takes.
struct InputGradient<'a, T> {
    layer: &'a PanelLayer,
    delta: &'a Panels<T>,
    activation: Activation,
    output: &'a Panels<T>,
    transposed: &'a mut Panels<f32>,
    delta_before: &'a mut Panels<T>,
}

impl<T: Real> WithSimd for InputGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { layer, delta, activation, output, transposed, delta_before } = self;
        input_gradient(layer, delta, activation, output, transposed, delta_before);
    }
}

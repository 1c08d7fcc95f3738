//! The mini-batch step with a hook: the plain one's functions, layer by layer, with the hook's in between.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::backward::{Function, input_gradient, parameter_gradient};
use super::hook::{Hook, HookParameters};
use super::trainer::{Batch, Trainer, forward_keeping, update};
use crate::float::Float;
use crate::forward::PanelLayer;
use crate::panels::Panels;
use crate::weight_id::WeightId;

/// Memory that only a hooked step needs.
#[derive(Debug, Default)]
pub(super) struct HookMemory<T> {
    /// The layers that are computed with.
    computed: Vec<PanelLayer>,
    /// What each layer hands on, where the hook changes activations.
    handed_on: Vec<Panels<T>>,
    /// One latent weight in the usual layout.
    latent: Vec<f32>,
    /// One weight to compute with.
    values: Vec<f32>,
    /// Activations or gradients in the usual layout.
    outputs: Vec<f64>,
    gradient: Vec<f64>,
    /// The hook's own gradient in the precision of training.
    own_gradient: Vec<T>,
}

impl<T: Float> HookMemory<T> {
    /// One mini-batch; returns its mean loss before the update.
    pub(super) fn step(
        &mut self,
        trainer: &mut Trainer<T>,
        batch: &Batch<T>,
        hook: &mut dyn Hook,
    ) -> Result<f64, String> {
        self.compute(&trainer.layers, hook)?;
        let loss = self.forward(trainer, batch, hook);
        self.backward(trainer, batch, hook)?;
        self.update_own(trainer, batch.labels.len(), hook);
        Ok(loss)
    }

    /// Asks the hook for every weight to compute with.
    fn compute(&mut self, layers: &[PanelLayer], hook: &mut dyn Hook) -> Result<(), String> {
        let Self { computed, latent, values, .. } = self;
        computed.truncate(layers.len());
        computed.extend(layers[computed.len()..].iter().cloned());
        for (index, (layer, computed)) in layers.iter().zip(computed).enumerate() {
            let weights = [
                (WeightId::Weight(index), &layer.weight, &mut computed.weight),
                (WeightId::Bias(index), &layer.bias, &mut computed.bias),
            ];
            for (id, from, to) in weights {
                from.copy_rows_to(latent);
                values.resize(latent.len(), 0.0);
                let shape = (from.rows(), from.columns());
                hook.compute(id, view(shape, latent), view_mut(shape, values))?;
                to.convert_rows_from(values, |value| value);
            }
        }
        Ok(())
    }

    fn forward(&mut self, trainer: &mut Trainer<T>, batch: &Batch<T>, hook: &mut dyn Hook) -> f64 {
        let Self { computed, handed_on, outputs: array, .. } = self;
        let changes = hook.changes_activations();
        if changes {
            handed_on.resize_with(computed.len(), Panels::default);
        }
        let last = computed.len() - 1;
        for (index, layer) in computed.iter().enumerate() {
            let (before, from) = trainer.outputs.split_at_mut(index);
            let input = match index.checked_sub(1) {
                None => &batch.features,
                Some(before) if changes => &handed_on[before],
                Some(index) => &before[index],
            };
            let output = &mut from[0];
            forward_keeping(layer, input, output, &mut trainer.sums[index]);
            if changes && index < last {
                let shape = (output.rows(), output.columns());
                output.convert_rows_to(array, Into::into);
                hook.activations(index, view_mut(shape, array));
                handed_on[index].resize(shape.0, shape.1);
                handed_on[index].convert_rows_from(array, T::from_f64);
            }
        }
        trainer.loss(&batch.labels)
    }

    /// The backward pass; each layer is updated once nothing else needs it.
    fn backward(
        &mut self,
        trainer: &mut Trainer<T>,
        batch: &Batch<T>,
        hook: &mut dyn Hook,
    ) -> Result<(), String> {
        let Self { computed, handed_on, latent, outputs: array, gradient, .. } = self;
        let changes = hook.changes_activations();
        trainer.optimizer.begin_step();
        for (index, layer) in computed.iter().enumerate().rev() {
            let (before, delta) = trainer.deltas.split_at_mut(index);
            let delta = &mut delta[0];
            if hook.changes_gradients() {
                delta.convert_rows_to(gradient, Into::into);
                hook.output_gradient(index, view_mut((delta.rows(), delta.columns()), gradient));
                delta.convert_rows_from(gradient, T::from_f64);
            }
            let input = match index.checked_sub(1) {
                None => &batch.features,
                Some(before) if changes => &handed_on[before],
                Some(before) => &trainer.outputs[before],
            };
            parameter_gradient(input, delta, &mut trainer.gradient);
            if let Some(delta_before) = before.last_mut() {
                let output = &trainer.outputs[index - 1];
                let activation = trainer.layers[index - 1].activation;
                let function = Function { activation, outputs: output, sums: &trainer.sums[index - 1] };
                let transposed = &mut trainer.transposed;
                input_gradient(layer, delta, &function, transposed, delta_before);
                if changes {
                    let shape = (output.rows(), output.columns());
                    output.convert_rows_to(array, Into::into);
                    delta_before.convert_rows_to(gradient, Into::into);
                    hook.activation_gradient(index - 1, view(shape, array), view_mut(shape, gradient));
                    delta_before.convert_rows_from(gradient, T::from_f64);
                }
            }
            let trained = &mut trainer.layers[index];
            let weights = [
                (WeightId::Weight(index), &trained.weight, &mut trainer.gradient.weight),
                (WeightId::Bias(index), &trained.bias, &mut trainer.gradient.bias),
            ];
            for (id, weight, panels) in weights {
                let shape = (panels.rows(), panels.columns());
                panels.convert_rows_to(gradient, Into::into);
                weight.copy_rows_to(latent);
                hook.latent_gradient(id, view(shape, latent), view_mut(shape, gradient))?;
                panels.convert_rows_from(gradient, T::from_f64);
            }
            update(index, trained, &trainer.gradient, &mut trainer.optimizer, batch.labels.len());
        }
        Ok(())
    }

    /// Moves the hook's own parameters.
    fn update_own(&mut self, trainer: &mut Trainer<T>, rows: usize, hook: &mut dyn Hook) {
        let HookParameters { values, gradient } = hook.parameters();
        let own = &mut self.own_gradient;
        own.clear();
        own.extend(gradient.iter().map(|&gradient| T::from_f64(gradient)));
        let number = WeightId::Weight(trainer.layers.len()).position();
        trainer.optimizer.update(number, true, values, own, T::from_f64(rows as f64));
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

//! The mini-batch loop: forward, loss, backward, update.

use ndarray::ArrayView2;
use pulp::{Arch, Simd, WithSimd};

use super::EpochLoss;
use super::backward::{LayerGradient, backward};
use super::hook::Hook;
use super::hooked::HookMemory;
use super::loss::softmax_cross_entropy;
use crate::forward::{PanelLayer, forward, resize_outputs};
use crate::optimizer::OptimizerState;
use crate::panels::Panels;
use crate::real::Real;
use crate::specification::Training;
use crate::stack::Model;

/// Training rows cut into mini-batches, in the precision and layout of training.
pub(super) struct Batches<'a, T> {
    features: ArrayView2<'a, f64>,
    labels: &'a [usize],
    size: usize,
    batches: Vec<Batch<T>>,
}

/// The rows of one mini-batch.
pub(super) struct Batch<T> {
    pub(super) features: Panels<T>,
    pub(super) labels: Vec<usize>,
}

impl<'a, T: Real> Batches<'a, T> {
    /// Mini-batches of `size` rows, the last of what is left, in the order in which the rows are given.
    pub(super) fn new(features: ArrayView2<'a, f64>, labels: &'a [usize], size: usize) -> Self {
        let mut batches = Self { features, labels, size, batches: Vec::new() };
        let given: Vec<usize> = (0..labels.len()).collect();
        batches.reorder(&given);
        batches
    }

    /// Fills the mini-batches with the rows in this order.
    pub(super) fn reorder(&mut self, order: &[usize]) {
        let columns = self.features.ncols();
        let count = order.len().div_ceil(self.size);
        self.batches.resize_with(count, || Batch { features: Panels::default(), labels: Vec::new() });
        for (batch, rows) in self.batches.iter_mut().zip(order.chunks(self.size)) {
            batch.features.assign_with(rows.len(), columns, |row, column| {
                T::from_f64(self.features[[rows[row], column]])
            });
            batch.labels.clear();
            batch.labels.extend(rows.iter().map(|&row| self.labels[row]));
        }
    }
}

/// A stack in training: its parameters, its optimizer, and memory for one mini-batch.
pub(super) struct Trainer<T> {
    pub(super) layers: Vec<PanelLayer>,
    pub(super) optimizer: OptimizerState<T>,
    pub(super) outputs: Vec<Panels<T>>,
    pub(super) deltas: Vec<Panels<T>>,
    pub(super) gradients: Vec<LayerGradient<T>>,
    pub(super) transposed: Vec<Panels<f32>>,
    pub(super) losses: Vec<f64>,
    pub(super) memory: HookMemory<T>,
}

impl<T: Real> Trainer<T> {
    /// `own_parameters` is the number of a hook's own parameters.
    pub(super) fn new(stack: &Model, training: &Training, own_parameters: usize) -> Self {
        let layers: Vec<PanelLayer> = stack.layers().iter().map(PanelLayer::new).collect();
        let tensor_sizes =
            layers.iter().flat_map(|layer| [layer.weight.padded().len(), layer.bias.padded().len()]);
        let tensor_sizes = tensor_sizes.chain([own_parameters]);
        let optimizer = OptimizerState::new(
            &training.optimizer,
            training.learning_rate,
            training.weight_decay,
            tensor_sizes,
        );
        Self {
            optimizer,
            outputs: Vec::new(),
            deltas: Vec::new(),
            gradients: layers.iter().map(LayerGradient::zeros).collect(),
            transposed: layers
                .iter()
                .map(|layer| Panels::zeros(layer.weight.columns(), layer.weight.rows()))
                .collect(),
            losses: Vec::new(),
            memory: HookMemory::default(),
            layers,
        }
    }

    /// One pass over all mini-batches; fails when the hook does.
    pub(super) fn epoch<H: Hook>(
        &mut self,
        batches: &Batches<'_, T>,
        hook: &mut H,
    ) -> Result<EpochLoss, String> {
        let arch = Arch::new();
        let mut loss_sum = 0.0;
        let mut weighted_sum = 0.0;
        for batch in &batches.batches {
            let rows = batch.labels.len();
            resize_outputs(&self.layers, rows, &mut self.outputs);
            resize_outputs(&self.layers, rows, &mut self.deltas);
            let loss = if H::ACTIVE {
                self.hooked_step(batch, hook)?
            } else {
                arch.dispatch(Step { trainer: self, batch })
            };
            loss_sum += loss;
            weighted_sum += loss * rows as f64;
        }
        Ok(EpochLoss { loss_sum, loss: weighted_sum / batches.labels.len() as f64 })
    }

    /// One mini-batch; returns its mean loss before the update.
    #[inline(always)]
    fn step(&mut self, batch: &Batch<T>) -> f64 {
        let Batch { features, labels } = batch;
        let last = self.layers.len() - 1;
        forward(&self.layers, features, &mut self.outputs);
        let loss =
            softmax_cross_entropy(&self.outputs[last], labels, &mut self.deltas[last], &mut self.losses);
        backward(
            &self.layers,
            features,
            &self.outputs,
            &mut self.deltas,
            &mut self.transposed,
            &mut self.gradients,
        );
        update(&mut self.layers, &self.gradients, &mut self.optimizer, labels.len());
        loss
    }

    /// The first tensor with a number that is not finite.
    pub(super) fn tensor_not_finite(&self) -> Option<String> {
        let is_broken = |tensor: &Panels<f32>| tensor.padded().iter().any(|value| !value.is_finite());
        self.layers.iter().zip(1..).find_map(|(layer, number)| {
            if is_broken(&layer.weight) {
                Some(format!("W{number}"))
            } else if is_broken(&layer.bias) {
                Some(format!("b{number}"))
            } else {
                None
            }
        })
    }

    /// `stack`, which must be the one that training began with, with the trained numbers.
    pub(super) fn write_back(self, mut stack: Model) -> Model {
        let trained = self.layers.iter().flat_map(|layer| [&layer.weight, &layer.bias]);
        for (mut tensor, trained) in stack.tensors_mut().zip(trained) {
            tensor.assign(&trained.to_array());
        }
        stack
    }
}

/// [`Trainer::step`] as what [`Arch::dispatch`] takes; a closure would not be inlined into the dispatch.
struct Step<'a, T> {
    trainer: &'a mut Trainer<T>,
    batch: &'a Batch<T>,
}

impl<T: Real> WithSimd for Step<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> f64 {
        self.trainer.step(self.batch)
    }
}

/// [`update`] as what [`Arch::dispatch`] takes.
pub(super) struct Update<'a, T> {
    pub(super) layers: &'a mut [PanelLayer],
    pub(super) gradients: &'a [LayerGradient<T>],
    pub(super) optimizer: &'a mut OptimizerState<T>,
    pub(super) rows: usize,
}

impl<T: Real> WithSimd for Update<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        update(self.layers, self.gradients, self.optimizer, self.rows);
    }
}

/// Applies the summed gradients of a mini-batch of `rows` rows.
#[inline(always)]
fn update<T: Real>(
    layers: &mut [PanelLayer],
    gradients: &[LayerGradient<T>],
    optimizer: &mut OptimizerState<T>,
    rows: usize,
) {
    let rows = T::from_f64(rows as f64);
    optimizer.begin_step();
    for (index, (layer, gradient)) in layers.iter_mut().zip(gradients).enumerate() {
        optimizer.update(2 * index, false, layer.weight.padded_mut(), gradient.weight.padded(), rows);
        optimizer.update(2 * index + 1, true, layer.bias.padded_mut(), gradient.bias.padded(), rows);
    }
}

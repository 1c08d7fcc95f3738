//! The mini-batch loop: forward, loss, backward, update.

use ndarray::ArrayView2;
use pulp::{Arch, Simd, WithSimd};

use super::EpochLoss;
use super::backward::{LayerGradient, backward};
use super::loss::softmax_cross_entropy;
use crate::forward::{PanelLayer, forward, resize_outputs};
use crate::optimizer::OptimizerState;
use crate::panels::Panels;
use crate::product::Rows;
use crate::real::Real;
use crate::specification::Training;
use crate::stack::DenseStack;

/// Training rows in the precision of training, in the order of the next epoch.
pub(super) struct TrainingRows<T> {
    columns: usize,
    given_features: Vec<T>,
    given_labels: Vec<usize>,
    features: Vec<T>,
    labels: Vec<usize>,
}

impl<T: Real> TrainingRows<T> {
    /// The rows in the order in which they are given.
    pub(super) fn new(features: ArrayView2<'_, f64>, labels: &[usize]) -> Self {
        let given_features: Vec<T> = features.iter().map(|&value| T::from_f64(value)).collect();
        Self {
            columns: features.ncols(),
            features: given_features.clone(),
            given_features,
            labels: labels.to_vec(),
            given_labels: labels.to_vec(),
        }
    }

    /// Puts row `order[i]` of the given order in place `i`.
    pub(super) fn reorder(&mut self, order: &[usize]) {
        for ((row, label), &given) in
            self.features.chunks_exact_mut(self.columns).zip(&mut self.labels).zip(order)
        {
            row.copy_from_slice(&self.given_features[given * self.columns..][..self.columns]);
            *label = self.given_labels[given];
        }
    }

    /// The mini-batches: features and labels of `batch_size` rows, the last of what is left.
    fn batches(&self, batch_size: usize) -> impl Iterator<Item = (Rows<'_, T>, &[usize])> {
        let columns = self.columns;
        let features = self.features.chunks(batch_size.saturating_mul(columns));
        features.zip(self.labels.chunks(batch_size)).map(move |(values, labels)| {
            (Rows { values, rows: labels.len(), columns, stride: columns }, labels)
        })
    }
}

/// A stack in training: its parameters, its optimizer, and memory for one mini-batch.
pub(super) struct Trainer<T> {
    layers: Vec<PanelLayer>,
    optimizer: OptimizerState<T>,
    outputs: Vec<Panels<T>>,
    deltas: Vec<Panels<T>>,
    gradients: Vec<LayerGradient<T>>,
    transposed: Vec<Panels<f32>>,
    losses: Vec<f64>,
}

impl<T: Real> Trainer<T> {
    pub(super) fn new(stack: &DenseStack, training: &Training) -> Self {
        let layers: Vec<PanelLayer> = stack.layers().iter().map(PanelLayer::new).collect();
        let tensor_sizes =
            layers.iter().flat_map(|layer| [layer.weight.padded().len(), layer.bias.padded().len()]);
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
            layers,
        }
    }

    /// One pass over `rows`.
    pub(super) fn epoch(&mut self, rows: &TrainingRows<T>, batch_size: usize) -> EpochLoss {
        let arch = Arch::new();
        let mut loss_sum = 0.0;
        let mut weighted_sum = 0.0;
        for (features, labels) in rows.batches(batch_size) {
            resize_outputs(&self.layers, labels.len(), &mut self.outputs);
            resize_outputs(&self.layers, labels.len(), &mut self.deltas);
            let loss = arch.dispatch(Step { trainer: self, features, labels });
            loss_sum += loss;
            weighted_sum += loss * labels.len() as f64;
        }
        EpochLoss { loss_sum, loss: weighted_sum / rows.labels.len() as f64 }
    }

    /// One mini-batch; returns its mean loss before the update.
    #[inline(always)]
    fn step(&mut self, features: Rows<'_, T>, labels: &[usize]) -> f64 {
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
    pub(super) fn write_back(self, mut stack: DenseStack) -> DenseStack {
        let trained = self.layers.iter().flat_map(|layer| [&layer.weight, &layer.bias]);
        for (mut tensor, trained) in stack.tensors_mut().zip(trained) {
            for (row, mut target) in tensor.outer_iter_mut().enumerate() {
                for (target, &value) in target.iter_mut().zip(trained.row(row)) {
                    *target = value;
                }
            }
        }
        stack
    }
}

/// [`Trainer::step`] as what [`Arch::dispatch`] takes; a closure would not be inlined into the dispatch.
struct Step<'a, T> {
    trainer: &'a mut Trainer<T>,
    features: Rows<'a, T>,
    labels: &'a [usize],
}

impl<T: Real> WithSimd for Step<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> f64 {
        self.trainer.step(self.features, self.labels)
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

//! The mini-batch loop: forward, loss, backward, update.

use std::borrow::Cow;

use ndarray::ArrayView2;

use super::backward::{LayerGradient, backward, needs_sums};
use super::loss::softmax_cross_entropy;
use crate::float::Float;
use crate::forward::{PanelLayer, forward};
use crate::head::Head;
use crate::layer::Layer;
use crate::linear::Linear;
use crate::model::{Model, ModelError};
use crate::optimizer::OptimizerState;
use crate::panels::Panels;
use crate::specification::Training;
use crate::weight_id::WeightId;

/// Training rows cut into mini-batches, in the precision and layout of training.
pub(super) struct Batches<'a, T> {
    /// Row after row.
    features: Cow<'a, [f64]>,
    columns: usize,
    labels: &'a [usize],
    size: usize,
    batches: Vec<Batch<T>>,
}

/// The rows of one mini-batch.
pub(super) struct Batch<T> {
    pub(super) features: Panels<T>,
    pub(super) labels: Vec<usize>,
}

impl<'a, T: Float> Batches<'a, T> {
    /// Mini-batches of `size` rows, the last of what is left, in the order in which the rows are given.
    pub(super) fn new(features: ArrayView2<'a, f64>, labels: &'a [usize], size: usize) -> Self {
        let columns = features.ncols();
        let features = features.to_slice().map_or_else(|| features.iter().copied().collect(), Cow::Borrowed);
        let mut batches = Self { features, columns, labels, size, batches: Vec::new() };
        let given: Vec<usize> = (0..labels.len()).collect();
        batches.reorder(&given);
        batches
    }

    /// Fills the mini-batches with the rows in this order.
    pub(super) fn reorder(&mut self, order: &[usize]) {
        let columns = self.columns;
        let count = order.len().div_ceil(self.size);
        self.batches.resize_with(count, || Batch { features: Panels::default(), labels: Vec::new() });
        for (batch, rows) in self.batches.iter_mut().zip(order.chunks(self.size)) {
            batch.features.resize(rows.len(), columns);
            for (place, &row) in rows.iter().enumerate() {
                batch.features.set_row(place, &self.features[row * columns..][..columns], T::from_f64);
            }
            batch.labels.clear();
            batch.labels.extend(rows.iter().map(|&row| self.labels[row]));
        }
    }
}

/// The training loss of one epoch, each mini-batch's measured before the update that it causes.
///
/// The loss of a row is `-w·ln(p + 1e-8)`, where `p` is the probability of its label and `w` the weight of its class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochLoss {
    /// The sum of the mini-batches' mean losses: what notebook 000 prints.
    pub loss_sum: f64,
    /// The mean over the rows.
    pub loss: f64,
}

/// A model in training: its weights, its optimizer, and memory for one mini-batch and for the gradient of one layer.
///
/// The weights are here alone, in the layout of the kernels, and each layer is updated as soon as its gradient is known:
/// beside the optimizer's moments, memory is that of the weights and of twice the largest layer.
pub(super) struct Trainer<T> {
    pub(super) layers: Vec<PanelLayer>,
    head: Head,
    pub(super) optimizer: OptimizerState<T>,
    /// What the rows of each class count.
    pub(super) class_weights: Vec<T>,
    pub(super) outputs: Vec<Panels<T>>,
    /// What each layer gives before its activation, where the derivative needs it.
    pub(super) sums: Vec<Panels<T>>,
    pub(super) deltas: Vec<Panels<T>>,
    pub(super) gradient: LayerGradient<T>,
    pub(super) transposed: Panels<f32>,
    pub(super) losses: Vec<f64>,
}

impl<T: Float> Trainer<T> {
    /// `own_parameters` is the number of a hook's own parameters.
    pub(super) fn new(
        model: Model,
        training: &Training,
        class_weights: &[f64],
        own_parameters: usize,
    ) -> Self {
        let head = model.head();
        // One layer after the other, so that none is held twice.
        let layers: Vec<PanelLayer> = model
            .into_layers()
            .into_iter()
            .map(|layer| match layer {
                Layer::Linear(linear) => {
                    let mut panels = PanelLayer::default();
                    linear.write_to(&mut panels);
                    panels
                }
            })
            .collect();
        let sizes = layers.iter().flat_map(|layer| [layer.weight.padded().len(), layer.bias.padded().len()]);
        let sizes = sizes.chain([own_parameters]);
        let optimizer =
            OptimizerState::new(&training.optimizer, training.learning_rate, training.weight_decay, sizes);
        Self {
            optimizer,
            class_weights: class_weights.iter().map(|&weight| T::from_f64(weight)).collect(),
            head,
            outputs: Vec::new(),
            sums: Vec::new(),
            deltas: Vec::new(),
            gradient: LayerGradient::empty(),
            transposed: Panels::default(),
            losses: Vec::new(),
            layers,
        }
    }

    /// One pass over all mini-batches by `step`, which returns the mean loss of one before its update; fails when `step`
    /// does.
    pub(super) fn epoch(
        &mut self,
        batches: &Batches<'_, T>,
        mut step: impl FnMut(&mut Self, &Batch<T>) -> Result<f64, String>,
    ) -> Result<EpochLoss, String> {
        let mut loss_sum = 0.0;
        let mut weighted_sum = 0.0;
        for batch in &batches.batches {
            let rows = batch.labels.len();
            make_room(&self.layers, rows, &mut self.outputs, &mut self.sums);
            self.deltas.resize_with(self.layers.len(), Panels::default);
            for (layer, delta) in self.layers.iter().zip(&mut self.deltas) {
                delta.resize(rows, layer.weight.columns());
            }
            let loss = step(self, batch)?;
            loss_sum += loss;
            weighted_sum += loss * rows as f64;
        }
        Ok(EpochLoss { loss_sum, loss: weighted_sum / batches.labels.len() as f64 })
    }

    /// One mini-batch without a hook; returns its mean loss before the update.
    pub(super) fn plain_step(&mut self, batch: &Batch<T>) -> f64 {
        let Batch { features, labels } = batch;
        let Self { layers, outputs, sums, .. } = self;
        for (index, layer) in layers.iter().enumerate() {
            let (before, from) = outputs.split_at_mut(index);
            forward_keeping(layer, before.last().unwrap_or(features), &mut from[0], &mut sums[index]);
        }
        let loss = self.loss(labels);
        let rows = labels.len();
        let Self { layers, optimizer, outputs, sums, deltas, gradient, transposed, .. } = self;
        optimizer.begin_step();
        backward(layers, features, outputs, sums, deltas, transposed, gradient, |index, layer, gradient| {
            update(index, layer, gradient, optimizer, rows)
        });
        loss
    }

    /// The mean loss of the rows with these labels, from the last layer's outputs; leaves its gradient.
    pub(super) fn loss(&mut self, labels: &[usize]) -> f64 {
        let last = self.layers.len() - 1;
        let Self { outputs, deltas, class_weights, losses, .. } = self;
        softmax_cross_entropy(&outputs[last], labels, class_weights, &mut deltas[last], losses)
    }

    /// The first weight with a number that is not finite.
    pub(super) fn weight_not_finite(&self) -> Option<WeightId> {
        let is_broken = |weight: &Panels<f32>| weight.padded().iter().any(|value| !value.is_finite());
        self.layers.iter().enumerate().find_map(|(position, layer)| {
            if is_broken(&layer.weight) {
                Some(WeightId::Weight(position))
            } else if is_broken(&layer.bias) {
                Some(WeightId::Bias(position))
            } else {
                None
            }
        })
    }

    /// The trained model.
    pub(super) fn into_model(self) -> Result<Model, ModelError> {
        // What is as large as the weights goes before they are copied, one layer after the other.
        let Self { layers, head, .. } = self;
        let layers = layers.into_iter().map(|PanelLayer { weight, bias, activation }| Linear {
            weight: weight.to_array(),
            bias: bias.to_array().into_iter().collect(),
            activation,
        });
        Model::new(layers, head)
    }
}

/// Makes room for what the layers give for a mini-batch of `rows` rows.
pub(super) fn make_room<T: Float>(
    layers: &[PanelLayer],
    rows: usize,
    outputs: &mut Vec<Panels<T>>,
    sums: &mut Vec<Panels<T>>,
) {
    outputs.resize_with(layers.len(), Panels::default);
    sums.resize_with(layers.len(), Panels::default);
    for ((layer, output), sums) in layers.iter().zip(outputs).zip(sums) {
        let columns = layer.weight.columns();
        output.resize(rows, columns);
        if needs_sums(layer.activation) {
            sums.resize(rows, columns);
        }
    }
}

/// [`forward`] that leaves what the backward pass needs: the sums before the activation, where [`needs_sums`] says so.
pub(super) fn forward_keeping<T: Float>(
    layer: &PanelLayer,
    input: &Panels<T>,
    output: &mut Panels<T>,
    sums: &mut Panels<T>,
) {
    forward(layer, input, output, needs_sums(layer.activation).then_some(sums));
}

/// Applies the summed gradient of layer number `index`, counted from 0, for a mini-batch of `rows` rows.
pub(super) fn update<T: Float>(
    index: usize,
    layer: &mut PanelLayer,
    gradient: &LayerGradient<T>,
    optimizer: &mut OptimizerState<T>,
    rows: usize,
) {
    let rows = T::from_f64(rows as f64);
    let (weight, bias) = (WeightId::Weight(index).position(), WeightId::Bias(index).position());
    optimizer.update(weight, false, layer.weight.padded_mut(), gradient.weight.padded(), rows);
    optimizer.update(bias, true, layer.bias.padded_mut(), gradient.bias.padded(), rows);
}

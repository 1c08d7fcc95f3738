//! All layers.

use bitsweep_inference::integer::{IntegerLayer, IntegerNetwork};
use bitsweep_quant::Grid;

use super::integer::Integer;
use super::layer::LayerPlan;
use crate::packed::{Classifier, PackedLayer, Values};

/// A network as it is stored and computed.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::export) struct NetworkPlan {
    /// The first one first.
    pub(in crate::export) layers: Vec<LayerPlan>,
    /// The type of the codes of features, and of all hidden codes.
    pub(in crate::export) codes: Integer,
    /// The codes of features, and that of a feature that is 0 once it is scaled.
    pub(in crate::export) grid: Grid,
    pub(in crate::export) zero_point: i32,
    /// What 1 of the last layer's outputs stands for.
    pub(in crate::export) logit_step: f64,
}

impl NetworkPlan {
    /// The plan of a classifier's network.
    pub(in crate::export) fn of(classifier: &Classifier, network: &IntegerNetwork) -> Self {
        let bits = |layer: &PackedLayer| match &layer.weight {
            Values::Coded(weight) => Some(weight.scheme().bits()),
            Values::Float(_) => None,
        };
        let bits = classifier.layers.iter().filter_map(bits);
        let codes = Self::codes_of(network);
        let layers = network.layers().iter().zip(bits).enumerate();
        let layers = layers.map(|(position, (layer, bits))| LayerPlan::of(position, layer, bits, codes));
        let first = network.layers().first();
        Self {
            layers: layers.collect(),
            codes,
            grid: first.map_or(Grid { lowest: 0, highest: 0 }, IntegerLayer::input_grid),
            zero_point: first.map_or(0, IntegerLayer::input_zero_point),
            logit_step: network.logit_step(),
        }
    }

    /// The type of all codes of a network: that of the grid of the scheme.
    pub(in crate::export) fn codes_of(network: &IntegerNetwork) -> Integer {
        let grids = network.layers().iter().map(IntegerLayer::input_grid);
        Integer::holding(grids.flat_map(|grid| [grid.lowest, grid.highest]))
    }

    /// How many features there are.
    pub(in crate::export) fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    /// How many outputs the last layer has.
    pub(in crate::export) fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }

    /// The widths of two buffers that take turns with the hidden codes, where there are any.
    pub(in crate::export) fn buffers(&self) -> [Option<usize>; 2] {
        alternating(&self.widths())
    }

    /// How many outputs each layer has.
    pub(in crate::export) fn widths(&self) -> Vec<usize> {
        self.layers.iter().map(|layer| layer.outputs).collect()
    }
}

/// The widths of two buffers that take turns with what hidden layers hand on, of layers of so many outputs.
pub(in crate::export) fn alternating(widths: &[usize]) -> [Option<usize>; 2] {
    let hidden = &widths[..widths.len().saturating_sub(1)];
    [0, 1].map(|first| hidden.iter().skip(first).step_by(2).max().copied())
}

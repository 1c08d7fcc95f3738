//! What a packed model takes, part by part.

use bitsweep_quant::Size;

use super::classifier::{Classifier, PackedModel};
use super::columns::Column;
use super::tensors::FLOAT_BYTES;

/// Bytes of a packed model but for its header, part by part.
///
/// Tables count the same bytes under fewer headings: codes, scales of inputs and clips with the parts of weights, zero points
/// of inputs with those of weights, what makes features of columns with the scaler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackedSizes {
    /// The parts of all weights and biases that are codes.
    pub coded: Size,
    /// Weights and biases that are floats.
    pub float: u64,
    /// The scales of inputs, where they are known before.
    pub input_scales: u64,
    /// The zero points of inputs, where they are known before.
    pub input_zero_points: u64,
    /// Learned clips of outputs.
    pub clips: u64,
    /// What features are scaled by.
    pub scaling: u64,
    /// What makes features of columns.
    pub columns: u64,
}

impl PackedSizes {
    /// All bytes: the length of the file without its header.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.coded.total()
            + self.float
            + self.input_scales
            + self.input_zero_points
            + self.clips
            + self.scaling
            + self.columns
    }
}

impl PackedModel {
    /// The bytes of the parts.
    #[must_use]
    pub fn sizes(&self) -> PackedSizes {
        let Classifier { columns, scaling, layers, .. } = self.classifier();
        let mut sizes = PackedSizes::default();
        for layer in layers {
            for values in [&layer.weight, &layer.bias] {
                sizes.coded = sizes.coded.merge(values.coded_size());
                sizes.float += values.float_bytes();
            }
            if let Some(quantizer) = &layer.inputs {
                let (scales, zero_points) = quantizer.bytes();
                sizes.input_scales += scales;
                sizes.input_zero_points += zero_points;
            }
            if layer.outputs.is_some_and(|outputs| outputs.clip.is_some()) {
                sizes.clips += FLOAT_BYTES;
            }
        }
        sizes.scaling = scaling.bytes();
        sizes.columns = columns.iter().map(Column::bytes).sum();
        sizes
    }
}

//! All layers.

use ndarray::{Array2, ArrayView2};

use super::error::NetworkError;
use super::layer::{IntegerLayer, LayerParts};
use super::outputs::Outputs;

/// A classifier in whole numbers: from codes of features to logits.
#[derive(Debug, Clone, PartialEq)]
pub struct IntegerNetwork {
    layers: Vec<IntegerLayer>,
}

impl IntegerNetwork {
    /// The network of these layers, at least one, the first one first.
    ///
    /// # Errors
    /// Weights that are no whole numbers of a step, sums that 32 bits do not hold, inputs without a static scale, and what no
    /// multiplier or shift makes.
    pub fn new(parts: &[LayerParts<'_>]) -> Result<Self, NetworkError> {
        let next = parts.iter().skip(1).map(|next| Some(&next.inputs)).chain([None]);
        let layers = parts.iter().zip(next).enumerate();
        let layers = layers.map(|(position, (parts, next))| IntegerLayer::new(position, parts, next));
        Ok(Self { layers: layers.collect::<Result<_, _>>()? })
    }

    /// The layers, the first one first.
    #[must_use]
    pub fn layers(&self) -> &[IntegerLayer] {
        &self.layers
    }

    /// The outputs of the last layer as whole numbers, `(rows, out)`, of codes of the features, `(rows, in)`; and how many hidden
    /// codes were clipped.
    ///
    /// # Errors
    /// Codes of another number of features.
    pub fn outputs(&self, codes: ArrayView2<'_, i32>) -> Result<(Array2<i32>, usize), NetworkError> {
        let expected = self.layers.first().map_or(0, |layer| layer.shape().0);
        if codes.ncols() != expected {
            return Err(NetworkError::Width { expected, found: codes.ncols() });
        }
        let mut values = codes.to_owned();
        let mut clipped = 0;
        for layer in &self.layers {
            let (outputs, more) = layer.outputs_of(values.view());
            values = outputs;
            clipped += more;
        }
        Ok((values, clipped))
    }

    /// What 1 of the last layer's outputs stands for.
    #[must_use]
    pub fn logit_step(&self) -> f64 {
        match self.layers.last().map(IntegerLayer::outputs) {
            Some(Outputs::Logits { step }) => *step,
            Some(Outputs::Codes { .. } | Outputs::Table(_)) | None => 1.0,
        }
    }
}

//! A network and what makes codes of features.

use ndarray::{Array2, ArrayView2};

use super::error::NetworkError;
use super::features::FeatureCodes;
use super::network::IntegerNetwork;

/// A classifier in whole numbers, and what makes codes of features that are not scaled yet.
#[derive(Clone, Debug, PartialEq)]
pub struct IntegerModel {
    /// From features to codes.
    pub features: FeatureCodes,
    /// From codes to logits.
    pub network: IntegerNetwork,
}

impl IntegerModel {
    /// The outputs of the last layer, `(rows, out)`, of features, `(rows, features)`, as what their whole numbers stand for, which
    /// keeps them apart; and how many codes were clipped.
    ///
    /// # Errors
    /// Rows of another length, and values beyond `f32`.
    pub fn outputs(&self, features: ArrayView2<'_, f64>) -> Result<(Array2<f64>, usize), NetworkError> {
        let (codes, clipped) = self.features.encode(features)?;
        let (outputs, more) = self.network.outputs(codes.view())?;
        let step = self.network.logit_step();
        Ok((outputs.mapv(|output| f64::from(output) * step), clipped + more))
    }
}

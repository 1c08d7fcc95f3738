//! The levels that a scheme gives a layer.

use crate::encode::uniform;
use crate::number::Real;
use crate::scheme::Range;
use crate::tensor::{QuantizeError, Quantized};

use super::layer::{Layer, Levels};
use super::output_range;

impl<T: Real> Layer<'_, T> {
    /// The levels that the scheme gives the weights.
    pub(super) fn levels(&self) -> Result<Levels<T>, QuantizeError> {
        let (affine, constants) = uniform::fit(&self.weights, &self.blocks, &self.scheme, self.grid)?;
        let levels = Levels { affine, constants };
        match self.scheme.range {
            Range::MinMax | Range::Percentile(_) | Range::Mse | Range::Kl => Ok(levels),
            Range::OutputMse => output_range::fit(self, levels, self.hessian),
        }
    }

    /// The layer rounded to nearest on its levels.
    pub(super) fn nearest(&self) -> Result<Quantized, QuantizeError> {
        let levels = self.levels()?;
        let outputs = self.shape().1;
        let code = |(position, &weight): (usize, &T)| {
            self.levels_at(&levels, position / outputs, position % outputs).nearest(weight)
        };
        let codes = self.weights.iter().enumerate().map(code).collect();
        Ok(self.quantized(codes, levels))
    }
}

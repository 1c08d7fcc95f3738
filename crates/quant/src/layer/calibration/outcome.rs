//! Whether a method acted.

use ndarray::{Array2, ArrayView1, ArrayView2, Zip};

use crate::number::Real;
use crate::tensor::Quantized;

use super::error::CalibrationError;
use super::hessian::Hessian;

/// A quantized layer and what its method achieved.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    /// Codes and parameters.
    pub quantized: Quantized,
    /// What the method is compared with.
    pub(super) reference: Quantized,
    /// The comparison with rounding to nearest.
    pub outcome: CalibrationOutcome,
}

/// What a method achieved against rounding to nearest under the same scheme. Rounding to nearest itself, over ranges that
/// were found by the output error, is held against min-max ranges.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CalibrationOutcome {
    /// Codes that differ.
    pub codes_changed: usize,
    /// Blocks whose scale or zero point differs.
    pub blocks_changed: usize,
    /// `tr(ΔᵀHΔ)` of rounding to nearest, see [`Hessian::proxy_loss`].
    pub proxy_loss_nearest: f64,
    /// `tr(ΔᵀHΔ)` of the method.
    pub proxy_loss: f64,
}

impl Calibrated {
    /// The outcome where output `k` counts `factors[k]` times as much as it is: that of a layer whose outputs were divided by
    /// `factors`, in the units from before. `weights` and `hessian` are those that were calibrated with.
    ///
    /// # Errors
    /// When there are more or fewer factors than outputs, or inputs than the Hessian has.
    pub fn outcome_in_units<T: Real>(
        &self,
        weights: ArrayView2<'_, T>,
        hessian: &Hessian,
        factors: ArrayView1<'_, f64>,
    ) -> Result<CalibrationOutcome, CalibrationError> {
        if factors.len() != weights.ncols() {
            return Err(CalibrationError::OutputFactors { outputs: weights.ncols(), factors: factors.len() });
        }
        let loss = |quantized: &Quantized| {
            let change = change(weights, quantized) * factors;
            hessian.proxy_loss(change.view())
        };
        Ok(CalibrationOutcome {
            proxy_loss_nearest: loss(&self.reference)?,
            proxy_loss: loss(&self.quantized)?,
            ..self.outcome
        })
    }
}

/// What quantization took from each weight.
fn change<T: Real>(weights: ArrayView2<'_, T>, quantized: &Quantized) -> Array2<f64> {
    Zip::from(weights)
        .and(&quantized.reconstruct::<T>())
        .map_collect(|weight, level| weight.to_f64() - level.to_f64())
}

impl CalibrationOutcome {
    /// Compares two quantizations of `weights` by one scheme on inputs with `hessian`; all have the same number of inputs.
    pub(super) fn measure<T: Real>(
        weights: ArrayView2<'_, T>,
        nearest: &Quantized,
        quantized: &Quantized,
        hessian: &Hessian,
    ) -> Self {
        let loss = |quantized: &Quantized| {
            let change: Vec<f64> = change(weights, quantized).into_iter().collect();
            hessian.quadratic_form(&change, weights.ncols())
        };
        let codes = nearest.codes().iter().zip(quantized.codes().iter());
        let blocks = nearest.block_parameters().zip(quantized.block_parameters());
        Self {
            codes_changed: codes.filter(|(before, after)| before != after).count(),
            blocks_changed: blocks.filter(|(before, after)| before != after).count(),
            proxy_loss_nearest: loss(nearest),
            proxy_loss: loss(quantized),
        }
    }

    /// The outcomes of two layers together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            codes_changed: self.codes_changed + other.codes_changed,
            blocks_changed: self.blocks_changed + other.blocks_changed,
            proxy_loss_nearest: self.proxy_loss_nearest + other.proxy_loss_nearest,
            proxy_loss: self.proxy_loss + other.proxy_loss,
        }
    }

    /// Whether a code or a parameter differs from rounding to nearest.
    #[must_use]
    pub const fn changed(&self) -> bool {
        self.codes_changed > 0 || self.blocks_changed > 0
    }

    /// Whether the outputs on the calibration inputs are further from the float ones than with rounding to nearest.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        self.proxy_loss > self.proxy_loss_nearest
    }
}

//! From features to codes.

use bitsweep_quant::{ActivationQuantizer, Grid, Rounding};
use ndarray::{Array2, ArrayView2};

use super::error::NetworkError;

/// What makes codes of features that are not scaled yet, `q = clamp(round((x - μ) / d) + z)`: the scaler and the step of the
/// codes in one division, `d = σ·s`, in `f32` with each operation rounded.
///
/// There is no product before a sum, so that no compiler fuses the two: a device with IEEE arithmetic in single precision has the
/// same codes.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureCodes {
    /// `μ`, one per feature.
    means: Vec<f32>,
    /// `d`, one per feature.
    divisors: Vec<f32>,
    zero_point: i32,
    grid: Grid,
    rounding: Rounding,
}

impl FeatureCodes {
    /// What makes codes of features `x` as `quantizer` makes them of `(x - mean) / scale`, one of each per feature.
    ///
    /// # Errors
    /// A quantizer without a static scale, and a divisor that `f32` does not hold.
    pub fn new(
        means: Vec<f32>,
        scales: &[f32],
        quantizer: &ActivationQuantizer,
    ) -> Result<Self, NetworkError> {
        let codes = quantizer.scheme().codes();
        let (grid, fitted) =
            codes.grid().zip(quantizer.fitted()).ok_or(NetworkError::Dynamic { layer: 0 })?;
        let divisor = |(feature, scale): (usize, &f32)| {
            let step = f64::from(*scale) * f64::from(fitted.scale);
            match (step as f32).is_normal() {
                true => Ok(step as f32),
                false => Err(NetworkError::Step { feature, step }),
            }
        };
        let divisors = scales.iter().enumerate().map(divisor).collect::<Result<_, _>>()?;
        Ok(Self { means, divisors, zero_point: fitted.zero_point, grid, rounding: codes.rounding })
    }

    /// The codes of features, `(rows, features)`, each rounded to `f32` first; and how many were clipped.
    ///
    /// # Errors
    /// Rows of another length, and values beyond `f32`.
    pub fn encode(&self, features: ArrayView2<'_, f64>) -> Result<(Array2<i32>, usize), NetworkError> {
        let expected = self.divisors.len();
        if features.ncols() != expected {
            return Err(NetworkError::Width { expected, found: features.ncols() });
        }
        let mut codes = Array2::zeros(features.dim());
        let mut clipped = 0;
        for (((row, feature), &value), code) in features.indexed_iter().zip(&mut codes) {
            let single = value as f32;
            if !single.is_finite() {
                return Err(NetworkError::Feature { row, feature, value });
            }
            let position = (single - self.means[feature]) / self.divisors[feature];
            let rounded = match self.rounding {
                Rounding::NearestEven | Rounding::Stochastic => position.round_ties_even(),
                Rounding::HalfAway => position.round(),
            };
            let step = f64::from(rounded) + f64::from(self.zero_point);
            let clamped = step.clamp(f64::from(self.grid.lowest), f64::from(self.grid.highest));
            clipped += usize::from(clamped != step);
            *code = clamped as i32;
        }
        Ok((codes, clipped))
    }

    /// Whether halves become the even code; otherwise that away from zero.
    #[must_use]
    pub const fn rounds_half_to_even(&self) -> bool {
        match self.rounding {
            Rounding::NearestEven | Rounding::Stochastic => true,
            Rounding::HalfAway => false,
        }
    }

    /// The means `μ`, one per feature.
    #[must_use]
    pub fn means(&self) -> &[f32] {
        &self.means
    }

    /// The divisors `d`, one per feature.
    #[must_use]
    pub fn divisors(&self) -> &[f32] {
        &self.divisors
    }
}

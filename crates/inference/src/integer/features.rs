//! From features to codes.

use bitsweep_quant::{ActivationQuantizer, FeatureNumbers, Grid, Rounding};
use ndarray::{Array2, ArrayView2};

use super::counts::CountCodes;
use super::error::NetworkError;

/// What makes codes of features that are not scaled yet, `q = clamp(round((x - μ) / d) + z)`: the scaler and the step of the
/// codes in one, `d = σ·s`.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureCodes {
    positions: Positions,
    zero_point: i32,
    grid: Grid,
}

/// How positions on the grid are computed.
#[derive(Debug, Clone, PartialEq)]
pub enum Positions {
    /// `(x - μ) / d` in `f32` with each operation rounded.
    ///
    /// There is no product before a sum, so that no compiler fuses the two: a device with IEEE arithmetic in single precision has
    /// the same codes.
    Float {
        /// `μ`, one per feature.
        means: Vec<f32>,
        /// `d`, one per feature.
        divisors: Vec<f32>,
        /// Whether halves become the even code; otherwise that away from zero.
        halves_to_even: bool,
    },
    /// By products of whole numbers, one per feature.
    Integer(Vec<CountCodes>),
}

impl FeatureCodes {
    /// What makes codes of features `x` as `quantizer` makes them of `(x - mean) / scale`, one of each per feature.
    ///
    /// # Errors
    /// A quantizer without a static scale, a divisor that `f32` does not hold, and one of whole numbers that is negative.
    pub fn new(
        means: Vec<f32>,
        scales: &[f32],
        quantizer: &ActivationQuantizer,
    ) -> Result<Self, NetworkError> {
        let codes = quantizer.scheme().codes();
        let (grid, fitted) =
            codes.grid().zip(quantizer.fitted()).ok_or(NetworkError::Dynamic { layer: 0 })?;
        let features = quantizer.scheme().features();
        let divisor = |(feature, scale): (usize, &f32)| {
            let step = f64::from(*scale) * f64::from(fitted.scale);
            let is_held = match features {
                FeatureNumbers::Float => (step as f32).is_normal(),
                FeatureNumbers::Integer => step > 0.0 && (step as f32).is_normal(),
            };
            if is_held { Ok(step) } else { Err(NetworkError::Step { feature, step }) }
        };
        let divisors: Vec<f64> = scales.iter().enumerate().map(divisor).collect::<Result<_, _>>()?;
        let zero_point = fitted.zero_point;
        let positions = match features {
            FeatureNumbers::Float => Positions::Float {
                means,
                divisors: divisors.into_iter().map(|divisor| divisor as f32).collect(),
                halves_to_even: match codes.rounding {
                    Rounding::NearestEven | Rounding::Stochastic => true,
                    Rounding::HalfAway => false,
                },
            },
            FeatureNumbers::Integer => {
                let all = means.iter().zip(divisors);
                Positions::Integer(
                    all.map(|(mean, divisor)| CountCodes::new(f64::from(*mean), divisor, zero_point, grid))
                        .collect(),
                )
            }
        };
        Ok(Self { positions, zero_point, grid })
    }

    /// The codes of features, `(rows, features)`; and how many were clipped. Features of `f32` are rounded to it first.
    ///
    /// # Errors
    /// Rows of another length, values beyond `f32`, and of whole numbers what is none of 32 bits.
    pub fn encode(&self, features: ArrayView2<'_, f64>) -> Result<(Array2<i32>, usize), NetworkError> {
        let expected = self.len();
        if features.ncols() != expected {
            return Err(NetworkError::Width { expected, found: features.ncols() });
        }
        let mut codes = Array2::zeros(features.dim());
        let mut clipped = 0;
        for (((row, feature), &value), code) in features.indexed_iter().zip(&mut codes) {
            let (own, is_clipped) = match &self.positions {
                Positions::Float { means, divisors, halves_to_even } => {
                    let single = value as f32;
                    if !single.is_finite() {
                        return Err(NetworkError::Feature { row, feature, value });
                    }
                    let position = (single - means[feature]) / divisors[feature];
                    let rounded = if *halves_to_even { position.round_ties_even() } else { position.round() };
                    let step = f64::from(rounded) + f64::from(self.zero_point);
                    let clamped = step.clamp(f64::from(self.grid.lowest), f64::from(self.grid.highest));
                    (clamped as i32, clamped != step)
                }
                Positions::Integer(features) => {
                    let whole = value as i32;
                    if f64::from(whole) != value {
                        return Err(NetworkError::Fraction { row, feature, value });
                    }
                    features[feature].code(whole, self.grid)
                }
            };
            clipped += usize::from(is_clipped);
            *code = own;
        }
        Ok((codes, clipped))
    }

    /// How positions on the grid are computed.
    #[must_use]
    pub const fn positions(&self) -> &Positions {
        &self.positions
    }

    /// Bits behind the code in a product of whole numbers.
    #[must_use]
    pub fn shift(&self) -> u32 {
        CountCodes::shift(self.grid)
    }

    /// How many features there are.
    fn len(&self) -> usize {
        match &self.positions {
            Positions::Float { divisors, .. } => divisors.len(),
            Positions::Integer(features) => features.len(),
        }
    }
}

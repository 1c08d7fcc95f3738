//! HQQ: a zero point that leaves few large errors.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::number::Real;
use crate::spelling::serialize_unusual;
use crate::tensor::{QuantizeError, Quantized};

use super::MAX_ITERATIONS;
use super::layer::{BlockLevels, Layer};

/// Settings of half-quadratic quantization (Badri & Shaji 2023, *Half-Quadratic Quantization of Large Machine Learning
/// Models*, Mobius Labs). It needs a float zero point and no calibration inputs.
///
/// Minimizes `Σ|w - ŵ|^p` over the zero point `z` of each block by half-quadratic splitting: with the residual
/// `r = w - ŵ`, `e = sign(r)·max(|r| - |r|^(p-1)/β, 0)`, then `z = mean(q - (w - e)/s)` and `β ← κ·β`. The zero point of
/// least `Σ|w - ŵ|^p` met on the way is kept, the first one included, so that no block gets worse by that measure; the
/// output error may. Residuals below `β^(-1/(2-p))`, 0.17 at first, have `e = 0`: then a step takes the mean error of the
/// block away, and nothing else.
///
/// ```toml
/// norm = 0.5
/// beta = 5
/// kappa = 1.05
/// iterations = 50
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hqq {
    /// `p`, the power of the errors that are added up.
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub norm: f64,
    /// `β` of the first step.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub beta: f64,
    /// `κ`, by which `β` grows in each step.
    #[schemars(range(min = 1, max = 10))]
    pub kappa: f64,
    /// Steps.
    #[schemars(range(min = 1, max = MAX_ITERATIONS))]
    pub iterations: u32,
}

serialize_unusual!(Hqq { norm, beta, kappa, iterations });

impl Default for Hqq {
    fn default() -> Self {
        Self { norm: 0.7, beta: 10.0, kappa: 1.01, iterations: 20 }
    }
}

pub(super) fn quantize<T: Real>(layer: &Layer<'_, T>, settings: &Hqq) -> Result<Quantized, QuantizeError> {
    let mut levels = layer.levels()?;
    let mut codes = vec![0; layer.weights.len()];
    for (index, block) in layer.blocks.iter().enumerate() {
        let weights: Vec<T> = block.positions().map(|position| layer.weights[position]).collect();
        let mut best = levels.block(index, layer.grid);
        if best.is_free() {
            best = search(&weights, best, settings);
            levels.affine.zero_points[index] = best.zero_point;
        }
        for (position, &weight) in block.positions().zip(&weights) {
            codes[position] = best.nearest(weight);
        }
    }
    Ok(layer.quantized(codes, levels))
}

/// The levels with the zero point of least `Σ|w - ŵ|^p`.
fn search<T: Real>(weights: &[T], start: BlockLevels<T>, settings: &Hqq) -> BlockLevels<T> {
    let (mut current, mut best) = (start, start);
    let mut least = error(weights, start, settings.norm);
    let mut beta = settings.beta;
    let scale = start.scale.to_f64();
    for _ in 0..settings.iterations {
        let sum: f64 = weights
            .iter()
            .map(|&weight| {
                let code = current.nearest(weight);
                let weight = weight.to_f64();
                let outlier = shrink(weight - current.value(code), beta, settings.norm);
                f64::from(code) - (weight - outlier) / scale
            })
            .sum();
        current.zero_point = T::from_f64(sum / weights.len() as f64);
        beta *= settings.kappa;
        let found = error(weights, current, settings.norm);
        if found < least {
            (best, least) = (current, found);
        }
    }
    best
}

/// The proximal step of `|·|^p`: what of a residual counts as an outlier.
fn shrink(residual: f64, beta: f64, norm: f64) -> f64 {
    let size = residual.abs();
    if size == 0.0 {
        return 0.0;
    }
    (size - libm::pow(size, norm - 1.0) / beta).max(0.0).copysign(residual)
}

/// `Σ|w - ŵ|^p`.
fn error<T: Real>(weights: &[T], levels: BlockLevels<T>, norm: f64) -> f64 {
    let residual = |&weight: &T| weight.to_f64() - levels.value(levels.nearest(weight));
    weights.iter().map(|weight| libm::pow(residual(weight).abs(), norm)).sum()
}

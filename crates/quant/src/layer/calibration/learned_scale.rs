//! Learned scales: the steps of the grid follow the gradient of the output error.

use bitsweep_random::Stream;
use ndarray::ArrayView2;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::encode::quantize_with_scales;
use crate::layer::estimator::add_step_gradient;
use crate::number::Real;
use crate::spelling::serialize_unusual;
use crate::tensor::{QuantizeError, Quantized};

use super::MAX_ITERATIONS;
use super::hessian::Hessian;
use super::layer::Layer;

/// Adam's decay rates and `ε`.
const MOMENTS: (f64, f64, f64) = (0.9, 0.999, 1e-8);
/// The least scale, as a part of the first one: scales stay above 0.
const LEAST: f64 = 1.0 / 1024.0;

/// Settings of scales that are learned after training: the gradient of learned step size quantization (Esser et al. 2020,
/// LSQ, §2.1) on the output error of one layer, `½·tr(ΔᵀHΔ)`, the weights staying as they are.
///
/// Starts from the scheme's ranges. With codes `q = clip(round(w/s))` and [LSQ's `∂ŵ/∂s`](crate::estimator::learned_step_gradient),
/// a step of Adam moves every scale by up to
/// `learning_rate` of its first value; the rate falls linearly to 0. The scales of least output error met on the way
/// are kept, the first ones included, so that the loss is never above nearest's. For symmetric schemes of at least 2
/// bits.
///
/// LSQ's gradient counts the rounding error of a weight inside the range as growing with the scale, as it does on
/// average; it is not the derivative with the codes held, and where it is 0 the loss need not be least.
///
/// ```toml
/// iterations = 500
/// learning_rate = 0.02
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LearnedScale {
    /// Steps of Adam.
    #[schemars(range(min = 1, max = MAX_ITERATIONS))]
    pub iterations: u32,
    /// The step size of Adam, as a part of the first scale.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub learning_rate: f64,
}

serialize_unusual!(LearnedScale { iterations, learning_rate });

impl Default for LearnedScale {
    fn default() -> Self {
        Self { iterations: 200, learning_rate: 0.01 }
    }
}

pub(super) fn quantize<T: Real>(
    weights: ArrayView2<'_, T>,
    layer: &Layer<'_, T>,
    settings: &LearnedScale,
    hessian: &Hessian,
    stream: &mut Stream,
) -> Result<Quantized, QuantizeError> {
    let first = layer.levels()?.affine.scales;
    let mut best = layer.nearest()?;
    let (mut slope, start) = slope_and_loss(layer, &best, hessian);
    let mut least = start;
    if start == 0.0 {
        return Ok(best);
    }
    let mut current = best.clone();
    let mut moments = vec![(0.0, 0.0); first.len()];
    let mut scales: Vec<f64> = first.iter().map(|scale| scale.to_f64()).collect();
    let (decay, square_decay, epsilon) = MOMENTS;
    let mut powers = (1.0, 1.0);
    for iteration in 0..settings.iterations {
        let mut gradient = vec![0.0; first.len()];
        add_step_gradient(&layer.weights, &current, layer.grid, &mut slope, &mut gradient);
        let rate = settings.learning_rate * (1.0 - f64::from(iteration) / f64::from(settings.iterations));
        powers = (powers.0 * decay, powers.1 * square_decay);
        for ((scale, first), (gradient, (mean, square))) in
            scales.iter_mut().zip(&first).zip(gradient.iter().zip(&mut moments))
        {
            // Relative to scale and loss, so that neither decides how fast Adam moves.
            let first = first.to_f64();
            let gradient = gradient * first / start;
            *mean = decay * *mean + (1.0 - decay) * gradient;
            *square = square_decay * *square + (1.0 - square_decay) * gradient * gradient;
            let direction = (*mean / (1.0 - powers.0)) / ((*square / (1.0 - powers.1)).sqrt() + epsilon);
            *scale = (*scale - rate * first * direction).max(LEAST * first);
        }
        let rounded: Vec<T> = scales.iter().map(|&scale| T::from_f64(scale)).collect();
        current = quantize_with_scales(weights, &layer.scheme, &rounded, stream)?;
        let (next, loss) = slope_and_loss(layer, &current, hessian);
        slope = next;
        if loss < least {
            (best, least) = (current.clone(), loss);
        }
    }
    Ok(best)
}

/// `H·Δ` and `tr(ΔᵀHΔ)` of a quantization of the layer.
fn slope_and_loss<T: Real>(
    layer: &Layer<'_, T>,
    quantized: &Quantized,
    hessian: &Hessian,
) -> (Vec<f64>, f64) {
    let reconstruction = quantized.reconstruct::<T>();
    let pairs = reconstruction.iter().zip(&layer.weights);
    let change: Vec<f64> = pairs.map(|(level, weight)| level.to_f64() - weight.to_f64()).collect();
    let mut slope = vec![0.0; change.len()];
    hessian.product(&change, layer.shape().1, &mut slope);
    let loss = slope.iter().zip(&change).map(|(slope, change)| slope * change).sum::<f64>().max(0.0);
    (slope, loss)
}

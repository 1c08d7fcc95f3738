//! AdaRound: up or down, learned for each weight.

use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::number::Real;
use crate::scheme::Grid;
use crate::spelling::serialize_unusual;
use crate::tensor::{QuantizeError, Quantized};

use super::MAX_ITERATIONS;
use super::hessian::Hessian;
use super::layer::Layer;

/// `ζ` and `γ` of the rectified sigmoid `h(α) = clip((ζ - γ)·σ(α) + γ, 0, 1)`.
const STRETCH: f64 = 1.2;
const SHIFT: f64 = -0.1;
/// `β` of the regularizer falls from the first to the second.
const SHARPNESS: (f64, f64) = (20.0, 2.0);
/// The part of the iterations without regularizer.
const WARM_START: f64 = 0.2;
/// Where a weight on a level starts, so that rounding errors of `σ` do not decide whether `h` is clipped and stays at 0.
const LEAST_FRACTION: f64 = 1e-6;
/// Adam's decay rates and `ε`.
const MOMENTS: (f64, f64, f64) = (0.9, 0.999, 1e-8);

/// Settings of AdaRound (Nagel, Amjad, van Baalen, Louizos & Blankevoort 2020, *Up or Down? Adaptive Rounding for
/// Post-Training Quantization*, §3.3).
///
/// With `p = w/s + z` and `h(α) = clip(1.2·σ(α) - 0.1, 0, 1)`, the soft level is `ŵ = s·(clip(⌊p⌋ + h(α)) - z)`. `α` starts
/// where `h` is the fraction of `p` and minimizes `½·tr(ΔᵀHΔ) + λ·Σ(1 - |2h - 1|^β)` by Adam over all rows at once. `β`
/// falls from 20 to 2 by a cosine; the first fifth of the iterations has no regularizer. In the end a weight is rounded up
/// where `α ≥ 0`. Nothing is drawn at random.
///
/// `λ` weighs a count of weights against an output error, so that the right one depends on the size of the outputs. Where
/// it is too small, weights rest between levels, and hardening them undoes what was gained: try 0.1 or 1 where
/// `proxy_loss` stays near that of nearest.
///
/// ```toml
/// iterations = 2000
/// learning_rate = 0.02
/// regularization = 0.1
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdaRound {
    /// Steps of Adam; the paper's 10,000 see a mini-batch each.
    #[schemars(range(min = 1, max = MAX_ITERATIONS))]
    pub iterations: u32,
    /// The step size of Adam.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub learning_rate: f64,
    /// `λ`, the weight of what keeps weights from resting between levels.
    #[schemars(range(min = 0))]
    pub regularization: f64,
}

serialize_unusual!(AdaRound { iterations, learning_rate, regularization });

impl Default for AdaRound {
    fn default() -> Self {
        Self { iterations: 1000, learning_rate: 0.01, regularization: 0.01 }
    }
}

pub(super) fn quantize<T: Real>(
    layer: &Layer<'_, T>,
    settings: &AdaRound,
    hessian: &Hessian,
) -> Result<Quantized, QuantizeError> {
    let levels = layer.levels()?;
    let outputs = layer.shape().1;
    let mut choices: Vec<Choice> = Vec::with_capacity(layer.weights.len());
    for (index, weight) in layer.weights.iter().enumerate() {
        let block = layer.levels_at(&levels, index / outputs, index % outputs);
        let nearest = block.nearest(*weight);
        let (scale, zero_point) = (block.scale.to_f64(), block.zero_point.to_f64());
        choices.push(if block.is_free() {
            Choice::new(weight.to_f64(), scale, zero_point, layer.grid)
        } else {
            Choice::fixed(block.value(nearest) - weight.to_f64(), nearest)
        });
    }
    learn(&mut choices, outputs, settings, hessian);
    let codes = choices.iter().map(Choice::hardened).collect();
    Ok(layer.quantized(codes, levels))
}

/// Minimizes the objective over `α` of all choices.
fn learn(choices: &mut [Choice], outputs: usize, settings: &AdaRound, hessian: &Hessian) {
    let mut change = vec![0.0; choices.len()];
    let mut slope = vec![0.0; choices.len()];
    let mut powers = (1.0, 1.0);
    let warm = WARM_START * f64::from(settings.iterations);
    for iteration in 0..settings.iterations {
        let progress = (f64::from(iteration) - warm) / (f64::from(settings.iterations) - warm);
        let sharpness = (progress >= 0.0)
            .then(|| SHARPNESS.1 + 0.5 * (SHARPNESS.0 - SHARPNESS.1) * (1.0 + libm::cos(PI * progress)));
        for (change, choice) in change.iter_mut().zip(choices.iter()) {
            *change = choice.change();
        }
        hessian.product(&change, outputs, &mut slope);
        powers = (powers.0 * MOMENTS.0, powers.1 * MOMENTS.1);
        for (choice, &slope) in choices.iter_mut().zip(&slope) {
            choice.step(slope, sharpness, settings, powers);
        }
    }
}

/// One weight between two levels.
struct Choice {
    weight: f64,
    scale: f64,
    zero_point: f64,
    grid: (f64, f64),
    /// `⌊p⌋`.
    floor: f64,
    alpha: f64,
    first_moment: f64,
    second_moment: f64,
    /// The change and the code of a weight with one level.
    fixed: Option<(f64, i32)>,
}

impl Choice {
    fn new(weight: f64, scale: f64, zero_point: f64, grid: Grid) -> Self {
        let position = weight / scale + zero_point;
        let floor = position.floor();
        let fraction = (position - floor).max(LEAST_FRACTION);
        Self {
            weight,
            scale,
            zero_point,
            grid: (f64::from(grid.lowest), f64::from(grid.highest)),
            floor,
            alpha: -libm::log(STRETCH / (fraction - SHIFT) - 1.0),
            first_moment: 0.0,
            second_moment: 0.0,
            fixed: None,
        }
    }

    fn fixed(change: f64, code: i32) -> Self {
        let place = Self::new(0.0, 1.0, 0.0, Grid { lowest: code, highest: code });
        Self { fixed: Some((change, code)), ..place }
    }

    fn sigmoid(&self) -> f64 {
        1.0 / (1.0 + libm::exp(-self.alpha))
    }

    /// `ŵ - w` of the soft level.
    fn change(&self) -> f64 {
        if let Some((change, _)) = self.fixed {
            return change;
        }
        let part = (STRETCH * self.sigmoid() + SHIFT).clamp(0.0, 1.0);
        let code = (self.floor + part).clamp(self.grid.0, self.grid.1);
        self.scale * (code - self.zero_point) - self.weight
    }

    /// One step of Adam, given the slope of the output error in `ŵ` and `β`, if the regularizer is on.
    fn step(&mut self, slope: f64, sharpness: Option<f64>, settings: &AdaRound, powers: (f64, f64)) {
        if self.fixed.is_some() {
            return;
        }
        let sigmoid = self.sigmoid();
        let stretched = STRETCH * sigmoid + SHIFT;
        let gradient = if (0.0..=1.0).contains(&stretched) {
            let soft = self.floor + stretched;
            let inside = (self.grid.0..=self.grid.1).contains(&soft);
            let output = if inside { slope * self.scale } else { 0.0 };
            let regularizer = sharpness.map_or(0.0, |sharpness| {
                let side = 2.0 * stretched - 1.0;
                -2.0 * sharpness * libm::pow(side.abs(), sharpness - 1.0) * side.signum()
            });
            (output + settings.regularization * regularizer) * STRETCH * sigmoid * (1.0 - sigmoid)
        } else {
            0.0
        };
        let (decay, square_decay, epsilon) = MOMENTS;
        self.first_moment = decay * self.first_moment + (1.0 - decay) * gradient;
        self.second_moment = square_decay * self.second_moment + (1.0 - square_decay) * gradient * gradient;
        let mean = self.first_moment / (1.0 - powers.0);
        let spread = (self.second_moment / (1.0 - powers.1)).sqrt();
        self.alpha -= settings.learning_rate * mean / (spread + epsilon);
    }

    /// The code, up where `α ≥ 0`.
    fn hardened(&self) -> i32 {
        let up = if self.alpha >= 0.0 { 1.0 } else { 0.0 };
        let code = (self.floor + up).clamp(self.grid.0, self.grid.1);
        self.fixed.map_or(code as i32, |(_, code)| code)
    }
}

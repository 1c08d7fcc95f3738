//! AdaRound: up or down, learned for each weight.

use std::f64::consts::PI;

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::number::{Real, exponentials, powers};
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
    let mut choices = Choices::new(layer.weights.len(), layer.grid);
    for (index, weight) in layer.weights.iter().enumerate() {
        let block = layer.levels_at(&levels, index / outputs, index % outputs);
        let nearest = block.nearest(*weight);
        if block.is_free() {
            choices.add(weight.to_f64(), block.scale.to_f64(), block.zero_point.to_f64());
        } else {
            choices.add_fixed(block.value(nearest) - weight.to_f64(), nearest);
        }
    }
    choices.learn(outputs, settings, hessian);
    Ok(layer.quantized(choices.hardened(), levels))
}

/// Weights between two levels each.
struct Choices {
    grid: (f64, f64),
    weights: Vec<f64>,
    scales: Vec<f64>,
    zero_points: Vec<f64>,
    /// `⌊p⌋`.
    floors: Vec<f64>,
    alphas: Vec<f64>,
    first_moments: Vec<f64>,
    second_moments: Vec<f64>,
    /// Index, change and code of weights with one level, whose place above means nothing.
    fixed: Vec<(usize, f64, i32)>,
}

impl Choices {
    fn new(count: usize, grid: Grid) -> Self {
        let room = || Vec::with_capacity(count);
        Self {
            grid: (f64::from(grid.lowest), f64::from(grid.highest)),
            weights: room(),
            scales: room(),
            zero_points: room(),
            floors: room(),
            alphas: room(),
            first_moments: vec![0.0; count],
            second_moments: vec![0.0; count],
            fixed: Vec::new(),
        }
    }

    fn add(&mut self, weight: f64, scale: f64, zero_point: f64) {
        let position = weight / scale + zero_point;
        let floor = position.floor();
        let fraction = (position - floor).max(LEAST_FRACTION);
        self.weights.push(weight);
        self.scales.push(scale);
        self.zero_points.push(zero_point);
        self.floors.push(floor);
        self.alphas.push(-libm::log(STRETCH / (fraction - SHIFT) - 1.0));
    }

    fn add_fixed(&mut self, change: f64, code: i32) {
        self.fixed.push((self.weights.len(), change, code));
        self.add(0.0, 1.0, 0.0);
    }

    /// Minimizes the objective over all `α`.
    fn learn(&mut self, outputs: usize, settings: &AdaRound, hessian: &Hessian) {
        let mut memory = Memory::new(self.weights.len());
        let mut powers = (1.0, 1.0);
        let warm = WARM_START * f64::from(settings.iterations);
        for iteration in 0..settings.iterations {
            let progress = (f64::from(iteration) - warm) / (f64::from(settings.iterations) - warm);
            let sharpness = (progress >= 0.0)
                .then(|| SHARPNESS.1 + 0.5 * (SHARPNESS.0 - SHARPNESS.1) * (1.0 + libm::cos(PI * progress)));
            arch().dispatch(Change { choices: self, memory: &mut memory });
            hessian.product(&memory.changes, outputs, &mut memory.slopes);
            powers = (powers.0 * MOMENTS.0, powers.1 * MOMENTS.1);
            arch().dispatch(Step { choices: self, memory: &mut memory, sharpness, settings, powers });
        }
    }

    /// The codes, up where `α ≥ 0`.
    fn hardened(&self) -> Vec<i32> {
        let code = |(floor, alpha): (&f64, &f64)| {
            let up = if *alpha >= 0.0 { 1.0 } else { 0.0 };
            (floor + up).clamp(self.grid.0, self.grid.1) as i32
        };
        let mut codes: Vec<i32> = self.floors.iter().zip(&self.alphas).map(code).collect();
        for &(index, _, code) in &self.fixed {
            codes[index] = code;
        }
        codes
    }
}

/// What one iteration needs of each weight.
struct Memory {
    /// Arguments of the elementary functions.
    arguments: Vec<f64>,
    sigmoids: Vec<f64>,
    /// `ŵ - w` of the soft levels.
    changes: Vec<f64>,
    /// Of the output error in `ŵ`.
    slopes: Vec<f64>,
    /// `|2h - 1|^(β - 1)`.
    powers: Vec<f64>,
}

impl Memory {
    fn new(count: usize) -> Self {
        let room = || vec![0.0; count];
        Self { arguments: room(), sigmoids: room(), changes: room(), slopes: room(), powers: room() }
    }
}

/// Finds the soft levels.
struct Change<'a> {
    choices: &'a Choices,
    memory: &'a mut Memory,
}

impl NullaryFnOnce for Change<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { choices, memory } = self;
        let Memory { arguments, sigmoids, changes, .. } = memory;
        for (argument, alpha) in arguments.iter_mut().zip(&choices.alphas) {
            *argument = -alpha;
        }
        exponentials(arguments, sigmoids);
        let (lowest, highest) = choices.grid;
        let levels = choices.scales.iter().zip(&choices.zero_points).zip(&choices.floors);
        let places = changes.iter_mut().zip(sigmoids).zip(&choices.weights).zip(levels);
        for (((change, sigmoid), weight), ((scale, zero_point), floor)) in places {
            *sigmoid = 1.0 / (1.0 + *sigmoid);
            let part = (STRETCH * *sigmoid + SHIFT).clamp(0.0, 1.0);
            let code = (floor + part).clamp(lowest, highest);
            *change = scale * (code - zero_point) - weight;
        }
        for &(index, change, _) in &choices.fixed {
            changes[index] = change;
        }
    }
}

/// One step of Adam, given the slopes and `β`, if the regularizer is on.
struct Step<'a> {
    choices: &'a mut Choices,
    memory: &'a mut Memory,
    sharpness: Option<f64>,
    settings: &'a AdaRound,
    powers: (f64, f64),
}

impl NullaryFnOnce for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { choices, memory, sharpness, settings, powers: (power, square_power) } = self;
        let Memory { arguments, sigmoids, slopes, powers, .. } = memory;
        if let Some(sharpness) = sharpness {
            for (argument, sigmoid) in arguments.iter_mut().zip(&*sigmoids) {
                *argument = (2.0 * (STRETCH * sigmoid + SHIFT) - 1.0).abs();
            }
            self::powers(arguments, sharpness - 1.0, powers);
        }
        let factor = sharpness.map_or(0.0, |sharpness| -2.0 * sharpness);
        let (lowest, highest) = choices.grid;
        let (decay, square_decay, epsilon) = MOMENTS;
        let moments = choices.first_moments.iter_mut().zip(&mut choices.second_moments);
        let choices = choices.alphas.iter_mut().zip(moments).zip(choices.scales.iter().zip(&choices.floors));
        let memory = slopes.iter().zip(sigmoids).zip(powers);
        for (((alpha, (first, second)), (scale, floor)), ((slope, sigmoid), power_of_side)) in
            choices.zip(memory)
        {
            let stretched = STRETCH * *sigmoid + SHIFT;
            let soft = floor + stretched;
            let output = if (lowest..=highest).contains(&soft) { slope * scale } else { 0.0 };
            let side = 2.0 * stretched - 1.0;
            let regularizer = factor * *power_of_side * 1.0_f64.copysign(side);
            let gradient =
                (output + settings.regularization * regularizer) * STRETCH * *sigmoid * (1.0 - *sigmoid);
            let gradient = if (0.0..=1.0).contains(&stretched) { gradient } else { 0.0 };
            *first = decay * *first + (1.0 - decay) * gradient;
            *second = square_decay * *second + (1.0 - square_decay) * gradient * gradient;
            let mean = *first / (1.0 - power);
            let spread = (*second / (1.0 - square_power)).sqrt();
            *alpha -= settings.learning_rate * mean / (spread + epsilon);
        }
    }
}

//! How gradients become updates.

use std::fmt;

use bitsweep_vector::arch;
use pulp::{Simd, WithSimd};
use schemars::JsonSchema;
use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::float::Float;
use crate::specification_error::{SpecificationError, require};

/// How gradients become updates.
///
/// `g` is the mean gradient of a mini-batch, `η` the learning rate, `λ` the weight decay (0 for biases).
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(extend("x-name-alone" = true))]
pub enum Optimizer {
    /// Stochastic gradient descent with heavy-ball momentum and L2 regularization, `λ` added to the gradient:
    /// `v ← μ·v + (g + λ·w)`, `w ← w - η·v`; with `μ = 0`, the default, plain gradient descent.
    Sgd(Sgd),
    /// Adam with decoupled weight decay, also called AdamW:
    /// `m ← β₁·m + (1-β₁)·g`, `v ← β₂·v + (1-β₂)·g²`, and in step `t`
    /// `w ← w - η·(m / (1-β₁ᵗ) / (√(v / (1-β₂ᵗ)) + ε) + λ·w)`
    /// (Kingma and Ba, *Adam*, 2015, algorithm 1; Loshchilov and Hutter, *Decoupled Weight Decay Regularization*, 2019,
    /// algorithm 2 with its schedule η folded into the learning rate, as PyTorch does).
    Adam(Adam),
}

/// Settings of stochastic gradient descent.
///
/// ```toml
/// momentum = 0.9
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sgd {
    /// `μ`, the part of the last step that is taken again.
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    pub momentum: f64,
}

/// Settings of Adam.
///
/// ```toml
/// beta1 = 0.8
/// beta2 = 0.99
/// epsilon = 1e-7
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Adam {
    /// `β₁`, how slowly the mean of the gradients moves.
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    pub beta1: f64,
    /// `β₂`, how slowly the mean of their squares moves.
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    pub beta2: f64,
    /// `ε`, which keeps the division from one by zero.
    #[schemars(range(min = 1e-12, max = 1))]
    pub epsilon: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Sgd(Sgd::default())
    }
}

impl Optimizer {
    const NAMES: &'static [&'static str] = &["sgd", "adam"];

    /// Refuses what cannot be trained with.
    ///
    /// # Errors
    /// When the momentum or a β is outside [0, 1), or ε is outside [1e-12, 1]: below that, ε would lie under the
    /// threshold at which Adam's second moment is taken for zero.
    pub fn check(&self) -> Result<(), SpecificationError> {
        let decay =
            |key, value: f64| require((0.0..1.0).contains(&value), key, value, "a number from 0 to below 1");
        match self {
            Self::Sgd(Sgd { momentum }) => decay("momentum", *momentum),
            Self::Adam(Adam { beta1, beta2, epsilon }) => {
                decay("beta1", *beta1)?;
                decay("beta2", *beta2)?;
                require((1e-12..=1.0).contains(epsilon), "epsilon", epsilon, "a number from 1e-12 to 1")
            }
        }
    }
}

impl<'de> Deserialize<'de> for Optimizer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OptimizerVisitor)
    }
}

/// Reads a name or a table with one key; a derived enum would refuse the name of a variant that has settings.
struct OptimizerVisitor;

impl<'de> Visitor<'de> for OptimizerVisitor {
    type Value = Optimizer;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("`sgd`, `adam`, or a table such as { sgd = { momentum = 0.9 } }")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Optimizer, E> {
        match name {
            "sgd" => Ok(Optimizer::Sgd(Sgd::default())),
            "adam" => Ok(Optimizer::Adam(Adam::default())),
            other => Err(E::unknown_variant(other, Optimizer::NAMES)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Optimizer, A::Error> {
        let Some(name) = map.next_key::<String>()? else {
            return Err(de::Error::invalid_length(0, &self));
        };
        let optimizer = match name.as_str() {
            "sgd" => Optimizer::Sgd(map.next_value()?),
            "adam" => Optimizer::Adam(map.next_value()?),
            other => return Err(de::Error::unknown_variant(other, Optimizer::NAMES)),
        };
        match map.next_key::<IgnoredAny>()? {
            None => Ok(optimizer),
            Some(_) => Err(de::Error::invalid_length(2, &self)),
        }
    }
}

/// An optimizer at work on one model: its settings, and a memory for each weight.
#[derive(Clone, Debug)]
pub(crate) struct OptimizerState<T> {
    rule: Rule<T>,
    learning_rate: T,
    weight_decay: T,
    /// Weight after weight, in the order of the updates.
    moments: Vec<Moments<T>>,
}

/// The constants of an [`Optimizer`], in the precision of training.
#[derive(Clone, Copy, Debug)]
enum Rule<T> {
    Descent,
    Momentum { momentum: T },
    Adam { beta1: f64, beta2: f64, epsilon: T, power1: f64, power2: f64 },
}

/// What an optimizer remembers of one weight.
#[derive(Clone, Debug, Default)]
struct Moments<T> {
    first: Vec<T>,
    second: Vec<T>,
}

impl<T: Float> OptimizerState<T> {
    /// The state before the first step; `sizes` are the numbers of elements, padding included, of the weights to come.
    pub(crate) fn new(
        optimizer: &Optimizer,
        learning_rate: f64,
        weight_decay: f64,
        sizes: impl Iterator<Item = usize>,
    ) -> Self {
        let rule = match *optimizer {
            Optimizer::Sgd(Sgd { momentum: 0.0 }) => Rule::Descent,
            Optimizer::Sgd(Sgd { momentum }) => Rule::Momentum { momentum: T::from_f64(momentum) },
            Optimizer::Adam(Adam { beta1, beta2, epsilon }) => {
                Rule::Adam { beta1, beta2, epsilon: T::from_f64(epsilon), power1: 1.0, power2: 1.0 }
            }
        };
        let zeros = |elements| vec![T::ZERO; elements];
        let moments = sizes.map(|elements| match rule {
            Rule::Descent => Moments { first: Vec::new(), second: Vec::new() },
            Rule::Momentum { .. } => Moments { first: zeros(elements), second: Vec::new() },
            Rule::Adam { .. } => Moments { first: zeros(elements), second: zeros(elements) },
        });
        Self {
            rule,
            learning_rate: T::from_f64(learning_rate),
            weight_decay: T::from_f64(weight_decay),
            moments: moments.collect(),
        }
    }

    /// Begins a step: to be called once before the weights of a mini-batch are updated.
    #[inline(always)]
    pub(crate) fn begin_step(&mut self) {
        match &mut self.rule {
            Rule::Descent | Rule::Momentum { .. } => {}
            Rule::Adam { beta1, beta2, power1, power2, .. } => {
                *power1 *= *beta1;
                *power2 *= *beta2;
            }
        }
    }

    /// Updates weight number `number`; `gradient_sum` is the sum over `rows` rows.
    ///
    /// Momentum and moments below 2⁻¹⁰⁰ are taken for zero, as they would go denormal.
    pub(crate) fn update(
        &mut self,
        number: usize,
        is_bias: bool,
        values: &mut [f32],
        gradient_sum: &[T],
        rows: T,
    ) {
        arch().dispatch(Update { state: self, number, is_bias, values, gradient_sum, rows });
    }
}

/// [`OptimizerState::update`] as what [`pulp::Arch::dispatch`] takes.
struct Update<'a, T> {
    state: &'a mut OptimizerState<T>,
    number: usize,
    is_bias: bool,
    values: &'a mut [f32],
    gradient_sum: &'a [T],
    rows: T,
}

impl<T: Float> WithSimd for Update<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { state, number, is_bias, values, gradient_sum, rows } = self;
        let rate = state.learning_rate;
        let decay = if is_bias { T::ZERO } else { state.weight_decay };
        let Moments { first, second } = &mut state.moments[number];
        match state.rule {
            Rule::Descent => {
                for (weight, &gradient) in values.iter_mut().zip(gradient_sum) {
                    let w = T::from(*weight);
                    let g = decay.mul_add(w, gradient.mean(rows));
                    *weight = (w - rate * g).to_f32();
                }
            }
            Rule::Momentum { momentum } => {
                for ((weight, &gradient), velocity) in values.iter_mut().zip(gradient_sum).zip(first) {
                    let w = T::from(*weight);
                    let g = decay.mul_add(w, gradient.mean(rows));
                    *velocity = momentum.mul_add(*velocity, g).flush();
                    *weight = (w - rate * *velocity).to_f32();
                }
            }
            Rule::Adam { beta1, beta2, epsilon, power1, power2 } => {
                let (beta1, rest1) = (T::from_f64(beta1), T::from_f64(1.0 - beta1));
                let (beta2, rest2) = (T::from_f64(beta2), T::from_f64(1.0 - beta2));
                let (bias1, bias2) = (T::from_f64(1.0 - power1), T::from_f64(1.0 - power2));
                for (((weight, &gradient), m), v) in
                    values.iter_mut().zip(gradient_sum).zip(first).zip(second)
                {
                    let w = T::from(*weight);
                    let g = gradient.mean(rows);
                    *m = beta1.mul_add(*m, rest1 * g).flush();
                    *v = beta2.mul_add(*v, rest2 * (g * g)).flush();
                    let step = (*m / bias1) / ((*v / bias2).sqrt() + epsilon);
                    *weight = (w - rate * decay.mul_add(w, step)).to_f32();
                }
            }
        }
    }
}

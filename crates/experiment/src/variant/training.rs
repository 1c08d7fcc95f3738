//! Training with quantization in the loop, as TOML spells it.

use bitsweep_models::{SpecificationError, Training};
use bitsweep_quant::estimator::{EstimatorError, check_learned_step, check_straight_through};
use bitsweep_quant::spelling::{NameOrTable, is_neutral};
use bitsweep_quant::{Bits, Format, Scheme};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Training with quantization in the loop. What it does not say is as in the table `train`.
///
/// ```toml
/// method = "straight-through"
/// start = "float"
/// epochs = 20
/// learning_rate = 0.01
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwareTraining {
    /// How gradients pass through quantization.
    pub method: GradientEstimator,
    /// The weights it begins with.
    #[schemars(extend("default" = Start::default()))]
    #[serde(default, skip_serializing_if = "is_neutral")]
    pub start: Start,
    /// Passes over the training rows; as many as in the float training by default.
    #[schemars(range(min = 1, max = Training::MAX_EPOCHS))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// The step size; that of the float training by default.
    #[schemars(extend("exclusiveMinimum" = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
}

/// The weights that training begins with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Those of the trained float model, under the variant's transform.
    #[default]
    Float,
    /// Those that the float training began with.
    Scratch,
}

/// How gradients pass through quantization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "kebab-case")]
#[schemars(extend("x-name-alone" = true))]
pub enum GradientEstimator {
    /// The straight-through estimator of an integer scheme, whose range is found anew at every step.
    StraightThrough,
    /// Learned step size (Esser et al. 2020), of a symmetric integer scheme.
    Lsq,
    /// DoReFa-Net (Zhou et al. 2016), with format `dorefa`.
    Dorefa(Dorefa),
    /// Wide reduced-precision networks (Mishra et al. 2017), with format `wrpn`.
    Wrpn(Wrpn),
    /// Parameterized clipping of activations (Choi et al. 2018), beside straight-through weights.
    Pact(Pact),
}

/// Settings of DoReFa-Net.
///
/// ```toml
/// activations = 4
/// gradients = 6
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dorefa {
    /// Bits of hidden activations, clipped to `[0, 1]`; they stay float without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activations: Option<Bits>,
    /// Bits of the gradients that are propagated back; they stay float without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradients: Option<Bits>,
}

/// Settings of wide reduced-precision networks.
///
/// ```toml
/// activations = 4
/// widening = 1
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Wrpn {
    /// Bits of hidden activations, clipped to `[0, 1]`; they stay float without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activations: Option<Bits>,
    /// How many times as many hidden units as the float model has; more than 1 takes `start = "scratch"`.
    #[schemars(range(min = 1, max = 64))]
    pub widening: usize,
}

impl Default for Wrpn {
    fn default() -> Self {
        Self { activations: None, widening: 1 }
    }
}

/// Settings of parameterized clipping.
///
/// ```toml
/// activations = 4
/// clip = 6.0
/// decay = 0.001
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pact {
    /// Bits of hidden activations.
    pub activations: Bits,
    /// The first clip α; the default is the paper's.
    #[schemars(extend("exclusiveMinimum" = 0))]
    #[serde(default = "Pact::usual_clip")]
    pub clip: f64,
    /// λ, pulling α towards zero: `λ·α` is added to its gradient.
    #[schemars(range(min = 0))]
    #[serde(default = "Pact::usual_decay")]
    pub decay: f64,
}

impl Pact {
    const fn usual_clip() -> f64 {
        10.0
    }

    const fn usual_decay() -> f64 {
        0.01
    }
}

/// Why a training and a scheme do not go together.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AwareError {
    /// The estimator does not know the scheme.
    #[error(transparent)]
    Estimator(#[from] EstimatorError),
    /// A setting is out of range.
    #[error(transparent)]
    Setting(#[from] SpecificationError),
    /// The method belongs to a format.
    #[error("`{method}` trains format `{expected}`, but `quantize.weights` says `{format}`")]
    Format {
        /// The method's name.
        method: &'static str,
        /// The format it needs.
        expected: &'static str,
        /// The format it was given.
        format: String,
    },
    /// A wider model has no float model to start from.
    #[error("`widening = {widening}` makes another model than the float one: expected `start = scratch`")]
    WidenedFloat {
        /// The widening factor.
        widening: usize,
    },
    /// A transform needs a trained model.
    #[error("a transform changes the trained float model, which `start = scratch` does not use")]
    TransformFromScratch,
}

impl AwareError {
    /// The setting that is out of range, where that is what is wrong.
    #[must_use]
    pub const fn setting(&self) -> Option<&'static str> {
        match self {
            Self::Setting(error) => Some(error.key),
            Self::Estimator(_)
            | Self::Format { .. }
            | Self::WidenedFloat { .. }
            | Self::TransformFromScratch => None,
        }
    }
}

impl GradientEstimator {
    /// The name in TOML.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::StraightThrough => "straight-through",
            Self::Lsq => "lsq",
            Self::Dorefa(_) => "dorefa",
            Self::Wrpn(_) => "wrpn",
            Self::Pact(_) => "pact",
        }
    }

    /// Bits of hidden activations; `None` where they stay float.
    #[must_use]
    pub const fn activations(&self) -> Option<Bits> {
        match self {
            Self::StraightThrough | Self::Lsq => None,
            Self::Dorefa(dorefa) => dorefa.activations,
            Self::Wrpn(wrpn) => wrpn.activations,
            Self::Pact(pact) => Some(pact.activations),
        }
    }

    /// How many times as many hidden units as the float model has.
    #[must_use]
    pub const fn widening(&self) -> usize {
        match self {
            Self::Wrpn(wrpn) => wrpn.widening,
            Self::StraightThrough | Self::Lsq | Self::Dorefa(_) | Self::Pact(_) => 1,
        }
    }
}

impl AwareTraining {
    /// The settings of the float training with those of this one in their place.
    #[must_use]
    pub fn applied_to(&self, training: &Training) -> Training {
        Training {
            epochs: self.epochs.unwrap_or(training.epochs),
            learning_rate: self.learning_rate.unwrap_or(training.learning_rate),
            ..training.clone()
        }
    }

    /// Refuses settings that mean nothing, and a scheme or a transform that does not go with them.
    ///
    /// # Errors
    /// A sentence for the first contradiction found.
    pub fn check(&self, scheme: &Scheme, is_transformed: bool) -> Result<(), AwareError> {
        self.applied_to(&Training::default()).check()?;
        let needs = |expected| AwareError::Format {
            method: self.method.name(),
            expected,
            format: scheme.format.to_string(),
        };
        match &self.method {
            GradientEstimator::StraightThrough => match scheme.format {
                Format::Integer { .. } => Ok(check_straight_through(scheme)?),
                Format::DoReFa { .. }
                | Format::Wrpn { .. }
                | Format::Float16
                | Format::BFloat16
                | Format::Codebook(_)
                | Format::Levels(_)
                | Format::Gguf(_) => Err(needs("int")),
            },
            GradientEstimator::Lsq => Ok(check_learned_step(scheme).map(|_grid| ())?),
            GradientEstimator::Dorefa(_) => {
                if matches!(scheme.format, Format::DoReFa { .. }) {
                    Ok(())
                } else {
                    Err(needs("dorefa"))
                }
            }
            GradientEstimator::Wrpn(_) if !matches!(scheme.format, Format::Wrpn { .. }) => Err(needs("wrpn")),
            GradientEstimator::Wrpn(Wrpn { widening, .. }) => {
                let expected = "a factor from 1 to 64";
                setting((1..=64).contains(widening), "widening", widening, expected)?;
                match self.start {
                    Start::Float if *widening > 1 => Err(AwareError::WidenedFloat { widening: *widening }),
                    Start::Float | Start::Scratch => Ok(()),
                }
            }
            GradientEstimator::Pact(Pact { clip, decay, .. }) => {
                let is_clip = clip.is_finite() && *clip > 0.0;
                setting(is_clip, "clip", clip, "a finite number above 0")?;
                let is_decay = decay.is_finite() && *decay >= 0.0;
                setting(is_decay, "decay", decay, "a finite number, 0 or above")?;
                Ok(check_straight_through(scheme)?)
            }
        }?;
        match self.start {
            Start::Scratch if is_transformed => Err(AwareError::TransformFromScratch),
            Start::Scratch | Start::Float => Ok(()),
        }
    }
}

fn setting(
    valid: bool,
    key: &'static str,
    value: impl std::fmt::Debug,
    expected: &'static str,
) -> Result<(), SpecificationError> {
    if valid { Ok(()) } else { Err(SpecificationError { key, value: format!("{value:?}"), expected }) }
}

impl Serialize for GradientEstimator {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for GradientEstimator {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a method's name, or a table such as { dorefa = { activations = 4 } }";
        Self::deserialize(NameOrTable::new(deserializer, expected))
    }
}

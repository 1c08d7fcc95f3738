//! Which parts of a variant, and which parts and subjects, do not combine: one table, which checks variants and which the
//! documentation shows. What formats and axes of a scheme combine with is in `bitsweep_quant`.

use std::fmt;

use bitsweep_datasets::Scaling;
use bitsweep_models::Mlp;
use bitsweep_quant::{
    BiasCorrection, CalibrationMethod, IntegerLevels, Range, Requantize, Scheme, Transform,
};

use super::{Refusal, ScalerUse, Variant};
use crate::subject::{Subject, TrainedModel};

/// A part of a variant, or what its unit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `transform`, other than `none`.
    Transform,
    /// `biases = "quantize"`.
    QuantizedBiases,
    /// `scaler = "fold"`.
    FoldedScaler,
    /// A transform that divides the features by factors.
    FeatureFactors,
    /// A calibrated `method`, `bias_correction`, a range by output error, a transform that looks at inputs, or `calibration`.
    Calibration,
    /// `layers`.
    Layers,
    /// `mixed`.
    Mixed,
    /// `activations`.
    Activations,
    /// `training`.
    Training,
    /// `training` by a method that quantizes hidden activations itself.
    TrainedActivations,
    /// `training` by a method that widens hidden layers.
    Widening,
    /// A tensor without a model.
    Tensor,
    /// A model whose weights are given.
    GivenModel,
    /// A logistic regression fitted by a solver.
    LogisticRegression,
    /// A softmax regression.
    SoftmaxRegression,
    /// A model that takes the features as they are.
    Unscaled,
}

impl Part {
    /// The part as the documentation and messages name it.
    pub const fn name(self) -> &'static str {
        match self {
            Part::Transform => "`transform`",
            Part::QuantizedBiases => "`biases = \"quantize\"`",
            Part::FoldedScaler => "`scaler = \"fold\"`",
            Part::FeatureFactors => "a transform that divides the features (`smooth`, `awq`)",
            Part::Calibration => {
                "calibration (`method`, `bias_correction`, `calibration`, `range = \"output-mse\"`, transforms of inputs)"
            }
            Part::Layers => "`layers`",
            Part::Mixed => "`mixed`",
            Part::Activations => "`activations`",
            Part::Training => "`training`",
            Part::TrainedActivations => "`training` with `activations` of its own",
            Part::Widening => "`training` with `widening`",
            Part::Tensor => "a tensor",
            Part::GivenModel => "a given model",
            Part::LogisticRegression => "a logistic regression",
            Part::SoftmaxRegression => "a softmax regression",
            Part::Unscaled => "`data.scale = \"none\"`",
        }
    }

    /// The dotted keys that say it.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Part::Transform | Part::FeatureFactors => &["quantize.transform"],
            Part::QuantizedBiases => &["quantize.biases"],
            Part::FoldedScaler => &["quantize.scaler"],
            Part::Calibration => &["quantize.method", "quantize.bias_correction", "quantize.calibration"],
            Part::Layers => &["quantize.layers"],
            Part::Mixed => &["quantize.mixed"],
            Part::Activations => &["quantize.activations"],
            Part::Training => &["quantize.training"],
            Part::TrainedActivations | Part::Widening => &["quantize.training.method"],
            Part::Tensor => &["tensor"],
            Part::GivenModel | Part::LogisticRegression | Part::SoftmaxRegression => &["model"],
            Part::Unscaled => &["data.scale"],
        }
    }

    /// The key below `quantize` at which a variant sets it.
    fn key(self, variant: &Variant) -> &'static str {
        match self {
            Part::Transform | Part::FeatureFactors => "transform",
            Part::QuantizedBiases => "biases",
            Part::FoldedScaler => "scaler",
            Part::Calibration if variant.calibration.method != CalibrationMethod::Nearest => "method",
            Part::Calibration if variant.calibration.bias_correction != BiasCorrection::None => {
                "bias_correction"
            }
            Part::Calibration if variant.has_range(Range::OutputMse) => "weights",
            Part::Calibration if variant.transform.looks_at_inputs() => "transform",
            Part::Calibration => "calibration",
            Part::Layers => "layers",
            Part::Mixed => "mixed",
            Part::Activations => "activations",
            Part::Training | Part::TrainedActivations | Part::Widening => "training",
            Part::Tensor
            | Part::GivenModel
            | Part::LogisticRegression
            | Part::SoftmaxRegression
            | Part::Unscaled => "",
        }
    }

    fn is_in(self, variant: &Variant) -> bool {
        let training = variant.training.as_ref();
        match self {
            Part::Transform => variant.transform != Transform::None,
            Part::QuantizedBiases => variant.biases != super::Biases::Keep,
            Part::FoldedScaler => variant.scaler == ScalerUse::Fold,
            Part::FeatureFactors => matches!(variant.transform, Transform::Smooth(_) | Transform::Awq),
            Part::Calibration => variant.calibration.rows.is_some(),
            Part::Layers => !variant.layers.is_empty(),
            Part::Mixed => variant.mixed.is_some(),
            Part::Activations => variant.activations.is_some(),
            Part::Training => training.is_some(),
            Part::TrainedActivations => {
                training.is_some_and(|training| training.method.activations().is_some())
            }
            Part::Widening => training.is_some_and(|training| training.method.widening() > 1),
            Part::Tensor
            | Part::GivenModel
            | Part::LogisticRegression
            | Part::SoftmaxRegression
            | Part::Unscaled => false,
        }
    }

    fn is_about(self, subject: &Subject) -> bool {
        if self == Part::Unscaled {
            // A file may scale its features itself.
            return subject.model_file().is_none()
                && subject.rows().is_some_and(|(data, _)| data.scale == Scaling::None);
        }
        match subject {
            Subject::Tensor(_) => self == Part::Tensor,
            Subject::Given(_) => self == Part::GivenModel,
            Subject::Trained(trained) => match trained.model {
                TrainedModel::Logistic(_) => self == Part::LogisticRegression,
                TrainedModel::SoftmaxRegression(..) => self == Part::SoftmaxRegression,
                TrainedModel::Mlp(..) => false,
            },
        }
    }
}

/// Two parts that do not combine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The part that is refused.
    pub part: Part,
    /// The part beside which it is refused.
    pub beside: Part,
    /// Why, as a clause.
    pub reason: &'static str,
    /// What to do instead, as a clause.
    pub fix: &'static str,
}

const RULES: [Rule; 21] = [
    Rule {
        part: Part::Layers,
        beside: Part::Mixed,
        reason: "it chooses the bits of every layer",
        fix: "remove `layers` or `mixed`",
    },
    Rule {
        part: Part::Calibration,
        beside: Part::Mixed,
        reason: "bits are chosen by rounding to nearest on all training rows",
        fix: "remove one of them, or give the bits that were chosen in `layers`",
    },
    Rule {
        part: Part::Layers,
        beside: Part::Training,
        reason: "the training loop knows a single scheme",
        fix: "remove `layers` or `training`",
    },
    Rule {
        part: Part::Mixed,
        beside: Part::Training,
        reason: "the training loop knows a single scheme",
        fix: "remove `mixed` or `training`",
    },
    Rule {
        part: Part::Calibration,
        beside: Part::Training,
        reason: "a model trained with quantization in the loop has chosen its codes and biases itself",
        fix: "remove one of them",
    },
    Rule {
        part: Part::Activations,
        beside: Part::TrainedActivations,
        reason: "they would be quantized twice",
        fix: "remove one of them",
    },
    Rule {
        part: Part::FoldedScaler,
        beside: Part::FeatureFactors,
        reason: "the scaler takes in what features are divided by, and none is left",
        fix: "remove one of them",
    },
    Rule {
        part: Part::FoldedScaler,
        beside: Part::Training,
        reason: "the training loop takes scaled features",
        fix: "remove one of them",
    },
    Rule {
        part: Part::FoldedScaler,
        beside: Part::Unscaled,
        reason: "there is no scaler to fold",
        fix: "remove `scaler`, or scale the features",
    },
    tensor(Part::Transform, "it has no neighbouring layers and no inputs"),
    tensor(Part::QuantizedBiases, "it has no biases"),
    tensor(Part::FoldedScaler, "it has no features"),
    tensor(Part::Calibration, "it has no inputs"),
    tensor(Part::Activations, "it has no inputs"),
    tensor(Part::Layers, "it has no layers"),
    tensor(Part::Mixed, "it has no layers"),
    tensor(Part::Training, "there is no model to train"),
    Rule {
        part: Part::Training,
        beside: Part::GivenModel,
        reason: "training a model whose weights are given is not implemented",
        fix: "remove `training`",
    },
    Rule {
        part: Part::Training,
        beside: Part::LogisticRegression,
        reason: "it is fitted by a solver, without a training loop",
        fix: "expected `model.softmax-regression` or `model.mlp`",
    },
    Rule {
        part: Part::TrainedActivations,
        beside: Part::SoftmaxRegression,
        reason: "it has no hidden units",
        fix: "remove `activations` from the method",
    },
    Rule {
        part: Part::Widening,
        beside: Part::SoftmaxRegression,
        reason: "it has no hidden units",
        fix: "remove `widening` from the method",
    },
];

/// A part that only models have.
const fn tensor(part: Part, reason: &'static str) -> Rule {
    Rule { part, beside: Part::Tensor, reason, fix: "remove it, or quantize a model" }
}

/// Everything that does not combine.
pub const fn combinations() -> &'static [Rule] {
    &RULES
}

impl Rule {
    /// What does not combine with what a dotted key says, and why; `None` where the rule is not about the key.
    pub fn at(&self, key: &str) -> Option<String> {
        let Rule { part, beside, reason, .. } = self;
        let sides = [(part, beside), (beside, part)];
        let (own, other) = sides.into_iter().find(|(own, _)| own.keys().contains(&key))?;
        // Of a part with several keys each is meant.
        let name = match own.keys() {
            [_] => own.name().to_owned(),
            _ => format!("`{}`", key.rsplit('.').next().unwrap_or(key)),
        };
        Some(format!("{name} does not combine with {}: {reason}", other.name()))
    }

    fn refusal(&self, variant: &Variant) -> Refusal {
        Refusal::new(self.part.key(variant), self)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule { part, beside, reason, fix } = self;
        write!(formatter, "{} cannot be combined with {}: {reason}; {fix}", part.name(), beside.name())
    }
}

impl Variant {
    /// Refuses parts that do not combine with each other.
    pub(super) fn check_parts(&self) -> Result<(), Refusal> {
        match RULES.iter().find(|rule| rule.part.is_in(self) && rule.beside.is_in(self)) {
            None => self.check_whole_numbers(),
            Some(rule) => Err(rule.refusal(self)),
        }
    }

    /// Refuses weights that whole numbers do not multiply, where layers are to compute in them.
    fn check_whole_numbers(&self) -> Result<(), Refusal> {
        let requantize =
            self.activations.map_or(Requantize::Float, |activations| activations.scheme.requantize());
        if requantize == Requantize::Float {
            return Ok(());
        }
        let candidates = self.mixed.iter().flat_map(|mixed| &mixed.candidates);
        let schemes = [&self.scheme].into_iter().chain(self.layers.values()).chain(candidates);
        let check = |scheme: &Scheme| {
            let refused = |error| {
                Refusal::new(
                    "activations",
                    format!("`requantize = \"{requantize}\"` computes in whole numbers: {error}"),
                )
            };
            IntegerLevels::check(scheme, requantize).map_err(refused)
        };
        schemes.into_iter().try_for_each(check)
    }

    /// Refuses what does not combine with the subject of its unit.
    ///
    /// # Errors
    /// A sentence for the first contradiction, and the key at which it stands.
    pub fn check_subject(&self, subject: &Subject) -> Result<(), Refusal> {
        if let Some(rule) = RULES.iter().find(|rule| rule.part.is_in(self) && rule.beside.is_about(subject)) {
            return Err(rule.refusal(self));
        }
        if let (Some(training), Subject::Trained(trained)) = (&self.training, subject)
            && let TrainedModel::Mlp(mlp, _) = &trained.model
        {
            let widened = Mlp { hidden: mlp.hidden.widened(training.method.widening()), ..mlp.clone() };
            widened.check().map_err(|error| Refusal::new("training", format!("after widening {error}")))?;
        }
        match subject.layers() {
            Some(layers) => self.check_layers(layers, &subject.model_words()),
            None => Ok(()),
        }
    }

    /// Refuses layers that a model of so many layers does not have.
    ///
    /// # Errors
    /// The first of them, at the key `layers`.
    pub fn check_layers(&self, layers: usize, model: &str) -> Result<(), Refusal> {
        match self.layers.keys().find(|layer| layer.position() >= layers) {
            None => Ok(()),
            Some(layer) if layers == 1 => Err(Refusal::new(
                "layers",
                format!("{model} has no layer `{layer}`: expected `W1`, its only one"),
            )),
            Some(layer) => Err(Refusal::new(
                "layers",
                format!("{model} has no layer `{layer}`: expected `W1` to `W{layers}`"),
            )),
        }
    }
}

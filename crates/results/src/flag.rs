//! What a reader must know of a row.

use std::mem;

use serde::{Deserialize, Serialize};

use crate::choice::{Choice, Choices};
use crate::numbers::{counted, score, significant};

/// Something that a reader must know of a row, with its numbers. Words are made by [`words`](Self::words).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// Macro-F1 leaves out classes of which there is no test row.
    UntestedClasses {
        /// How many they are.
        count: usize,
        /// The names of the first ones, [`NAMED_CLASSES`](Self::NAMED_CLASSES) at most.
        first: Vec<String>,
    },
    /// There is no training row of classes: the model cannot know them.
    UntrainedClasses {
        /// How many they are.
        count: usize,
        /// The names of the first ones, [`NAMED_CLASSES`](Self::NAMED_CLASSES) at most.
        first: Vec<String>,
    },
    /// So many zero points are none of the codes.
    ZeroPointsOutsideCodes(u64),
    /// So many numbers stored beside the codes (scales, minimums, centroids, outliers) are far from the wanted ones, further
    /// than rounding to nearest in their format explains; `wanted` became `stored` at worst.
    ParametersFarFromWanted {
        /// How many.
        count: u64,
        /// The wanted number of the one that is off by the largest factor.
        #[serde(with = "exact")]
        wanted: f64,
        /// What is stored of it.
        #[serde(with = "exact")]
        stored: f64,
    },
    /// So many values lie beyond the largest number of a format without scales, and became it.
    ValuesSaturated {
        /// How many.
        count: u64,
        /// The largest magnitude among them.
        #[serde(with = "exact")]
        largest: f64,
    },
    /// So many values are too small for a format without scales, and became 0.
    ValuesUnderflowed(u64),
    /// Every value comes back exactly.
    Exact,
    /// The transform left every weight as it was.
    TransformChangedNothing,
    /// High-bias absorption moved float logits of calibration rows by up to `most`, the largest logit being `largest`.
    LogitsMoved {
        /// Largest change.
        #[serde(with = "exact")]
        most: f64,
        /// Largest magnitude before it.
        #[serde(with = "exact")]
        largest: f64,
    },
    /// The calibration method chose the codes of rounding to nearest.
    MethodChangedNothing,
    /// The calibration method's output error on the calibration rows is above that of rounding to nearest.
    MethodRaisedOutputError,
    /// Ranges of least output error are the min-max ranges.
    OutputRangeChangedNothing,
    /// Bias correction left every bias as it was.
    BiasCorrectionChangedNothing,
    /// Training with quantization in the loop ended with the weights that it began with.
    TrainingChangedNothing,
    /// Training with quantization in the loop moved weights, but ended with the codes that it began with.
    TrainingChangedNoCode,
    /// So many learned parameters stand at their lower bound.
    ParametersAtLowerBound(u64),
    /// The bits of layers were searched greedily, not exactly.
    GreedySearch,
    /// Every layer was given this number of bits.
    SameBitsEverywhere(u32),
    /// All layers together have this output error on the training rows, above the budget.
    OutputErrorAboveBudget(#[serde(with = "exact")] f64),
    /// More than 1 % of the inputs of layers lie outside the range of their codes.
    InputsClipped,
    /// The float model predicts one class for every test row, though they are of several.
    PredictsOneClass {
        /// The class.
        class: String,
    },
    /// The lower end of the float model's macro-F1 is not above the macro-F1 of always predicting the most frequent class of
    /// the training rows.
    NoBetterThanMajority {
        /// The macro-F1 of the majority class.
        #[serde(with = "exact")]
        macro_f1: f64,
    },
    /// The float model has not learned, and its features, which are not standardized, differ in range by more than a hundred
    /// times: it hardly sees those of the narrow ones.
    FeaturesOfDifferentScale {
        /// The feature of the widest range.
        widest: String,
        /// That range over the training rows, before scaling.
        #[serde(with = "exact")]
        widest_range: f64,
        /// The feature of the narrowest range, of those that are not constant.
        narrowest: String,
        /// That range.
        #[serde(with = "exact")]
        narrowest_range: f64,
    },
    /// The float model has not learned, and its training ended with a greater loss than it began with: steps too wide.
    LossGrew {
        /// Mean loss of a sample in the first epoch.
        #[serde(with = "exact")]
        first: f64,
        /// The same in the last.
        #[serde(with = "exact")]
        last: f64,
    },
    /// The float model has not learned, and its loss was still falling when training ended: too few epochs.
    LossStillFalling {
        /// Epochs of training.
        epochs: usize,
        /// By which part of itself the loss fell with each of the last epochs.
        #[serde(with = "exact")]
        rate: f64,
    },
}

/// By which factor, at least 1, two numbers differ; infinite where one of them is 0.
fn factor(wanted: f64, stored: f64) -> f64 {
    let ratio = (stored / wanted).abs();
    if ratio > 0.0 { ratio.max(1.0 / ratio) } else { f64::INFINITY }
}

/// Classes as they stand in a sentence, by the names of the first.
fn classes(count: usize, first: &[String]) -> String {
    let names = first.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = count.saturating_sub(first.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} {names}{more}", if count == 1 { "class" } else { "classes" })
}

/// Numbers as text, so that infinite and undefined ones, and every digit, come back as they were.
mod exact {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| Error::custom(format!("`{text}` is no number")))
    }
}

impl Flag {
    /// Whether it says that the float model has not learned, or why.
    #[must_use]
    pub const fn is_of_learning(&self) -> bool {
        matches!(
            self,
            Self::PredictsOneClass { .. }
                | Self::NoBetterThanMajority { .. }
                | Self::FeaturesOfDifferentScale { .. }
                | Self::LossGrew { .. }
                | Self::LossStillFalling { .. }
        )
    }

    /// Classes that a flag names.
    pub const NAMED_CLASSES: usize = 3;

    /// Whether both say the same, whatever their numbers.
    #[must_use]
    pub fn is_same_kind(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::SameBitsEverywhere(own), Self::SameBitsEverywhere(other)) => own == other,
            (Self::UntestedClasses { .. }, Self::UntestedClasses { .. })
            | (Self::UntrainedClasses { .. }, Self::UntrainedClasses { .. })
            | (Self::PredictsOneClass { .. }, Self::PredictsOneClass { .. }) => self == other,
            _ => mem::discriminant(self) == mem::discriminant(other),
        }
    }

    /// The number that flags of the same kind are compared by; 0 without one.
    fn magnitude(&self) -> f64 {
        match self {
            Self::UntestedClasses { count, .. } | Self::UntrainedClasses { count, .. } => *count as f64,
            Self::ZeroPointsOutsideCodes(count)
            | Self::ParametersFarFromWanted { count, .. }
            | Self::ValuesSaturated { count, .. }
            | Self::ValuesUnderflowed(count)
            | Self::ParametersAtLowerBound(count) => *count as f64,
            Self::LogitsMoved { most, .. } => *most,
            Self::SameBitsEverywhere(bits) => f64::from(*bits),
            Self::OutputErrorAboveBudget(error) => *error,
            Self::NoBetterThanMajority { macro_f1 } => *macro_f1,
            Self::FeaturesOfDifferentScale { widest_range, narrowest_range, .. } => {
                widest_range / narrowest_range
            }
            Self::LossGrew { first, last } => last / first,
            Self::LossStillFalling { rate, .. } => *rate,
            Self::Exact
            | Self::TransformChangedNothing
            | Self::MethodChangedNothing
            | Self::MethodRaisedOutputError
            | Self::OutputRangeChangedNothing
            | Self::BiasCorrectionChangedNothing
            | Self::TrainingChangedNothing
            | Self::TrainingChangedNoCode
            | Self::GreedySearch
            | Self::InputsClipped
            | Self::PredictsOneClass { .. } => 0.0,
        }
    }

    /// Takes the numbers of a flag of the same kind where they are larger, or worse.
    pub fn raise_to(&mut self, other: &Self) {
        match (&mut *self, other) {
            (
                Self::ParametersFarFromWanted { count, wanted, stored },
                Self::ParametersFarFromWanted { count: others, wanted: other_wanted, stored: other_stored },
            ) => {
                *count = (*count).max(*others);
                if factor(*other_wanted, *other_stored) > factor(*wanted, *stored) {
                    (*wanted, *stored) = (*other_wanted, *other_stored);
                }
            }
            (
                Self::ValuesSaturated { count, largest },
                Self::ValuesSaturated { count: others, largest: other },
            ) => (*count, *largest) = ((*count).max(*others), largest.max(*other)),
            (own, other) if other.magnitude() > own.magnitude() => own.clone_from(other),
            _ => {}
        }
    }

    /// The flag as a clause; `choices` are those of the variant that bears it, in so many runs, of which the numbers are the
    /// largest.
    #[must_use]
    pub fn words(&self, choices: &Choices, runs: usize) -> String {
        let choice = |choice: Choice| choices.get(choice).map_or_else(String::new, ToString::to_string);
        let up_to = if runs > 1 { "up to " } else { "" };
        let several =
            |number: u64, one: &str, many: &str| format!("{up_to}{}", counted(number as usize, one, many));
        let at_worst = |number: u64| if number > 1 { " at worst" } else { "" };
        match self {
            Self::UntestedClasses { count, first } => {
                format!("macro-F1 leaves out {}, without a test row", classes(*count, first))
            }
            Self::UntrainedClasses { count, first } => {
                format!("the model does not know {}, without a training row", classes(*count, first))
            }
            Self::ZeroPointsOutsideCodes(count) => {
                several(*count, "zero point lies outside the codes", "zero points lie outside the codes")
            }
            Self::ParametersFarFromWanted { count, wanted, stored } => format!(
                "{}: {wanted:.2e} became {stored:.2e}{}",
                several(
                    *count,
                    "stored parameter is far from the wanted one",
                    "stored parameters are far from the wanted ones"
                ),
                at_worst(*count)
            ),
            Self::ValuesSaturated { count, largest } => format!(
                "{} beyond the largest number of the format became it: {largest:.2e}{}",
                several(*count, "value", "values"),
                at_worst(*count)
            ),
            Self::ValuesUnderflowed(count) => several(
                *count,
                "value is too small for the format and became 0",
                "values are too small for the format and became 0",
            ),
            Self::Exact => "every value is reconstructed exactly".to_owned(),
            Self::TransformChangedNothing => format!("{} changed nothing", choice(Choice::Transform)),
            Self::LogitsMoved { most, largest } => format!(
                "high-bias absorption moved float logits of calibration rows by up to {most:.2e}, the largest being {largest:.2e}"
            ),
            Self::MethodChangedNothing => {
                format!("{} changed nothing against rounding to nearest", choice(Choice::Method))
            }
            Self::MethodRaisedOutputError => format!(
                "{} raised the output error on the calibration rows above nearest's",
                choice(Choice::Method)
            ),
            Self::OutputRangeChangedNothing => "range output-mse changed nothing against min-max".to_owned(),
            Self::BiasCorrectionChangedNothing => "bias correction changed nothing".to_owned(),
            Self::TrainingChangedNothing => "training changed nothing".to_owned(),
            Self::TrainingChangedNoCode => "training changed no code".to_owned(),
            Self::ParametersAtLowerBound(count) => several(
                *count,
                "learned parameter stands at its lower bound",
                "learned parameters stand at their lower bound",
            ),
            Self::GreedySearch => "bits were searched greedily, not exactly".to_owned(),
            Self::SameBitsEverywhere(bits) => {
                format!("every layer was given {}", counted(*bits as usize, "bit", "bits"))
            }
            Self::OutputErrorAboveBudget(error) => format!(
                "all layers together have an output error of {up_to}{error:.3e} on the training rows, above the budget"
            ),
            Self::InputsClipped => "more than 1 % of the layers' inputs are clipped".to_owned(),
            Self::PredictsOneClass { class } => {
                format!("it predicts `{class}` for every test row")
            }
            Self::NoBetterThanMajority { macro_f1 } => format!(
                "its macro-F1 is not shown to be above that of always predicting the most frequent class, {up_to}{}",
                score(*macro_f1)
            ),
            Self::FeaturesOfDifferentScale { widest, widest_range, narrowest, narrowest_range } => format!(
                "features differ in scale: `{widest}` ranges over {}, `{narrowest}` over {}, {up_to}{} times less; \
                 `data.scale = \"standard\"` makes them alike",
                significant(*widest_range, 3),
                significant(*narrowest_range, 3),
                significant(widest_range / narrowest_range, 2)
            ),
            Self::LossGrew { first, last } => format!(
                "the training loss grew from {} to {}: the learning rate may be too large",
                significant(*first, 3),
                significant(*last, 3)
            ),
            Self::LossStillFalling { epochs, rate } => format!(
                "the training loss was still falling by {up_to}{} % an epoch after {}: more may help",
                significant(100.0 * rate, 2),
                counted(*epochs, "epoch", "epochs")
            ),
        }
    }
}

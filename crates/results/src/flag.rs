//! What a reader must know of a row.

use crate::numbers::counted;
use std::mem;

use serde::{Deserialize, Serialize};

use crate::choice::{Choice, Choices};

/// Something that a reader must know of a row, with its numbers. Words are made by [`words`](Self::words).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// So many zero points are none of the codes.
    ZeroPointsOutsideCodes(u64),
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
    /// Whether both say the same, whatever their numbers.
    #[must_use]
    pub fn is_same_kind(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::SameBitsEverywhere(own), Self::SameBitsEverywhere(other)) => own == other,
            _ => mem::discriminant(self) == mem::discriminant(other),
        }
    }

    /// Of two flags of the same kind the one with the larger number.
    #[must_use]
    pub fn larger(self, other: Self) -> Self {
        let is_larger = match (self, other) {
            (Self::ZeroPointsOutsideCodes(own), Self::ZeroPointsOutsideCodes(other))
            | (Self::ParametersAtLowerBound(own), Self::ParametersAtLowerBound(other)) => other > own,
            (Self::LogitsMoved { most: own, .. }, Self::LogitsMoved { most: other, .. })
            | (Self::OutputErrorAboveBudget(own), Self::OutputErrorAboveBudget(other)) => other > own,
            _ => false,
        };
        if is_larger { other } else { self }
    }

    /// The flag as a clause; `choices` are those of the variant that bears it.
    #[must_use]
    pub fn words(&self, choices: &Choices) -> String {
        let choice = |choice: Choice| choices.get(choice).map_or_else(String::new, ToString::to_string);
        match self {
            Self::ZeroPointsOutsideCodes(1) => "1 zero point lies outside the codes".to_owned(),
            Self::ZeroPointsOutsideCodes(count) => format!("{count} zero points lie outside the codes"),
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
            Self::ParametersAtLowerBound(1) => "1 learned parameter stands at its lower bound".to_owned(),
            Self::ParametersAtLowerBound(count) => {
                format!("{count} learned parameters stand at their lower bound")
            }
            Self::GreedySearch => "bits were searched greedily, not exactly".to_owned(),
            Self::SameBitsEverywhere(bits) => {
                format!("every layer was given {}", counted(*bits as usize, "bit", "bits"))
            }
            Self::OutputErrorAboveBudget(error) => format!(
                "all layers together have an output error of {error:.3e} on the training rows, above the budget"
            ),
            Self::InputsClipped => "more than 1 % of the layers' inputs are clipped".to_owned(),
        }
    }
}

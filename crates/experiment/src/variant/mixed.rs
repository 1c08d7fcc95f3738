//! What a file says about bits that are chosen for each layer.

use std::fmt;

use bitsweep_quant::{Bits, Scheme, SchemeSpec};
use bitsweep_results::numbers;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;

/// The bits of every layer are chosen, on training rows alone.
///
/// ```toml
/// bits = [2, 4, 8]
/// budget = { uniform_bits = 4 }
/// objective = "macro-f1"
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MixedSpec {
    /// What each layer may have, at least two numbers; every other axis is that of `quantize.weights`, which has no `bits`
    /// then.
    #[schemars(length(min = 2), extend("uniqueItems" = true))]
    pub bits: Vec<Bits>,
    /// What the choice must keep to.
    pub budget: BudgetSpec,
    /// What is made small within the budget: by default `output-error`, or the budget's own measure where it has one, beside
    /// which no other combines.
    #[serde(default)]
    pub objective: Option<Objective>,
}

/// What the choice must keep to, as TOML spells it.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BudgetSpec {
    /// At most so many true bytes, those of biases and of the scaler included.
    Bytes(u64),
    /// At most so many true bits for each parameter, as the column `bits_per_weight` counts them.
    BitsPerWeight(#[schemars(extend("exclusiveMinimum" = 0))] f64),
    /// At most the true bytes of the model with so many bits in every layer.
    UniformBits(Bits),
    /// At most so much less macro-F1 on the training rows than the float model has, in the fewest bytes.
    MacroF1Loss(#[schemars(range(min = 0, max = 1))] f64),
    /// At most this sum of the layers' output errors, in the fewest bytes.
    OutputError(#[schemars(range(min = 0))] f64),
}

/// What a choice of bits is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// Macro-F1 on the training rows.
    #[serde(rename = "macro-f1")]
    MacroF1,
    /// The mean squared change of the logits on the training rows that each layer causes by itself, added up over the
    /// layers.
    OutputError,
}

/// How bits are chosen: candidates, budget and objective, each checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mixed {
    /// The schemes that each layer may have, fewest bits first.
    pub candidates: Vec<Scheme>,
    /// What must be kept to.
    pub budget: Budget,
    /// What is made small, within a budget of bytes, or kept small.
    pub objective: Objective,
}

/// What the choice must keep to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Budget {
    /// True bytes.
    Bytes(u64),
    /// True bits for each parameter.
    BitsPerWeight(f64),
    /// The true bytes of the model with this scheme in every layer.
    Uniform(Scheme),
    /// Macro-F1 less than float.
    MacroF1Loss(f64),
    /// The sum of the layers' output errors.
    OutputError(f64),
}

impl MixedSpec {
    /// The candidates made of `weights`, which has no bits of its own.
    ///
    /// # Errors
    /// A sentence for what is missing or contradicts itself.
    pub(super) fn resolve(&self, weights: &SchemeSpec) -> Result<Mixed, Refusal> {
        let refuse = |message: String| Err(Refusal::new("mixed", message));
        if let Some(bits) = weights.bits {
            let message =
                format!("`bits = {bits}` has no place beside `mixed`, which chooses the bits: leave it out");
            return Err(Refusal::new("weights", message));
        }
        let mut bits = self.bits.clone();
        bits.sort_unstable();
        bits.dedup();
        if bits.len() < self.bits.len() || bits.len() < 2 {
            let given: Vec<String> = self.bits.iter().map(ToString::to_string).collect();
            return refuse(format!(
                "`bits = [{}]` leaves nothing to choose from: expected at least two numbers, each once",
                given.join(", ")
            ));
        }
        let scheme = |bits: Bits| {
            let with_bits = SchemeSpec { bits: Some(bits), ..weights.clone() };
            let scheme = with_bits.resolve();
            let scheme = scheme.map_err(|error| {
                Refusal::new("mixed", format!("a layer cannot have {bits} bits: {error}"))
            })?;
            match scheme.format.with_bits(bits) {
                Some(_) => Ok(scheme),
                None => Err(Refusal::new(
                    "mixed",
                    format!(
                        "format `{}` has no choice of bits: expected a format such as `int`",
                        scheme.format
                    ),
                )),
            }
        };
        let candidates = bits.into_iter().map(scheme).collect::<Result<_, _>>()?;
        let (budget, own_objective) = match self.budget {
            BudgetSpec::Bytes(bytes) => (Budget::Bytes(bytes), None),
            BudgetSpec::BitsPerWeight(bits) => (Budget::BitsPerWeight(bits), None),
            BudgetSpec::UniformBits(bits) => (Budget::Uniform(scheme(bits)?), None),
            BudgetSpec::MacroF1Loss(loss) => (Budget::MacroF1Loss(loss), Some(Objective::MacroF1)),
            BudgetSpec::OutputError(error) => (Budget::OutputError(error), Some(Objective::OutputError)),
        };
        let (valid, expected) = match budget {
            Budget::Bytes(_) | Budget::Uniform(_) => (true, ""),
            Budget::BitsPerWeight(bits) => (bits.is_finite() && bits > 0.0, "a finite number above 0"),
            Budget::MacroF1Loss(loss) => ((0.0..=1.0).contains(&loss), "a number from 0 to 1"),
            Budget::OutputError(error) => (error.is_finite() && error >= 0.0, "a finite number, 0 or above"),
        };
        if !valid {
            let message = format!("a budget of `{budget}` cannot be kept to: expected {expected}");
            return Err(Refusal::new("mixed", message).of(Some("budget")));
        }
        match (own_objective, self.objective) {
            (Some(own), Some(objective)) if own != objective => refuse(format!(
                "`objective = {objective}` contradicts a budget of `{budget}`, which asks for the fewest bytes: leave \
                 `objective` out"
            )),
            (Some(objective), _) | (None, Some(objective)) => Ok(Mixed { candidates, budget, objective }),
            (None, None) => Ok(Mixed { candidates, budget, objective: Objective::OutputError }),
        }
    }
}

impl Mixed {
    /// The scheme that tables and charts name the variant by: the uniform one whose bytes it may take, else the candidate
    /// with the most bits.
    pub fn nominal(&self) -> Scheme {
        match self.budget {
            Budget::Uniform(scheme) => scheme,
            Budget::Bytes(_) | Budget::BitsPerWeight(_) | Budget::MacroF1Loss(_) | Budget::OutputError(_) => {
                self.candidates[self.candidates.len() - 1]
            }
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Budget::Bytes(bytes) => formatter.write_str(&numbers::bytes(*bytes as f64)),
            Budget::BitsPerWeight(bits) => {
                write!(formatter, "{} a weight", numbers::with_noun(&bits.to_string(), "bit", "bits"))
            }
            Budget::Uniform(scheme) => write!(formatter, "{} bit", scheme.bits()),
            Budget::MacroF1Loss(loss) => write!(formatter, "macro-F1 loss {loss}"),
            Budget::OutputError(error) => write!(formatter, "output error {error}"),
        }
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Objective::MacroF1 => "macro-f1",
            Objective::OutputError => "output-error",
        })
    }
}

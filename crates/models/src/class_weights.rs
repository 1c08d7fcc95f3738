//! How much the rows of each class count in training.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

/// How much the rows of each class count in training: the loss of a row is multiplied with the weight of its class. What is
/// scored is not weighed.
///
/// In TOML a name, or a table of weights by the names of classes:
///
/// ```
/// use bitsweep_models::{ClassWeights, Training};
///
/// let weights = |text: &str| toml::from_str::<Training>(text).unwrap().class_weights;
/// assert_eq!(weights("class_weights = 'balanced'"), ClassWeights::Balanced);
/// let named = weights("class_weights = { rare = 5, common = 0.5 }");
/// let classes = ["common", "usual", "rare"].map(str::to_owned);
/// assert_eq!(named.numbered(&classes).unwrap(), ClassWeights::Numbered(vec![0.5, 1.0, 5.0]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassWeights {
    /// Every row counts as much as any other: all weights are 1.
    #[default]
    None,
    /// Every class counts as much as any other: `w_c = n / (k·n_c)` of `n` training rows, `n_c` of them of class `c`, and `k`
    /// classes that have training rows, as scikit-learn's `class_weight="balanced"`. Their mean over the training rows is 1.
    Balanced,
    /// Finite weights above 0 of classes by their names; 1 of those that are not named. A model knows no names: training
    /// takes them [`numbered`](Self::numbered).
    #[serde(untagged)]
    Named(BTreeMap<String, f64>),
    /// The weight of class 0, of class 1, and so on.
    #[serde(untagged)]
    Numbered(Vec<f64>),
}

/// There is no class of this name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no class `{0}`")]
pub struct UnknownClass(pub String);

impl ClassWeights {
    /// Whether every row counts as much as any other by design.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// The same weights, those by name as those of the classes that are called `names`, class 0 first.
    ///
    /// # Errors
    /// The first name that is none of them.
    pub fn numbered(&self, names: &[String]) -> Result<Self, UnknownClass> {
        let Self::Named(named) = self else { return Ok(self.clone()) };
        let mut weights = vec![1.0; names.len()];
        for (name, weight) in named {
            let class = names.iter().position(|known| known == name);
            weights[class.ok_or_else(|| UnknownClass(name.clone()))?] = *weight;
        }
        Ok(Self::Numbered(weights))
    }

    /// The weight of each class; `None` where they are not those of so many classes.
    pub(crate) fn of_classes(&self, labels: &[usize], classes: usize) -> Option<Vec<f64>> {
        match self {
            Self::None => Some(vec![1.0; classes]),
            Self::Balanced => Some(balanced(labels, classes)),
            Self::Numbered(weights) if weights.len() == classes && weights.iter().all(is_weight) => {
                Some(weights.clone())
            }
            Self::Numbered(_) | Self::Named(_) => None,
        }
    }
}

/// `n / (k·n_c)`; 1 of a class without a row.
fn balanced(labels: &[usize], classes: usize) -> Vec<f64> {
    let mut rows = vec![0_usize; classes];
    for &label in labels {
        rows[label] += 1;
    }
    let present = rows.iter().filter(|rows| **rows > 0).count();
    let weight = |rows| match rows {
        0 => 1.0,
        rows => labels.len() as f64 / (present as f64 * rows as f64),
    };
    rows.into_iter().map(weight).collect()
}

/// Whether a number is above 0 in the arithmetic of training, too.
fn is_weight(weight: &f64) -> bool {
    let weight = *weight as f32;
    weight.is_finite() && weight > 0.0
}

impl JsonSchema for ClassWeights {
    fn schema_name() -> Cow<'static, str> {
        "ClassWeights".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let weight = json_schema!({ "type": "number", "exclusiveMinimum": 0 });
        json_schema!({
            "anyOf": [
                { "enum": ["none", "balanced"] },
                { "type": "object", "additionalProperties": weight, "minProperties": 1 },
            ],
        })
    }
}

impl<'de> Deserialize<'de> for ClassWeights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrWeights)
    }
}

struct NameOrWeights;

impl<'de> Visitor<'de> for NameOrWeights {
    type Value = ClassWeights;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("`none`, `balanced`, or a table of the weights of classes")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<ClassWeights, E> {
        match name {
            "none" => Ok(ClassWeights::None),
            "balanced" => Ok(ClassWeights::Balanced),
            _ => Err(E::unknown_variant(name, &["none", "balanced"])),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<ClassWeights, A::Error> {
        let weights = BTreeMap::<String, Weight>::deserialize(MapAccessDeserializer::new(table))?;
        if weights.is_empty() {
            return Err(A::Error::invalid_length(0, &"the weight of at least one class"));
        }
        Ok(ClassWeights::Named(weights.into_iter().map(|(name, Weight(weight))| (name, weight)).collect()))
    }
}

/// One weight of a table, refused where it stands.
struct Weight(f64);

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let weight = f64::deserialize(deserializer)?;
        let expected = "a finite number above 0, within the range of f32";
        let refusal = || D::Error::invalid_value(Unexpected::Float(weight), &expected);
        is_weight(&weight).then_some(Self(weight)).ok_or_else(refusal)
    }
}

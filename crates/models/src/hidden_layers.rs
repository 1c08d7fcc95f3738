//! The sizes of a perceptron's hidden layers.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The numbers of units of a perceptron's hidden layers, the first layer first.
///
/// Written as one number, or as a list of them:
///
/// ```
/// use bitsweep_models::{HiddenLayers, Mlp};
///
/// let mlp: Mlp = toml::from_str("hidden = 100").unwrap();
/// assert_eq!(mlp.hidden, HiddenLayers::from(100));
/// let mlp: Mlp = toml::from_str("hidden = [64, 32]").unwrap();
/// assert_eq!(mlp.hidden.units(), [64, 32]);
/// assert_eq!(mlp.hidden.to_string(), "64, 32");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HiddenLayers(Vec<usize>);

impl HiddenLayers {
    /// The number of units of each layer.
    #[must_use]
    pub fn units(&self) -> &[usize] {
        &self.0
    }

    /// The same layers with `factor` times as many units.
    #[must_use]
    pub fn widened(&self, factor: usize) -> Self {
        Self(self.0.iter().map(|units| units.saturating_mul(factor)).collect())
    }
}

impl From<usize> for HiddenLayers {
    fn from(units: usize) -> Self {
        Self(vec![units])
    }
}

impl From<Vec<usize>> for HiddenLayers {
    fn from(units: Vec<usize>) -> Self {
        Self(units)
    }
}

impl fmt::Display for HiddenLayers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        formatter.pad(&units.join(", "))
    }
}

/// One layer is written as a number, so that a model of one layer reads, and is hashed, as it always was.
impl Serialize for HiddenLayers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [units] => units.serialize(serializer),
            units => units.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for HiddenLayers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrList)
    }
}

struct NumberOrList;

impl<'de> Visitor<'de> for NumberOrList {
    type Value = HiddenLayers;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number of units, or a list of them")
    }

    fn visit_u64<E: serde::de::Error>(self, units: u64) -> Result<HiddenLayers, E> {
        let fits = usize::try_from(units);
        fits.map(HiddenLayers::from).map_err(|_| E::invalid_value(Unexpected::Unsigned(units), &self))
    }

    fn visit_i64<E: serde::de::Error>(self, units: i64) -> Result<HiddenLayers, E> {
        let fits = usize::try_from(units);
        fits.map(HiddenLayers::from).map_err(|_| E::invalid_value(Unexpected::Signed(units), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<HiddenLayers, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(HiddenLayers)
    }
}

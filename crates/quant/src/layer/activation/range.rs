//! How the range of activations is found.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroUsize;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::EnumAccessDeserializer;
use serde::de::{self, DeserializeSeed, EnumAccess, IntoDeserializer, VariantAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::scheme::Range;
use crate::spelling::{NameOrTable, name_or_table, serialize_unusual};

/// How the range of activations is found: as for weights, or by an average that moves over batches of calibration rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ActivationRange {
    /// From all values at once.
    Block(Range),
    /// From one batch after the other.
    MovingAverage(MovingAverage),
}

/// The exponential moving average of the smallest and largest value of each batch of calibration rows.
///
/// It begins with those of the first batch; each later one moves both ends by `r ← r + m·(r_batch - r)`, in f32. The last
/// batch may be smaller and counts like the others. This is PyTorch's `MovingAverageMinMaxObserver`, whose
/// `averaging_constant` is `m`.
///
/// ```toml
/// momentum = 0.1
/// batch = 16
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MovingAverage {
    /// The weight `m` of the newest batch; the default is PyTorch's.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub momentum: f64,
    /// Rows of a batch.
    pub batch: NonZeroUsize,
}

impl MovingAverage {
    const USUAL_BATCH: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);
}

serialize_unusual!(MovingAverage { momentum, batch });

impl Default for MovingAverage {
    fn default() -> Self {
        Self { momentum: 0.01, batch: Self::USUAL_BATCH }
    }
}

impl ActivationRange {
    const MOVING_AVERAGE: &'static str = "moving-average";

    const EXPECTED: &'static str = "a range's name, or a table such as { percentile = 99.9 }";

    /// What a file may write: the names of the [`Range`]s that look at nothing but values, and one more.
    const NAMES: &'static [&'static str] = &["min-max", "percentile", "mse", "kl", Self::MOVING_AVERAGE];
}

impl Default for ActivationRange {
    fn default() -> Self {
        Self::Block(Range::default())
    }
}

impl fmt::Display for ActivationRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(range) => range.fmt(formatter),
            Self::MovingAverage(average) => average.fmt(formatter),
        }
    }
}

/// The name with its settings: `moving-average 0.01 of 32 rows`.
impl fmt::Display for MovingAverage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = if self.batch.get() == 1 { "row" } else { "rows" };
        write!(formatter, "{} {} of {} {rows}", ActivationRange::MOVING_AVERAGE, self.momentum, self.batch)
    }
}

impl Serialize for ActivationRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Block(range) => range.serialize(serializer),
            Self::MovingAverage(average) => {
                name_or_table(serializer, "ActivationRange", 0, Self::MOVING_AVERAGE, average)
            }
        }
    }
}

/// The ranges of weights that look at nothing but values, and one more.
impl JsonSchema for ActivationRange {
    fn schema_name() -> Cow<'static, str> {
        "ActivationRange".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let average = generator.subschema_for::<MovingAverage>();
        let mut schema = Range::json_schema(generator);
        if let Some(Value::Array(ranges)) = schema.get_mut("oneOf") {
            let is_known = |range: &Value, name: &str| range["const"] == name || range["required"][0] == name;
            ranges.retain(|range| Self::NAMES.iter().any(|name| is_known(range, name)));
            ranges.push(json!({
                "description": "An average of smallest and largest values that moves over batches of calibration rows; only where `mode` is `static`.",
                "type": "object",
                "properties": { Self::MOVING_AVERAGE: average },
                "required": [Self::MOVING_AVERAGE],
                "additionalProperties": false,
            }));
        }
        schema.insert("x-name-alone".to_owned(), true.into());
        schema
    }
}

impl<'de> Deserialize<'de> for ActivationRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        NameOrTable::new(deserializer, Self::EXPECTED).deserialize_enum(
            "ActivationRange",
            Self::NAMES,
            RangeVisitor,
        )
    }
}

/// Reads the one range that weights do not have, and hands the others on to [`Range`].
struct RangeVisitor;

impl<'de> Visitor<'de> for RangeVisitor {
    type Value = ActivationRange;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(ActivationRange::EXPECTED)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<ActivationRange, A::Error> {
        let (name, variant) = data.variant::<String>()?;
        if name == ActivationRange::MOVING_AVERAGE {
            return variant.newtype_variant().map(ActivationRange::MovingAverage);
        }
        if !ActivationRange::NAMES.contains(&name.as_str()) {
            return Err(de::Error::unknown_variant(&name, ActivationRange::NAMES));
        }
        Range::deserialize(EnumAccessDeserializer::new(Named { name, variant })).map(ActivationRange::Block)
    }
}

/// A variant whose name has been read already.
struct Named<V> {
    name: String,
    variant: V,
}

impl<'de, V: VariantAccess<'de>> EnumAccess<'de> for Named<V> {
    type Error = V::Error;
    type Variant = V;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, V), V::Error> {
        let name = seed.deserialize(self.name.into_deserializer())?;
        Ok((name, self.variant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_but_one_are_ranges_of_weights() {
        let refused = Range::deserialize::<de::value::StrDeserializer<'_, de::value::Error>>(
            "none-of-them".into_deserializer(),
        );
        let sentence = refused.unwrap_err().to_string();
        let (_, names) = sentence.split_once("expected one of ").unwrap();
        let of_weights: Vec<&str> = names.split(", ").map(|name| name.trim_matches('`')).collect();
        for name in ActivationRange::NAMES {
            assert_eq!(of_weights.contains(name), *name != ActivationRange::MOVING_AVERAGE, "{name}");
        }
    }
}

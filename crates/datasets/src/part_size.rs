//! How many rows are held out.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use crate::split::Part;
use crate::split_error::SplitError;

/// How many rows are held out for the test or for choices; in TOML a float is a fraction and an integer a count, as
/// scikit-learn's `test_size`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PartSize {
    /// This share of the rows, in (0, 1): `⌈fraction·n⌉` of `n` rows.
    Fraction(f64),
    /// This many rows.
    Count(usize),
}

impl PartSize {
    /// How many rows that is where a fraction is one of `whole` rows, and `rows` are there to take them from; checked in
    /// the order of scikit-learn's `_validate_shuffle_split`.
    pub(crate) fn of(self, part: Part, whole: usize, rows: usize) -> Result<usize, SplitError> {
        self.check(part)?;
        match self {
            Self::Count(count) if count >= rows => Err(SplitError::Count { part, count, rows }),
            Self::Count(count) => Ok(count),
            // Below `whole`, or equal to it after rounding; a product that is rounded up counts, as in scikit-learn.
            Self::Fraction(fraction) => match (fraction * whole as f64).ceil() as usize {
                size if size >= rows => Err(SplitError::NoTrainingRows { part, fraction, rows }),
                size => Ok(size),
            },
        }
    }

    /// What can be said without knowing the dataset.
    fn check(self, part: Part) -> Result<(), SplitError> {
        match self {
            Self::Fraction(fraction) if fraction > 0.0 && fraction < 1.0 => Ok(()),
            Self::Fraction(fraction) => Err(SplitError::Fraction { part, fraction }),
            Self::Count(0) => Err(SplitError::NoRows(part)),
            Self::Count(_) => Ok(()),
        }
    }
}

/// Reads the size of the test part.
pub(crate) fn test<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PartSize, D::Error> {
    deserializer.deserialize_any(SizeOf(Part::Test))
}

/// Reads the size of the validation part.
pub(crate) fn validation<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PartSize>, D::Error> {
    deserializer.deserialize_any(SizeOf(Part::Validation)).map(Some)
}

struct SizeOf(Part);

impl Visitor<'_> for SizeOf {
    type Value = PartSize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a fraction between 0 and 1 or a number of rows")
    }

    fn visit_f64<E: de::Error>(self, fraction: f64) -> Result<PartSize, E> {
        let size = PartSize::Fraction(fraction);
        size.check(self.0).map_err(E::custom).map(|()| size)
    }

    fn visit_i64<E: de::Error>(self, count: i64) -> Result<PartSize, E> {
        match usize::try_from(count) {
            Ok(count) => self.visit_u64(count as u64),
            Err(_) => Err(E::invalid_value(de::Unexpected::Signed(count), &self)),
        }
    }

    fn visit_u64<E: de::Error>(self, count: u64) -> Result<PartSize, E> {
        let size = usize::try_from(count)
            .map(PartSize::Count)
            .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(count), &self))?;
        size.check(self.0).map_err(E::custom).map(|()| size)
    }
}

impl JsonSchema for PartSize {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PartSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 },
            { "type": "integer", "minimum": 1 },
        ] })
    }
}

impl Serialize for PartSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fraction(fraction) => fraction.serialize(serializer),
            Self::Count(count) => count.serialize(serializer),
        }
    }
}

//! The column that holds the class.

use std::fmt;

use serde::de::{self, Deserializer, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// The column that holds the class; in TOML a string or an integer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The column with this name in the header.
    Name(String),
    /// The column with this number, 1 for the first, as a spreadsheet counts.
    Number(usize),
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TargetVisitor;

        impl Visitor<'_> for TargetVisitor {
            type Value = Target;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the target column's name or its number, counted from 1")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Target, E> {
                Ok(Target::Name(name.to_owned()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Target, E> {
                match usize::try_from(number) {
                    Ok(positive @ 1..) => Ok(Target::Number(positive)),
                    _ => Err(E::invalid_value(Unexpected::Signed(number), &self)),
                }
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Target, E> {
                match usize::try_from(number) {
                    Ok(positive @ 1..) => Ok(Target::Number(positive)),
                    _ => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
                }
            }
        }

        deserializer.deserialize_any(TargetVisitor)
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Name(name) => serializer.serialize_str(name),
            Self::Number(number) => number.serialize(serializer),
        }
    }
}

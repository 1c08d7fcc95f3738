//! Values of a tensor, given as a list of numbers or of rows.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// The values of a tensor, row by row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TensorValues(pub Vec<Vec<f64>>);

impl JsonSchema for TensorValues {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TensorValues".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let row = json_schema!({ "type": "array", "items": { "type": "number" }, "minItems": 1 });
        json_schema!({ "anyOf": [row, { "type": "array", "items": row, "minItems": 1 }] })
    }
}

impl<'de> Deserialize<'de> for TensorValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// A row of numbers, or a number of the only row.
        enum Entry {
            Number(f64),
            Row(Vec<f64>),
        }
        struct EntryVisitor;
        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = Entry;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number or a row of numbers")
            }
            fn visit_f64<E>(self, value: f64) -> Result<Entry, E> {
                Ok(Entry::Number(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Entry, E> {
                Ok(Entry::Number(value as f64))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Entry, E> {
                Ok(Entry::Number(value as f64))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Entry, A::Error> {
                let mut row = Vec::new();
                while let Some(value) = sequence.next_element()? {
                    row.push(value);
                }
                Ok(Entry::Row(row))
            }
        }
        impl<'de> Deserialize<'de> for Entry {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entry, D::Error> {
                deserializer.deserialize_any(EntryVisitor)
            }
        }

        let entries = Vec::<Entry>::deserialize(deserializer)?;
        let mut rows: Vec<Vec<f64>> = Vec::new();
        let mut single = Vec::new();
        for entry in entries {
            match entry {
                Entry::Number(value) => single.push(value),
                Entry::Row(row) => rows.push(row),
            }
        }
        match (single.is_empty(), rows.first().map(Vec::len)) {
            (true, None) | (true, Some(0)) => {
                Err(D::Error::custom("there are no values, expected at least one number"))
            }
            (false, None) => Ok(TensorValues(vec![single])),
            (false, Some(_)) => {
                Err(D::Error::custom("numbers and rows are mixed, expected only one of them"))
            }
            (true, Some(columns)) => match rows.iter().position(|row| row.len() != columns) {
                Some(row) => Err(D::Error::custom(format!(
                    "row {row} has length {}, but row 0 has length {columns}: rows must be of equal length",
                    rows[row].len()
                ))),
                None => Ok(TensorValues(rows)),
            },
        }
    }
}

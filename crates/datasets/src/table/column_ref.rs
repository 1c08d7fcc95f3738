//! How an experiment names columns of a table.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use wildmatch::WildMatch;

use super::error::TableProblem;
use crate::wording::nearest;

/// A column of a table; in TOML a string or an integer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnRef {
    /// The column with this name in the header. Where several may be named, `*` stands for any characters and `?` for one, if
    /// no column has just that name.
    Name(String),
    /// The column with this number, 1 for the first, as a spreadsheet counts.
    Number(usize),
}

impl ColumnRef {
    /// The position of the only column that is meant.
    pub(super) fn find(&self, columns: &Columns) -> Result<usize, TableProblem> {
        let positions = match self {
            Self::Number(number) => return columns.numbered(*number),
            Self::Name(name) => columns.named(name),
        };
        match (positions.as_slice(), self) {
            ([position], _) => Ok(*position),
            ([], _) => Err(columns.unknown(self)),
            (several, _) => {
                Err(TableProblem::AmbiguousColumn { name: self.to_string(), count: several.len() })
            }
        }
    }

    /// The positions of all columns that are meant, at least one.
    pub(super) fn find_all(&self, columns: &Columns) -> Result<Vec<usize>, TableProblem> {
        let name = match self {
            Self::Number(number) => return columns.numbered(*number).map(|position| vec![position]),
            Self::Name(name) => name,
        };
        let named = columns.named(name);
        if !named.is_empty() || !name.contains(['*', '?']) {
            return if named.is_empty() { Err(columns.unknown(self)) } else { Ok(named) };
        }
        let pattern = WildMatch::new(name);
        let matching = columns.names.iter().enumerate().filter(|(_, name)| pattern.matches(name));
        let matching: Vec<usize> = matching.map(|(position, _)| position).collect();
        if matching.is_empty() { Err(columns.unknown(self)) } else { Ok(matching) }
    }
}

impl fmt::Display for ColumnRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Number(number) => write!(formatter, "{number}"),
        }
    }
}

/// The columns of a file.
pub(super) struct Columns {
    /// What they are called; one without a name by its number.
    pub(super) names: Vec<String>,
    /// Whether the file names them.
    pub(super) has_header: bool,
}

impl Columns {
    fn numbered(&self, number: usize) -> Result<usize, TableProblem> {
        match (1..=self.names.len()).contains(&number) {
            true => Ok(number - 1),
            false => Err(TableProblem::ColumnOutOfRange { number, columns: self.names.len() }),
        }
    }

    fn named(&self, name: &str) -> Vec<usize> {
        let named = self.names.iter().enumerate().filter(|(_, own)| *own == name);
        named.map(|(position, _)| position).collect()
    }

    fn unknown(&self, column: &ColumnRef) -> TableProblem {
        let name = column.to_string();
        match self.has_header {
            false => TableProblem::NameWithoutHeader { name, columns: self.names.len() },
            true => TableProblem::UnknownColumn {
                nearest: nearest(&name, self.names.iter().map(String::as_str)).map(str::to_owned),
                name,
                columns: self.names.clone(),
            },
        }
    }
}

impl<'de> Deserialize<'de> for ColumnRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ColumnVisitor;

        impl Visitor<'_> for ColumnVisitor {
            type Value = ColumnRef;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a column's name or its number, counted from 1")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<ColumnRef, E> {
                Ok(ColumnRef::Name(name.to_owned()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<ColumnRef, E> {
                match usize::try_from(number) {
                    Ok(positive @ 1..) => Ok(ColumnRef::Number(positive)),
                    _ => Err(E::invalid_value(Unexpected::Signed(number), &self)),
                }
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<ColumnRef, E> {
                match usize::try_from(number) {
                    Ok(positive @ 1..) => Ok(ColumnRef::Number(positive)),
                    _ => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
                }
            }
        }

        deserializer.deserialize_any(ColumnVisitor)
    }
}

impl JsonSchema for ColumnRef {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ColumnRef".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, { "type": "integer", "minimum": 1 }] })
    }
}

impl Serialize for ColumnRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Name(name) => serializer.serialize_str(name),
            Self::Number(number) => number.serialize(serializer),
        }
    }
}

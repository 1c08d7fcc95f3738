//! The value of a choice or of a setting.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// A value in its canonical form, the JSON of what a file spells: `"column"`, `4`, `{"group":16}`.
///
/// Equal values are equal texts. What a reader sees is made by [`Display`](fmt::Display): a name as it is, a name with
/// settings as `group 16` or `gptq(act order, damp 0.1)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(Arc<str>);

impl Value {
    /// The canonical form of what `value` serializes to.
    ///
    /// # Errors
    /// When `value` does not serialize to JSON.
    pub fn of(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        // Through a tree, so that the keys of tables are in one order.
        serde_json::to_value(value).map(|value| Self::from(&value))
    }

    /// A name.
    #[must_use]
    pub fn word(word: &str) -> Self {
        Self::from(&serde_json::Value::from(word))
    }

    /// A whole number.
    #[must_use]
    pub fn number(number: u64) -> Self {
        Self::from(&serde_json::Value::from(number))
    }

    /// The value whose canonical form is `json`, as [`json`](Self::json) gives it.
    ///
    /// # Errors
    /// When `json` is no JSON.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        // The text itself is kept: numbers read and written again need not have the same digits.
        serde_json::from_str::<serde::de::IgnoredAny>(json).map(|_| Self(json.into()))
    }

    /// The value at `key` of a table.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<Self> {
        let table: serde_json::Value =
            self.0.starts_with('{').then(|| serde_json::from_str(&self.0).ok())??;
        table.get(key).map(Self::from)
    }

    /// The canonical form.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.0
    }

    /// Whether it is the name `word`.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        self.0.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) == Some(word)
    }

    /// The whole number that it is, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<u64> {
        self.0.parse().ok()
    }
}

impl From<&serde_json::Value> for Value {
    fn from(value: &serde_json::Value) -> Self {
        let mut text = String::new();
        write_canonical(value, &mut text);
        Self(text.into())
    }
}

/// Compact JSON, the keys of tables in ascending order.
fn write_canonical(value: &serde_json::Value, text: &mut String) {
    match value {
        serde_json::Value::Array(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_canonical(value, text);
            }
            text.push(']');
        }
        serde_json::Value::Object(table) => {
            let mut entries: Vec<_> = table.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::Value::from(key.as_str()).to_string());
                text.push(':');
                write_canonical(value, text);
            }
            text.push('}');
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => text.push_str(&value.to_string()),
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names and whole numbers, the most common by far, need no parser.
        let name = self.0.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        if let Some(name) = name.filter(|name| !name.contains('\\')) {
            return formatter.pad(name);
        }
        match serde_json::from_str(&self.0) {
            Ok(value) => formatter.pad(&words(&value, false)),
            Err(_) => formatter.pad(&self.0),
        }
    }
}

/// A value as a reader wants it; within settings a name and its only setting stand side by side.
fn words(value: &serde_json::Value, is_setting: bool) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(values) => {
            values.iter().map(|value| words(value, true)).collect::<Vec<_>>().join(", ")
        }
        serde_json::Value::Object(table) => {
            let entry = |(key, value): (&String, &serde_json::Value)| {
                let key = key.replace('_', " ");
                match value {
                    serde_json::Value::Bool(true) => key,
                    serde_json::Value::Bool(false) => format!("no {key}"),
                    serde_json::Value::Object(settings) if settings.is_empty() => key,
                    serde_json::Value::Object(settings) if !is_setting || settings.len() > 1 => {
                        format!("{key}({})", words(value, true))
                    }
                    serde_json::Value::Object(_)
                    | serde_json::Value::Null
                    | serde_json::Value::Number(_)
                    | serde_json::Value::String(_)
                    | serde_json::Value::Array(_) => format!("{key} {}", words(value, true)),
                }
            };
            table.iter().map(entry).collect::<Vec<_>>().join(", ")
        }
        serde_json::Value::Number(number) => match number.as_f64() {
            // `99.0` is written as `99`, and what has many zeros as a power of ten.
            Some(float) if number.is_f64() && is_short(float) => format!("{float}"),
            Some(float) if number.is_f64() => format!("{float:e}"),
            Some(_) | None => number.to_string(),
        },
        serde_json::Value::Null | serde_json::Value::Bool(_) => value.to_string(),
    }
}

/// Whether a number reads well without a power of ten.
fn is_short(number: f64) -> bool {
    number == 0.0 || (1e-4..1e9).contains(&number.abs())
}

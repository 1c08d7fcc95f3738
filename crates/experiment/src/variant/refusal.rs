//! Why the tables below `quantize` do not make a variant.

use std::fmt;

/// Why the tables below `quantize` do not make a variant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The key below `quantize` that is wrong: `weights`, `training` ….
    pub key: &'static str,
    /// The setting below the key that is wrong, where it is one.
    pub setting: Option<&'static str>,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(key: &'static str, message: impl fmt::Display) -> Refusal {
        Refusal { key, setting: None, message: message.to_string() }
    }

    /// The same refusal of one setting.
    pub(crate) fn of(self, setting: Option<&'static str>) -> Refusal {
        Refusal { setting, ..self }
    }
}

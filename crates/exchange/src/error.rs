//! Why a file cannot be read.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a file is no model or tensor file that can be read: the file, the place in it, the reason.
///
/// ```text
/// `model.onnx`, node `conv1` (Conv): this operator is not supported; expected one of …
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ImportError {
    /// The file.
    pub path: PathBuf,
    /// The node or the tensor, in words: ``tensor `fc1.weight` ``.
    pub place: Option<String>,
    /// What is wrong, and what was expected.
    pub reason: String,
}

impl ImportError {
    /// What is wrong with a file as a whole.
    pub fn new(path: &Path, reason: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), place: None, reason: reason.to_string() }
    }

    /// What is wrong at a place in a file.
    pub(crate) fn at(path: &Path, place: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), place: Some(place.to_string()), reason: reason.to_string() }
    }

    /// What is wrong with a tensor.
    pub(crate) fn tensor(path: &Path, name: &str, reason: impl fmt::Display) -> Self {
        Self::at(path, format_args!("tensor `{name}`"), reason)
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`", self.path.display())?;
        if let Some(place) = &self.place {
            write!(formatter, ", {place}")?;
        }
        write!(formatter, ": {}", self.reason)
    }
}

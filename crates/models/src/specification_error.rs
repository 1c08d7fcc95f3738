//! What settings of no meaning are refused with.

use std::fmt;

use thiserror::Error;

/// A setting outside the range in which it means something.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{key} is `{value}`: expected {expected}")]
pub struct SpecificationError {
    /// The setting's name, as an experiment writes it.
    pub key: &'static str,
    /// What it was set to.
    pub value: String,
    /// What it may be, as the end of a sentence.
    pub expected: &'static str,
}

/// `Ok` when `valid`, else the error for `key`.
pub(crate) fn require(
    valid: bool,
    key: &'static str,
    value: impl fmt::Debug,
    expected: &'static str,
) -> Result<(), SpecificationError> {
    if valid { Ok(()) } else { Err(SpecificationError { key, value: format!("{value:?}"), expected }) }
}

//! The reference of experiments: every table and key of a file, read off the schema of the types that read it.

mod combinations;
mod page;
mod reader;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use combinations::combinations;
pub(crate) use page::{page, part};

use self::text::Text;

/// A table of the file.
struct Table {
    /// Its dotted key; empty of the file itself.
    path: String,
    /// Whether there is a list of such tables.
    is_list: bool,
    text: Text,
    keys: Keys,
}

enum Keys {
    Own(Vec<Key>),
    /// Those of the table with this dotted key.
    Same(String),
}

/// A key, and what may stand there.
struct Key {
    /// Dotted, from the file on.
    path: String,
    name: String,
    text: Text,
    value: Values,
    without: Without,
}

/// What may stand at a key.
enum Values {
    /// In words.
    Words(String),
    Choices(Vec<Choice>),
}

/// What it means that a key is not there.
enum Without {
    Refused,
    /// It has this value, in TOML.
    Default(String),
    /// What the text says, or nothing.
    Nothing,
}

/// One of several values.
struct Choice {
    /// As a file has it, between backticks, and what may stand in the place of an ellipsis.
    spelling: String,
    text: Text,
    /// Its settings, where they have no table of their own.
    settings: Vec<Key>,
}

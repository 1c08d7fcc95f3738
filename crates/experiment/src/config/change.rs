//! What `--set` changes. A changed experiment says so in its title, and has neither findings nor numbers to reproduce: those
//! are the original's.

use std::fmt;

use super::header::Header;

/// What an override changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The dotted key.
    pub key: String,
    /// The value as TOML, a plain word without quotation marks.
    pub value: String,
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} = {}", self.key, self.value)
    }
}

/// Makes the header that of a changed experiment; without changes it stays as it is.
pub fn change_header(header: &mut Header, changes: &[Change]) {
    if !changes.is_empty() {
        header.reproduce.clear();
        header.finding.clear();
        header.title = changed_title(&header.title, changes);
    }
}

/// Makes the table, which is a whole experiment, that of a changed one: the same as [`change_header`].
pub(super) fn change_table(table: &mut toml::Table, changes: &[Change]) {
    if !changes.is_empty() {
        table.remove("reproduce");
        table.remove("finding");
        if let Some(toml::Value::String(title)) = table.get_mut("title") {
            *title = changed_title(title, changes);
        }
    }
}

/// A title that says what was changed.
fn changed_title(title: &str, changes: &[Change]) -> String {
    // A new title shows itself.
    let told = changes.iter().filter(|change| change.key != "title").map(Change::to_string);
    let told: Vec<String> = told.collect();
    let with = if title.ends_with(['?', '!', '.']) { " With" } else { ", with" };
    if told.is_empty() { title.to_owned() } else { format!("{title}{with} {}", told.join(", ")) }
}

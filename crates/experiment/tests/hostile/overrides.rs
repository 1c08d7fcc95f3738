//! Overrides made of keys and values that experiments have.

use bitsweep_hostile::{Numbers, mutate_text};
use toml::{Table, Value};

/// Keys and values that some experiment has.
pub(crate) struct Settings(Vec<(String, String)>);

impl Settings {
    /// Those of all files, and of the examples.
    pub(crate) fn of<'t>(files: impl Iterator<Item = &'t str>, examples: &str) -> Self {
        let mut all = Vec::new();
        files.for_each(|text| add(&mut all, "", &Value::Table(text.parse::<Table>().unwrap())));
        // A table of examples at a time, for they repeat each other.
        for table in examples.split("\n[") {
            let table = format!("[{}", table.trim_start_matches('['));
            if let Ok(table) = table.replacen("]]", "]", 1).parse::<Table>() {
                add(&mut all, "", &Value::Table(table));
            }
        }
        all.sort();
        all.dedup();
        Self(all)
    }

    /// `key=value`: one of them as it stands, or with another's value, or with changes.
    pub(crate) fn one(&self, numbers: &mut Numbers) -> String {
        let (key, value) = numbers.of_these(&self.0);
        let (other_key, other) = numbers.of_these(&self.0);
        let changed = |text: &str, other: &str, numbers: &mut Numbers| {
            let mut bytes = text.as_bytes().to_vec();
            mutate_text(&mut bytes, other.as_bytes(), numbers);
            String::from_utf8_lossy(&bytes).into_owned()
        };
        match numbers.below(8) {
            0 | 1 => format!("{key}={value}"),
            2 => format!("{key}={other}"),
            3 => format!("{key}=[{value}, {other}]"),
            4 => format!("{}={value}", changed(key, other_key, numbers)),
            5 | 6 => format!("{key}={}", changed(value, other, numbers)),
            _ => changed(&format!("{key}={value}"), &format!("{other_key}={other}"), numbers),
        }
    }
}

/// Adds every value below another, tables and lists among them, by its dotted key.
fn add(all: &mut Vec<(String, String)>, path: &str, value: &Value) {
    if !path.is_empty() {
        all.push((path.to_owned(), value.to_string()));
    }
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                add(all, &path, value);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| add(all, path, value)),
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
    }
}

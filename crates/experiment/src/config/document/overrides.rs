//! Overrides of the form `key=value`, and where they stand in the tree.

use std::borrow::Cow;
use std::mem;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Document, Source, shift};
use crate::config::Node;
use crate::config::diagnostic::Diagnostic;

/// The places of an override's keys, and its value.
pub(super) type Override<'t> = (Vec<Range<usize>>, Node<'t>);

/// What an override is called in errors.
pub(super) const OVERRIDE: &str = "--set";

/// The most keys of an override, many more than any key of an experiment has: as deep as TOML goes in a file.
pub(super) const MOST_KEYS: usize = 80;

/// Tables of one key, which is a choice: to set another one replaces it.
const CHOICES: [&str; 3] = ["model", "split", "data.source"];

impl Document {
    /// The keys of an override, and its value.
    pub(super) fn parse_override(&self, source: &Source) -> Result<Override<'_>, Diagnostic> {
        let Range { start, end } = source.span;
        let text = &self.text[start..end];
        let Some(equals) = text.find('=') else {
            return Err(self.error(start..end, format!("`{text}` is not of the form `key=value`")));
        };
        let mut keys = Vec::new();
        let mut offset = start;
        for key in text[..equals].split('.') {
            let trimmed = key.trim();
            let begin = offset + (key.len() - key.trim_start().len());
            if trimmed.is_empty() {
                return Err(
                    self.error(start..start + equals, format!("`{}` has an empty key", &text[..equals]))
                );
            }
            if keys.len() == MOST_KEYS {
                let message = format!("more than {MOST_KEYS} keys, expected one as `train.epochs`");
                return Err(self.error(start..start + equals, message));
            }
            keys.push(begin..begin + trimmed.len());
            offset += key.len() + 1;
        }
        let value_start = start + equals + 1;
        let written = self.text[value_start..end].trim();
        let value = match DeValue::parse(&self.text[value_start..end]) {
            Ok(value) => shift(value, value_start),
            // A shell eats quotation marks: a plain word stands for itself.
            Err(_) if is_bare(written) => Spanned::new(value_start..end, DeValue::String(written.into())),
            Err(error) => return Err(self.syntax_error(&error, value_start)),
        };
        Ok((keys, value))
    }

    /// Sets the value at `keys` below `node`, whose dotted key is `path`; a list of tables is set in each of its tables, one of
    /// choices in those that have the choice.
    pub(super) fn set<'t>(
        &'t self,
        node: &mut Node<'t>,
        path: &str,
        keys: &[Range<usize>],
        value: &Node<'t>,
    ) -> Result<(), Diagnostic> {
        let Some((span, rest)) = keys.split_first() else {
            *node = value.clone();
            return Ok(());
        };
        let key = &self.text[span.clone()];
        let below = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        let is_choice = CHOICES.contains(&path);
        let has_key =
            |node: &Node<'_>| node.get_ref().as_table().is_some_and(|table| table.contains_key(key));
        match node.get_mut() {
            DeValue::Table(table) => {
                if is_choice && rest.is_empty() {
                    *table = DeTable::new();
                }
                // What is set stands where the file has it.
                if let Some(child) = table.get_mut(key) {
                    return self.set(child, &below, rest, value);
                }
                let mut child = Spanned::new(span.clone(), DeValue::Table(DeTable::new()));
                self.set(&mut child, &below, rest, value)?;
                if is_choice {
                    *table = DeTable::new();
                }
                insert(table, Spanned::new(span.clone(), key.into()), child);
                Ok(())
            }
            DeValue::Array(elements) if is_choice && elements.iter().any(has_key) => {
                let mut chosen = elements.iter_mut().filter(|element| has_key(element));
                chosen.try_for_each(|element| self.set(element, path, keys, value))
            }
            DeValue::Array(_) | DeValue::String(_) if is_choice => {
                *node = Spanned::new(span.clone(), DeValue::Table(DeTable::new()));
                self.set(node, path, keys, value)
            }
            DeValue::Array(elements) if elements.iter().all(|element| element.get_ref().is_table()) => {
                elements.iter_mut().try_for_each(|element| self.set(element, path, keys, value))
            }
            other => {
                let found = other.type_str();
                Err(self.error(
                    span.clone(),
                    format!("cannot set `{key}` inside of a value that is no table ({found})"),
                ))
            }
        }
    }
}

/// Adds what a table does not have: tables behind all else, values before the first table, as they would be written.
fn insert<'t>(table: &mut DeTable<'t>, key: Spanned<Cow<'t, str>>, value: Node<'t>) {
    let has_headers = |node: &Node<'_>| match node.get_ref() {
        DeValue::Array(elements) => {
            !elements.is_empty() && elements.iter().all(|element| element.get_ref().is_table())
        }
        other => other.is_table(),
    };
    let values = match has_headers(&value) {
        true => table.len(),
        false => table.values().position(has_headers).unwrap_or(table.len()),
    };
    let mut entries: Vec<_> = mem::take(table).into_iter().collect();
    entries.insert(values, (key, value));
    table.extend(entries);
}

/// Whether a text is no attempt at a value of TOML: what it wants to say is itself.
fn is_bare(text: &str) -> bool {
    !text.is_empty() && !text.contains(['"', '\'', '[', ']', '{', '}', '='])
}

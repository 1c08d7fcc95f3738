//! The text of an experiment with its `--set` overrides, as one tree whose every value knows where it was written.

mod overrides;
#[cfg(test)]
mod tests;

use std::io;
use std::mem;
use std::ops::Range;
use std::path::{self, Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, ValueDeserializer};

use super::Node;
use super::change::{Change, change_table};
use super::diagnostic::{Diagnostic, Place};
use super::in_order::in_order;
use super::places::Places;
use super::serde_words::from_serde;
use overrides::{OVERRIDE, Override};

/// The sources of one experiment: its file, what stands for tables that it lacks, then each `--set`, one after the other in
/// one text.
///
/// Every override is parsed at the offset it has in that text, so that a span alone tells where a value came from.
#[derive(Debug, Clone)]
pub struct Document {
    text: String,
    file: Source,
    defaults: Source,
    overrides: Vec<Source>,
    /// Where each line of the text begins.
    lines: Vec<usize>,
    /// Where relative paths start.
    folder: PathBuf,
}

#[derive(Debug, Clone)]
struct Source {
    name: String,
    span: Range<usize>,
}

/// What stands for the tables that a file lacks.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// Whether the model stands in a file of its own, so that by default all rows are test rows.
fn has_model_file(table: &DeTable<'_>) -> bool {
    let model = table.get("model").and_then(|model| model.get_ref().as_table());
    model.is_some_and(|model| model.contains_key("file"))
}

/// Whether a variant of the defaults is calibrated on training rows.
fn looks_at_rows(variant: &Node<'_>) -> bool {
    variant.get_ref().as_table().is_some_and(|variant| variant.contains_key("method"))
}

impl Document {
    /// A document of `text`, called `name` in errors, changed by `overrides` of the form `key=value`. Relative paths in it
    /// start at the working directory.
    pub fn new(name: &str, text: &str, overrides: &[String]) -> Document {
        let mut all = String::new();
        let mut add = |name: &str, text: &str| {
            let start = all.len();
            all.push_str(text);
            all.push('\n');
            Source { name: name.to_owned(), span: start..start + text.len() }
        };
        let file = add(name, text);
        let defaults = add("defaults", DEFAULTS);
        let overrides = overrides.iter().map(|text| add(OVERRIDE, text)).collect();
        let lines = all.match_indices('\n').map(|(newline, _)| newline + 1);
        let lines = [0].into_iter().chain(lines).take_while(|&start| start < all.len()).collect();
        Document { text: all, file, defaults, overrides, lines, folder: PathBuf::new() }
    }

    /// Reads the document from a file. Relative paths in it, and in its overrides, start at the file's folder.
    ///
    /// # Errors
    /// When the file cannot be read or is not UTF-8 text.
    pub fn read(path: &Path, overrides: &[String]) -> Result<Document, Diagnostic> {
        let name = path.display().to_string();
        if path.is_dir() {
            return Err(Diagnostic::new(format!("`{name}` is a folder, expected an experiment's TOML file")));
        }
        let bytes = std::fs::read(path).map_err(|error| {
            Diagnostic::new(match error.kind() {
                io::ErrorKind::NotFound => {
                    let place = path::absolute(path).unwrap_or_else(|_| path.to_owned());
                    format!("cannot read `{name}`: no such file: looked for `{}`", place.display())
                }
                _ => format!("cannot read `{name}`: {error}"),
            })
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..valid].split(|byte| *byte == b'\n').count();
            Diagnostic::new(format!("`{name}` is not UTF-8 text: line {line} has a byte that is none"))
        })?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Document { folder, ..Document::new(&name, &text, overrides) })
    }

    /// Where relative paths start.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the overrides change: the same for all that come to the same, in whatever order and words. One that sets what
    /// the file says changes nothing. Later overrides of a key, or of a table around it, leave nothing of earlier ones.
    ///
    /// # Errors
    /// Those of the tree.
    pub fn changes(&self) -> Result<Vec<Change>, Diagnostic> {
        let mut effective: Vec<(Vec<&str>, &str, Override<'_>)> = Vec::new();
        for source in &self.overrides {
            let change = self.parse_override(source)?;
            let keys: Vec<&str> = change.0.iter().map(|key| &self.text[key.clone()]).collect();
            effective.retain(|(earlier, ..)| !earlier.starts_with(&keys));
            effective.push((keys, &self.text[source.span.clone()], change));
        }
        // A table comes before what is set within it.
        effective.sort_unstable_by(|(keys, text, _), (other, others, _)| (keys, text).cmp(&(other, others)));
        let mut tree = self.file_tree()?;
        let mut before: toml::Table = self.plain(tree.clone())?;
        let mut changes = Vec::new();
        for (keys, _, (places, value)) in effective {
            self.set(&mut tree, "", &places, &value)?;
            let after = self.plain(tree.clone())?;
            if after != before {
                changes.push(Change { key: keys.join("."), value: plain_text(&self.plain(value)?) });
                before = after;
            }
        }
        Ok(changes)
    }

    /// The experiment as TOML with every override in its place, which comes to `changes`: the file as it was written
    /// where there are none.
    ///
    /// # Errors
    /// Those of the tree.
    pub fn resolved_text(&self, changes: &[Change]) -> Result<String, Diagnostic> {
        if changes.is_empty() {
            return Ok(self.text[self.file.span.clone()].to_owned());
        }
        let mut tree = self.tree()?;
        // Defaults that nobody has changed are the same without being said, and some have no use for the model. One that has
        // axes is said where it comes before one that is changed: its axes would else come behind the other's.
        if let DeValue::Table(table) = tree.get_mut() {
            let is_changed =
                |key: &str| changes.iter().any(|change| change.key.split('.').next() == Some(key));
            let mut is_before_change = false;
            let mut kept = Vec::new();
            for (key, value) in mem::take(table).into_iter().rev() {
                is_before_change |= is_changed(key.get_ref());
                let has_axes = value.get_ref().is_array();
                if !self.is_default(&key.span()) || is_changed(key.get_ref()) || is_before_change && has_axes
                {
                    kept.push((key, value));
                }
            }
            table.extend(kept.into_iter().rev());
        }
        let mut table: toml::Table = self.plain(tree)?;
        change_table(&mut table, changes);
        Ok(in_order(&table))
    }

    /// A node as plain values.
    fn plain<T: DeserializeOwned>(&self, node: Node<'_>) -> Result<T, Diagnostic> {
        T::deserialize(ValueDeserializer::from(node)).map_err(|error| self.typed_error(&error))
    }

    /// The tree of the file with every override applied.
    ///
    /// # Errors
    /// When the file is not TOML, an override is not `key=value`, or its key leads through something that is no table.
    pub(crate) fn tree(&self) -> Result<Node<'_>, Diagnostic> {
        self.overridden(self.file_tree()?)
    }

    /// A tree with every override applied.
    fn overridden<'t>(&'t self, mut root: Node<'t>) -> Result<Node<'t>, Diagnostic> {
        for source in &self.overrides {
            let (keys, value) = self.parse_override(source)?;
            self.set(&mut root, "", &keys, &value)?;
        }
        Ok(root)
    }

    /// The tree of the file, with the defaults of the tables that it lacks where it has data to train on, or is given some.
    fn file_tree(&self) -> Result<Node<'_>, Diagnostic> {
        let table = DeTable::parse(&self.text[self.file.span.clone()]);
        let table = table.map_err(|error| self.syntax_error(&error, 0))?;
        let mut root = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
        let whole = self.overridden(root.clone())?;
        if let (Some(whole), DeValue::Table(table)) = (whole.get_ref().as_table(), root.get_mut())
            && whole.contains_key("data")
            && !whole.contains_key("tensor")
        {
            let has_training_rows = whole.contains_key("split") || !has_model_file(whole);
            for (key, mut value) in self.defaults()? {
                if let DeValue::Array(variants) = value.get_mut() {
                    let all = variants.iter().filter(|variant| has_training_rows || !looks_at_rows(variant));
                    let mut kept = DeArray::new();
                    all.for_each(|variant| kept.push(variant.clone()));
                    *variants = kept;
                }
                if !table.contains_key(key.get_ref().as_ref()) {
                    table.insert(key, value);
                }
            }
        }
        Ok(root)
    }

    /// What stands for the tables that a file lacks.
    fn defaults(&self) -> Result<DeTable<'_>, Diagnostic> {
        let offset = self.defaults.span.start;
        let defaults = DeTable::parse(&self.text[self.defaults.span.clone()]);
        let defaults = defaults.map_err(|error| self.syntax_error(&error, offset))?;
        let shifted = shift(Spanned::new(defaults.span(), DeValue::Table(defaults.into_inner())), offset);
        let DeValue::Table(table) = shifted.into_inner() else { return Ok(DeTable::new()) };
        Ok(table)
    }

    /// Whether a span is of the defaults, which nobody wrote.
    fn is_default(&self, span: &Range<usize>) -> bool {
        self.defaults.span.contains(&span.start)
    }

    /// Where somebody wrote the node, or first something in it; `None` of defaults that are as they were.
    pub(super) fn first_written(&self, node: &Node<'_>) -> Option<Range<usize>> {
        if !self.is_default(&node.span()) {
            return Some(node.span());
        }
        node.get_ref().as_table()?.values().find_map(|value| self.first_written(value))
    }

    /// Where `span` stands, for people: `mine.toml:14:1`.
    pub fn location(&self, span: Range<usize>) -> String {
        self.place(span).to_string()
    }

    /// An error at `span`.
    pub fn error(&self, span: Range<usize>, message: impl AsRef<str>) -> Diagnostic {
        Diagnostic::new(message).at(self.place(span))
    }

    /// An error at `key` of a table, or at the table. `path` leads to it through lists of tables, by the name of the list and
    /// the position in it.
    pub fn error_in_list(&self, path: &[(&str, usize)], key: &str, message: &str) -> Diagnostic {
        let tree = match self.tree() {
            Ok(tree) => tree,
            Err(error) => return error,
        };
        let element = path.iter().try_fold(&tree, |node, (list, position)| {
            node.get_ref().as_table()?.get(*list)?.get_ref().as_array()?.get(*position)
        });
        self.located_in(element.unwrap_or(&tree), key, Diagnostic::new(message))
    }

    /// An error with the place of a key.
    pub fn located(&self, key: &str, error: Diagnostic) -> Diagnostic {
        match self.tree() {
            Ok(tree) => self.located_in(&tree, key, error),
            Err(other) => other,
        }
    }

    /// An error with the place of a key of a node, or of the node.
    fn located_in(&self, node: &Node<'_>, key: &str, error: Diagnostic) -> Diagnostic {
        let places = Places::of(node);
        error.at(self.place(if places.has(key) { places.find(key) } else { node.span() }))
    }

    /// An error of deserialization, at the place it names.
    pub(crate) fn typed_error(&self, error: &toml::de::Error) -> Diagnostic {
        let diagnostic = from_serde(error.message());
        match error.span() {
            Some(span) => diagnostic.at(self.place(span)),
            None => diagnostic,
        }
    }

    fn syntax_error(&self, error: &toml::de::Error, offset: usize) -> Diagnostic {
        let span = error.span().unwrap_or(0..0);
        self.error(span.start + offset..span.end + offset, error.message())
    }

    fn place(&self, span: Range<usize>) -> Place {
        let source = self.overrides.iter().rev().find(|source| source.span.start <= span.start);
        let Source { name, span: whole } = source.unwrap_or(&self.file);
        let start = span.start.clamp(whole.start, whole.end);
        let number_of = |offset: usize| self.lines.partition_point(|&line| line <= offset);
        let number = number_of(start);
        let first = self.lines[number - 1];
        let end = self.lines.get(number).map_or(whole.end, |next| next - 1).min(whole.end);
        let text = &self.text[first..end.max(start)];
        let line = number - number_of(whole.start) + 1;
        Place::new(name, line, text, start - first..span.end.clamp(start, whole.end) - first)
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "-_./".contains(character))
}

/// A value as TOML, a string that is a plain word without quotation marks.
fn plain_text(value: &toml::Value) -> String {
    match value.as_str() {
        Some(word) if is_word(word) && !["true", "false", "inf", "nan"].contains(&word) => word.to_owned(),
        Some(_) | None => value.to_string(),
    }
}

/// The same value, `offset` bytes later in the text.
fn shift(node: Node<'_>, offset: usize) -> Node<'_> {
    let Range { start, end } = node.span();
    let value = match node.into_inner() {
        DeValue::Array(elements) => {
            DeValue::Array(elements.into_iter().map(|element| shift(element, offset)).collect())
        }
        DeValue::Table(table) => DeValue::Table(
            table
                .into_iter()
                .map(|(key, value)| {
                    let Range { start, end } = key.span();
                    (Spanned::new(start + offset..end + offset, key.into_inner()), shift(value, offset))
                })
                .collect(),
        ),
        scalar => scalar,
    };
    Spanned::new(start + offset..end + offset, value)
}

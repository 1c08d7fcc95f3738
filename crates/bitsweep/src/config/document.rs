//! The text of an experiment with its `--set` overrides, as one tree whose every value knows where it was written.

use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::diagnostic::{Diagnostic, Place};

/// A value of the tree, with the bytes it was written in.
pub(crate) type Node<'t> = Spanned<DeValue<'t>>;

/// The sources of one experiment: its file, then each `--set`, one after the other in one text.
///
/// Every override is parsed at the offset it has in that text, so that a span alone tells where a value came from.
#[derive(Debug, Clone)]
pub struct Document {
    text: String,
    sources: Vec<Source>,
}

#[derive(Debug, Clone)]
struct Source {
    name: String,
    span: Range<usize>,
}

impl Document {
    /// A document of `text`, called `name` in errors, changed by `overrides` of the form `key=value`.
    pub fn new(name: &str, text: &str, overrides: &[String]) -> Document {
        let mut document = Document { text: String::new(), sources: Vec::new() };
        document.add(name, text);
        for change in overrides {
            document.add("--set", change);
        }
        document
    }

    /// Reads the document from a file.
    ///
    /// # Errors
    /// When the file cannot be read or is not UTF-8 text.
    pub fn read(path: &Path, overrides: &[String]) -> Result<Document, Diagnostic> {
        let name = path.display().to_string();
        if path.is_dir() {
            return Err(Diagnostic::new(format!("`{name}` is a folder, expected an experiment's TOML file")));
        }
        let bytes =
            std::fs::read(path).map_err(|error| Diagnostic::new(format!("cannot read `{name}`: {error}")))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let position = error.utf8_error().valid_up_to();
            Diagnostic::new(format!("`{name}` is not UTF-8 text: byte {position} is invalid"))
        })?;
        Ok(Document::new(&name, &text, overrides))
    }

    /// The experiment's file as it was written.
    fn file_text(&self) -> &str {
        &self.text[self.sources[0].span.clone()]
    }

    /// What the overrides change, in their order: `train.epochs = 20`.
    pub fn changes(&self) -> Vec<String> {
        let written = |source: &Source| {
            let text = &self.text[source.span.clone()];
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            format!("{} = {}", key.trim(), value.trim())
        };
        self.sources[1..].iter().map(written).collect()
    }

    /// The experiment as TOML with every override in its place: the file as it was written where there is none. A
    /// changed experiment says so in its title, and has neither findings nor numbers to reproduce: those are the
    /// original's.
    ///
    /// # Errors
    /// Those of the tree.
    pub fn resolved_text(&self) -> Result<String, Diagnostic> {
        let changes = self.changes();
        if changes.is_empty() {
            return Ok(self.file_text().to_owned());
        }
        let table = toml::Table::deserialize(ValueDeserializer::from(self.tree()?));
        let mut table = table.map_err(|error| self.typed_error(&error))?;
        table.remove("reproduce");
        table.remove("finding");
        if let Some(toml::Value::String(title)) = table.get_mut("title") {
            *title = changed_title(title, &changes);
        }
        toml::to_string(&table).map_err(|error| Diagnostic::new(error.to_string()))
    }

    fn add(&mut self, name: &str, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.sources.push(Source { name: name.to_owned(), span: start..self.text.len() });
        self.text.push('\n');
    }

    /// The tree of the file with every override applied.
    ///
    /// # Errors
    /// When the file is not TOML, an override is not `key=value`, or its key leads through something that is no table.
    pub(crate) fn tree(&self) -> Result<Node<'_>, Diagnostic> {
        let (file, overrides) = self.sources.split_first().expect("a document has its file");
        let table =
            DeTable::parse(&self.text[file.span.clone()]).map_err(|error| self.syntax_error(&error, 0))?;
        let span = table.span();
        let mut root = Spanned::new(span, DeValue::Table(table.into_inner()));
        for source in overrides {
            let (keys, value) = self.parse_override(source)?;
            self.set(&mut root, &keys, &value)?;
        }
        Ok(root)
    }

    fn parse_override(&self, source: &Source) -> Result<(Vec<Range<usize>>, Node<'_>), Diagnostic> {
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
            keys.push(begin..begin + trimmed.len());
            offset += key.len() + 1;
        }
        let value_start = start + equals + 1;
        let written = self.text[value_start..end].trim();
        let value = match DeValue::parse(&self.text[value_start..end]) {
            Ok(value) => shift(value, value_start),
            // A shell eats quotation marks: a plain word stands for itself.
            Err(_) if is_word(written) => Spanned::new(value_start..end, DeValue::String(written.into())),
            Err(error) => return Err(self.syntax_error(&error, value_start)),
        };
        Ok((keys, value))
    }

    /// Sets the value at `keys` below `node`; a list of tables is set in each of its tables.
    fn set<'t>(
        &'t self,
        node: &mut Node<'t>,
        keys: &[Range<usize>],
        value: &Node<'t>,
    ) -> Result<(), Diagnostic> {
        let Some((span, rest)) = keys.split_first() else {
            *node = value.clone();
            return Ok(());
        };
        let key = &self.text[span.clone()];
        match node.get_mut() {
            DeValue::Table(table) => {
                if !rest.is_empty()
                    && let Some(child) = table.get_mut(key)
                {
                    return self.set(child, rest, value);
                }
                let mut child = Spanned::new(span.clone(), DeValue::Table(DeTable::new()));
                self.set(&mut child, rest, value)?;
                table.remove(key);
                table.insert(Spanned::new(span.clone(), key.into()), child);
                Ok(())
            }
            DeValue::Array(elements) if elements.iter().all(|element| element.get_ref().is_table()) => {
                elements.iter_mut().try_for_each(|element| self.set(element, keys, value))
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

    /// Where `span` stands, for people: `mine.toml:14:1`.
    pub(crate) fn location(&self, span: Range<usize>) -> String {
        let Place { source, line, column, .. } = self.place(span);
        format!("{source}:{line}:{column}")
    }

    /// An error at `span`.
    pub(crate) fn error(&self, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(message).at(self.place(span))
    }

    /// An error of deserialization, at the place it names.
    pub(crate) fn typed_error(&self, error: &toml::de::Error) -> Diagnostic {
        let diagnostic = Diagnostic::from_serde(error.message());
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
        let source = self.sources.iter().rev().find(|source| source.span.start <= span.start);
        let Source { name, span: whole } = source.unwrap_or(&self.sources[0]);
        let local = |index: usize| index.clamp(whole.start, whole.end) - whole.start;
        Place::new(name, &self.text[whole.clone()], local(span.start)..local(span.end))
    }
}

/// A title that says what was changed.
pub(crate) fn changed_title(title: &str, changes: &[String]) -> String {
    // A new title shows itself.
    let told = changes.iter().map(String::as_str).filter(|change| !change.starts_with("title ="));
    let told: Vec<&str> = told.collect();
    let with = if title.ends_with(['?', '!', '.']) { " With" } else { ", with" };
    if told.is_empty() { title.to_owned() } else { format!("{title}{with} {}", told.join(", ")) }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "-_./".contains(character))
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

//! `[[exclude]]`: points that are left out of the grid.

use std::ops::Range;

use schemars::JsonSchema;
use toml::de::DeValue;

use super::Node;
use super::diagnostic::Diagnostic;
use super::document::Document;
use super::grid::{lookup, text};

/// Points left out of the grid: all of the named keys have one of the named values.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(transparent, inline, extend("minProperties" = 1))]
pub(crate) struct Exclusion {
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    conditions: Vec<(String, Vec<String>)>,
    #[schemars(skip)]
    pub(crate) span: Range<usize>,
}

impl Exclusion {
    /// Reads `[[exclude]]` tables.
    pub(crate) fn read(document: &Document, node: Option<&Node<'_>>) -> Result<Vec<Exclusion>, Diagnostic> {
        let Some(node) = node else { return Ok(Vec::new()) };
        let expected = "expected tables of keys and values, as in [[exclude]]";
        let elements = node.get_ref().as_array().ok_or_else(|| document.error(node.span(), expected))?;
        elements
            .iter()
            .map(|element| {
                let mut conditions = Vec::new();
                flatten(element, "", &mut conditions);
                if !element.get_ref().is_table() || conditions.is_empty() {
                    return Err(document.error(element.span(), expected));
                }
                Ok(Exclusion { conditions, span: element.span() })
            })
            .collect()
    }

    /// Whether a point of the grid, given by its parts, is left out.
    pub(crate) fn excludes(&self, parts: &[&Node<'_>]) -> bool {
        self.conditions.iter().all(|(path, values)| {
            let mut found = parts.iter().filter_map(|part| lookup(part, path));
            found.any(|node| {
                values.contains(&text(node)) || only_key(node).is_some_and(|key| values.contains(&key))
            })
        })
    }
}

/// The name of a choice with settings, `pact` of `{ pact = { activations = 4 } }`: whoever excludes it by name means it
/// with any settings.
fn only_key(node: &Node<'_>) -> Option<String> {
    let table = node.get_ref().as_table().filter(|table| table.len() == 1)?;
    table.keys().next().map(|key| key.get_ref().to_string())
}

fn flatten(node: &Node<'_>, path: &str, conditions: &mut Vec<(String, Vec<String>)>) {
    match node.get_ref() {
        DeValue::Table(table) => {
            for (key, value) in table {
                let name = if path.is_empty() {
                    key.get_ref().to_string()
                } else {
                    format!("{path}.{}", key.get_ref())
                };
                flatten(value, &name, conditions);
            }
        }
        DeValue::Array(elements) => conditions.push((path.to_owned(), elements.iter().map(text).collect())),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => conditions.push((path.to_owned(), vec![text(node)])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusion_takes_all_points_that_have_its_values() {
        let document = Document::new("x.toml", "[[exclude]]\na.b = [1, 2]\n'a.c' = 'x'", &[]);
        let tree = document.tree().unwrap();
        let exclusions = Exclusion::read(&document, lookup(&tree, "exclude")).unwrap();
        let excluded = |text: &str| {
            let document = Document::new("y.toml", text, &[]);
            exclusions[0].excludes(&[&document.tree().unwrap()])
        };
        assert!(excluded("a = { b = 2, c = 'x' }"));
        assert!(!excluded("a = { b = 3, c = 'x' }"));
        assert!(!excluded("a = { b = 1, c = 'y' }"));
        assert!(!excluded("a = { b = 1 }"));
    }

    #[test]
    fn an_exclusion_by_name_takes_a_choice_with_any_settings() {
        let document = Document::new("x.toml", "[[exclude]]\nm = ['f', '{ g = { n = 1 } }']", &[]);
        let tree = document.tree().unwrap();
        let exclusions = Exclusion::read(&document, lookup(&tree, "exclude")).unwrap();
        let excluded = |text: &str| {
            let document = Document::new("y.toml", text, &[]);
            exclusions[0].excludes(&[&document.tree().unwrap()])
        };
        assert!(excluded("m = 'f'") && excluded("m = { f = {} }") && excluded("m = { f = { n = 2 } }"));
        assert!(excluded("m = { g = { n = 1 } }"));
        assert!(!excluded("m = { g = { n = 2 } }") && !excluded("m = { f = 1, g = 2 }"));
    }
}

//! Any list in an experiment is an axis: the tree is expanded into one tree per point of the grid.
//!
//! The first axis of the file varies slowest: tables keep the order in which they were written. The elements of a list may be
//! tables with lists of their own (`[[quantize]]`), which then vary only where their table is chosen.

use std::collections::HashSet;
use std::ops::Range;

use bitsweep_results::numbers::counted;
use schemars::JsonSchema;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Node;
use super::diagnostic::Diagnostic;
use super::document::Document;

/// Lists that are values, not axes.
pub(super) const LIST_VALUES: [&str; 13] = [
    "tensor.values",
    "tensor.query",
    "data.source.csv.class_names",
    "data.source.csv.columns",
    "data.source.csv.drop",
    "data.source.csv.ordinal",
    "data.source.csv.one_hot",
    "data.source.csv.missing_values",
    "data.source.csv.bins.edges",
    "model.given.layers",
    "model.file.classes",
    "model.file.layers",
    "quantize.mixed.bits",
];

/// Whether a list at this path is a value.
pub(super) fn is_value(path: &str) -> bool {
    let of_csv = path.strip_prefix("data.source.parquet.").map(|key| format!("data.source.csv.{key}"));
    let path = of_csv.as_deref().unwrap_or(path);
    LIST_VALUES.contains(&path)
        || path == "data.source.csv.unused"
        || path.starts_with("data.source.csv.levels.")
}

/// Axes whose values may be lists: `[32, [32, 16]]` is two models, the second of two hidden layers.
pub(super) const LISTS_OF_LISTS: [&str; 1] = ["model.mlp.hidden"];

/// More points than this, each a unit with a variant, are refused before they fill the memory.
pub(crate) const MOST_POINTS: usize = 1_000_000;

/// More units than this, or variants, are refused for the same reason: each of them is a tree, and points are not.
pub(crate) const MOST_TREES: usize = 100_000;

/// One tree without lists, and what was chosen on the way.
#[derive(Debug, Clone)]
pub(crate) struct Alternative<'t> {
    pub(crate) node: Node<'t>,
    pub(crate) choices: Vec<Choice>,
}

/// The element taken on one axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Dotted key of the list.
    pub(crate) axis: String,
    pub(crate) index: usize,
}

/// An axis of the grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GridAxis {
    pub(crate) name: String,
    pub(crate) labels: Vec<String>,
    pub(crate) span: Range<usize>,
}

/// Expands every list below `node`, whose dotted key is `path`; axes are added to `axes` in the order of the file.
pub(crate) fn expand<'t>(
    document: &Document,
    node: &Node<'t>,
    path: &str,
    axes: &mut Vec<GridAxis>,
) -> Result<Vec<Alternative<'t>>, Diagnostic> {
    match node.get_ref() {
        DeValue::Array(elements) if !is_value(path) => {
            let labels: Vec<String> = elements.iter().map(label).collect();
            check_axis(document, node, path, elements, &labels)?;
            axes.push(GridAxis { name: path.to_owned(), labels, span: node.span() });
            let mut alternatives = Vec::new();
            for (index, element) in elements.iter().enumerate() {
                let choice = Choice { axis: path.to_owned(), index };
                let expanded = if element.get_ref().is_array() {
                    vec![Alternative { node: element.clone(), choices: Vec::new() }]
                } else {
                    expand(document, element, path, axes)?
                };
                check_count(document, node, alternatives.len() + expanded.len())?;
                for mut alternative in expanded {
                    alternative.choices.insert(0, choice.clone());
                    alternatives.push(alternative);
                }
            }
            Ok(alternatives)
        }
        DeValue::Table(table) => {
            let whole = || Spanned::new(node.span(), DeValue::Table(DeTable::new()));
            let mut alternatives = vec![Alternative { node: whole(), choices: Vec::new() }];
            for (key, value) in table {
                let name = if path.is_empty() {
                    key.get_ref().to_string()
                } else {
                    format!("{path}.{}", key.get_ref())
                };
                let values = expand(document, value, &name, axes)?;
                check_count(document, value, alternatives.len().saturating_mul(values.len()))?;
                alternatives = alternatives
                    .iter()
                    .flat_map(|alternative| {
                        values.iter().map(move |value| alternative.with(key.clone(), value))
                    })
                    .collect();
            }
            Ok(alternatives)
        }
        DeValue::Array(_)
        | DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => Ok(vec![Alternative { node: node.clone(), choices: Vec::new() }]),
    }
}

impl<'t> Alternative<'t> {
    fn with(&self, key: Spanned<std::borrow::Cow<'t, str>>, value: &Alternative<'t>) -> Alternative<'t> {
        let mut next = self.clone();
        if let DeValue::Table(table) = next.node.get_mut() {
            table.insert(key, value.node.clone());
        }
        next.choices.extend(value.choices.iter().cloned());
        next
    }
}

fn check_count(document: &Document, node: &Node<'_>, count: usize) -> Result<(), Diagnostic> {
    if count > MOST_TREES {
        return Err(document.error(node.span(), too_many_trees()));
    }
    Ok(())
}

/// What is said of too many units or variants.
pub(super) fn too_many_trees() -> String {
    format!("the grid has more than {MOST_TREES} units or variants")
}

fn check_axis(
    document: &Document,
    node: &Node<'_>,
    path: &str,
    elements: &[Node<'_>],
    labels: &[String],
) -> Result<(), Diagnostic> {
    if elements.is_empty() {
        return Err(
            document.error(node.span(), format!("the axis `{path}` is empty, expected at least one value"))
        );
    }
    let mut known = HashSet::new();
    for (index, element) in elements.iter().enumerate() {
        if !known.insert(text(element)) {
            let message = format!("`{}` is twice on the axis `{path}`", labels[index]);
            return Err(document.error(element.span(), message));
        }
        if element.get_ref().is_array() && !LISTS_OF_LISTS.contains(&path) {
            let message = format!("a list within the list `{path}`, expected values or tables");
            return Err(document.error(element.span(), message));
        }
    }
    Ok(())
}

/// An element's name in labels: its own text, or a table's `name`.
fn label(node: &Node<'_>) -> String {
    let name = node.get_ref().as_table().and_then(|table| table.get("name"));
    name.and_then(|name| name.get_ref().as_str()).map_or_else(|| text(node), str::to_owned)
}

/// A value as text, the same for equal values; strings without quotation marks.
pub(crate) fn text(node: &Node<'_>) -> String {
    match node.get_ref() {
        DeValue::String(value) => value.to_string(),
        DeValue::Integer(value) => value.to_string(),
        DeValue::Float(value) => {
            value.as_str().parse::<f64>().map_or_else(|_| value.to_string(), |value| value.to_string())
        }
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(value) => value.to_string(),
        DeValue::Array(elements) => {
            format!("[{}]", elements.iter().map(text).collect::<Vec<_>>().join(", "))
        }
        DeValue::Table(table) => {
            let entries = table.iter().map(|(key, value)| format!("{} = {}", key.get_ref(), text(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The value at a dotted key.
pub(crate) fn lookup<'a, 't>(node: &'a Node<'t>, path: &str) -> Option<&'a Node<'t>> {
    path.split('.').try_fold(node, |node, key| node.get_ref().as_table()?.get(key))
}

/// Axes that advance together, by their dotted keys: points where their positions differ are left out.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(transparent)]
pub(crate) struct Zip {
    #[schemars(length(min = 2))]
    names: Vec<String>,
}

impl Zip {
    /// Reads `zip = [["a", "b"], …]`.
    pub(crate) fn read(
        document: &Document,
        node: Option<&Node<'_>>,
        axes: &[GridAxis],
    ) -> Result<Vec<Zip>, Diagnostic> {
        let Some(node) = node else { return Ok(Vec::new()) };
        let expected = "expected a list of lists of axis names, as in zip = [[\"seed\", \"train.epochs\"]]";
        let groups = node.get_ref().as_array().ok_or_else(|| document.error(node.span(), expected))?;
        let mut taken: Vec<String> = Vec::new();
        let mut zips = Vec::new();
        for group in groups {
            let members = group.get_ref().as_array().ok_or_else(|| document.error(group.span(), expected))?;
            let mut length = None;
            let mut names = Vec::new();
            for member in members {
                let name =
                    member.get_ref().as_str().ok_or_else(|| document.error(member.span(), expected))?;
                let axis = find_axis(document, member, name, axes)?;
                if taken.iter().any(|other| other == name) {
                    return Err(document.error(member.span(), format!("the axis `{name}` is zipped twice")));
                }
                let values = axis.labels.len();
                if let Some((first, expected)) = &length
                    && *expected != values
                {
                    let message = format!(
                        "`{name}` has {}, but `{first}`, zipped with it, has {expected}",
                        counted(values, "value", "values")
                    );
                    return Err(document.error(member.span(), message));
                }
                length.get_or_insert((name.to_owned(), values));
                taken.push(name.to_owned());
                names.push(name.to_owned());
            }
            if names.len() < 2 {
                return Err(document.error(group.span(), "zip pairs at least two axes"));
            }
            zips.push(Zip { names });
        }
        Ok(zips)
    }

    /// Whether all of the axes that were chosen from stand at the same element.
    pub(crate) fn admits(&self, choices: &[&[Choice]]) -> bool {
        let mut chosen = choices.iter().copied().flatten().filter(|choice| self.names.contains(&choice.axis));
        let first = chosen.next();
        chosen.all(|choice| first.is_none_or(|first| first.index == choice.index))
    }
}

fn find_axis<'a>(
    document: &Document,
    node: &Node<'_>,
    name: &str,
    axes: &'a [GridAxis],
) -> Result<&'a GridAxis, Diagnostic> {
    let mut found = axes.iter().filter(|axis| axis.name == name);
    match (found.next(), found.next()) {
        (Some(axis), None) => Ok(axis),
        (Some(_), Some(_)) => {
            Err(document
                .error(node.span(), format!("several lists are called `{name}`: they cannot be zipped")))
        }
        (None, _) => {
            let names: Vec<&str> = axes.iter().map(|axis| axis.name.as_str()).collect();
            let known = if names.is_empty() {
                "there are none".to_owned()
            } else {
                format!("`{}`", names.join("`, `"))
            };
            let message = format!("`{name}` is not an axis of this experiment, expected one of {known}");
            Err(document.error(node.span(), message).nearest(name, names))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The points of `text`, each as its values in file order, and the axes.
    fn points(text: &str) -> (Vec<String>, Vec<GridAxis>) {
        let document = Document::new("x.toml", text, &[]);
        let tree = document.tree().unwrap();
        let mut axes = Vec::new();
        let alternatives = expand(&document, &tree, "", &mut axes).unwrap();
        (alternatives.iter().map(|alternative| self::text(&alternative.node)).collect(), axes)
    }

    #[test]
    fn the_first_list_of_the_file_varies_slowest() {
        let (points, axes) = points("b = [1, 2]\na = ['x', 'y']");
        assert_eq!(points, ["{ b = 1, a = x }", "{ b = 1, a = y }", "{ b = 2, a = x }", "{ b = 2, a = y }"]);
        assert_eq!(axes.iter().map(|axis| axis.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    }

    #[test]
    fn lists_within_an_element_vary_only_where_it_is_chosen() {
        let (points, _) = points("[[q]]\nbits = [8, 4]\n[[q]]\nformat = 'f16'");
        assert_eq!(points, ["{ q = { bits = 8 } }", "{ q = { bits = 4 } }", "{ q = { format = f16 } }"]);
    }

    #[test]
    fn the_values_of_a_tensor_are_no_axis() {
        let (points, axes) = points("[[tensor]]\nvalues = [1, 2]\n[[tensor]]\nvalues = [[3], [4]]");
        assert_eq!(points.len(), 2);
        assert_eq!(axes.len(), 1);
    }

    #[test]
    fn a_list_of_hidden_layers_is_one_value_of_its_axis() {
        let (points, axes) = points("model.mlp.hidden = [8, [8, 4]]");
        let point = |hidden| format!("{{ model = {{ mlp = {{ hidden = {hidden} }} }} }}");
        assert_eq!(points, [point("8"), point("[8, 4]")]);
        assert_eq!(axes[0].labels, ["8", "[8, 4]"]);
    }

    #[test]
    fn zipped_axes_advance_together() {
        let text = "a = [1, 2]\nb = [3, 4]\nzip = [['a', 'b']]";
        let document = Document::new("x.toml", text, &[]);
        let mut tree = document.tree().unwrap();
        let DeValue::Table(root) = tree.get_mut() else { unreachable!() };
        let zip = root.remove("zip").unwrap();
        let mut axes = Vec::new();
        let alternatives = expand(&document, &tree, "", &mut axes).unwrap();
        let zips = Zip::read(&document, Some(&zip), &axes).unwrap();
        let kept = alternatives.iter().filter(|alternative| zips[0].admits(&[&alternative.choices]));
        let kept: Vec<String> = kept.map(|alternative| self::text(&alternative.node)).collect();
        assert_eq!(kept, ["{ a = 1, b = 3 }", "{ a = 2, b = 4 }"]);
    }
}

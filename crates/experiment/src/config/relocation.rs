//! An experiment's text for another folder.

use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::Node;
use crate::subject::BUILTIN;

/// The same experiment for a file from which `folder`, where its relative paths start, is seen as given. Nothing but paths is
/// changed; text that is no TOML stays as it is.
pub fn relocated(text: &str, folder: &Path) -> String {
    let Ok(table) = DeTable::parse(text) else { return text.to_owned() };
    let mut paths = Vec::new();
    for (key, node) in table.get_ref().iter() {
        add_paths(node, &mut vec![key.get_ref()], &mut paths);
    }
    paths.sort_by_key(|(span, _)| span.start);
    let mut relocated = text.to_owned();
    // The last one first: those before it stay where they are.
    for (span, path) in paths.into_iter().rev() {
        let path = folder.join(path).to_string_lossy().into_owned();
        relocated.replace_range(span, &toml::Value::from(path).to_string());
    }
    relocated
}

/// Adds the places of all paths in a node that stands under `keys`, lists left out.
fn add_paths<'n>(node: &'n Node<'_>, keys: &mut Vec<&'n str>, paths: &mut Vec<(Range<usize>, String)>) {
    match node.get_ref() {
        DeValue::String(path) if is_path(keys) && !path.starts_with(BUILTIN) => {
            paths.push((node.span(), path.to_string()))
        }
        DeValue::Array(items) => items.iter().for_each(|item| add_paths(item, keys, paths)),
        DeValue::Table(table) => {
            for (key, node) in table.iter() {
                keys.push(key.get_ref());
                add_paths(node, keys, paths);
                keys.pop();
            }
        }
        _ => {}
    }
}

/// Whether strings under these keys are paths.
fn is_path(keys: &[&str]) -> bool {
    matches!(
        keys,
        [.., "csv" | "parquet", "path" | "train" | "test"] | ["model", "file", "path"] | ["tensor", "file"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# "path" = 'a.csv'
[data]
source = ["wine", { csv = { path = 'a"b.csv', target = "path" } }]
[[other.parquet]]
train = ["x/1.parquet", "/2.parquet"] # both
test = '''t'''
[[model.file]]
path = "m.onnx"
[[model.file]]
path = "builtin:m"
[[tensor]]
file = "../w.npz"
name = "file"
[reproduce]
path = "p"
"#;

    #[test]
    fn paths_are_changed_and_nothing_else() {
        let expected = TEXT
            .replace("'a\"b.csv'", "'../../a\"b.csv'")
            .replace("\"x/1.parquet\"", "\"../../x/1.parquet\"")
            .replace("'''t'''", "\"../../t\"")
            .replace("\"m.onnx\"", "\"../../m.onnx\"")
            .replace("\"../w.npz\"", "\"../../../w.npz\"");
        assert_eq!(relocated(TEXT, Path::new("../..")), expected);
        assert_eq!(relocated("no = toml =", Path::new("..")), "no = toml =");
    }
}

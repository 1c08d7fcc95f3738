//! What two experiments say otherwise: keys and values, not texts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use bitsweep_experiment::config::relocated;
use toml::Value;

use crate::record::EXPERIMENT;

/// Keys that tell of an experiment and change nothing of what is computed.
const TELLING: [&str; 5] = ["title", "description", "notebook", "reproduce", "finding"];

/// A key of which two experiments have not the same value.
#[derive(Debug, PartialEq)]
pub(super) struct Setting {
    /// With dots: `train.epochs`; `quantize[2].weights.bits` within the second of several tables.
    pub(super) key: String,
    /// Its value in the first; `None` where that does not set it.
    pub(super) before: Option<String>,
    /// Its value in the second.
    pub(super) after: Option<String>,
}

/// A leaf of an experiment: what is compared, and how it is shown.
struct Leaf {
    value: Value,
    shown: String,
}

/// The keys in which the experiments of two results folders differ, in ascending order, or why that is not known.
///
/// Paths are compared as places; a list of one value is that value, and `1` is `1.0`.
pub(super) fn settings(before: &Path, after: &Path) -> Result<Vec<Setting>, String> {
    Ok(differing(leaves(before)?, leaves(after)?))
}

/// The same of two experiments as they were written.
pub(super) fn settings_of_texts(before: &str, after: &str) -> Result<Vec<Setting>, String> {
    let leaves = |text: &str| -> Result<BTreeMap<String, Leaf>, String> {
        let table = text.parse::<toml::Table>().map_err(|error| error.message().to_owned())?;
        let mut flat = BTreeMap::new();
        flatten("", &Value::Table(table), &mut flat);
        Ok(flat.into_iter().map(|(key, value)| (key, Leaf { shown: value.to_string(), value })).collect())
    };
    Ok(differing(leaves(before)?, leaves(after)?))
}

fn differing(before: BTreeMap<String, Leaf>, mut after: BTreeMap<String, Leaf>) -> Vec<Setting> {
    let mut settings = Vec::new();
    for (key, own) in before {
        match after.remove(&key) {
            Some(other) if is_same(&own.value, &other.value) => {}
            other => settings.push(Setting { key, before: Some(own.shown), after: other.map(|it| it.shown) }),
        }
    }
    settings.extend(after.into_iter().map(|(key, own)| Setting {
        key,
        before: None,
        after: Some(own.shown),
    }));
    settings.sort_by(|one, other| one.key.cmp(&other.key));
    settings
}

fn leaves(folder: &Path) -> Result<BTreeMap<String, Leaf>, String> {
    let place = folder.join(EXPERIMENT);
    let unreadable = |error: &dyn std::fmt::Display| format!("cannot read `{}`: {error}", place.display());
    let text = fs::read_to_string(&place).map_err(|error| unreadable(&error))?;
    let folder = folder.canonicalize().map_err(|error| unreadable(&error))?;
    let parse = |text: &str| text.parse::<toml::Table>().map_err(|error| unreadable(&error.message()));
    let (mut written, mut placed) = (BTreeMap::new(), BTreeMap::new());
    flatten("", &Value::Table(parse(&text)?), &mut written);
    flatten("", &Value::Table(parse(&relocated(&text, &folder))?), &mut placed);
    let leaves = placed.into_iter().map(|(key, value)| {
        let is_path = written.get(&key).is_some_and(|written| *written != value);
        let value = if is_path { plain_paths(value, &folder) } else { value };
        let shown = value.to_string();
        (key, Leaf { value, shown })
    });
    Ok(leaves.collect())
}

/// Adds the values under a key, those of tables under keys of their own.
fn flatten(key: &str, value: &Value, leaves: &mut BTreeMap<String, Value>) {
    match value {
        Value::Table(table) if !table.is_empty() => {
            for (name, value) in
                table.iter().filter(|(name, _)| !(key.is_empty() && TELLING.contains(&name.as_str())))
            {
                let joined = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                flatten(&joined, value, leaves);
            }
        }
        Value::Array(values) if values.len() == 1 => flatten(key, &values[0], leaves),
        Value::Array(values) if !values.is_empty() && values.iter().all(Value::is_table) => {
            for (number, value) in (1..).zip(values) {
                flatten(&format!("{key}[{number}]"), value, leaves);
            }
        }
        _ => _ = leaves.insert(key.to_owned(), value.clone()),
    }
}

fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Integer(whole), Value::Float(number)) | (Value::Float(number), Value::Integer(whole)) => {
            *whole as f64 == *number
        }
        (Value::Float(one), Value::Float(other)) => one == other || (one.is_nan() && other.is_nan()),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Table(one), Value::Table(other)) => {
            let is_there =
                |(key, value): (&String, &Value)| other.get(key).is_some_and(|it| is_same(value, it));
            one.len() == other.len() && one.iter().all(is_there)
        }
        (Value::Array(list), single) | (single, Value::Array(list)) => {
            matches!(list.as_slice(), [only] if is_same(only, single))
        }
        _ => one == other,
    }
}

/// The paths in a value without steps back, seen from the working directory where they are below it.
fn plain_paths(value: Value, folder: &Path) -> Value {
    match value {
        Value::String(path) if Path::new(&path).starts_with(folder) || Path::new(&path).is_absolute() => {
            let mut plain = PathBuf::new();
            for part in Path::new(&path).components() {
                match part {
                    Component::ParentDir => _ = plain.pop(),
                    Component::CurDir => {}
                    part => plain.push(part),
                }
            }
            let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
            let seen = plain.strip_prefix(&here).unwrap_or(&plain);
            Value::String(seen.to_string_lossy().into_owned())
        }
        Value::Array(values) => {
            Value::Array(values.into_iter().map(|value| plain_paths(value, folder)).collect())
        }
        Value::Table(table) => {
            let entries = table.into_iter().map(|(key, value)| (key, plain_paths(value, folder)));
            Value::Table(entries.collect())
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_and_not_texts() {
        let before =
            "title = 'a'\nseed = [3]\n[train]\nlearning_rate = 1\nepochs = 5\n[model.mlp]\nhidden = [8, 16]";
        let after = "# other words\ntitle = 'b'\nmodel = { mlp = { hidden = [ 8,16 ] } }\ntrain.learning_rate = 1.0\ntrain.epochs = 6\nseed = 3";
        let [setting] = settings_of_texts(before, after).unwrap().try_into().unwrap();
        assert_eq!(
            (setting.key.as_str(), setting.before.as_deref(), setting.after.as_deref()),
            ("train.epochs", Some("5"), Some("6"))
        );
    }

    #[test]
    fn tables_in_lists_are_told_apart_by_their_numbers() {
        let before = "[[quantize]]\nweights.bits = [8, 4]\n[[quantize]]\nname = 'x'";
        let after = "[[quantize]]\nweights.bits = [8, 4, 2]\n[[quantize]]\nname = 'x'\nbiases = 'keep'";
        let shown: Vec<String> = settings_of_texts(before, after)
            .unwrap()
            .into_iter()
            .map(|own| format!("{}: {:?} {:?}", own.key, own.before, own.after))
            .collect();
        assert_eq!(
            shown,
            [
                "quantize[1].weights.bits: Some(\"[8, 4]\") Some(\"[8, 4, 2]\")",
                "quantize[2].biases: None Some(\"\\\"keep\\\"\")"
            ]
        );
    }
}

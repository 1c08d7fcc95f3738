//! The JSON Schema of an experiment's file: what the types say that read it, in the words of their documentation.

use std::collections::HashSet;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::exclusion::Exclusion;
use super::experiment::HEADER_KEYS;
use super::grid::{Zip, is_value};
use super::header::Header;
use super::point::{UnitTables, VariantTables};

/// The first line of an experiment's file by which editors check it and complete its keys, where the schema lies beside the
/// file: `bitsweep schema > bitsweep.schema.json`. The directive is taplo's.
pub const SCHEMA_DIRECTIVE: &str = "#:schema bitsweep.schema.json";

/// What an enum's schema is marked with, where a name alone stands for a table of settings with their defaults.
const NAME_ALONE: &str = "x-name-alone";

/// An experiment: what is quantized, and in which ways.
///
/// ```toml
/// title = "My sensor: how few bits?"
/// description = "What a reader should know before the results."
/// seed = [0, 1, 2]
/// rng = "modern"
/// zip = [["seed", "train.epochs"]]
/// exclude = [{ "quantize.weights.bits" = 2, seed = [1, 2] }]
/// data.source = "wine"
/// split.holdout.test = 0.2
/// model.mlp.hidden = 32
/// train.epochs = [10, 20, 30]
/// quantize.weights.bits = [8, 4, 2]
/// ```
#[derive(JsonSchema)]
#[schemars(title = "bitsweep experiment", deny_unknown_fields)]
#[allow(dead_code, reason = "its parts are read one by one; it puts their schemas together")]
struct File {
    #[schemars(flatten)]
    header: Header,
    /// Axes that advance together, as lists of their dotted keys: points where their positions differ are left out.
    zip: Option<Vec<Zip>>,
    /// Points of the grid that are left out: where all of these dotted keys have the value, or one of the values.
    exclude: Option<Vec<Exclusion>>,
    #[schemars(flatten)]
    unit: UnitTables,
    #[schemars(flatten)]
    variant: VariantTables,
}

/// The schema of an experiment's file: any list below the keys of units and variants is an axis of the grid.
pub fn schema() -> Value {
    let mut schema = schema_of_values();
    let mut definitions = schema["$defs"].take();
    for choice in definitions.as_object_mut().into_iter().flat_map(Map::values_mut) {
        choice.as_object_mut().map(make_one_table);
    }
    let mut known = HashSet::new();
    if let Value::Object(keys) = &mut schema["properties"] {
        for (name, key) in keys.iter_mut().filter(|(name, _)| !HEADER_KEYS.contains(&name.as_str())) {
            add_axes(key, name, &mut definitions, &mut known);
            make_axis(key, &mut definitions);
        }
    }
    schema["$defs"] = definitions;
    schema
}

/// The schema of one point of the grid, in which no list is an axis, with the header of the experiment.
pub fn schema_of_values() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(in_words_of_toml));
    let mut schema = settings.into_generator().into_root_schema_for::<File>().to_value();
    let definitions = schema["$defs"].clone();
    if let Value::Object(all) = &mut schema["$defs"] {
        for definition in all.values_mut().filter_map(Value::as_object_mut) {
            if definition.remove(NAME_ALONE).is_some() {
                add_names_alone(definition, &definitions);
            }
        }
    }
    schema
}

/// The type that a schema refers to; itself where it refers to none.
pub fn resolved<'s>(schema: &'s Value, definitions: &'s Value) -> &'s Value {
    match schema["$ref"].as_str().and_then(definition_name) {
        Some(name) => &definitions[name],
        None => schema,
    }
}

fn definition_name(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/$defs/")
}

/// TOML has no null, no widths of numbers, and no paths of Rust.
fn in_words_of_toml(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut() else { return };
    schema.remove("format");
    schema.remove("writeOnly");
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [kind] = types.as_slice() {
            let kind = kind.clone();
            schema.insert("type".to_owned(), kind);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            only.into_iter().for_each(|(key, value)| {
                schema.entry(key).or_insert(value);
            });
        }
    }
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = without_links(&without_programs(description));
    }
}

/// Documentation without its examples in Rust.
fn without_programs(text: &str) -> String {
    let mut kept = Vec::new();
    let mut fence = None;
    for line in text.lines() {
        match (fence, line.strip_prefix("```")) {
            (None, Some(language)) => fence = Some(language),
            (Some(_), Some(_)) => {
                if fence.take() == Some("toml") {
                    kept.push(line);
                }
                continue;
            }
            (Some(_) | None, None) => {}
        }
        if fence.is_none_or(|language| language == "toml") {
            kept.push(line);
        }
    }
    kept.join("\n").trim_end().to_owned()
}

/// What links show in their place: of `[text](target)` the text, of a path in brackets and backticks the path.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        plain.push_str(before);
        let (shown, after) = link.split_once(']').unwrap_or((link, ""));
        let target = after.strip_prefix('(').and_then(|target| target.split_once(')'));
        rest = match target {
            Some((_, after)) => {
                plain.push_str(shown);
                after
            }
            None if shown.starts_with('`') && shown.ends_with('`') => {
                plain.push_str(shown);
                after
            }
            None => {
                plain.push('[');
                link
            }
        };
    }
    plain + rest
}

/// The name alone beside each table of settings that may be empty.
fn add_names_alone(definition: &mut Map<String, Value>, definitions: &Value) {
    for choice in definition.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some((name, settings)) = choice["properties"].as_object().and_then(|keys| keys.iter().next())
        else {
            continue;
        };
        let settings = resolved(settings, definitions);
        if settings["type"] == "object" && settings.get("required").is_none() {
            let name = json!({ "type": "string", "const": name });
            let mut table = choice.take();
            let description = table.as_object_mut().and_then(|table| table.remove("description"));
            *choice = json!({ "description": description, "anyOf": [name, table] });
        }
    }
}

/// Makes every key below `schema`, whose dotted key is `path`, an axis, but for lists that are values.
fn add_axes(schema: &mut Value, path: &str, definitions: &mut Value, known: &mut HashSet<String>) {
    if let Some(name) = schema["$ref"].as_str().and_then(definition_name)
        && known.insert(name.to_owned())
    {
        let mut definition = definitions[name].take();
        add_axes(&mut definition, path, definitions, known);
        definitions[name] = definition;
    }
    for choices in ["oneOf", "anyOf"] {
        for choice in schema.get_mut(choices).and_then(Value::as_array_mut).into_iter().flatten() {
            add_axes(choice, path, definitions, known);
        }
    }
    for keys in ["properties", "patternProperties"] {
        for (name, key) in schema.get_mut(keys).and_then(Value::as_object_mut).into_iter().flatten() {
            let path = format!("{path}.{name}");
            add_axis(key, &path, definitions, known);
        }
    }
    // The keys are names that the file makes up.
    if let Some(key) = schema.get_mut("additionalProperties").filter(|rule| rule.is_object()) {
        add_axis(key, &format!("{path}.*"), definitions, known);
    }
}

/// Makes a key and those below it axes, unless a list is its value.
fn add_axis(key: &mut Value, path: &str, definitions: &mut Value, known: &mut HashSet<String>) {
    if !is_value(path) {
        add_axes(key, path, definitions, known);
        make_axis(key, definitions);
    }
}

/// The value, or a list of such values.
///
/// Where that can be, it is one schema of both, each of whose rules speaks of one of them: then what is wrong in a table is
/// told where it stands, and not that the table is neither the one nor the other.
fn make_axis(key: &mut Value, definitions: &mut Value) {
    let Value::Object(value) = key else { return };
    let said = ["description", "default"].map(|said| value.remove_entry(said));
    let table = value.get("$ref").and_then(Value::as_str).and_then(definition_name);
    let table = table.filter(|name| definitions[name]["properties"].is_object());
    let mut axis = match (value.get("type").and_then(Value::as_str), table) {
        (_, Some(name)) => {
            // Which of the two it is, is said here.
            definitions[name].as_object_mut().map(|table| table.remove("type"));
            let table = json!({ "type": "object", "allOf": [value] });
            json!({ "type": ["object", "array"], "allOf": [value], "items": table })
        }
        (Some(kind), None) => {
            let mut either = value.clone();
            either.insert("type".to_owned(), json!([kind, "array"]));
            either.insert("items".to_owned(), json!(value));
            Value::Object(either)
        }
        (None, None) => json!({ "anyOf": [value, { "type": "array" }], "items": value }),
    };
    for (name, rule) in said.into_iter().flatten() {
        axis[name] = rule;
    }
    axis["minItems"] = json!(1);
    axis["uniqueItems"] = json!(true);
    *key = axis;
}

/// A choice among tables as one table of which one key is there, for the same reason.
fn make_one_table(choice: &mut Map<String, Value>) {
    let tables = choice.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let keys: Option<Map<String, Value>> = tables
        .map(|table| {
            let (name, key) = table["properties"].as_object()?.iter().next()?;
            let mut key = key.clone();
            key["description"] = table["description"].clone();
            Some((name.clone(), key))
        })
        .collect();
    if let Some(keys) = keys.filter(|keys| !keys.is_empty()) {
        choice.remove("oneOf");
        choice.insert("properties".to_owned(), Value::Object(keys));
        choice.insert("additionalProperties".to_owned(), json!(false));
        choice.insert("minProperties".to_owned(), json!(1));
        choice.insert("maxProperties".to_owned(), json!(1));
        choice.insert("type".to_owned(), json!("object"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::experiment::{UNIT_KEYS, VARIANT_KEY};
    use crate::config::grid::{LIST_VALUES, LISTS_OF_LISTS};

    #[test]
    fn the_keys_of_a_file_are_those_that_are_read() {
        let schema = schema();
        let keys: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(keys, [HEADER_KEYS.as_slice(), &UNIT_KEYS, &[VARIANT_KEY]].concat());
    }

    /// The dotted keys below `schema` that take lists, and whether they take nothing else.
    fn add_lists(schema: &Value, path: &str, definitions: &Value, lists: &mut Vec<(String, bool)>) {
        let schema = resolved(schema, definitions);
        let forms = |choices: &str| schema[choices].as_array().cloned().unwrap_or_default();
        for choice in forms("oneOf").iter().chain(&forms("anyOf")) {
            add_lists(choice, path, definitions, lists);
        }
        for (name, key) in schema["properties"].as_object().into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let value = resolved(key, definitions);
            let is_list = |form: &Value| form["type"] == "array";
            let forms = value["anyOf"].as_array().map_or_else(|| vec![value], |forms| forms.iter().collect());
            if forms.iter().any(|form| is_list(form)) {
                lists.push((path, forms.iter().all(|form| is_list(form))));
            } else {
                add_lists(value, &path, definitions, lists);
            }
        }
    }

    #[test]
    fn the_lists_that_are_no_axes_are_those_that_the_types_take() {
        let schema = schema_of_values();
        let mut lists = Vec::new();
        add_lists(&schema, "", &schema["$defs"], &mut lists);
        lists.retain(|(path, _)| !HEADER_KEYS.contains(&path.split('.').next().unwrap()));
        // Another name of `csv`.
        lists.retain(|(path, _)| !path.starts_with("data.source.parquet."));
        lists.sort_unstable();
        let known = LIST_VALUES.map(|path| (path, true)).into_iter();
        let mut known: Vec<_> = known.chain(LISTS_OF_LISTS.map(|path| (path, false))).collect();
        known.sort_unstable();
        assert_eq!(lists.iter().map(|(path, is_list)| (path.as_str(), *is_list)).collect::<Vec<_>>(), known);
    }

    #[test]
    fn documentation_becomes_text_for_who_writes_toml() {
        let documentation = "By [`Range`](crate::Range) or [`Mse`] in [the loop](fit), `w[0]` of `[0, 1)`.\n\n\
            ```toml\na = [1]\n```\n\n```\nassert!(true);\n```";
        let text = without_links(&without_programs(documentation));
        assert_eq!(text, "By `Range` or `Mse` in the loop, `w[0]` of `[0, 1)`.\n\n```toml\na = [1]\n```");
    }
}

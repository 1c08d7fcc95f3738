//! From the schema to tables, keys and choices, in words of who writes TOML.

use bitsweep_results::numbers::grouped;
use serde_json::Value;

use super::text::Text;
use super::{Choice, Key, Keys, Table, Values, Without};
use bitsweep_experiment::config::{resolved, schema_of_values};

/// All tables of an experiment's file, each before those within it.
pub(super) fn tables() -> Vec<Table> {
    let file = schema_of_values();
    let mut reader = Reader { definitions: &file["$defs"], tables: Vec::new(), known: Vec::new() };
    reader.add(Place { path: String::new(), is_list: false, schema: &file });
    reader.tables
}

struct Reader<'s> {
    definitions: &'s Value,
    tables: Vec<Table>,
    /// Types that have been told, and where.
    known: Vec<(&'s Value, String)>,
}

/// Where a table stands.
struct Place<'s> {
    path: String,
    is_list: bool,
    schema: &'s Value,
}

/// The tables below a key.
type Below<'s> = Vec<Place<'s>>;

impl<'s> Reader<'s> {
    fn add(&mut self, Place { path, is_list, schema }: Place<'s>) {
        let table = self.resolved(schema);
        if let Some((_, first)) = self.known.iter().find(|(known, _)| *known == table) {
            let keys = Keys::Same(first.clone());
            self.tables.push(Table { path, is_list, text: Text::default(), keys });
            return;
        }
        self.known.push((table, path.clone()));
        let mut below = Vec::new();
        let keys = Keys::Own(self.keys(&path, table, &mut below));
        self.tables.push(Table { path, is_list, text: text_of(table), keys });
        below.into_iter().for_each(|place| self.add(place));
    }

    fn resolved(&self, schema: &'s Value) -> &'s Value {
        resolved(schema, self.definitions)
    }

    fn keys(&self, path: &str, table: &'s Value, below: &mut Below<'s>) -> Vec<Key> {
        let is_required = |name: &str| {
            table["required"].as_array().is_some_and(|required| required.iter().any(|key| key == name))
        };
        let keys = table["properties"].as_object().into_iter().flatten();
        keys.map(|(name, schema)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let without = match in_toml(&schema["default"]) {
                _ if is_required(name) => Without::Refused,
                Some(default) => Without::Default(default),
                None => Without::Nothing,
            };
            let value = self.resolved(schema);
            let (mut text, of_type) = (text_of(schema), text_of(value));
            if !is_table(value) && !std::ptr::eq(schema, value) {
                // The key's own sentence stands for the first of its type.
                text.paragraphs.extend(of_type.paragraphs.into_iter().skip(1));
            }
            // Of one choice or a list of them, the choice.
            let first = value["anyOf"].as_array().and_then(|forms| forms.first());
            let choice = [Some(value), first.map(|first| self.resolved(first))].into_iter().flatten();
            let value = match choice.into_iter().find(|value| is_choice(value)) {
                Some(choice) => Values::Choices(self.choices(&path, choice, below)),
                None => Values::Words(self.words(&path, schema, Number::One, below)),
            };
            Key { path, name: name.clone(), text, value, without }
        })
        .collect()
    }

    fn choices(&self, path: &str, schema: &'s Value, below: &mut Below<'s>) -> Vec<Choice> {
        let choices = schema["oneOf"].as_array().into_iter().flatten();
        choices.flat_map(|choice| self.choice(path, choice, below)).collect()
    }

    fn choice(&self, path: &str, choice: &'s Value, below: &mut Below<'s>) -> Vec<Choice> {
        let plain = |spelling: String| Choice { spelling, text: text_of(choice), settings: Vec::new() };
        // A name alone stands before the table.
        let forms: Vec<&Value> =
            choice["anyOf"].as_array().map_or_else(|| vec![choice], |forms| forms.iter().collect());
        let names: Vec<String> = forms.iter().flat_map(|form| names(form)).collect();
        let table = forms.into_iter().find_map(|form| form["properties"].as_object()?.iter().next());
        let Some((name, schema)) = table else { return vec![plain(names.join(" or "))] };
        let path = format!("{path}.{name}");
        let setting = self.resolved(schema);
        if is_choice(setting) {
            let inner = self.choices(&path, setting, below).into_iter().map(|inner| {
                let spelling = format!("`{{ {name} = {} }}`", inner.spelling.trim_matches('`'));
                let mut text = text_of(choice);
                text.paragraphs.extend(inner.text.paragraphs);
                Choice { spelling, text, settings: inner.settings }
            });
            return inner.collect();
        }
        if !is_table(setting) {
            let words = self.words(&path, schema, Number::One, below);
            return vec![plain(format!("`{{ {name} = … }}`, {words}"))];
        }
        if std::ptr::eq(schema, setting) {
            let settings = self.keys(&path, setting, below);
            return vec![Choice { settings, ..plain(format!("`{{ {name} = {{ … }} }}`")) }];
        }
        let table = format!("`[{path}]`");
        below.push(Place { path, is_list: false, schema });
        vec![plain(names.into_iter().chain([table]).collect::<Vec<_>>().join(" or "))]
    }

    /// What may stand at a key, in words.
    fn words(&self, path: &str, schema: &'s Value, number: Number, below: &mut Below<'s>) -> String {
        let value = self.resolved(schema);
        if is_table(value) {
            below.push(Place { path: path.to_owned(), is_list: false, schema });
            return format!("table `[{path}]`");
        }
        if let Some(layers) = value["patternProperties"].as_object() {
            let of_first = format!("{path}.W1");
            let words = format!("tables `[{of_first}]`, `[{path}.W2]` and so on");
            below.extend(layers.values().map(|schema| Place {
                path: of_first.clone(),
                is_list: false,
                schema,
            }));
            return words;
        }
        if let Some(forms) = value["anyOf"].as_array() {
            let forms = forms.iter().map(|form| self.words(path, form, number, below));
            return forms.collect::<Vec<_>>().join(", or ");
        }
        match value["type"].as_str() {
            Some("array") if is_table(self.resolved(&value["items"])) => {
                below.push(Place { path: path.to_owned(), is_list: true, schema: &value["items"] });
                format!("list of tables `[[{path}]]`")
            }
            Some("array") => {
                let items = self.words(path, &value["items"], Number::Several, below);
                format!("{} of {items}", number.of("list", "lists"))
            }
            Some("integer") => bounded(number.of("whole number", "whole numbers"), value),
            Some("number") => bounded(number.of("number", "numbers"), value),
            Some("boolean") => "`true` or `false`".to_owned(),
            Some("object") => number.of("table of any keys", "tables of any keys").to_owned(),
            Some(_) => number.of("text", "texts").to_owned(),
            None => format!("one of {}", names(value).join(" ")),
        }
    }
}

/// How many there are of what a word names.
#[derive(Clone, Copy)]
enum Number {
    One,
    Several,
}

impl Number {
    fn of<'w>(self, one: &'w str, several: &'w str) -> &'w str {
        match self {
            Number::One => one,
            Number::Several => several,
        }
    }
}

fn is_choice(schema: &Value) -> bool {
    schema["oneOf"].is_array()
}

fn is_table(schema: &Value) -> bool {
    schema["properties"].is_object() && !is_choice(schema)
}

fn text_of(schema: &Value) -> Text {
    Text::of(schema["description"].as_str())
}

/// The names that a schema lists, as TOML has them.
fn names(schema: &Value) -> Vec<String> {
    let listed = schema["enum"].as_array().into_iter().flatten();
    listed.chain(schema.get("const")).filter_map(in_toml).map(|name| format!("`{name}`")).collect()
}

/// A number with its bounds.
fn bounded(noun: &str, schema: &Value) -> String {
    let shown = |bound: &Value| if bound.is_u64() { grouped(&bound.to_string()) } else { bound.to_string() };
    let bound = |name: &str| schema.get(name).map(shown);
    let least = bound("minimum").map(|least| (least, true));
    let least = least.or_else(|| bound("exclusiveMinimum").map(|least| (least, false)));
    let most = bound("maximum").map(|most| (most, true));
    let most = most.or_else(|| bound("exclusiveMaximum").map(|most| (most, false)));
    match (least, most) {
        (None, None) => noun.to_owned(),
        (Some((least, true)), None) => format!("{noun}, {least} or above"),
        (Some((least, false)), None) => format!("{noun} above {least}"),
        (None, Some((most, true))) => format!("{noun} up to {most}"),
        (None, Some((most, false))) => format!("{noun} below {most}"),
        (Some((least, true)), Some((most, true))) => format!("{noun} from {least} to {most}"),
        (Some((least, true)), Some((most, false))) => format!("{noun} from {least} to below {most}"),
        (Some((least, false)), Some((most, true))) => format!("{noun} above {least}, up to {most}"),
        (Some((least, false)), Some((most, false))) => format!("{noun} above {least} and below {most}"),
    }
}

/// A value as TOML has it; `None` of what says nothing: no value, an empty one, and a table, whose keys have values of
/// their own.
fn in_toml(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => (!text.is_empty()).then(|| toml::Value::from(text.as_str()).to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(match number.as_f64() {
            Some(small) if number.is_f64() && small != 0.0 && small.abs() < 1e-3 => format!("{small:e}"),
            Some(_) | None => number.to_string(),
        }),
        Value::Array(_) => None,
        Value::Object(table) => {
            let mut entries = table.iter();
            let (name, settings) = entries.next()?;
            // A choice with its settings, which are those that the name alone has.
            (entries.next().is_none() && settings.is_object())
                .then(|| toml::Value::from(name.as_str()).to_string())
        }
    }
}

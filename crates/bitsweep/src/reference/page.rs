//! The reference as Markdown that reads well in a terminal.

use bitsweep_datasets::nearest;
use bitsweep_quant::SchemeAxis;

use super::combinations::of_axis;
use super::reader::tables;
use super::text::{Text, filled};
use super::{Key, Keys, Table, Values, Without};
use bitsweep_experiment::config::Diagnostic;
use bitsweep_experiment::variant::combinations;

const HEADING: &str = "\
Every table and key of an experiment's file. Written by `bitsweep reference` from the types that read experiments and \
from their documentation; `bitsweep reference KEY` shows one key or table by its dotted name or the end of it, such as \
`train.epochs` or `range`, and `bitsweep schema` prints the same as a JSON Schema, by which editors check and complete.

Each key is told with what may stand there, and with the value that it has where it is left out. TOML has several \
spellings of one thing: a table `[train.optimizer.adam]` with the line `beta1 = 0.8`, a table `[train]` with the line \
`optimizer = { adam = { beta1 = 0.8 } }`, and the line `train.optimizer.adam.beta1 = 0.8` before all tables say the same.

Below `seed`, `rng`, `data`, `split`, `model`, `train`, `tensor` and `quantize`, a list in the place of a value is an \
axis of the grid: `bits = [8, 4]` tries both, each with every value of all other axes. Tables may be listed, too: \
`[[quantize]]`, `range = [\"min-max\", { percentile = 99 }]`. A list that is itself the value of a key is told as a list, \
and is no axis.";

/// The whole reference.
pub(crate) fn page() -> String {
    let mut page = "# Reference\n".to_owned();
    HEADING.split("\n\n").for_each(|paragraph| page += &format!("\n{}", filled(paragraph, "")));
    tables().iter().for_each(|table| page += &of_table(table));
    page
}

/// What the reference says of the tables and keys that are called `name`, by their dotted key or the end of it.
///
/// # Errors
/// Where nothing is called so, with the nearest name.
pub(crate) fn part(name: &str) -> Result<String, Diagnostic> {
    let tables = tables();
    let is_meant = |path: &str| {
        !name.is_empty()
            && path.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    let mut part = String::new();
    for table in &tables {
        let ends = table.path.match_indices('.').map(|(end, _)| end).chain([table.path.len()]);
        if ends.map(|end| &table.path[..end]).any(is_meant) {
            part += &of_table(table);
            continue;
        }
        let meant = all_keys(table).into_iter().filter(|key| is_meant(&key.path));
        let told: String = meant.map(|key| of_key(key, "") + &what_it_combines_with(key)).collect();
        if !told.is_empty() {
            part += &format!("\n{}\n{told}", heading(table));
            part += &examples(table);
        }
    }
    if !part.is_empty() {
        return Ok(part.trim_start().to_owned());
    }
    let keys = tables.iter().flat_map(all_keys).map(|key| key.path.as_str());
    let paths: Vec<&str> = tables.iter().map(|table| table.path.as_str()).chain(keys).collect();
    let ends = paths.iter().filter_map(|path| path.rsplit('.').next());
    let unknown = Diagnostic::new(format!("no experiment has a key or table `{name}`"));
    Err(match nearest(name, paths.iter().copied().chain(ends)) {
        Some(nearest) => unknown.help(format!("did you mean `{nearest}`?")),
        None => unknown.help("`bitsweep reference` shows all"),
    })
}

/// The keys of a table, and those of its choices that have no table of their own.
pub(super) fn all_keys(table: &Table) -> Vec<&Key> {
    let Keys::Own(keys) = &table.keys else { return Vec::new() };
    keys.iter().flat_map(|key| [key].into_iter().chain(settings(key))).collect()
}

fn settings(key: &Key) -> impl Iterator<Item = &Key> {
    let choices = match &key.value {
        Values::Choices(choices) => choices.as_slice(),
        Values::Words(_) => &[],
    };
    choices.iter().flat_map(|choice| &choice.settings)
}

fn heading(table: &Table) -> String {
    match (table.path.as_str(), table.is_list) {
        ("", _) => "## The file\n".to_owned(),
        (path, true) => format!("## `[[{path}]]`\n"),
        (path, false) => format!("## `[{path}]`\n"),
    }
}

fn of_table(table: &Table) -> String {
    let mut told = format!("\n{}", heading(table));
    for paragraph in &table.text.paragraphs {
        told += &format!("\n{}", filled(paragraph, ""));
    }
    match &table.keys {
        Keys::Own(keys) => {
            told.push('\n');
            keys.iter().for_each(|key| told += &(of_key(key, "") + &link_to_combinations(key)));
        }
        Keys::Same(path) => told += &format!("\nIts keys are those of the table `{path}`.\n"),
    }
    told + &examples(table)
}

fn examples(table: &Table) -> String {
    in_toml(table).iter().map(|example| format!("\n```toml\n{example}```\n")).collect()
}

/// The examples of a table, as a file has them.
pub(super) fn in_toml(table: &Table) -> Vec<String> {
    let of = |example: &String| match (table.path.as_str(), table.is_list) {
        ("", _) => example.clone(),
        (path, true) => format!("[[{path}]]\n{example}"),
        (path, false) => format!("[{path}]\n{example}"),
    };
    table.text.examples.iter().map(of).collect()
}

/// The key as an item of a list, its choices and what it does not combine with as items within.
fn of_key(key: &Key, indent: &str) -> String {
    let default = match &key.without {
        Without::Default(default) => Some(format!("`{default}` by default")),
        Without::Refused => Some("required".to_owned()),
        Without::Nothing => None,
    };
    let words = match &key.value {
        Values::Words(words) => Some(words.clone()),
        Values::Choices(_) => None,
    };
    let head: Vec<String> = words.into_iter().chain(default).collect();
    let head = if head.is_empty() { "one of these".to_owned() } else { head.join("; ") };
    let mut told = item(&format!("`{}`: {head}.", key.name), &key.text, indent);
    let within = format!("{indent}  ");
    if let Values::Choices(choices) = &key.value {
        for choice in choices {
            told += &item(&format!("{}:", choice.spelling), &choice.text, &within);
            let settings = choice.settings.iter();
            settings.for_each(|setting| told += &of_key(setting, &format!("{within}  ")));
        }
    }
    for refused in combinations().iter().filter_map(|rule| rule.at(&key.path)) {
        told += &item(&format!("{refused}."), &Text::default(), &within);
    }
    told
}

/// The axis of a scheme that a key is.
fn axis_of(key: &Key) -> Option<SchemeAxis> {
    let name = key.path.strip_prefix("quantize.weights.")?;
    SchemeAxis::ALL.into_iter().find(|axis| axis.name() == name)
}

fn link_to_combinations(key: &Key) -> String {
    match axis_of(key) {
        Some(axis) => {
            item(&format!("[What it combines with](combinations.md#{axis})."), &Text::default(), "  ")
        }
        None => String::new(),
    }
}

fn what_it_combines_with(key: &Key) -> String {
    axis_of(key).map(of_axis).unwrap_or_default()
}

/// An item of a list: its head and the first paragraph in one, the others below.
fn item(head: &str, text: &Text, indent: &str) -> String {
    let within = format!("{indent}  ");
    let mut paragraphs = text.paragraphs.iter();
    let first = paragraphs.next().map_or_else(|| head.to_owned(), |first| format!("{head} {first}"));
    let mut item = format!("{indent}- {}", filled(&first, &within).trim_start());
    paragraphs.for_each(|paragraph| item += &format!("\n{}", filled(paragraph, &within)));
    item
}

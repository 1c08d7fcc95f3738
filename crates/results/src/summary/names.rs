//! What tasks are called that are shown together.

use std::collections::BTreeSet;

use crate::origin::Task;
use crate::value::Value;

/// What stands between the parts of a name.
const JOINT: &str = " · ";
/// A value of more characters is shortened to what differs.
const LONGEST: usize = 32;

/// Names that tell the tasks apart, without what all of them share: `wine`, `epochs 50`. No two are equal.
#[must_use]
pub fn distinct_names(tasks: &[&Task]) -> Vec<String> {
    names(tasks, false)
}

/// Names of the dataset, the model and whatever else tells the tasks apart: `wine · mlp(100) · train.epochs 50`. No two
/// are equal.
#[must_use]
pub fn full_names(tasks: &[&Task]) -> Vec<String> {
    names(tasks, true)
}

/// One thing that tasks may differ in: what each of them has there, in words.
struct Aspect {
    of_each: Vec<Option<String>>,
    /// Whether full names have it even where all tasks share it.
    always: bool,
}

impl Aspect {
    fn differs(&self) -> bool {
        self.of_each.windows(2).any(|pair| pair[0] != pair[1])
    }
}

fn names(tasks: &[&Task], full: bool) -> Vec<String> {
    let plain = |always: bool, text: fn(&Task) -> &str| Aspect {
        of_each: tasks
            .iter()
            .map(|task| Some(text(task).to_owned()).filter(|text| !text.is_empty()))
            .collect(),
        always,
    };
    let mut aspects = vec![
        plain(true, |task| task.dataset.as_str()),
        plain(true, |task| task.model.as_str()),
        plain(false, |task| task.rng.as_str()),
    ];
    let mut keys: Vec<&str> = Vec::new();
    for (key, _) in tasks.iter().flat_map(|task| &task.settings) {
        if !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    aspects.extend(keys.into_iter().map(|key| setting(tasks, key)));

    let shown: Vec<&Aspect> =
        aspects.iter().filter(|aspect| aspect.differs() || (full && aspect.always)).collect();
    let mut taken = BTreeSet::new();
    let names = tasks.iter().enumerate().map(|(index, task)| {
        let parts: Vec<&str> = shown.iter().filter_map(|aspect| aspect.of_each[index].as_deref()).collect();
        let name = if parts.is_empty() { task.dataset.clone() } else { parts.join(JOINT) };
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name));
        let free = free.unwrap_or(name);
        taken.insert(free.clone());
        free
    });
    names.collect()
}

/// The value of one setting of each task, with its key.
fn setting(tasks: &[&Task], key: &str) -> Aspect {
    let value_of = |task: &&Task| -> Option<Value> {
        task.settings.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
    };
    let values: Vec<Option<String>> =
        tasks.iter().map(|task| value_of(task).map(|value| value.to_string())).collect();
    let short = shortened(&values);
    let of_each = short.into_iter().map(|value| value.map(|value| format!("{key} {value}"))).collect();
    Aspect { of_each, always: false }
}

/// Long values without the folders that all share, or numbered where that is not short either.
fn shortened(values: &[Option<String>]) -> Vec<Option<String>> {
    let mut distinct: Vec<&str> = Vec::new();
    for value in values.iter().flatten() {
        if !distinct.contains(&value.as_str()) {
            distinct.push(value);
        }
    }
    if distinct.iter().all(|value| value.chars().count() <= LONGEST) {
        return values.to_vec();
    }
    let parts: Vec<Vec<&str>> = distinct.iter().map(|value| value.split('/').collect()).collect();
    let shared = |at: fn(&[&str], usize) -> Option<String>| {
        let same = |depth: &usize| {
            let first = parts.first().and_then(|parts| at(parts, *depth));
            first.is_some() && parts.iter().all(|parts| at(parts, *depth) == first)
        };
        (0..).take_while(same).count()
    };
    let front = shared(|parts, depth| parts.get(depth).map(|part| (*part).to_owned()));
    let back = shared(|parts, depth| parts.iter().rev().nth(depth).map(|part| (*part).to_owned()));
    let middle =
        |parts: &[&str]| parts.get(front..parts.len().saturating_sub(back)).map(|middle| middle.join("/"));
    let short: Vec<String> = parts
        .iter()
        .enumerate()
        .map(|(number, parts)| {
            let middle = middle(parts).filter(|middle| !middle.is_empty());
            middle
                .filter(|middle| middle.chars().count() <= LONGEST)
                .unwrap_or_else(|| format!("#{}", number + 1))
        })
        .collect();
    let of = |value: &String| {
        let position = distinct.iter().position(|known| known == value);
        position.and_then(|position| short.get(position).cloned())
    };
    values.iter().map(|value| value.as_ref().and_then(of)).collect()
}

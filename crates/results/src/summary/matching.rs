//! What two results have in common: tasks, and variants within them.

use std::collections::BTreeMap;

use super::grouped::grouped;
use super::names::full_names;
use crate::choice::Choices;
use crate::origin::Task;
use crate::record::ResultRow;

/// The rows of one variant, one of each unit.
pub type VariantRows<'a> = Vec<&'a ResultRow>;

/// The tasks of two results.
#[derive(Debug)]
pub struct MatchedResults<'a> {
    /// Those that both have.
    pub tasks: Vec<MatchedTask<'a>>,
    /// What the others of the first are called.
    pub only_before: Vec<String>,
    /// What the others of the second are called.
    pub only_after: Vec<String>,
}

/// A task of two results.
#[derive(Debug)]
pub struct MatchedTask<'a> {
    /// What it is called in the first.
    pub name: String,
    /// What it is called in the second.
    pub name_after: String,
    /// The variants that both have, the float model first; the majority class is none.
    pub variants: Vec<MatchedVariant<'a>>,
    /// Those that the first has alone.
    pub only_before: Vec<VariantRows<'a>>,
    /// Those that the second has alone.
    pub only_after: Vec<VariantRows<'a>>,
}

/// A variant of two results.
#[derive(Debug)]
pub struct MatchedVariant<'a> {
    /// Its rows in the first.
    pub before: VariantRows<'a>,
    /// Its rows in the second.
    pub after: VariantRows<'a>,
}

/// The rows of one task.
struct TaskRows<'a> {
    task: &'a Task,
    name: String,
    rows: Vec<&'a ResultRow>,
}

/// Whether two tasks are one.
type IsSame<'r> = &'r dyn Fn(&Task, &Task) -> bool;

/// Finds the tasks that two results share, and in them the variants of equal choices.
///
/// Tasks are the same where their keys are. Of the others those are that have the dataset, the model, the settings and the
/// generator in common, then those that have all but the generator in common, where no other task of the same results has the same.
/// So the same task after a change of the data, or of what is told of the experiment as a whole, is still found.
#[must_use]
pub fn matched<'a>(before: &'a [ResultRow], after: &'a [ResultRow]) -> MatchedResults<'a> {
    let (before, mut after) = (tasks(before), tasks(after).into_iter().map(Some).collect::<Vec<_>>());
    let mut partners: Vec<Option<TaskRows<'a>>> = before.iter().map(|_| None).collect();
    let by_key = |one: &Task, other: &Task| one.key == other.key;
    let by_words = |one: &Task, other: &Task| {
        (&one.dataset, &one.model, &one.settings) == (&other.dataset, &other.model, &other.settings)
    };
    let by_all_words = |one: &Task, other: &Task| by_words(one, other) && one.rng == other.rng;
    let rules: [IsSame<'_>; 3] = [&by_key, &by_all_words, &by_words];
    for is_same in rules {
        for (own, partner) in before.iter().zip(&mut partners).filter(|(_, partner)| partner.is_none()) {
            let rivals = before.iter().filter(|other| is_same(own.task, other.task)).count();
            let is_other =
                |other: &Option<TaskRows<'_>>| other.as_ref().is_some_and(|it| is_same(own.task, it.task));
            let mut found = after.iter_mut().filter(|other| is_other(other));
            if let (1, Some(other), None) = (rivals, found.next(), found.next()) {
                *partner = other.take();
            }
        }
    }
    let alone = before.iter().zip(&partners).filter(|(_, partner)| partner.is_none());
    let only_before = alone.map(|(own, _)| own.name.clone()).collect();
    let only_after = after.into_iter().flatten().map(|own| own.name).collect();
    let tasks = before.iter().zip(partners).filter_map(|(own, partner)| Some(task(own, &partner?)));
    MatchedResults { tasks: tasks.collect(), only_before, only_after }
}

fn tasks(rows: &[ResultRow]) -> Vec<TaskRows<'_>> {
    let groups = grouped(rows, |row| row.origin.unit.task.key);
    let all: Vec<&Task> = groups.iter().map(|rows| &*rows[0].origin.unit.task).collect();
    let named = groups.iter().zip(&all).zip(full_names(&all));
    named.map(|((rows, task), name)| TaskRows { task, name, rows: rows.clone() }).collect()
}

fn task<'a>(before: &TaskRows<'a>, after: &TaskRows<'a>) -> MatchedTask<'a> {
    let mut others = variants(after);
    let (mut matched, mut only_before) = (Vec::new(), Vec::new());
    for (identity, own) in variants(before) {
        match others.iter().position(|(other, _)| *other == identity) {
            Some(place) => matched.push(MatchedVariant { before: own, after: others.remove(place).1 }),
            None => only_before.push(own),
        }
    }
    let only_after = others.into_iter().map(|(_, rows)| rows).collect();
    let (name, name_after) = (before.name.clone(), after.name.clone());
    MatchedTask { name, name_after, variants: matched, only_before, only_after }
}

/// What tells variants apart; `None` of the float model, whatever its precision.
type Identity<'a> = Option<&'a Choices>;

fn variants<'a>(task: &TaskRows<'a>) -> Vec<(Identity<'a>, VariantRows<'a>)> {
    let identity = |row: &'a ResultRow| (!row.origin.is_float()).then_some(&row.origin.variant.choices);
    let mut places: BTreeMap<Identity<'a>, usize> = BTreeMap::new();
    let mut all: Vec<(Identity<'a>, VariantRows<'a>)> = Vec::new();
    for row in task.rows.iter().filter(|row| !row.origin.is_majority()) {
        let identity = identity(row);
        let place = *places.entry(identity).or_insert(all.len());
        match all.get_mut(place) {
            Some((_, rows)) => rows.push(row),
            None => all.push((identity, vec![row])),
        }
    }
    all
}

/// Rows of two variants in the units that both have, told by seed and split.
pub(super) fn common_units<'a>(
    before: &[&'a ResultRow],
    after: &[&'a ResultRow],
) -> Vec<(&'a ResultRow, &'a ResultRow)> {
    let run = |row: &ResultRow| (row.origin.unit.seed, row.origin.unit.fold);
    let others: BTreeMap<_, &'a ResultRow> = after.iter().map(|row| (run(row), *row)).collect();
    before.iter().filter_map(|row| Some((*row, *others.get(&run(row))?))).collect()
}

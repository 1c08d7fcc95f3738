//! What failed: which rows have no measures, and why.

use std::collections::BTreeSet;

use bitsweep_results::numbers::{count, counted};
use bitsweep_results::summary::{FailedRow, grouped};
use bitsweep_results::{Key, Summary};

use super::block::{Block, Table, paragraph};

/// Lines of the table.
const MOST_LINES: usize = 16;

pub(super) fn blocks(summary: &Summary) -> Vec<Block> {
    if summary.failures.is_empty() {
        return Vec::new();
    }
    let rows = lines(&summary.failures).iter().map(|rows| cells(rows, summary)).collect();
    let run = if summary.run_nouns().0 == "seed" { "Seed" } else { "Run" };
    let headings = ["Task", run, "Variant", "Kind", "Reason", "Rows"];
    vec![
        Block::Heading(2, "What failed".to_owned()),
        paragraph(
            "These rows have no measures and take no part in any number; results.csv lists each with its reason.",
        ),
        Block::Table(Table::new(5, &headings, rows)),
    ]
}

/// The rows of each line, as closely as there is room for: one by one, by reason, by kind.
fn lines(failures: &[FailedRow]) -> Vec<Vec<&FailedRow>> {
    if failures.len() <= MOST_LINES {
        return failures.iter().map(|row| vec![row]).collect();
    }
    let by_reason = grouped(failures, |row| (row.failure.kind, &row.failure.reason));
    if by_reason.len() <= MOST_LINES { by_reason } else { grouped(failures, |row| row.failure.kind) }
}

fn cells(rows: &[&FailedRow], summary: &Summary) -> Vec<String> {
    let tasks: BTreeSet<Key> = rows.iter().map(|row| row.origin.unit.task.key).collect();
    let runs: BTreeSet<(u64, Option<usize>)> =
        rows.iter().map(|row| (row.origin.unit.seed, row.origin.unit.fold)).collect();
    let variant = |row: &FailedRow| match row.origin.is_float() {
        true => "all variants".to_owned(),
        false => summary.labels.get(&row.origin.variant).to_string(),
    };
    let variants: BTreeSet<String> = rows.iter().map(|row| variant(row)).collect();
    let reasons: BTreeSet<&str> = rows.iter().map(|row| row.failure.reason.as_str()).collect();
    let first = |cell: fn(&FailedRow) -> String| rows.first().map_or_else(String::new, |row| cell(row));
    let one_or = |number: usize, one: String, several: &str| {
        if number == 1 { one } else { counted(number, &one, several) }
    };
    let reason = first(|row| row.failure.reason.clone());
    vec![
        one_or(tasks.len(), first(|row| row.task.clone()), "tasks"),
        one_or(
            runs.len(),
            first(|row| match row.origin.unit.fold {
                None => row.origin.unit.seed.to_string(),
                Some(_) => row.origin.unit.run(),
            }),
            summary.run_nouns().1,
        ),
        one_or(variants.len(), variants.iter().next().cloned().unwrap_or_default(), "variants"),
        first(|row| row.failure.kind.to_string()),
        if reasons.len() == 1 {
            reason
        } else {
            format!("{reason} (the first of {} reasons)", reasons.len())
        },
        count(rows.len() as f64),
    ]
}

/// How much there is to go by, in a sentence; `None` where nothing failed.
pub(super) fn sentence(summary: &Summary) -> Option<String> {
    let failed = summary.failures.len();
    if failed == 0 {
        return None;
    }
    let mut tasks: BTreeSet<&str> = summary.failures.iter().map(|row| row.task.as_str()).collect();
    tasks.extend(summary.comparisons.iter().map(bitsweep_results::Comparison::name));
    let (some, all) = (summary.units_with_results, summary.units);
    let of = match (tasks.len(), all) {
        (..=1, 1) => summary.run_nouns().0,
        (..=1, _) => summary.run_nouns().1,
        (_, _) => "runs of a task with a seed",
    };
    let rows = counted(failed, "row has no measures and takes", "rows have no measures and take");
    let have = if all == 1 { "has" } else { "have" };
    Some(format!("{some} of {all} {of} {have} results; {rows} no part in any number (see “What failed”)."))
}

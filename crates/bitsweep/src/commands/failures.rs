//! What failed, for the terminal: each reason once.

use std::collections::BTreeSet;

use bitsweep_results::numbers::counted;
use bitsweep_results::summary::{FailedRow, grouped};
use bitsweep_results::{Records, ResultRow, Summary};

use crate::layout::Page;
use crate::plan::Plan;

/// Each reason with what it kept from being measured.
pub(super) fn lines(summary: &Summary, plan: &Plan) -> Vec<String> {
    let reasons = grouped(&summary.failures, |failed| &failed.failure.reason);
    reasons.iter().map(|rows| line(rows, summary, plan)).collect()
}

/// The same at the end of a page, where something failed.
pub(super) fn add(summary: &Summary, plan: &Plan, page: &mut Page) {
    let lines = lines(summary, plan);
    if !lines.is_empty() {
        page.space();
        page.prose(0, "failed:");
        lines.iter().for_each(|line| page.prose(2, line));
    }
}

fn line(rows: &[&FailedRow], summary: &Summary, plan: &Plan) -> String {
    let first = rows[0];
    let mut what = match plan.location_of(&first.origin.variant) {
        Some(location) => format!("{} ({location})", summary.labels.get(&first.origin.variant).text()),
        None => "all variants".to_owned(),
    };
    let more = rows.iter().filter(|row| !row.origin.is_float() && row.origin.variant != first.origin.variant);
    let more = more.map(|row| row.origin.position).collect::<BTreeSet<_>>().len();
    if more > 0 && !first.origin.is_float() {
        what += &format!(" and {}", counted(more, "more variant", "more variants"));
    }
    let units = rows.iter().map(|row| row.origin.unit.keys()).collect::<BTreeSet<_>>().len();
    let of = match units {
        1 => format!("{}, {}", first.task, first.origin.unit.run()),
        _ => counted(units, "unit", "units"),
    };
    format!("{what} of {of}: {}", first.failure)
}

/// How many rows have no measures, and how many were planned: a unit that fails as a whole takes all of its rows with it.
pub(super) fn count(records: &Records, plan: &Plan) -> (usize, usize) {
    let planned = plan.units.iter().map(|unit| unit.variants.len() + 1).sum();
    let is_planned = |row: &&ResultRow| row.result.is_ok() && !row.origin.is_majority();
    let measured = records.results.iter().filter(is_planned).count();
    (planned - measured, planned)
}

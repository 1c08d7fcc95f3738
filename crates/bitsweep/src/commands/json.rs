//! `bitsweep run --json`: the picks and the results as data.

use std::path::Path;

use bitsweep_results::tables::row_object;
use bitsweep_results::{Records, Summary, objects};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::plan::Plan;
use crate::record::{Pick, Written, picks};

/// What was run, and what it left.
pub(super) struct Ran<'a> {
    pub(super) plan: &'a Plan,
    pub(super) records: &'a Records,
    pub(super) summary: &'a Summary,
    pub(super) written: &'a Written,
    pub(super) folder: &'a Path,
}

/// A run. Numbers that are not finite are `null`, but in the results, where they are text.
#[derive(Serialize)]
pub(super) struct Json<'a> {
    experiment: &'a str,
    title: &'a str,
    /// What `--set` changed: `train.epochs = 20`.
    changes: Vec<String>,
    /// Where the results are.
    folder: String,
    findings: Vec<Finding<'a>>,
    /// For each task, then across the tasks on the same rows, what is picked for each goal.
    picks: Vec<Pick<'a>>,
    /// Printed numbers that come out again.
    reproduced: usize,
    /// Printed numbers that do not.
    differing: usize,
    /// The rows of `device.csv`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    device: Vec<Map<String, Value>>,
    /// The rows of `results.csv`.
    results: Vec<Map<String, Value>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    says: &'a str,
    holds: bool,
}

impl<'a> Json<'a> {
    /// # Errors
    /// When a setting has the name of a column.
    pub(super) fn of(ran: &Ran<'a>) -> Result<Json<'a>, Failure> {
        let Ran { plan, records, summary, written, folder } = ran;
        let results = objects(&records.results, &plan.labels);
        let reproduced = written.reproduction.iter().filter(|row| row.agrees).count();
        let findings = written.findings.iter();
        Ok(Json {
            experiment: &plan.name,
            title: &plan.header.title,
            changes: plan.changes.iter().map(ToString::to_string).collect(),
            folder: folder.display().to_string(),
            findings: findings
                .map(|found| Finding { says: found.says.trim(), holds: found.holds() })
                .collect(),
            picks: picks(plan, records, summary),
            reproduced,
            differing: written.reproduction.len() - reproduced,
            device: records.device.iter().map(|row| row_object(row, &plan.labels)).collect(),
            results: results.map_err(|error| Failure::Other(error.to_string()))?.collect(),
        })
    }
}

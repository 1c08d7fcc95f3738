//! `bitsweep status`

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bitsweep_results::numbers::{count, counted};
use bitsweep_store::Kind;
use rayon::prelude::*;
use serde::Serialize;

use super::{lacking, planned, print_json, print_lines, say_notes};
use crate::cli::Request;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::progress::Verbosity;
use crate::scheduler::{Array, TaskState};
use crate::unit_store::{Again, Standing, UnitStore, WantedRows};

/// How far an experiment is.
#[derive(Serialize)]
struct Status {
    name: String,
    units: Units,
    rows: Rows,
    /// The last array that was submitted.
    job: Option<String>,
    array: Vec<TaskState>,
    /// The units that lack something.
    missing: Vec<MissingUnit>,
}

/// How many units are how far: each is one of these.
#[derive(Default, Serialize)]
struct Units {
    total: usize,
    /// Everything is there.
    done: usize,
    /// Something is missing, and a task is at work that is to do it.
    running: usize,
    /// Everything is there, and some of it failed.
    failed: usize,
    /// Something is missing.
    missing: usize,
}

#[derive(Default, Serialize)]
struct Rows {
    total: usize,
    done: usize,
    failed: usize,
}

#[derive(Serialize)]
struct MissingUnit {
    unit: String,
    rows: usize,
    of: usize,
}

pub(super) fn status(
    request: &Request,
    place: &Path,
    json: bool,
    verbosity: Verbosity,
) -> Result<(), Failure> {
    let plan = planned(request, verbosity)?;
    let store = UnitStore::existing(place)?;
    let status = Status::of(&plan, store.as_ref(), verbosity)?;
    if json {
        return print_json(&status);
    }
    let Status { name, units, rows, job, array, missing } = status;
    let Units { total, done, running, failed, missing: incomplete } = units;
    let mut lines = vec![format!(
        "{name}: {}: {} done, {} running, {} failed, {} missing; {} of {}",
        counted(total, "unit", "units"),
        count(done as f64),
        count(running as f64),
        count(failed as f64),
        count(incomplete as f64),
        count(rows.done as f64),
        counted(rows.total, "row", "rows")
    )];
    if let Some(job) = job {
        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        array.iter().for_each(|task| *states.entry(&task.state).or_default() += 1);
        let states: Vec<String> =
            states.into_iter().map(|(state, tasks)| format!("{tasks} {state}")).collect();
        let known = if states.is_empty() {
            "Slurm knows nothing of it any longer".to_owned()
        } else {
            states.join(", ")
        };
        lines.push(format!("array {job}: {known}"));
    }
    lines.extend(lacking(missing.iter().map(|own| (own.unit.as_str(), own.rows, own.of))));
    print_lines(lines)
}

impl Status {
    fn of(plan: &Plan, store: Option<&UnitStore>, verbosity: Verbosity) -> Result<Self, Failure> {
        let mut arrays: Vec<Array> = match store {
            Some(store) => store.jsons(plan.shelf(), Kind::Array)?,
            None => Vec::new(),
        };
        arrays.sort_by_key(|array| array.at);
        let array = arrays.pop();
        // Where Slurm does not answer, the store still does.
        let tasks = match array.as_ref().map(Array::states) {
            Some(Ok(states)) => states,
            Some(Err(failure)) => {
                say_notes(&plan.name, &[failure.to_string()], verbosity);
                Vec::new()
            }
            None => Vec::new(),
        };
        let running: BTreeSet<usize> =
            tasks.iter().filter(|task| task.is_running()).map(|task| task.task).collect();
        let shards = array.as_ref().filter(|_| !running.is_empty()).map(|array| plan.shards(array.tasks));
        let at_work = (1..).zip(shards.into_iter().flatten()).filter(|(number, _)| running.contains(number));
        let at_work: BTreeSet<usize> =
            at_work.flat_map(|(_, pieces)| pieces).map(|piece| piece.unit).collect();
        let work = plan.work();
        let standings = work.par_iter().map(|piece| -> Result<(WantedRows, Standing), Failure> {
            let wanted = WantedRows::of(plan, piece);
            let all = || (0..wanted.rows.len()).collect();
            let standing = match store {
                _ if plan.units[piece.unit].is_unreadable() => {
                    Standing { missing: Vec::new(), rows: 1, failed: 1 }
                }
                Some(store) => store.standing(&wanted, Again::Nothing)?,
                None => Standing { missing: all(), ..Standing::default() },
            };
            Ok((wanted, standing))
        });
        let standings: Vec<(WantedRows, Standing)> = standings.collect::<Result<_, _>>()?;
        let mut units = Units { total: standings.len(), ..Units::default() };
        let mut rows = Rows::default();
        let mut missing = Vec::new();
        for (position, (wanted, standing)) in standings.into_iter().enumerate() {
            rows.total += wanted.rows.len();
            rows.done += standing.rows;
            rows.failed += standing.failed;
            match (standing.missing.is_empty(), standing.failed) {
                (true, 0) => units.done += 1,
                (true, _) => units.failed += 1,
                (false, _) if at_work.contains(&position) => units.running += 1,
                (false, _) => units.missing += 1,
            }
            if !standing.missing.is_empty() {
                let (rows, of) = (standing.missing.len(), wanted.rows.len());
                missing.push(MissingUnit { unit: wanted.name, rows, of });
            }
        }
        say_notes(&plan.name, &store.map_or_else(Vec::new, UnitStore::take_notes), verbosity);
        let job = array.map(|array| array.job);
        Ok(Self { name: plan.name.clone(), units, rows, job, array: tasks, missing })
    }
}

//! `bitsweep run`

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use bitsweep_results::{Goal, Records, ResultRow, Summary, objects, summarize};
use serde::Serialize;

use super::{print, print_json};
use crate::cli::Request;
use crate::commands::table;
use crate::config::Header;
use crate::evaluate;
use crate::failure::Failure;
use crate::interruption::Interruption;
use crate::plan::Plan;
use crate::progress::{Progress, Verbosity};
use crate::record::{Committed, Folder, LargeTables, Written, folder_name, write};
use crate::registry::{self, Found};

/// How an experiment is run.
#[derive(Debug)]
pub(super) struct Options<'a> {
    pub(super) out: &'a Path,
    /// What the results folder is called, where it is not called as the experiment.
    pub(super) name: Option<&'a str>,
    pub(super) jobs: Option<u16>,
    pub(super) json: bool,
    pub(super) verbosity: Verbosity,
}

pub(super) fn run(request: &Request, options: &Options<'_>) -> Result<(), Failure> {
    let interruption = Interruption::listen()?;
    let ended = run_while_listening(request, options, &interruption);
    interruption.forbid();
    ended
}

fn run_while_listening(
    request: &Request,
    options: &Options<'_>,
    interruption: &Interruption,
) -> Result<(), Failure> {
    let Found { name, source, document } = registry::find(&request.experiment, &request.set)?;
    let plan = Plan::new(&name, &document)?;
    let progress = Arc::new(Progress::new(options.verbosity, plan.units.len()));
    progress.detail(&format!("{}: {} units, {} variants", plan.name, plan.units.len(), plan.variants()));
    let folder = match options.name {
        Some(folder) => Folder::create(options.out, folder, &name, &source)?,
        None => Folder::create(options.out, &folder_name(&name, &document)?, &name, &source)?,
    };
    interruption.clear_with({
        let (progress, remove) = (Arc::clone(&progress), folder.remover());
        move || {
            progress.finish();
            remove();
        }
    });
    let threads = match options.jobs {
        Some(jobs) => usize::from(jobs),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Failure::Other(format!("cannot start {threads} threads: {error}")))?;

    let started = Instant::now();
    let mut large = LargeTables::new(&folder, &plan.labels);
    let outcome = pool.install(|| evaluate::run(&plan, &mut large, &progress));
    progress.finish();
    let outcome = outcome?;
    large.finish()?;
    progress.detail(&format!("units: {:.2} s", started.elapsed().as_secs_f64()));
    let started = Instant::now();
    let records = &outcome.records;
    let summary = pool.install(|| summarize(&records.results, &plan.labels, &plan.header.pick));
    refuse_no_results(records, &summary)?;
    let command = command(request, document.is_changed());
    let written = pool.install(|| write(&plan, &command, &outcome, &summary, &folder))?;
    interruption.forbid();
    let Committed { place, notes } = folder.commit()?;
    notes.iter().for_each(|note| progress.note(note));
    progress.detail(&format!("tables, charts and report: {:.2} s", started.elapsed().as_secs_f64()));

    if options.json {
        print_json(&json(&plan, records, &summary, &place, &written)?)?;
    } else {
        print(&table::text(&summary, &plan))?;
    }
    let report = place.join("report.md");
    progress.note(&format!("report: {}", report.display()));
    let differing = written.reproduction.iter().filter(|row| !row.agrees).count();
    let total = written.reproduction.len();
    for row in written.reproduction.iter().filter(|row| !row.agrees) {
        progress.note(&format!("{}: printed {}, ours {}", row.what, row.notebook, row.ours));
    }
    if differing > 0 {
        return Err(Failure::Reproduction { failed: differing, total });
    }
    if total > 0 {
        let Header { notebook, .. } = &plan.header;
        let of = notebook.as_ref().map_or_else(String::new, |notebook| format!(" of notebook {notebook}"));
        progress.note(&format!("all {total} numbers{of} come out as printed"));
    }
    match summary.failures.len() {
        0 => Ok(()),
        failed => Err(Failure::Incomplete { failed, rows: records.results.len() }),
    }
}

/// A run in which no variant succeeded leaves earlier results as they are.
fn refuse_no_results(records: &Records, summary: &Summary) -> Result<(), Failure> {
    let has_results = |row: &ResultRow| !row.origin.is_float() && row.result.is_ok();
    match summary.failures.first() {
        Some(first) if !records.results.iter().any(has_results) => {
            let unit = &first.origin.unit;
            let label = summary.labels.get(&first.origin.variant).text();
            let subject = [unit.task.dataset.as_str(), unit.task.model.as_str()];
            let subject =
                subject.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ");
            Err(Failure::NoResults {
                reason: format!("{subject}, seed {}, {label}: {}", unit.seed, first.failure),
            })
        }
        Some(_) | None => Ok(()),
    }
}

/// The command that gives the same results again, from the root of the repository.
fn command(request: &Request, is_changed: bool) -> String {
    let quoted = |text: &str| {
        let plain =
            text.chars().all(|character| character.is_ascii_alphanumeric() || "-_./=,".contains(character));
        if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
    };
    let mut command = format!("cargo run --release -- run {}", quoted(&request.experiment));
    for change in request.set.iter().filter(|_| is_changed) {
        command += &format!(" --set {}", quoted(change));
    }
    command
}

#[derive(Serialize)]
struct Json<'a> {
    experiment: &'a str,
    folder: String,
    picks: Vec<JsonPick>,
    reproduced: usize,
    differing: usize,
    results: Vec<serde_json::Map<String, serde_json::Value>>,
}

#[derive(Serialize)]
struct JsonPick {
    comparison: String,
    goal: &'static str,
    choice: String,
    reasons: Vec<String>,
}

fn json<'a>(
    plan: &'a Plan,
    records: &Records,
    summary: &Summary,
    place: &Path,
    written: &Written,
) -> Result<Json<'a>, Failure> {
    let mut picks = Vec::new();
    for comparison in &summary.comparisons {
        for goal in [Goal::Balance, Goal::LeastMemory] {
            if let Some(explanation) = comparison.explain(goal, &plan.header.pick) {
                picks.push(JsonPick {
                    comparison: comparison.name().to_owned(),
                    goal: goal.name(),
                    choice: explanation.choice,
                    reasons: explanation.reasons,
                });
            }
        }
    }
    let reproduced = written.reproduction.iter().filter(|row| row.agrees).count();
    let results = objects(&records.results, &plan.labels);
    Ok(Json {
        experiment: &plan.name,
        folder: place.display().to_string(),
        picks,
        reproduced,
        differing: written.reproduction.len() - reproduced,
        results: results.map_err(|error| Failure::Other(error.to_string()))?.collect(),
    })
}

//! `bitsweep run`

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use bitsweep_report::{ComparedRow, FoundRow};
use bitsweep_results::{Records, ResultRow, Summary, summarize};
use clap::ValueEnum;

use super::json::{Json, Ran};
use super::{failures, foreseen, found, print_json, print_page, say_notes, table, wish};
use crate::cli::Request;
use crate::evaluate;
use crate::export;
use crate::failure::Failure;
use crate::interruption::Interruption;
use crate::plan::Plan;
use crate::progress::{Progress, Verbosity};
use crate::record::{Committed, Folder, LargeTables, MODELS, Written, folder_name, write};
use crate::registry::{Found, Source};
use crate::streams::page_columns;
use crate::template::{Wish, is_of_source};

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
    interruption.finish();
    ended
}

fn run_while_listening(
    request: &Request,
    options: &Options<'_>,
    interruption: &Interruption,
) -> Result<(), Failure> {
    let Found { name, source, document, assumed } = found(request)?;
    say_notes(&name, &assumed, options.verbosity);
    let plan = Plan::new(&name, &document)?;
    foreseen(&plan, options.verbosity)?;
    let progress = Arc::new(Progress::new(options.verbosity, plan.units.len()));
    progress.detail(&format!("{}: {}", plan.name, plan.extent()));
    let folder = match options.name {
        Some(folder) => folder.to_owned(),
        None => folder_name(&name, &plan.changes)?,
    };
    if let Some(wish) = wish(request) {
        refuse_another_table(&wish, &options.out.join(&folder))?;
        let init = init_of(&wish, &request.set);
        progress.note(&format!("as a file: bitsweep {init} > {}", quoted(&wish.experiment_file().display())));
    }
    let folder = Folder::create(options.out, &folder, &name, &source)?;
    interruption.clear_with({
        let (progress, remove) = (Arc::clone(&progress), folder.remover());
        move || {
            progress.finish();
            remove();
        }
    });
    let threads = match options.jobs {
        Some(jobs) => usize::from(jobs),
        None => thread::available_parallelism().map_or(1, usize::from),
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
    let summary = pool.install(|| summarize(records, &plan.labels, &plan.header.pick));
    refuse_no_results(records, &summary, &plan)?;
    let (models, refused) = pool.install(|| export::of_run(&plan, &summary))?;
    let command = command(&source, &name, request, options.name, !plan.changes.is_empty());
    let written = pool.install(|| write(&plan, &command, &outcome, &summary, &models, &folder))?;
    interruption.finish();
    let Committed { place, notes } = folder.commit()?;
    notes.iter().for_each(|note| progress.note(note));
    progress.detail(&format!("tables, charts and report: {:.2} s", started.elapsed().as_secs_f64()));

    let printed = if options.json {
        let ran = Ran { plan: &plan, records, summary: &summary, written: &written, folder: &place };
        print_json(&Json::of(&ran)?)
    } else {
        let with_reasons = options.verbosity >= Verbosity::Verbose;
        print_page(&table::page(&summary, &plan, with_reasons, page_columns()))
    };
    progress.note(&format!("report: {}", place.join("report.md").display()));
    for model in &models {
        progress.note(&format!("model: {}", place.join(MODELS).join(&model.name).display()));
        model.notes.iter().for_each(|note| progress.note(&format!("{}: {note}", model.name)));
    }
    printed?;
    compared(&written, &plan, &progress)?;
    match failures::count(records, &plan) {
        (0, _) if refused.is_empty() => Ok(()),
        (0, _) => Err(Failure::NotExported { reasons: refused }),
        (failed, rows) => Err(Failure::Incomplete { failed, rows }),
    }
}

/// Keeps the results of another table, or of another target, where they are.
fn refuse_another_table(wish: &Wish<'_>, folder: &Path) -> Result<(), Failure> {
    let earlier = fs::read_to_string(folder.join("experiment.toml")).unwrap_or_default();
    match wish.other_table(&earlier, folder) {
        Some(other) => Err(Failure::Output(format!(
            "`{}` has the results of {other}, which are not to be replaced: give --name, or another --out",
            folder.display()
        ))),
        None => Ok(()),
    }
}

/// Tells how the run compares with what must come out.
fn compared(written: &Written, plan: &Plan, progress: &Progress) -> Result<(), Failure> {
    let Written { reproduction, findings } = written;
    let differing: Vec<&ComparedRow> = reproduction.iter().filter(|row| !row.comes_out()).collect();
    for ComparedRow { what, wanted, ours, agrees, .. } in &differing {
        let unexpected = if *agrees { ": the same, although `differs` says why not" } else { "" };
        progress.note(&format!("{what}: expected {wanted}, found {ours}{unexpected}"));
    }
    let refuted: Vec<&FoundRow> = findings.iter().filter(|found| !found.holds()).collect();
    for found in &refuted {
        progress.note(&format!("does not hold here: {}", found.says.trim()));
    }
    let differences = [
        ("reproduced numbers that do not come out", differing.len(), reproduction.len()),
        ("findings that do not hold", refuted.len(), findings.len()),
    ];
    let differences = differences.into_iter().filter(|(_, wrong, _)| *wrong > 0);
    let differences = differences.map(|(what, wrong, all)| format!("{what}: {wrong} of {all}"));
    let differences: Vec<String> = differences.collect();
    if !differences.is_empty() {
        return Err(Failure::Differences { differences });
    }
    let of = plan.header.notebook.as_ref();
    let of = of.map_or_else(String::new, |notebook| format!(" of notebook {notebook}"));
    let known = reproduction.iter().filter(|row| row.is_explained).count();
    match (reproduction.len(), known) {
        (0, _) => {}
        (1, 0) => progress.note(&format!("the number{of} comes out as printed")),
        (total, 0) => progress.note(&format!("all {total} numbers{of} come out as printed")),
        (total, known) => progress.note(&format!(
            "{} of {total} numbers{of} come out as printed; {known} known to differ, for the reasons in the report",
            total - known
        )),
    }
    Ok(())
}

/// A run in which no variant succeeded leaves earlier results as they are.
fn refuse_no_results(records: &Records, summary: &Summary, plan: &Plan) -> Result<(), Failure> {
    let has_results = |row: &ResultRow| !row.origin.is_baseline() && row.result.is_ok();
    if summary.failures.is_empty() || records.results.iter().any(has_results) {
        return Ok(());
    }
    Err(Failure::NoResults { reasons: failures::lines(summary, plan) })
}

/// The command that gives the same results again, from the root of the repository.
fn command(
    source: &Source,
    experiment: &str,
    request: &Request,
    name: Option<&str>,
    is_changed: bool,
) -> String {
    let changes = if is_changed { request.set.as_slice() } else { &[] };
    let run = match (wish(request), source) {
        (Some(wish), _) => run_of(&wish, &request.set),
        (None, Source::Registry) => format!("run {}{}", quoted(experiment), set(changes)),
        (None, Source::File(path)) => format!("run {}{}", quoted(&path.display()), set(changes)),
    };
    let name = name.map_or_else(String::new, |name| format!(" --name {}", quoted(name)));
    format!("cargo run --release -- {run}{name}")
}

/// `run` of a table, or of a model on it, as a user asks for it.
fn run_of(wish: &Wish<'_>, changes: &[String]) -> String {
    let given = wish.given.map_or_else(String::new, |given| format!(" {}", quoted(&given.display())));
    format!("run{given} --csv {}{}{}", quoted(&wish.file.display()), choices(wish), set(changes))
}

/// `init` of the same, which takes keys of the source alone.
fn init_of(wish: &Wish<'_>, changes: &[String]) -> String {
    let given = wish.given.map_or_else(String::new, |given| format!(" --given {}", quoted(&given.display())));
    let of_source = changes.iter().filter(|change| is_of_source(change));
    format!("init {}{given}{}{}", quoted(&wish.file.display()), choices(wish), set(of_source))
}

/// What is asked of a table.
fn choices(wish: &Wish<'_>) -> String {
    let model = wish.model.and_then(|model| model.to_possible_value());
    let model = model.map_or_else(String::new, |model| format!(" --model {}", model.get_name()));
    let bits: Vec<String> = wish.bits.iter().map(u32::to_string).collect();
    let bits = if bits.is_empty() { String::new() } else { format!(" --bits {}", bits.join(",")) };
    format!(" --target {}{model}{bits}", quoted(wish.target))
}

/// Changes as the command line has them.
fn set<'a>(changes: impl IntoIterator<Item = &'a String>) -> String {
    changes.into_iter().map(|change| format!(" --set {}", quoted(change))).collect()
}

/// An argument as shells take it.
fn quoted(text: &(impl ToString + ?Sized)) -> String {
    let text = text.to_string();
    let is_plain =
        text.chars().all(|character| character.is_ascii_alphanumeric() || "-_./=,".contains(character));
    if is_plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

//! `bitsweep run`

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use bitsweep_report::{ComparedRow, FoundRow};
use bitsweep_results::numbers::{count, counted};
use bitsweep_results::{Records, ResultRow, Summary, summarize};
use bitsweep_store::Kind;
use rayon::ThreadPool;

use super::json::{Json, Ran};
use super::request::{command, init_of, quoted};
use super::{failures, foreseen, found, print_json, print_page, say_notes, table, wish};
use crate::bench;
use crate::cli::Request;
use crate::device::{self, Fitted};
use crate::evaluate::{self, Done};
use crate::export;
use crate::failure::Failure;
use crate::interruption::Interruption;
use crate::plan::{Piece, Plan, Shard};
use crate::progress::{Progress, Verbosity};
use crate::record::{Committed, Folder, LargeTables, MODELS, Written, folder_name, write};
use crate::registry::{Found, Source};
use crate::scheduler::Frozen;
use crate::streams::page_columns;
use crate::template::Wish;
use crate::unit_store::{Again, Moment, RunRecord, UnitStore, store_folder};

/// How an experiment is run.
#[derive(Debug)]
pub(super) struct Options<'a> {
    pub(super) out: &'a Path,
    /// What the results folder is called, where it is not called as the experiment.
    pub(super) name: Option<&'a str>,
    /// Where units are kept, where that is not beside the results.
    pub(super) store: Option<&'a Path>,
    pub(super) again: Again,
    pub(super) most_failures: Option<usize>,
    /// The part that is evaluated; without one everything is, and the results are written.
    pub(super) shard: Option<Shard>,
    /// What was submitted, where a scheduler begins this.
    pub(super) frozen: Option<&'a Path>,
    pub(super) jobs: Option<u16>,
    /// Where times are that the report shows.
    pub(super) bench: Option<&'a Path>,
    pub(super) json: bool,
    pub(super) verbosity: Verbosity,
}

impl Options<'_> {
    fn threads(&self) -> Result<ThreadPool, Failure> {
        let threads = match self.jobs {
            Some(jobs) => usize::from(jobs),
            None => thread::available_parallelism().map_or(1, usize::from),
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.map_err(|error| Failure::Other(format!("cannot start {threads} threads: {error}")))
    }
}

/// Evaluates what is missing, and writes the results of everything.
pub(super) fn run(request: &Request, options: &Options<'_>) -> Result<(), Failure> {
    while_listening(|interruption| {
        let asked = Asked::of(request, options)?;
        let progress = &asked.progress;
        progress.detail(&format!("{}: {}", asked.plan.name, asked.plan.extent()));
        let Some(shard) = options.shard else {
            let folder = asked.folder(request, options)?;
            let store = Arc::new(UnitStore::open(&store_of(options))?);
            interruption.clear_with(asked.clearing(&store, Some(folder.remover())));
            let pool = options.threads()?;
            let done = asked.evaluate(&store, options, &pool)?;
            if done.earlier > 0 {
                let (earlier, all) = (count(done.earlier as f64), counted(done.rows, "row", "rows"));
                progress.note(&format!("{earlier} of {all} were there"));
            }
            return asked.render(request, options, &store, folder, interruption, &pool);
        };
        if let Some(frozen) = options.frozen {
            Frozen::check(frozen, &asked.plan, shard.of)?;
        }
        let store = Arc::new(UnitStore::open(&store_of(options))?);
        interruption.clear_with(asked.clearing(&store, None::<fn()>));
        let done = asked.evaluate(&store, options, &options.threads()?)?;
        let Shard { number, of } = shard;
        let rows = counted(done.rows, "row", "rows");
        progress.note(&format!("shard {number} of {of}: {rows} in `{}`", store_of(options).display()));
        match done.failed {
            0 => Ok(()),
            failed => Err(Failure::ShardIncomplete { failed, rows: done.rows }),
        }
    })
}

/// Writes the results of everything, which is there already.
pub(super) fn report(request: &Request, options: &Options<'_>) -> Result<(), Failure> {
    while_listening(|interruption| {
        let asked = Asked::of(request, options)?;
        let place = store_of(options);
        let Some(store) = UnitStore::existing(&place)? else {
            return Err(Failure::Output(format!(
                "there is no store in `{}`: `bitsweep run` makes it",
                place.display()
            )));
        };
        let folder = asked.folder(request, options)?;
        let store = Arc::new(store);
        interruption.clear_with(asked.clearing(&store, Some(folder.remover())));
        asked.render(request, options, &store, folder, interruption, &options.threads()?)
    })
}

fn while_listening(work: impl FnOnce(&Interruption) -> Result<(), Failure>) -> Result<(), Failure> {
    let interruption = Interruption::listen()?;
    let ended = work(&interruption);
    interruption.finish();
    ended
}

/// Where units are kept.
fn store_of(options: &Options<'_>) -> PathBuf {
    store_folder(options.store, options.out)
}

/// An experiment that is to be run.
struct Asked {
    name: String,
    source: Source,
    plan: Plan,
    /// What of it is to be evaluated.
    work: Vec<Piece>,
    progress: Arc<Progress>,
}

impl Asked {
    fn of(request: &Request, options: &Options<'_>) -> Result<Self, Failure> {
        let Found { name, source, document, assumed } = found(request)?;
        say_notes(&name, &assumed, options.verbosity);
        let plan = Plan::new(&name, &document)?;
        foreseen(&plan, options.verbosity)?;
        let work = options.shard.map_or_else(|| plan.work(), |shard| plan.work_of(shard));
        let progress = Arc::new(Progress::new(options.verbosity, work.len()));
        Ok(Self { name, source, plan, work, progress })
    }

    /// The folder that the results go to.
    fn folder(&self, request: &Request, options: &Options<'_>) -> Result<Folder, Failure> {
        let folder = match options.name {
            Some(folder) => folder.to_owned(),
            None => folder_name(&self.name, &self.plan.changes)?,
        };
        if let Some(wish) = wish(request) {
            refuse_another_table(&wish, &options.out.join(&folder))?;
            let (init, file) = (init_of(&wish, &request.set), wish.experiment_file());
            self.progress.note(&format!("as a file: bitsweep {init} > {}", quoted(&file.display())));
        }
        Folder::create(options.out, &folder, &self.name, &self.source)
    }

    /// What is done before the process ends on a signal; with what is kept.
    fn clearing(
        &self,
        store: &Arc<UnitStore>,
        remove: Option<impl FnOnce() + Send + 'static>,
    ) -> impl FnOnce() -> String + Send + 'static {
        let (progress, store) = (Arc::clone(&self.progress), Arc::clone(store));
        move || {
            progress.finish();
            let written = store.write_finished();
            remove.into_iter().for_each(|remove| remove());
            let place = store.files().shown().display();
            match written {
                Ok(()) => format!(
                    "{} are done, and all that was finished is in `{place}`; earlier results are as they were, and the same \
                     command goes on",
                    progress.extent()
                ),
                Err(failure) => format!("{failure}; what was finished before is kept"),
            }
        }
    }

    fn evaluate(&self, store: &UnitStore, options: &Options<'_>, pool: &ThreadPool) -> Result<Done, Failure> {
        let (plan, progress) = (&self.plan, self.progress.as_ref());
        let started = Instant::now();
        store.keep_manifest(plan)?;
        let (again, most_failures) = (options.again, options.most_failures);
        let run = evaluate::Run { plan, store, again, most_failures, progress };
        let done = pool.install(|| run.pieces(&self.work));
        progress.finish();
        store.take_notes().iter().for_each(|note| progress.note(note));
        progress.detail(&format!("units: {:.2} s", started.elapsed().as_secs_f64()));
        done
    }

    /// Keeps on record that the run came to its end.
    fn keep_record(&self, store: &UnitStore, place: &Path, summary: &Summary) -> Result<(), Failure> {
        let Self { plan, .. } = self;
        let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (at, configuration) = (Moment::now(), plan.key());
        let picks = table::picks_in_words(summary, &plan.header.pick);
        let record = RunRecord { name, at, configuration, experiment: plan.source.clone(), picks };
        store.put_json(plan.shelf(), Kind::Run, &record)?;
        Ok(())
    }

    /// Writes tables, charts and report of what the store has, and says what they say.
    fn render(
        &self,
        request: &Request,
        options: &Options<'_>,
        store: &UnitStore,
        folder: Folder,
        interruption: &Interruption,
        pool: &ThreadPool,
    ) -> Result<(), Failure> {
        let Self { name, source, plan, progress, .. } = self;
        let started = Instant::now();
        let speeds = options.bench.map(|times| bench::read(times, plan)).transpose()?.unwrap_or_default();
        let mut large = LargeTables::new(&folder, &plan.labels);
        let outcome = pool.install(|| evaluate::collect(plan, store, &mut large));
        store.take_notes().iter().for_each(|note| progress.note(note));
        let mut outcome = outcome?;
        large.finish()?;
        let Fitted { rows, failures: on_device } =
            pool.install(|| device::fit(plan, store, &outcome.records))?;
        outcome.records.device = rows;
        let records = &outcome.records;
        let summary = pool.install(|| summarize(records, &plan.labels, &plan.header.pick));
        refuse_no_results(records, &summary, plan)?;
        let (models, refused) = pool.install(|| export::of_run(plan, &summary, store))?;
        let command = command(source, name, request, options.name, !plan.changes.is_empty());
        let written =
            pool.install(|| write(plan, &command, &outcome, &summary, &models, &speeds, &folder))?;
        interruption.finish();
        let Committed { place, notes } = folder.commit()?;
        self.keep_record(store, &place, &summary)?;
        notes.iter().for_each(|note| progress.note(note));
        progress.detail(&format!("tables, charts and report: {:.2} s", started.elapsed().as_secs_f64()));

        let printed = if options.json {
            let ran = Ran { plan, records, summary: &summary, written: &written, folder: &place };
            print_json(&Json::of(&ran)?)
        } else {
            let with_reasons = options.verbosity >= Verbosity::Verbose;
            print_page(&table::page(&summary, plan, with_reasons, page_columns()))
        };
        progress.note(&format!("report: {}", place.join("report.md").display()));
        for model in &models {
            progress.note(&format!("model: {}", place.join(MODELS).join(&model.name).display()));
            model.notes.iter().for_each(|note| progress.note(&format!("{}: {note}", model.name)));
        }
        printed?;
        compared(&written, plan, progress)?;
        match failures::count(records, plan) {
            (0, _) if !on_device.is_empty() => Err(Failure::Device { reasons: on_device }),
            (0, _) if refused.is_empty() => Ok(()),
            (0, _) => Err(Failure::NotExported { reasons: refused }),
            (failed, rows) => Err(Failure::Incomplete { failed, rows }),
        }
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

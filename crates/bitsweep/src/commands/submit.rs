//! `bitsweep submit`

use std::path::{Path, absolute};

use bitsweep_results::numbers::counted;
use bitsweep_store::Kind;

use super::request::{arguments, quoted};
use super::{foreseen, found, print, print_lines, say_notes};
use crate::cli::Request;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::progress::Verbosity;
use crate::registry::Found;
use crate::scheduler::{Array, Frozen, Wish, requeues_preempted};
use crate::unit_store::{Moment, UnitStore};

/// What is asked of the scheduler.
#[derive(Debug)]
pub(super) struct Options<'a> {
    pub(super) tasks: usize,
    pub(super) partition: Option<&'a str>,
    pub(super) time: Option<&'a str>,
    pub(super) mem: Option<&'a str>,
    pub(super) others: &'a [String],
    pub(super) is_dry: bool,
    pub(super) store: &'a Path,
    pub(super) verbosity: Verbosity,
}

/// Freezes the plan, writes a script, and submits it.
pub(super) fn submit(request: &Request, options: &Options<'_>) -> Result<(), Failure> {
    let Options { tasks, partition, time, mem, others, is_dry, verbosity, .. } = *options;
    let Found { name, source, document, assumed } = found(request)?;
    say_notes(&name, &assumed, verbosity);
    let plan = Plan::new(&name, &document)?;
    foreseen(&plan, verbosity)?;
    let unplaced = |error: std::io::Error| Failure::Other(format!("cannot tell where this is: {error}"));
    let place = absolute(options.store).map_err(unplaced)?;
    let folder = std::env::current_dir().map_err(unplaced)?;
    let program = std::env::current_exe().map_err(unplaced)?;
    let store = UnitStore::open(&place)?;
    store.keep_manifest(&plan)?;
    let shelf = plan.shelf();
    let frozen = store.put_json(shelf, Kind::Submission, &Frozen::of(&plan, tasks)?)?;
    let command = format!(
        "{} {} --store {} --frozen {}",
        quoted(&program.display()),
        arguments(&source, &name, request, !plan.changes.is_empty()),
        quoted(&place.display()),
        quoted(&frozen.path.display())
    );
    let logs = store.files().folder(shelf);
    let wish = Wish {
        name: &name,
        tasks,
        partition,
        time,
        mem,
        others,
        folder: &folder,
        logs: &logs,
        store: &place,
        command: &command,
    };
    let script = wish.script();
    if is_dry {
        return print(&script);
    }
    let at = Moment::now();
    // One for each way of submitting it.
    let script_name = frozen.name().replace(".json", ".sh");
    let path = store.files().put_named(shelf, &script_name, script.as_bytes())?;
    if !requeues_preempted()? {
        let note = "Slurm does not begin a task again that was preempted (RequeueExit is without 75): submit again then";
        say_notes(&name, &[note.to_owned()], verbosity);
    }
    let array = Array::submit(&path, tasks, at)?;
    store.put_json(shelf, Kind::Array, &array)?;
    print_lines([
        format!("{}: {}, in {}", plan.name, plan.extent(), counted(tasks, "part", "parts")),
        format!("script: {}", path.display()),
        format!("submitted job {}", array.job),
    ])
}

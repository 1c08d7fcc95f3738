//! `bitsweep bench`

use std::path::{Path, PathBuf};

use bitsweep_report::{break_even, speed_markdown};

use super::earlier_results::{picked, plan_with_results, refuse_lacking};
use super::{print, print_json, say_notes};
use crate::bench::{self, KernelTimes};
use crate::cli::Request;
use crate::export::{Chosen, first_units};
use crate::failure::Failure;
use crate::progress::Verbosity;
use crate::streams::page_columns;
use crate::unit_store::{UnitStore, store_folder};
use bitsweep_experiment::config::{Diagnostic, ExportGoal};

/// What is measured, and where times go.
#[derive(Debug)]
pub(super) struct Options<'a> {
    /// The variants that are picked for this goal alone.
    pub(super) pick: Option<ExportGoal>,
    /// Inputs and outputs of the largest square layer.
    pub(super) largest_width: usize,
    /// Where results of earlier runs are.
    pub(super) results: &'a Path,
    /// Where units are kept, where that is not beside the results.
    pub(super) store: Option<&'a Path>,
    pub(super) out: &'a Path,
    pub(super) json: bool,
    pub(super) verbosity: Verbosity,
}

pub(super) fn bench(request: &Request, options: &Options<'_>) -> Result<(), Failure> {
    let (plan, kept) = plan_with_results(request, options.results, options.verbosity)?;
    if let Some(goal) = options.pick {
        refuse_lacking(goal, &plan)?;
    }
    let place = store_folder(options.store, options.results);
    let mut chosen = Vec::new();
    for position in first_units(&plan) {
        let mut all: Vec<Chosen<'_>> = Chosen::all(&plan, position).collect();
        if let Some(goal) = options.pick {
            let picked = picked(&plan, position, goal, kept.as_ref(), &place, options.verbosity)?;
            all.retain(|own| own.variant().is_none() || own.key() == picked.key());
        }
        chosen.push(all);
    }
    if chosen.is_empty() {
        let message = format!("`{}` has no models: expected an experiment on some", plan.name);
        return Err(Diagnostic::new(message).into());
    }
    // Read where it is; nothing is written to it here.
    let store = UnitStore::existing(&place)?;
    let speed = bench::measured(&plan, &chosen, store.as_ref(), options.largest_width, options.verbosity)?;
    let chart = break_even(&speed).map_err(|error| Failure::Other(error.to_string()))?;
    let page = speed_markdown(&speed, &chart);
    let paths = bench::write(&speed, &speed.host, &chart, page, &bench::folder(options.out, &plan))?;
    match options.json {
        true => print_json(&speed)?,
        false => print(&bench::page(&speed, page_columns()))?,
    }
    say_written(&plan.name, &paths, options.verbosity);
    Ok(())
}

/// Kernels beside what the machine can do: the lines whose names have one of `words`.
pub(super) fn kernels(
    words: &[String],
    side: usize,
    out: &Path,
    json: bool,
    verbosity: Verbosity,
) -> Result<(), Failure> {
    const NAME: &str = "kernels";
    let times = KernelTimes::of(words, side, verbosity)?;
    let chart = times.chart()?;
    let paths = bench::write(&times, &times.host, &chart, times.markdown(&chart), &out.join(NAME))?;
    match json {
        true => print_json(&times)?,
        false => print(&times.page(page_columns()))?,
    }
    say_written(NAME, &paths, verbosity);
    Ok(())
}

fn say_written(name: &str, paths: &[PathBuf], verbosity: Verbosity) {
    let paths: Vec<String> = paths.iter().map(|path| format!("written to {}", path.display())).collect();
    say_notes(name, &paths, verbosity);
}

//! Verbs that go on from results of earlier runs: what a user names, and what is picked of it.

use std::path::Path;

use bitsweep_results::{Records, summarize};

use super::{planned, say_notes};
use crate::cli::Request;
use crate::device::fit;
use crate::evaluate::{Run, collect};
use crate::export::{Chosen, goal, lacking};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::progress::{Progress, Verbosity};
use crate::record::{Kept, check_folder_name};
use crate::registry;
use crate::unit_store::{Again, UnitStore};
use bitsweep_experiment::config::{Diagnostic, Document, ExportGoal};

/// What the user names, with the results that it has, unless these are of something else.
pub(super) fn plan_with_results(
    request: &Request,
    results: &Path,
    verbosity: Verbosity,
) -> Result<(Plan, Option<Kept>), Failure> {
    let kept = kept(request, results);
    let plan = match &kept {
        Some((name, kept)) => Plan::new(name, &Document::read(&kept.experiment(), &[])?)?,
        None => {
            refuse_unknown(request, results)?;
            planned(request, verbosity)?
        }
    };
    let kept = kept.map(|(_, kept)| kept).or_else(|| Kept::find(results, &plan.name));
    let kept = match kept {
        Some(kept) if !kept.is_of(&plan.key()) => {
            let note = format!(
                "`{}` has results of another model, other data or another experiment: they are not looked at",
                kept.folder().display()
            );
            say_notes(&plan.name, &[note], verbosity);
            None
        }
        kept => kept,
    };
    Ok((plan, kept))
}

/// Refuses a goal that the experiment does not ask for.
pub(super) fn refuse_lacking(goal: ExportGoal, plan: &Plan) -> Result<(), Failure> {
    match lacking(goal, &plan.header) {
        None => Ok(()),
        Some((lacking, key)) => Err(lacking.help(format!("`--set {key}=VALUE` gives it one")).into()),
    }
}

/// The results that a user names: a folder of earlier ones, unless changes or a table go with the name.
pub(super) fn kept(request: &Request, results: &Path) -> Option<(String, Kept)> {
    let name = request.experiment.as_ref().filter(|_| request.csv.is_none() && request.set.is_empty())?;
    check_folder_name(name).ok()?;
    Some((name.clone(), Kept::find(results, name)?))
}

/// Refuses a name that neither an experiment nor results have.
pub(super) fn refuse_unknown(request: &Request, results: &Path) -> Result<(), Diagnostic> {
    let Some(name) = request.experiment.as_ref().filter(|_| request.csv.is_none()) else { return Ok(()) };
    let is_path = check_folder_name(name).is_err() || Path::new(name).exists() || name.ends_with(".toml");
    if is_path || registry::find(name, &[]).is_ok() {
        return Ok(());
    }
    let place = results.join(name);
    let message = format!("there is no experiment `{name}`, and no results of it in `{}`", place.display());
    Err(Diagnostic::new(message).help("`--results DIR` says where the results of earlier runs are"))
}

/// The variant that is picked for the task of a unit: as its results say, or where there are none of this plan or they do not
/// tell, by running it.
pub(super) fn picked<'p>(
    plan: &'p Plan,
    position: usize,
    wanted: ExportGoal,
    kept: Option<&Kept>,
    store: &Path,
    verbosity: Verbosity,
) -> Result<Chosen<'p>, Failure> {
    if let Some(kept) = kept {
        match kept.picked(goal(wanted)) {
            Ok(keys) => {
                return Chosen::of_keys(plan, position, &keys).ok_or_else(|| {
                    let (unit, report) = (plan.units[position].describe(), kept.report());
                    let report = report.display();
                    Failure::Other(format!("{unit}: no quantized variant to export: `{report}` says why"))
                });
            }
            Err(reason) => {
                say_notes(&plan.name, &[format!("{reason}; the experiment is run again")], verbosity)
            }
        }
    }
    let (store, mut records) = measured(plan, store, verbosity)?;
    if wanted == ExportGoal::Device {
        records.device = fit(plan, &store, &records)?.rows;
    }
    let summary = summarize(&records, &plan.labels, &plan.header.pick);
    Chosen::picked(plan, position, &summary, wanted).map_err(Failure::Other)
}

/// What a store has of a plan, once what was missing is evaluated.
pub(super) fn measured(
    plan: &Plan,
    store: &Path,
    verbosity: Verbosity,
) -> Result<(UnitStore, Records), Failure> {
    let store = UnitStore::open(store)?;
    let progress = Progress::new(verbosity, plan.units.len());
    let run = Run { plan, store: &store, again: Again::Nothing, most_failures: None, progress: &progress };
    run.pieces(&plan.work())?;
    progress.finish();
    let records = collect(plan, &store, &mut ())?.records;
    Ok((store, records))
}

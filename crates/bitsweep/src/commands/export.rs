//! `bitsweep export`

use std::fs;
use std::path::Path;

use bitsweep_results::numbers::bytes;
use bitsweep_results::{Records, summarize};

use super::{planned, print_lines, say_notes};
use crate::cli::Request;
use crate::device::fit;
use crate::evaluate::{Run, collect};
use crate::export::{Chosen, Content, ModelFile, files, goal, lacking};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::progress::{Progress, Verbosity};
use crate::record::{Kept, check_folder_name};
use crate::registry;
use crate::unit_store::{Again, UnitStore, store_folder};
use bitsweep_experiment::config::{Diagnostic, Document, ExportFormat, ExportGoal};

/// Which variant of which unit is exported, as what, and where it goes.
#[derive(Debug)]
pub(super) struct Options<'a> {
    pub(super) pick: Option<ExportGoal>,
    pub(super) variant: Option<&'a str>,
    pub(super) unit: Option<&'a str>,
    pub(super) formats: &'a [ExportFormat],
    /// Where results of earlier runs are.
    pub(super) results: &'a Path,
    /// Where units are kept, where that is not beside the results.
    pub(super) store: Option<&'a Path>,
    pub(super) out: &'a Path,
    pub(super) verbosity: Verbosity,
}

pub(super) fn export(request: &Request, options: &Options<'_>) -> Result<(), Failure> {
    let formats = options.formats;
    if let Some((_, format)) =
        formats.iter().enumerate().find(|(own, format)| formats[..*own].contains(format))
    {
        return Err(Diagnostic::new(format!("the format `{format}` is named twice")).into());
    }
    let (plan, kept) = plan_with_results(request, options.results, options.verbosity)?;
    if let Some(goal) = options.pick {
        refuse_lacking(goal, &plan)?;
    }
    let position = unit_position(&plan, options.unit)?;
    if plan.units[position].dataset.is_none() {
        let message =
            format!("{} is no model: expected an experiment on one", plan.units[position].describe());
        return Err(Diagnostic::new(message).into());
    }
    let place = store_folder(options.store, options.results);
    let chosen = match (options.pick, options.variant) {
        (Some(goal), _) => picked(&plan, position, goal, kept.as_ref(), &place, options.verbosity)?,
        (None, Some(label)) => Chosen::labelled(&plan, position, label)?,
        (None, None) => return Err(Failure::Other("neither a pick nor a variant is named".to_owned())),
    };
    // Read where it is; nothing is written to it here.
    let store = UnitStore::existing(&place)?;
    let mut refused = Vec::new();
    for (file, format) in
        files(std::slice::from_ref(&chosen), formats, store.as_ref())?.into_iter().zip(formats)
    {
        let ModelFile { name, content, counted, notes } = match file {
            Ok(file) => file,
            Err(reason) => {
                refused.push(reason);
                continue;
            }
        };
        let write = |name: &str, written: &[u8]| {
            let place = options.out.join(name);
            // Files of a folder may be in folders.
            let folder = place.parent().unwrap_or(options.out);
            let written = fs::create_dir_all(folder).and_then(|()| fs::write(&place, written));
            let unwritten =
                |error| Failure::Output(format!("`{}` cannot be written: {error}", place.display()));
            written.map_err(unwritten)
        };
        let counted = bytes(counted as f64);
        let (place, size) = match content {
            Content::File(written) => {
                write(&name, &written)?;
                let length = bytes(written.len() as f64);
                let size = match format {
                    ExportFormat::Safetensors => format!("{counted} of numbers in a file of {length}"),
                    _ => format!("a file of {length}; {counted} as tables count them"),
                };
                (options.out.join(name), size)
            }
            // One variant: the folder that the user names is that of its files.
            Content::Folder(files) => {
                files.iter().try_for_each(|(name, text)| write(name, text.as_bytes()))?;
                let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
                (options.out.to_owned(), format!("{}; {counted} as tables count them", names.join(", ")))
            }
        };
        print_lines([format!("{}: {}", place.display(), chosen.describe()), size])?;
        say_notes(&place.display().to_string(), &notes, options.verbosity);
    }
    match refused.is_empty() {
        true => Ok(()),
        false => Err(Diagnostic::new(refused.join("; ")).into()),
    }
}

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

/// The unit whose key begins with `key`, or the first.
fn unit_position(plan: &Plan, key: Option<&str>) -> Result<usize, Diagnostic> {
    let Some(key) = key else { return Ok(0) };
    let mut found = (0..plan.units.len()).filter(|unit| plan.units[*unit].key.to_string().starts_with(key));
    let problem = match (found.next(), found.next()) {
        (Some(position), None) => return Ok(position),
        (Some(_), Some(_)) => "several units have keys that begin with",
        (None, _) => "there is no unit",
    };
    Err(Diagnostic::new(format!("{problem} `{key}`")).help("`bitsweep plan` shows the units with their keys"))
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

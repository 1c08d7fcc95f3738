//! `bitsweep export`

use std::fs;
use std::path::Path;

use bitsweep_results::numbers::bytes;

use super::earlier_results::{picked, plan_with_results, refuse_lacking};
use super::{print_lines, say_notes};
use crate::cli::Request;
use crate::export::{Chosen, Content, ModelFile, files};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::progress::Verbosity;
use crate::unit_store::{UnitStore, store_folder};
use bitsweep_experiment::config::{Diagnostic, ExportFormat, ExportGoal};

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

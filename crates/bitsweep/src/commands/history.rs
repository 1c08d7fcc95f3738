//! `bitsweep history`

use std::path::Path;

use bitsweep_store::Kind;
use serde::Serialize;

use super::settings::{Setting, settings_of_texts};
use super::{print_json, print_lines};
use crate::failure::Failure;
use crate::unit_store::{RunRecord, UnitStore};
use bitsweep_experiment::config::Diagnostic;

/// A run that was, and what of its configuration is not as it was before.
#[derive(Serialize)]
struct Past {
    when: String,
    configuration: String,
    changes: Vec<String>,
    picks: Vec<String>,
}

/// Lists the runs of an experiment, or into a results folder of that name, the latest last.
pub(super) fn history(name: &str, place: &Path, json: bool) -> Result<(), Failure> {
    let Some(store) = UnitStore::existing(place)? else {
        return Err(Diagnostic::new(format!("there is no store in `{}`", place.display())).into());
    };
    let runs = store.of_plans::<RunRecord>(Kind::Run)?;
    let mut names: Vec<String> = runs.iter().map(|(_, run)| run.name.clone()).collect();
    let mut runs: Vec<RunRecord> =
        runs.into_iter().map(|(_, run)| run).filter(|run| run.name == name).collect();
    if runs.is_empty() {
        names.sort();
        names.dedup();
        let unknown = Diagnostic::new(format!("no run of `{name}` is on record in `{}`", place.display()));
        return Err(unknown.nearest(name, names.iter().map(String::as_str)).into());
    }
    runs.sort_by_key(|run| run.at);
    let mut before: Option<String> = None;
    let mut past = Vec::new();
    for run in runs {
        let changes = before.as_ref().map(|before| settings_of_texts(before, &run.experiment));
        let changes = changes.transpose().map_err(Failure::Other)?.unwrap_or_default();
        past.push(Past {
            when: run.at.to_string(),
            configuration: run.configuration,
            changes: changes.into_iter().map(in_words).collect(),
            picks: run.picks,
        });
        before = Some(run.experiment);
    }
    if json {
        return print_json(&past);
    }
    let mut lines = Vec::new();
    for Past { when, configuration, changes, picks } in past {
        lines.push(format!("{when}  {}", configuration.get(..12).unwrap_or_default()));
        lines.extend(changes.into_iter().chain(picks).map(|line| format!("  {line}")));
    }
    print_lines(lines)
}

fn in_words(Setting { key, before, after }: Setting) -> String {
    match (before, after) {
        (Some(before), Some(after)) => format!("{key}: {before} became {after}"),
        (None, Some(after)) => format!("{key}: {after} is new"),
        (Some(before), None) => format!("{key}: {before} is gone"),
        (None, None) => key,
    }
}

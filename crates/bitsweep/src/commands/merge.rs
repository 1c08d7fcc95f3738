//! `bitsweep merge`

use std::path::{Path, PathBuf};

use bitsweep_results::numbers::{count, counted};
use bitsweep_store::{Kind, Merged};
use rayon::prelude::*;

use super::{lacking, print_lines, say_notes};
use crate::failure::Failure;
use crate::progress::Verbosity;
use crate::unit_store::{Again, Manifest, UnitStore, store_folder};
use bitsweep_experiment::config::Diagnostic;

/// Copies what stores have into one, and says what the experiments lack that were run with it.
pub(super) fn merge(folders: &[PathBuf], into: &Path, verbosity: Verbosity) -> Result<(), Failure> {
    let mut others = Vec::new();
    for folder in folders {
        // A store, or the folder of results that has it.
        let beside = store_folder(None, folder);
        let place = if beside.is_dir() { &beside } else { folder };
        let Some(other) = UnitStore::existing(place)? else {
            return Err(Diagnostic::new(format!("there is no store in `{}`", folder.display())).into());
        };
        others.push(other);
    }
    let store = UnitStore::open(into)?;
    let mut lines = Vec::new();
    for other in &others {
        let Merged { copied, present, damaged } = store.files().merge(other.files())?;
        lines.push(format!(
            "{}: {} copied, {} there already",
            other.files().shown().display(),
            counted(copied, "file", "files"),
            count(present as f64)
        ));
        let notes: Vec<String> = damaged
            .iter()
            .map(|path| format!("`{}` is not as it was written, and is left out", path.display()))
            .collect();
        say_notes("merge", &notes, verbosity);
    }
    let mut is_complete = true;
    for (_, Manifest { name, configuration, units }) in store.of_plans::<Manifest>(Kind::Plan)? {
        let missing = units.par_iter().map(|unit| -> Result<usize, Failure> {
            store.check(unit)?;
            Ok(store.standing(unit, Again::Nothing)?.missing.len())
        });
        let missing: Vec<usize> = missing.collect::<Result<_, _>>()?;
        let incomplete = || units.iter().zip(&missing).filter(|(_, missing)| **missing > 0);
        let rows = missing.iter().sum();
        is_complete &= rows == 0;
        let all: usize = units.iter().map(|unit| unit.rows.len()).sum();
        let short = configuration.get(..12).unwrap_or_default();
        lines.push(match rows {
            0 => format!("{name} ({short}): {}, nothing is missing", counted(all, "row", "rows")),
            _ => format!(
                "{name} ({short}): {} of {} missing, in {} of {}",
                count(rows as f64),
                counted(all, "row", "rows"),
                count(incomplete().count() as f64),
                counted(units.len(), "unit", "units")
            ),
        });
        lines.extend(lacking(
            incomplete().map(|(unit, missing)| (unit.name.as_str(), *missing, unit.rows.len())),
        ));
    }
    say_notes("merge", &store.take_notes(), verbosity);
    print_lines(lines)?;
    if is_complete { Ok(()) } else { Err(Failure::Missing) }
}

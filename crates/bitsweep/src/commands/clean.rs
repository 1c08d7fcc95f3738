//! `bitsweep clean`

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use bitsweep_results::Key;
use bitsweep_results::numbers::{bytes, counted};
use bitsweep_store::{Kind, Shelf, StoredFile};

use super::print_lines;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::unit_store::{Manifest, UnitStore};
use bitsweep_experiment::config::{Diagnostic, Document};

/// So many files are named.
const NAMED: usize = 20;

/// What experiments refer to.
#[derive(Default)]
struct Referred {
    shelves: HashSet<Shelf>,
    rows: HashSet<Key>,
}

/// Shows what of a store no experiment in the folders refers to, and removes it where that is asked for.
pub(super) fn clean(folders: &[PathBuf], place: &Path, is_asked: bool) -> Result<(), Failure> {
    let Some(store) = UnitStore::existing(place)? else {
        return Err(Diagnostic::new(format!("there is no store in `{}`", place.display())).into());
    };
    let mut experiments = Vec::new();
    folders.iter().try_for_each(|folder| find(folder, &mut experiments))?;
    let mut referred = Referred::default();
    experiments.iter().try_for_each(|path| referred.add(path))?;
    let mut useless: Vec<StoredFile> = Vec::new();
    let shelves = store.files().shelves()?;
    for &shelf in &shelves {
        useless.extend(referred.useless(&store, shelf)?);
    }
    let size = |file: &StoredFile| fs::symlink_metadata(&file.path).map_or(0, |found| found.len());
    let total: u64 = useless.iter().map(size).sum();
    let mut lines: Vec<String> =
        useless.iter().take(NAMED).map(|file| format!("  {}", file.path.display())).collect();
    if useless.len() > NAMED {
        lines.push(format!("  and {}", counted(useless.len() - NAMED, "other file", "other files")));
    }
    let (experiments, files) = (
        counted(experiments.len(), "experiment", "experiments"),
        format!("{} of {}", counted(useless.len(), "file", "files"), bytes(total as f64)),
    );
    lines.insert(0, format!("{experiments} in these folders; {files} in the store are of none of them"));
    if is_asked {
        useless.iter().try_for_each(|file| store.files().remove(file))?;
        shelves.iter().try_for_each(|shelf| store.files().tidy(*shelf))?;
        lines.push(format!("{files} removed"));
    } else if !useless.is_empty() {
        lines.push("nothing is removed yet: `--yes` does".to_owned());
    }
    print_lines(lines)
}

/// The experiments' files in a folder and below it. Hidden folders are not looked into, and links not followed.
fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable =
        |error: std::io::Error| Failure::Output(format!("cannot read `{}`: {error}", folder.display()));
    let mut entries =
        fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().map_err(unreadable)?;
        let path = entry.path();
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if kind.is_dir() && !is_hidden {
            find(&path, found)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    Ok(())
}

impl Referred {
    /// Adds what an experiment refers to.
    fn add(&mut self, path: &Path) -> Result<(), Failure> {
        let plan =
            Document::read(path, &[]).map_err(Failure::from).and_then(|document| Plan::new("", &document));
        let plan = plan.map_err(|failure| {
            let message =
                format!("cannot tell what `{}` refers to, and nothing is removed: {failure}", path.display());
            Failure::from(Diagnostic::new(message))
        })?;
        self.shelves.insert(plan.shelf());
        for unit in Manifest::of(&plan).units {
            self.shelves.insert(Shelf::Unit(unit.unit.hash()));
            self.rows.extend(unit.rows);
        }
        Ok(())
    }

    /// The files on a shelf that nothing refers to. Runs that were stay: they are the history.
    fn useless(&self, store: &UnitStore, shelf: Shelf) -> Result<Vec<StoredFile>, Failure> {
        let files = store.files().files(shelf)?;
        if !self.shelves.contains(&shelf) {
            return Ok(files.into_iter().filter(|file| file.kind != Kind::Run).collect());
        }
        let mut useless = Vec::new();
        let mut of_useless = HashSet::new();
        for file in &files {
            if file.kind == Kind::Rows && !store.keys(file)?.iter().any(|key| self.rows.contains(key)) {
                of_useless.insert(file.name());
                useless.push(file.clone());
            }
        }
        for file in files {
            if file.kind == Kind::Timing && store.timing_of(&file)?.is_some_and(|of| of_useless.contains(&of))
            {
                useless.push(file);
            }
        }
        Ok(useless)
    }
}

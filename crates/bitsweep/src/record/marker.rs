//! What a results folder says of itself: that it is one, which experiment it is of, and which of its files a run wrote.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::filesystem::seen_from;

/// The file by which a folder is known to hold results.
pub(super) const MARKER: &str = "provenance.json";
/// The one file of the results that is not the same on every machine.
pub(super) const TIMINGS: &str = "timings.json";

/// Which experiment results are of, the same on every machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Experiment {
    /// One that `bitsweep list` shows.
    Named(String),
    /// One of a TOML file of this name; [`Location`] tells which.
    File(String),
}

/// Where the experiment's file was when the results were written: seen from the results folder, so that both can be moved
/// together.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Location {
    pub(super) experiment_file: Option<String>,
}

/// The part of the [`MARKER`] that a later run reads.
#[derive(Debug, Deserialize)]
pub(super) struct Marker {
    program: String,
    /// The key of the plan that was run.
    pub(super) configuration: String,
    #[serde(rename = "units")]
    _units: Vec<IgnoredAny>,
    /// `None` of results of before there was such a word.
    pub(super) experiment: Option<Experiment>,
    /// The files that the run wrote with their BLAKE3 hashes; `None` of results of before there was such a list.
    files: Option<BTreeMap<String, String>>,
}

impl Marker {
    /// The marker of a folder; `None` where the folder holds no results of ours.
    pub(super) fn read(folder: &Path) -> Option<Marker> {
        let marker: Marker = serde_json::from_slice(&fs::read(folder.join(MARKER)).ok()?).ok()?;
        (marker.program == env!("CARGO_PKG_NAME")).then_some(marker)
    }

    /// Whether the file at `path`, `name` in the folder, is as the run wrote it.
    ///
    /// Results of before there was a list have in common with `newer` ones what a run writes.
    pub(super) fn wrote(&self, name: &str, path: &Path, newer: &Path) -> bool {
        if [MARKER, TIMINGS].contains(&name) {
            return true;
        }
        match &self.files {
            // A file that cannot be read may be anybody's.
            Some(files) => files.get(name).is_some_and(|hash| hash_of(path).is_ok_and(|own| own == *hash)),
            None => newer.join(name).is_file(),
        }
    }

    /// Whether the run wrote files into the subfolder `name`.
    pub(super) fn wrote_into(&self, name: &str) -> bool {
        let within = |file: &String| Path::new(file).starts_with(name);
        self.files.as_ref().is_some_and(|files| files.keys().any(within))
    }
}

impl Location {
    /// The location of `file`, seen from `folder`; both are absolute.
    pub(super) fn of(file: &Path, folder: &Path) -> Location {
        Location { experiment_file: seen_from(folder, file).to_str().map(str::to_owned) }
    }

    /// The experiment's file that the results in `folder` tell of; `None` where none is known, or it is no longer there.
    pub(super) fn read(folder: &Path) -> Option<PathBuf> {
        let location: Location = serde_json::from_slice(&fs::read(folder.join(TIMINGS)).ok()?).ok()?;
        folder.join(location.experiment_file?).canonicalize().ok()
    }
}

fn hash_of(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize().to_string())
}

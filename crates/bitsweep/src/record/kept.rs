//! What a results folder keeps for later: the experiment, and what was picked.

use std::fs;
use std::path::{Path, PathBuf};

use bitsweep_results::Goal;
use serde::Deserialize;

use super::marker::Marker;
use super::write::{EXPERIMENT, PICKS};

/// The results of an earlier run.
#[derive(Debug)]
pub struct Kept {
    folder: PathBuf,
    marker: Marker,
}

/// A pick, as far as the same variant is found by it again.
#[derive(Debug, Deserialize)]
struct KeptPick {
    comparison: String,
    goal: String,
    variant: Option<KeptVariant>,
}

#[derive(Debug, Deserialize)]
struct KeptVariant {
    task: String,
    keys: Vec<String>,
}

impl Kept {
    /// The results in the folder `name` of `root`; `None` where there are none.
    pub fn find(root: &Path, name: &str) -> Option<Self> {
        let folder = root.join(name);
        let marker = Marker::read(&folder)?;
        Some(Self { folder, marker })
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of the experiment; its relative paths start at its folder.
    pub fn experiment(&self) -> PathBuf {
        self.folder.join(EXPERIMENT)
    }

    /// Whether a run of the plan with this key has left them.
    pub fn is_of(&self, key: &str) -> bool {
        self.marker.configuration == key
    }

    /// The keys of the rows of all variants that were picked for the goal, one of each task.
    ///
    /// # Errors
    /// Why the folder does not tell.
    pub fn picked(&self, goal: Goal) -> Result<Vec<String>, String> {
        let place = self.folder.join(PICKS);
        let unreadable =
            |error: &dyn std::fmt::Display| format!("cannot read `{}`: {error}", place.display());
        let content = fs::read(&place).map_err(|error| unreadable(&error))?;
        let picks: Vec<KeptPick> = serde_json::from_slice(&content).map_err(|error| unreadable(&error))?;
        let own = picks.into_iter().filter(|pick| pick.goal == goal.name());
        // A pick across tasks names them all.
        let of_one_task =
            own.filter_map(|pick| pick.variant.filter(|variant| variant.task == pick.comparison));
        Ok(of_one_task.flat_map(|variant| variant.keys).collect())
    }

    /// Its report, as a user opens it.
    pub fn report(&self) -> PathBuf {
        self.folder.join("report.md")
    }
}

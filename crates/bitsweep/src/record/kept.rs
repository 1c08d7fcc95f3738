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
#[derive(Debug, Clone, Deserialize)]
pub struct KeptPick {
    /// The task that it is of, or several with commas between them.
    pub comparison: String,
    /// `balance`, `least memory` or `budget`.
    pub goal: String,
    /// `picked`, `keep-float`, or why nothing is.
    pub outcome: String,
    /// What is picked; `None` where nothing is.
    pub variant: Option<KeptVariant>,
}

/// A variant that was picked.
#[derive(Debug, Clone, Deserialize)]
pub struct KeptVariant {
    /// Its task.
    pub task: String,
    /// The keys of its rows, one of each unit.
    pub keys: Vec<String>,
}

impl KeptPick {
    /// Whether it is a pick among the variants of one task.
    pub fn is_of_one_task(&self) -> bool {
        // A pick across tasks names them all.
        self.variant.as_ref().is_none_or(|variant| variant.task == self.comparison)
    }
}

/// The picks that a results folder tells.
///
/// # Errors
/// Why it does not tell.
pub fn kept_picks(folder: &Path) -> Result<Vec<KeptPick>, String> {
    let place = folder.join(PICKS);
    let unreadable = |error: &dyn std::fmt::Display| format!("cannot read `{}`: {error}", place.display());
    let content = fs::read(&place).map_err(|error| unreadable(&error))?;
    serde_json::from_slice(&content).map_err(|error| unreadable(&error))
}

impl Kept {
    /// The results in the folder `name` of `root`; `None` where there are none.
    pub fn find(root: &Path, name: &str) -> Option<Self> {
        Self::of(&root.join(name))
    }

    /// The results in a folder; `None` where there are none.
    pub fn of(folder: &Path) -> Option<Self> {
        let marker = Marker::read(folder)?;
        Some(Self { folder: folder.to_owned(), marker })
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
        let own = kept_picks(&self.folder)?.into_iter();
        let own = own.filter(|pick| pick.goal == goal.name() && pick.is_of_one_task());
        Ok(own.filter_map(|pick| pick.variant).flat_map(|variant| variant.keys).collect())
    }

    /// Its report, as a user opens it.
    pub fn report(&self) -> PathBuf {
        self.folder.join("report.md")
    }
}

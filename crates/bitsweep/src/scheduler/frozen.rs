//! What was submitted, by hashes: a task that finds something else does not begin.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::plan::Plan;
use bitsweep_experiment::config::Diagnostic;

/// A plan that was submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// What the experiment is called.
    pub name: String,
    /// The BLAKE3 hash of the experiment's text, with every override in its place.
    pub configuration: String,
    /// The hash of each dataset by its name.
    pub data: BTreeMap<String, String>,
    /// The key of the plan, which hashes all of it, models and stages included.
    pub plan: String,
    /// The BLAKE3 hash of the program.
    pub program: String,
    /// Parts that the plan is dealt out in.
    pub tasks: usize,
}

impl Frozen {
    /// What a plan is, here and now.
    ///
    /// # Errors
    /// When the program cannot be read.
    pub fn of(plan: &Plan, tasks: usize) -> Result<Self, Failure> {
        let datasets = plan.units.iter().filter_map(|unit| unit.rows());
        Ok(Self {
            name: plan.name.clone(),
            configuration: blake3::hash(plan.source.as_bytes()).to_string(),
            data: datasets.map(|dataset| (dataset.name.clone(), dataset.hash.to_string())).collect(),
            plan: plan.key(),
            program: program()
                .map_err(|error| Failure::Other(format!("cannot read the program: {error}")))?,
            tasks,
        })
    }

    /// Refuses a plan that is not what was submitted, as the file at `path` says it.
    ///
    /// # Errors
    /// What differs.
    pub fn check(path: &Path, plan: &Plan, tasks: usize) -> Result<(), Failure> {
        let place = path.display();
        let unreadable =
            |error: &dyn std::fmt::Display| Diagnostic::new(format!("cannot read `{place}`: {error}"));
        let bytes = fs::read(path).map_err(|error| unreadable(&error))?;
        let submitted: Self = serde_json::from_slice(&bytes).map_err(|error| unreadable(&error))?;
        let found = Self::of(plan, tasks)?;
        let differing = [
            (
                "the experiment",
                submitted.configuration != found.configuration || submitted.name != found.name,
            ),
            ("the data", submitted.data != found.data),
            ("the program", submitted.program != found.program),
            ("the number of parts", submitted.tasks != found.tasks),
        ];
        let mut differing: Vec<&str> =
            differing.into_iter().filter_map(|(what, differs)| differs.then_some(what)).collect();
        if differing.is_empty() && submitted.plan != found.plan {
            differing.push("a model or a tensor");
        }
        if differing.is_empty() {
            return Ok(());
        }
        let differing = differing.join(", ");
        let message =
            format!("changed since it was submitted: {differing}; expected what `{place}` has hashes of");
        Err(Diagnostic::new(message).help("`bitsweep submit` submits it as it is now").into())
    }
}

fn program() -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(std::env::current_exe()?)?)?;
    Ok(hasher.finalize().to_string())
}

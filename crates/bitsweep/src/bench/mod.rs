//! How fast variants are on this machine, by kernels on packed weights, beside `f32`; and how fast kernels are, beside what the
//! machine can do.
//!
//! All that is compared is measured in turns, warmed up, on one pinned thread, and told as medians with their intervals. Nothing of it
//! is part of an experiment's results, which are the same on every machine.

mod host;
mod kernels;
mod layers;
mod models;
mod page;
mod turns;
mod widths;

use std::path::{Path, PathBuf};

use bitsweep_report::{Chart, png};
use serde::Serialize;

use crate::export::Chosen;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::unit_store::UnitStore;

pub use host::Host;
pub use kernels::{KernelTimes, Limits, Peak, ProductTimes, SchemeTimes, Times};
pub use layers::Format;
pub use models::{BatchTimes, ModelTimes};
pub use turns::Seconds;
pub use widths::{FormatTimes, WidthTime};

/// How often each time is taken.
const ROUNDS: usize = 21;

/// The models of an experiment on one machine.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// The machine.
    pub host: Host,
    /// The experiment.
    pub experiment: String,
    /// Its configuration's key.
    pub configuration: String,
    /// How often each time was taken.
    pub rounds: usize,
    /// The models, each unit's float model first.
    pub models: Vec<ModelTimes>,
    /// Square layers of every width, by format.
    pub widths: Vec<FormatTimes>,
}

impl Measured {
    /// Measures models of a plan, those of a unit together, and square layers up to a width.
    ///
    /// # Errors
    /// What keeps a unit from being made.
    pub fn of(
        plan: &Plan,
        chosen: &[Vec<Chosen<'_>>],
        store: Option<&UnitStore>,
        largest_width: usize,
    ) -> Result<Self, Failure> {
        let mut subjects = Vec::new();
        for of_unit in chosen {
            subjects.extend(models::subjects(of_unit, store)?);
        }
        let pinned = host::Pinned::new();
        Ok(Self {
            host: Host::here(pinned.processor()),
            experiment: plan.name.clone(),
            configuration: plan.key(),
            rounds: ROUNDS,
            models: models::measured(&subjects),
            widths: widths::measured(largest_width).map_err(|error| Failure::Other(error.to_string()))?,
        })
    }
}

/// Writes `HOST.json`, and for readers `HOST.md` with its chart, into a folder; returns their paths. `markdown` is the page, given
/// the name of the chart's picture.
///
/// # Errors
/// What cannot be drawn or written.
pub(crate) fn write(
    times: &impl Serialize,
    host: &Host,
    chart: &Chart,
    markdown: impl FnOnce(&str) -> String,
    folder: &Path,
) -> Result<Vec<PathBuf>, Failure> {
    let stem = host.file_stem();
    let picture = png(&chart.svg).map_err(|error| Failure::Other(error.to_string()))?;
    let mut json = serde_json::to_vec_pretty(times).map_err(|error| Failure::Other(error.to_string()))?;
    json.push(b'\n');
    let pictured = format!("{stem}-{}.png", chart.name);
    let files = [
        (format!("{stem}.json"), json),
        (format!("{stem}.md"), markdown(&pictured).into_bytes()),
        (pictured, picture),
    ];
    let mut paths = Vec::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, bytes));
        written
            .map_err(|error| Failure::Output(format!("`{}` cannot be written: {error}", path.display())))?;
        paths.push(path);
    }
    Ok(paths)
}

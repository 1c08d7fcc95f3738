//! How fast variants are on this machine, by kernels on packed weights, beside `f32`; and how fast kernels are, beside what the
//! machine can do.
//!
//! All that is compared is measured in turns, warmed up, on one pinned thread and on all, and told as medians with their intervals. Nothing of it
//! is part of an experiment's results, which are the same on every machine.

mod host;
mod kernels;
mod layers;
mod models;
mod page;
mod threads;
mod turns;
mod widths;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bitsweep_report::{Chart, png};
use bitsweep_results::speed::{Host, Speed};
use serde::Serialize;

use self::threads::Threads;
use self::turns::rounds_of;
use crate::export::Chosen;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::progress::{Progress, Verbosity};
use crate::unit_store::UnitStore;

pub use kernels::{CalibrationTimes, KernelTimes, Limits, Peak, ProductTimes, SchemeTimes, Times};
pub(crate) use page::page;

/// How often each time is taken.
const ROUNDS: usize = 21;

/// Measures models of a plan, those of a unit together, and square layers up to a width.
///
/// # Errors
/// What keeps a unit from being made, and threads that cannot be started.
pub(crate) fn measured(
    plan: &Plan,
    chosen: &[Vec<Chosen<'_>>],
    store: Option<&UnitStore>,
    largest_width: usize,
    verbosity: Verbosity,
) -> Result<Speed, Failure> {
    let mut subjects = Vec::new();
    for of_unit in chosen {
        subjects.extend(models::subjects(of_unit, store)?);
    }
    let turns = 1 + widths::widths(largest_width).count();
    let progress = Progress::of(verbosity, rounds_of(turns, ROUNDS), ["round", "rounds"]);
    let threads = Threads::new()?;
    let speed = Speed {
        host: threads.host(),
        experiment: plan.name.clone(),
        configuration: plan.key(),
        rounds: ROUNDS,
        models: models::measured(&subjects, &threads, &progress),
        layers: widths::measured(&threads, largest_width, &progress)
            .map_err(|error| Failure::Other(error.to_string()))?,
    };
    progress.finish();
    Ok(speed)
}

/// Where the times of an experiment are, in the folder that times go to.
pub(crate) fn folder(times: &Path, plan: &Plan) -> PathBuf {
    times.join(&plan.name)
}

/// The times that were measured of a plan, by the names of their files.
///
/// # Errors
/// What cannot be read, and a folder without any.
pub(crate) fn read(times: &Path, plan: &Plan) -> Result<Vec<Speed>, Failure> {
    let folder = folder(times, plan);
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::Other(format!("`{}` cannot be read: {error}", path.display()))
    };
    let mut paths = Vec::new();
    match fs::read_dir(&folder) {
        Ok(entries) => {
            for entry in entries {
                let path = entry.map_err(|error| unreadable(&folder, &error))?.path();
                paths.extend(path.extension().is_some_and(|own| own == "json").then_some(path));
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(unreadable(&folder, &error)),
    }
    paths.sort();
    let mut speeds: Vec<Speed> = Vec::new();
    for path in &paths {
        let text = fs::read(path).map_err(|error| unreadable(path, &error))?;
        speeds.push(serde_json::from_slice(&text).map_err(|error| unreadable(path, &error))?);
    }
    speeds.retain(|speed| speed.configuration == plan.key());
    match speeds.is_empty() {
        false => Ok(speeds),
        true => Err(Failure::Other(format!(
            "`{}` has no times of this configuration: `bitsweep bench` measures them",
            folder.display()
        ))),
    }
}

/// Writes `HOST.json`, and for readers `HOST.md` with its chart, into a folder; returns their paths.
///
/// # Errors
/// What cannot be drawn or written.
pub(crate) fn write(
    times: &impl Serialize,
    host: &Host,
    chart: &Chart,
    markdown: String,
    folder: &Path,
) -> Result<Vec<PathBuf>, Failure> {
    let stem = host.file_stem();
    let picture = png(&chart.svg).map_err(|error| Failure::Other(error.to_string()))?;
    let mut json = serde_json::to_vec_pretty(times).map_err(|error| Failure::Other(error.to_string()))?;
    json.push(b'\n');
    let files = [
        (format!("{stem}.json"), json),
        (format!("{stem}.md"), markdown.into_bytes()),
        (format!("{}.png", chart.name), picture),
    ];
    let mut paths = Vec::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, bytes));
        written
            .map_err(|error| Failure::Output(format!("`{}` cannot be written: {error}", path.display())))?;
        paths.push(path);
    }
    Ok(paths)
}

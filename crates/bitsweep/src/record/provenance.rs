//! Where the numbers came from, and what they cost on this machine.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::marker::{Experiment, Location};
use crate::plan::{Origin, Plan, Unit};
use crate::unit_store::UnitTiming;
use bitsweep_experiment::subject::UnitSpec;

/// What the numbers came from, and which files have them: the content of the [`MARKER`](super::marker::MARKER). The same on
/// every machine.
#[derive(Serialize)]
pub(super) struct Provenance<'a> {
    program: &'static str,
    version: &'static str,
    experiment: &'a Experiment,
    configuration: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    /// The BLAKE3 hash of every file that was written, this one and `timings.json` aside.
    files: BTreeMap<String, String>,
    units: Vec<UnitProvenance<'a>>,
}

#[derive(Serialize)]
struct UnitProvenance<'a> {
    unit: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<String>,
    /// The file of a given model.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a Origin>,
    /// With every default spelled out.
    specification: &'a UnitSpec,
}

/// What depends on the machine.
#[derive(Serialize)]
pub(super) struct Timings<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    experiment_file: Option<&'a str>,
    host: Host,
    units: &'a [UnitTiming],
}

#[derive(Serialize)]
struct Host {
    architecture: &'static str,
    operating_system: &'static str,
    threads: usize,
}

impl<'a> Provenance<'a> {
    pub(super) fn of(plan: &'a Plan, experiment: &'a Experiment, files: BTreeMap<String, String>) -> Self {
        let units = plan.units.iter().map(|unit| UnitProvenance {
            unit: unit.key.to_string(),
            name: unit.describe(),
            dataset: unit.rows().map(|dataset| dataset.hash.to_string()),
            model: unit.given().and_then(|given| given.origin.as_ref()),
            specification: &unit.spec,
        });
        Self {
            program: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            experiment,
            configuration: plan.key(),
            notes: plan.notes().into_iter().map(|(dataset, note)| format!("{dataset}: {note}")).collect(),
            files,
            units: units.collect(),
        }
    }
}

impl<'a> Timings<'a> {
    pub(super) fn of(units: &'a [UnitTiming], location: &'a Location) -> Self {
        let host = Host {
            architecture: std::env::consts::ARCH,
            operating_system: std::env::consts::OS,
            threads: rayon::current_num_threads(),
        };
        Self { experiment_file: location.experiment_file.as_deref(), host, units }
    }
}

/// The lines of the report that say where its numbers came from.
pub(super) fn lines(plan: &Plan) -> Vec<(String, String)> {
    let mut lines = vec![
        (env!("CARGO_PKG_NAME").to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("configuration (BLAKE3)".to_owned(), plan.key()),
    ];
    for dataset in plan.units.iter().filter_map(Unit::rows) {
        let files = dataset.file.iter().flat_map(|file| &file.files);
        let mut hashes: Vec<_> = files.map(|file| (file_name(&file.path), file.hash)).collect();
        if hashes.is_empty() {
            hashes.push((format!("dataset {}", dataset.name), dataset.hash));
        }
        for (what, hash) in hashes {
            let line = (format!("{what} (BLAKE3)"), hash.to_string());
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    for origin in plan.units.iter().filter_map(|unit| unit.given()?.origin.as_ref()) {
        let producer = origin.producer.as_ref().map(|producer| format!(", made by {producer}"));
        let what = format!("{}{} (SHA-256)", origin.file, producer.unwrap_or_default());
        let line = (what, origin.sha256.clone());
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.extend(plan.notes().into_iter().map(|(dataset, note)| (format!("note on {dataset}"), note)));
    lines
}

/// The last part of a file's path.
fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

//! Everything a run writes into its results folder.

use std::io::{self, Write};

use bitsweep_report::{Report, ReproductionRow, charts, html, markdown, png};
use bitsweep_results::summary::EffectRow;
use bitsweep_results::{
    Comparison, Records, ResultsError, objects, summarize, table, write_csv, write_parquet, write_rows,
};
use rayon::prelude::*;
use serde::Serialize;

use crate::config::{TableName, UnitSpec};
use crate::failure::Failure;
use crate::output::{Folder, MARKER};
use crate::pipeline::{RunOutcome, UnitTiming};
use crate::plan::Plan;
use crate::reproduction;

/// What was written, for the terminal.
#[derive(Debug)]
pub struct Written {
    /// The reproduction table.
    pub reproduction: Vec<ReproductionRow>,
    /// The results table, one object a row.
    pub objects: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// What the numbers came from. The same on every machine.
#[derive(Serialize)]
struct Provenance<'a> {
    program: &'static str,
    version: &'static str,
    configuration: String,
    units: Vec<UnitProvenance<'a>>,
}

#[derive(Serialize)]
struct UnitProvenance<'a> {
    unit: &'a str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<String>,
    /// With every default spelled out.
    specification: &'a UnitSpec,
}

/// What depends on the machine.
#[derive(Serialize)]
struct Timings<'a> {
    host: Host,
    units: &'a [UnitTiming],
}

#[derive(Serialize)]
struct Host {
    architecture: &'static str,
    operating_system: &'static str,
    threads: usize,
}

/// Writes tables, charts and report.
///
/// # Errors
/// When the disk refuses, or the report cannot be made.
pub fn write(plan: &Plan, command: &str, outcome: &RunOutcome, folder: &Folder) -> Result<Written, Failure> {
    let RunOutcome { records, timings } = outcome;
    let results = table(&records.results).map_err(|error| Failure::Other(error.to_string()))?;
    let csv = |name: TableName| csv(name, records, &results);
    let reproduction = reproduction::compare(&plan.header.reproduce, csv)?;

    folder.write("experiment.toml", |file| file.write_all(plan.source.as_bytes()))?;
    let bytes = csv(TableName::Results)?;
    folder.write("results.csv", |file| file.write_all(&bytes))?;
    folder.write("results.parquet", |file| write_parquet(&results, file).map_err(io::Error::other))?;
    let record = plan.header.record;
    write_table(folder, "tensors.csv", record.tensors, &records.tensors)?;
    write_table(folder, "predictions.csv", record.predictions, &records.predictions)?;
    write_table(folder, "classes.csv", true, &records.classes)?;
    write_table(folder, "values.csv", true, &records.values)?;
    write_table(folder, "codebooks.csv", true, &records.codebooks)?;
    write_table(folder, "products.csv", true, &records.products)?;
    write_table(folder, "curve.csv", true, &records.curve)?;
    write_table(folder, "sensitivity.csv", true, &records.sensitivity)?;
    write_table(folder, "histogram.csv", true, &records.histogram)?;
    write_table(folder, "levels.csv", true, &records.levels)?;
    let summary = summarize(&records.results, &plan.header.pick);
    let effects: Vec<EffectRow> = summary.comparisons.iter().flat_map(Comparison::effect_rows).collect();
    write_table(folder, "effects.csv", true, &effects)?;

    let report = report(plan, command, records, &reproduction);
    let charts = charts(&report).map_err(|error| Failure::Other(error.to_string()))?;
    let pictures: Vec<_> = charts.par_iter().map(|chart| png(&chart.svg)).collect();
    for (chart, picture) in charts.iter().zip(pictures) {
        let picture = picture.map_err(|error| Failure::Other(error.to_string()))?;
        folder.write(&format!("charts/{}.svg", chart.name), |file| file.write_all(chart.svg.as_bytes()))?;
        folder.write(&format!("charts/{}.png", chart.name), |file| file.write_all(&picture))?;
    }
    folder.write("report.md", |file| file.write_all(markdown(&report, &charts).as_bytes()))?;
    folder.write("report.html", |file| file.write_all(html(&report, &charts).as_bytes()))?;

    let threads = rayon::current_num_threads();
    let host = Host { architecture: std::env::consts::ARCH, operating_system: std::env::consts::OS, threads };
    write_json(folder, "timings.json", &Timings { host, units: timings })?;
    // Last: a folder that has it is complete.
    write_json(folder, MARKER, &provenance(plan))?;
    let objects = objects(&results).map_err(|error| Failure::Other(error.to_string()))?;
    Ok(Written { reproduction, objects })
}

fn provenance(plan: &Plan) -> Provenance<'_> {
    let units = plan.units.iter().map(|unit| UnitProvenance {
        unit: &unit.key,
        name: unit.describe(),
        dataset: unit.dataset.as_ref().map(|dataset| dataset.hash.to_string()),
        specification: &unit.spec,
    });
    Provenance {
        program: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        configuration: plan.key(),
        units: units.collect(),
    }
}

fn report<'a>(
    plan: &Plan,
    command: &str,
    records: &'a Records,
    reproduction: &[ReproductionRow],
) -> Report<'a> {
    let mut provenance = vec![
        (env!("CARGO_PKG_NAME").to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("configuration (BLAKE3)".to_owned(), plan.key()),
    ];
    for dataset in plan.units.iter().filter_map(|unit| unit.dataset.as_ref()) {
        let entry = (format!("dataset {} (BLAKE3)", dataset.name), dataset.hash.to_string());
        if !provenance.contains(&entry) {
            provenance.push(entry);
        }
    }
    Report {
        experiment: plan.name.clone(),
        title: plan.header.title.clone(),
        description: plan.header.description.trim().to_owned(),
        command: command.to_owned(),
        provenance,
        configuration: plan.source.clone(),
        reproduction: reproduction.to_vec(),
        records,
        pick_rule: plan.header.pick,
    }
}

/// A table as the CSV text that is written.
fn csv(
    name: TableName,
    records: &Records,
    results: &bitsweep_results::DataFrame,
) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let written: Result<(), ResultsError> = match name {
        TableName::Results => write_csv(results, &mut bytes),
        TableName::Tensors => write_rows(&records.tensors, &mut bytes),
        TableName::Values => write_rows(&records.values, &mut bytes),
        TableName::Codebooks => write_rows(&records.codebooks, &mut bytes),
        TableName::Products => write_rows(&records.products, &mut bytes),
        TableName::Curve => write_rows(&records.curve, &mut bytes),
        TableName::Classes => write_rows(&records.classes, &mut bytes),
    };
    written.map_err(|error| Failure::Other(error.to_string()))?;
    Ok(bytes)
}

/// Writes a table that has rows and is wanted.
fn write_table<R: Serialize>(folder: &Folder, name: &str, wanted: bool, rows: &[R]) -> Result<(), Failure> {
    if !wanted || rows.is_empty() {
        return Ok(());
    }
    folder.write(name, |file| write_rows(rows, file).map_err(io::Error::other))
}

fn write_json(folder: &Folder, name: &str, value: &impl Serialize) -> Result<(), Failure> {
    folder.write(name, |file| {
        serde_json::to_writer_pretty(&mut *file, value)?;
        file.write_all(b"\n")
    })
}

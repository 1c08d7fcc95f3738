//! Everything a run writes into its results folder once its units are done.

use std::io::{self, Write};

use bitsweep_report::{ComparedRow, FoundRow, Report, charts, html, markdown, png};
use bitsweep_results::speed::Speed;
use bitsweep_results::summary::{EffectRow, OverDatasets, VerdictRow};
use bitsweep_results::text::json;
use bitsweep_results::{
    ClassRow, Comparison, RecallRow, Records, ResultsError, Summary, TableRow, write_csv, write_header,
    write_parquet, write_rows,
};
use rayon::prelude::*;
use serde::Serialize;

use super::comparison::Tables;
use super::folder::Folder;
use super::marker::{MARKER, TIMINGS};
use super::picks::picks;
use super::provenance::{self, Provenance, Timings};
use crate::evaluate::RunOutcome;
use crate::export::{Content, ModelFile};
use crate::failure::Failure;
use crate::plan::Plan;
use bitsweep_experiment::config::relocated;

/// The experiment, its paths as seen from the folder.
pub const EXPERIMENT: &str = "experiment.toml";
/// The folder of exported models.
pub const MODELS: &str = "models";
/// What is picked.
pub(super) const PICKS: &str = "picks.json";

/// What was written, for the terminal.
#[derive(Debug)]
pub struct Written {
    /// The reproduction table.
    pub reproduction: Vec<ComparedRow>,
    /// The findings, checked.
    pub findings: Vec<FoundRow>,
}

/// Writes tables, charts and report, which shows `speeds`; the large tables are there already.
///
/// # Errors
/// When the disk refuses, or the report cannot be made.
pub fn write(
    plan: &Plan,
    command: &str,
    outcome: &RunOutcome,
    summary: &Summary,
    models: &[ModelFile],
    speeds: &[Speed],
    folder: &Folder,
) -> Result<Written, Failure> {
    let RunOutcome { records, timings } = outcome;
    folder.write(EXPERIMENT, |file| {
        file.write_all(relocated(&plan.source, &folder.seen_from_here(plan.folder())?).as_bytes())
    })?;
    write_tables(plan, records, summary, folder)?;
    // Numbers are compared with those in the files.
    let mut tables = Tables::new(|table| folder.read(&format!("{}.csv", table.name())));
    let reproduction = tables.compare(&plan.header.reproduce)?;
    let written = Written { reproduction, findings: tables.check(&plan.header.finding)? };
    report(plan, command, records, summary, &written, speeds, folder)?;
    for model in models {
        let place = format!("{MODELS}/{}", model.name);
        match &model.content {
            Content::File(bytes) => folder.write(&place, |file| file.write_all(bytes))?,
            Content::Folder(files) => files.iter().try_for_each(|(name, text)| {
                folder.write(&format!("{place}/{name}"), |file| file.write_all(text.as_bytes()))
            })?,
        }
    }
    write_json(folder, PICKS, &picks(plan, records, summary))?;
    write_json(folder, TIMINGS, &Timings::of(timings, folder.location()))?;
    // Last: it lists the others.
    write_json(folder, MARKER, &Provenance::of(plan, folder.experiment(), folder.files()))?;
    Ok(written)
}

fn write_tables(plan: &Plan, records: &Records, summary: &Summary, folder: &Folder) -> Result<(), Failure> {
    let labels = &plan.labels;
    let results = &records.results;
    let (csv, (parquet, others)) = rayon::join(
        || folder.write("results.csv", |file| write_csv(results, labels, file).map_err(io::Error::other)),
        || {
            rayon::join(
                || {
                    folder.write("results.parquet", |file| {
                        write_parquet(results, labels, file).map_err(io::Error::other)
                    })
                },
                || side_tables(plan, records, summary, folder),
            )
        },
    );
    csv.and(parquet).and(others)
}

fn side_tables(plan: &Plan, records: &Records, summary: &Summary, folder: &Folder) -> Result<(), Failure> {
    let table = Writer { plan, folder };
    if plan.header.record.predictions {
        let classes = records.predictions.iter().map(|predictions| predictions.class_rows());
        let classes: Vec<Vec<ClassRow>> =
            classes.collect::<Result<_, _>>().map_err(|error| Failure::Other(error.to_string()))?;
        table.write(
            "predictions.csv",
            records.predictions.iter().flat_map(|predictions| predictions.rows()),
        )?;
        table.write("classes.csv", classes.into_iter().flatten())?;
        let recalls = records.predictions.iter().map(|predictions| predictions.recall_rows());
        let recalls: Vec<Vec<RecallRow>> =
            recalls.collect::<Result<_, _>>().map_err(|error| Failure::Other(error.to_string()))?;
        table.write("recalls.csv", recalls.into_iter().flatten())?;
        table.write("flips.csv", records.flips.iter().cloned())?;
    }
    let verdicts: Vec<VerdictRow> =
        summary.comparisons.iter().flat_map(|own| own.verdict_rows(&plan.header.pick)).collect();
    table.write("verdicts.csv", verdicts.into_iter())?;
    table.write("datasets.csv", summary.over_datasets.iter().flat_map(OverDatasets::rows))?;
    table.write("curve.csv", records.curves.iter().flat_map(|curve| curve.rows()))?;
    table.write("device.csv", records.device.iter().cloned())?;
    table.write("sensitivity.csv", records.sensitivity.iter().cloned())?;
    table.write("histogram.csv", records.histogram.iter().cloned())?;
    table.write("levels.csv", records.levels.iter().cloned())?;
    let effects: Vec<EffectRow> = summary.comparisons.iter().flat_map(Comparison::effect_rows).collect();
    table.write("effects.csv", effects.into_iter())
}

/// Writes tables that have rows.
struct Writer<'a> {
    plan: &'a Plan,
    folder: &'a Folder,
}

impl Writer<'_> {
    fn write<R: TableRow>(&self, name: &str, rows: impl Iterator<Item = R>) -> Result<(), Failure> {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        self.folder.write(name, |file| {
            let written: Result<(), ResultsError> =
                write_header::<R>(file).and_then(|()| write_rows(rows, &self.plan.labels, file));
            written.map_err(io::Error::other)
        })
    }
}

fn report(
    plan: &Plan,
    command: &str,
    records: &Records,
    summary: &Summary,
    written: &Written,
    speeds: &[Speed],
    folder: &Folder,
) -> Result<(), Failure> {
    let report = Report {
        experiment: plan.name.clone(),
        title: plan.header.title.clone(),
        description: plan.header.description.trim().to_owned(),
        command: command.to_owned(),
        provenance: provenance::lines(plan),
        configuration: plan.source.clone(),
        changes: plan.changes.iter().map(ToString::to_string).collect(),
        findings: written.findings.clone(),
        reproduction: written.reproduction.clone(),
        records,
        summary,
        pick_rule: plan.header.pick.clone(),
        speeds,
    };
    let charts = charts(&report).map_err(|error| Failure::Other(error.to_string()))?;
    charts.par_iter().try_for_each(|chart| {
        let picture = png(&chart.svg).map_err(|error| Failure::Other(error.to_string()))?;
        folder.write(&format!("charts/{}.svg", chart.name), |file| file.write_all(chart.svg.as_bytes()))?;
        folder.write(&format!("charts/{}.png", chart.name), |file| file.write_all(&picture))
    })?;
    folder.write("report.md", |file| file.write_all(markdown(&report, &charts).as_bytes()))?;
    folder.write("report.html", |file| file.write_all(html(&report, &charts).as_bytes()))
}

fn write_json(folder: &Folder, name: &str, value: &impl Serialize) -> Result<(), Failure> {
    folder.write(name, |file| {
        let text = serde_json::to_string_pretty(value)?;
        writeln!(file, "{}", json(&text))
    })
}

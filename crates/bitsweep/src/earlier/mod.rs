//! What a results folder says, read again: rows, picks, and the predictions behind the scores where they are still to be had.
//!
//! Whoever holds results against others begins here. `results.parquet` is all that a folder must have; what else is missing is
//! told with its reason.

mod content;
mod predictions;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

use bitsweep_results::{Goal, PickRule, Predictions, Records, ResultRow, read_parquet};

use crate::evaluate::collect;
use crate::failure::with_causes;
use crate::plan::Plan;
use crate::record::{EXPERIMENT, Kept, KeptPick, check_folder_name, kept_picks};
use crate::unit_store::{UnitStore, store_folder};
use bitsweep_experiment::config::{Diagnostic, Document, Experiment};

pub(crate) use self::content::Content;
pub(crate) use self::tables::{TABLES, table_objects};

/// The file that makes a folder one of results.
const RESULTS: &str = "results.parquet";
/// The predictions, where the experiment records them.
const PREDICTIONS: &str = "predictions.csv";

/// The results of an earlier run.
#[derive(Debug)]
pub(crate) struct Earlier {
    /// Where they are.
    pub(crate) folder: PathBuf,
    /// One row per variant of each unit.
    pub(crate) rows: Vec<ResultRow>,
    /// What each variant predicts, or why that is not known.
    pub(crate) predictions: Result<Found, String>,
    /// By which rule it picks, or why that is not known.
    pub(crate) rule: Result<PickRule, String>,
    /// What it picks, or why that is not known.
    pub(crate) picks: Result<Vec<KeptPick>, String>,
}

/// Predictions, and where they were found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Of each unit with a model.
    pub(crate) predictions: Vec<Predictions>,
    /// In words: the store with its path, or the file.
    pub(crate) place: String,
}

impl Earlier {
    /// Reads the results in `folder`; what they do not have themselves is looked for in `store`, or in that beside the folder.
    ///
    /// # Errors
    /// When the folder is none of results, or its table is damaged.
    pub(crate) fn read(folder: &Path, store: Option<&Path>) -> Result<Self, Diagnostic> {
        let rows = earlier_rows(folder)?;
        let predictions = from_store(folder, store, &rows).or_else(|in_store| {
            let in_table = from_table(folder, &rows);
            in_table.map_err(|in_table| format!("{in_store}; {in_table}"))
        });
        let (rule, picks) = (rule(folder), kept_picks(folder));
        Ok(Self { folder: folder.to_owned(), rows, predictions, rule, picks })
    }

    /// What data and models it was made of, or why that is not known.
    ///
    /// # Errors
    /// In words.
    pub(crate) fn content(&self) -> Result<Content, String> {
        content::content(&self.folder, &self.rows)
    }

    /// The predictions; none where they are not known.
    pub(crate) fn predicted(&self) -> &[Predictions] {
        self.predictions.as_ref().map_or(&[], |found| &found.predictions)
    }

    /// What is picked for a goal in the task of this name, or why that is not known.
    ///
    /// # Errors
    /// In words.
    pub(crate) fn pick(&self, goal: Goal, task: &str) -> Result<Picked<'_>, String> {
        let picks = self.picks.as_ref().map_err(Clone::clone)?;
        let mut own = picks.iter().filter(|pick| pick.goal == goal.name() && pick.is_of_one_task());
        let Some(pick) = own.find(|pick| pick.comparison == task) else {
            return Err("no pick is told".to_owned());
        };
        let key = |row: &ResultRow| row.key.to_string();
        let rows = match &pick.variant {
            Some(variant) => self.rows.iter().filter(|row| variant.keys.contains(&key(row))).collect(),
            None => Vec::new(),
        };
        match (pick.outcome.as_str(), rows.is_empty()) {
            (_, false) => Ok(Picked::Variant(rows)),
            ("keep-float", _) => Ok(Picked::Float),
            ("picked", true) => Err("the picked variant is not in the table".to_owned()),
            (outcome, true) => Ok(Picked::Nothing(outcome.to_owned())),
        }
    }
}

/// What results pick.
#[derive(Debug)]
pub(crate) enum Picked<'a> {
    /// A variant, with its rows.
    Variant(Vec<&'a ResultRow>),
    /// The float model is kept.
    Float,
    /// Nothing, for the reason that `picks.json` names.
    Nothing(String),
}

/// Whether there are results in a folder.
pub(crate) fn is_results(folder: &Path) -> bool {
    folder.join(RESULTS).is_file()
}

/// The rows of the results table in `folder`.
///
/// # Errors
/// When the folder is none of results, or its table is damaged.
pub(crate) fn earlier_rows(folder: &Path) -> Result<Vec<ResultRow>, Diagnostic> {
    let bytes = fs::read(folder.join(RESULTS)).map_err(|error| {
        let message = format!("`{}` is no folder of results: `{RESULTS}`: {error}", folder.display());
        Diagnostic::new(message).help("`bitsweep run` leaves such folders in `results`")
    })?;
    read_parquet(&bytes).map_err(|error| {
        let place = folder.join(RESULTS);
        Diagnostic::new(format!("cannot read `{}`: {}", place.display(), with_causes(&error)))
    })
}

/// The folder of results that a user names: one in `results`, or a path.
///
/// # Errors
/// When there is neither.
pub(crate) fn named_folder(name: &str, results: &Path) -> Result<PathBuf, Diagnostic> {
    let inside = results.join(name);
    let is_name = check_folder_name(name).is_ok();
    if is_name && inside.is_dir() {
        return Ok(inside);
    }
    let path = Path::new(name);
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    let places = match is_name {
        true => format!("neither `{}` nor `{name}` is a folder", inside.display()),
        false => format!("`{name}` is no folder"),
    };
    let message = format!("there are no results `{name}`: {places}");
    Err(Diagnostic::new(message).help("`--results DIR` says where the results of earlier runs are"))
}

/// The rule by which a folder's experiment picks.
fn rule(folder: &Path) -> Result<PickRule, String> {
    let parsed =
        Document::read(&folder.join(EXPERIMENT), &[]).and_then(|document| Experiment::parse(&document));
    parsed.map(|experiment| experiment.header.pick).map_err(|error| error.message().to_owned())
}

/// The predictions that the folder has itself, or why there are none.
fn from_table(folder: &Path, rows: &[ResultRow]) -> Result<Found, String> {
    believed(predictions::from_table(&folder.join(PREDICTIONS), rows)?, format!("`{PREDICTIONS}`"), rows)
}

/// Predictions that give the scores of the results table.
fn believed(predictions: Vec<Predictions>, place: String, rows: &[ResultRow]) -> Result<Found, String> {
    match predictions::scored_otherwise(&predictions, rows) {
        Some(run) => {
            Err(format!("{place}: the predictions of {run} do not give the scores of the results table"))
        }
        None => Ok(Found { predictions, place }),
    }
}

/// The predictions of the units that a store keeps, or why there are none.
fn from_store(folder: &Path, store: Option<&Path>, rows: &[ResultRow]) -> Result<Found, String> {
    let place = store_folder(store, folder.parent().unwrap_or(Path::new("")));
    let store = UnitStore::existing(&place).map_err(|failure| failure.to_string())?;
    let Some(store) = store else {
        return Err(format!("there is no store in `{}`", place.display()));
    };
    let Some(kept) = Kept::of(folder) else {
        return Err(
            "without `provenance.json` it is not known which units of the store are its own".to_owned()
        );
    };
    let plan = Document::read(&kept.experiment(), &[])
        .map_err(|error| error.message().to_owned())
        .and_then(|document| Plan::new("earlier", &document).map_err(|failure| failure.to_string()))?;
    if !kept.is_of(&plan.key()) {
        return Err(
            "its experiment comes to other units today: the data, or what computes them, have changed"
                .to_owned(),
        );
    }
    let outcome = collect(&plan, &store, &mut ()).map_err(|failure| failure.to_string())?;
    let Records { results, predictions, .. } = outcome.records;
    let predictions = predictions::of_units(predictions, &results, rows);
    let predictions = predictions.ok_or("the units of its experiment are not those of its table")?;
    believed(predictions, format!("the store in `{}`", place.display()), rows)
}

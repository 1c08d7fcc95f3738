//! A row of the results table while it is read, column by column.

use std::collections::BTreeMap;
use std::sync::Arc;

use bitsweep_metrics::Interval;

use crate::choice::{Choice, Choices};
use crate::key::Key;
use crate::measures::{AgainstFloat, CalibrationMeasures, ErrorMeasures, Measures, Scores};
use crate::origin::{DatasetShape, Origin, Task, Unit, Variant};
use crate::record::{FailureKind, ResultRow, RowFailure};
use crate::value::Value;

/// What has been read of a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) key: Key,
    pub(super) unit: Key,
    pub(super) task: Key,
    pub(super) dataset: String,
    pub(super) model: String,
    pub(super) rng: String,
    pub(super) seed: u64,
    pub(super) fold: Option<usize>,
    pub(super) settings: Vec<(String, Value)>,
    pub(super) shape: Option<DatasetShape>,
    pub(super) position: usize,
    pub(super) choices: Choices,
    pub(super) name: Option<String>,
    pub(super) has_shared_codes: bool,
    pub(super) measures: Measures,
    pub(super) failure_kind: Option<FailureKind>,
    pub(super) failure: String,
}

impl Draft {
    /// Nothing read yet: errors that no cell holds are undefined.
    pub(super) fn new() -> Self {
        let measures = Measures { error: ErrorMeasures::UNDEFINED, ..Measures::default() };
        Self { measures, ..Self::default() }
    }

    /// What was measured, or why nothing was, whatever the row is of.
    pub(super) fn into_result(self) -> Result<Measures, RowFailure> {
        result(self.measures, self.failure_kind, self.failure)
    }

    pub(super) fn shape(&mut self) -> &mut DatasetShape {
        self.shape.get_or_insert_default()
    }

    pub(super) fn scores(&mut self) -> &mut Scores {
        let none = Interval { value: f64::NAN, low: f64::NAN, high: f64::NAN };
        self.measures.scores.get_or_insert(Scores {
            accuracy: none,
            macro_f1: none,
            log_loss: f64::NAN,
            brier: f64::NAN,
            calibration_error: None,
            agreement: f64::NAN,
            lost: 0,
            gained: 0,
            p_value: None,
            against_float: None,
        })
    }

    pub(super) fn against_float(&mut self) -> &mut AgainstFloat {
        self.scores().against_float.get_or_insert(AgainstFloat {
            macro_f1_p_value: f64::NAN,
            kl_mean: f64::NAN,
            kl_standard_error: None,
            kl_median: f64::NAN,
            kl_p99: f64::NAN,
            probability_change_rms: f64::NAN,
            margin_change_mean: f64::NAN,
            brier_change: f64::NAN,
            brier_change_standard_error: None,
            calibration_change: None,
            calibration_change_standard_error: None,
        })
    }

    pub(super) fn calibration(&mut self) -> &mut CalibrationMeasures {
        self.measures.calibration.get_or_insert_with(CalibrationMeasures::default)
    }
}

/// Pairs of name and canonical value as JSON.
pub(super) fn write_settings(settings: &[(String, Value)]) -> Option<String> {
    let pairs: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (key.as_str(), value.json())).collect();
    if pairs.is_empty() { None } else { serde_json::to_string(&pairs).ok() }
}

pub(super) fn read_settings(text: &str) -> Option<Vec<(String, Value)>> {
    let pairs: Vec<(String, String)> = serde_json::from_str(text).ok()?;
    pairs.into_iter().map(|(key, value)| Some((key, Value::from_json(&value).ok()?))).collect()
}

/// A table of column and canonical value as JSON.
pub(super) fn write_choices(choices: &Choices) -> Option<String> {
    let pairs: BTreeMap<&str, &str> =
        choices.iter().map(|(axis, value)| (axis.column(), value.json())).collect();
    serde_json::to_string(&pairs).ok()
}

pub(super) fn read_choices(text: &str) -> Option<Choices> {
    let pairs: BTreeMap<String, String> = serde_json::from_str(text).ok()?;
    let choice = |(column, value): (String, String)| {
        Some((Choice::from_column(&column)?, Value::from_json(&value).ok()?))
    };
    pairs.into_iter().map(choice).collect()
}

/// Tasks, units and variants that rows share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    tasks: BTreeMap<Key, Arc<Task>>,
    units: BTreeMap<Key, Arc<Unit>>,
    variants: BTreeMap<Variant, Arc<Variant>>,
}

impl Shared {
    /// The row of a finished draft.
    pub(super) fn row(&mut self, draft: Draft) -> ResultRow {
        let task = Task {
            key: draft.task,
            dataset: draft.dataset,
            model: draft.model,
            rng: draft.rng,
            settings: draft.settings,
        };
        let task = shared(&mut self.tasks, draft.task, task);
        let unit = Unit { key: draft.unit, task, seed: draft.seed, fold: draft.fold, shape: draft.shape };
        let unit = shared(&mut self.units, draft.unit, unit);
        let variant =
            Variant { choices: draft.choices, name: draft.name, has_shared_codes: draft.has_shared_codes };
        let variant = match self.variants.get(&variant) {
            Some(known) => Arc::clone(known),
            None => {
                let new = Arc::new(variant.clone());
                self.variants.insert(variant, Arc::clone(&new));
                new
            }
        };
        let origin = Origin { unit, variant, position: draft.position };
        let result = result(draft.measures, draft.failure_kind, draft.failure);
        ResultRow { key: draft.key, origin, result }
    }
}

/// What was measured, or why nothing was.
fn result(measures: Measures, kind: Option<FailureKind>, reason: String) -> Result<Measures, RowFailure> {
    match kind {
        None => Ok(measures),
        Some(kind) => Err(RowFailure { kind, reason }),
    }
}

/// The known one where it is the same.
fn shared<T: PartialEq>(known: &mut BTreeMap<Key, Arc<T>>, key: Key, new: T) -> Arc<T> {
    match known.get(&key) {
        Some(held) if **held == new => Arc::clone(held),
        Some(_) => Arc::new(new),
        None => {
            let new = Arc::new(new);
            known.insert(key, Arc::clone(&new));
            new
        }
    }
}

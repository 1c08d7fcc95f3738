//! The evaluation of one unit, and the rows that it gathers.

use std::sync::Arc;

use bitsweep_datasets::Dataset;
use bitsweep_results::{
    Curve, DatasetShape, FlipRow, HistogramRow, Key, Measures, Origin, PictureRow, Predictions, ResultRow,
    SensitivityRow,
};

use super::RunOutcome;
use super::latency::Latency;
use super::pictures::pictures;
use super::stop::Step;
use super::tensor_rows::LargeRows;
use crate::plan::{Identity, Plan, Unit};

/// The evaluation of one unit of a plan.
pub(super) struct Evaluation<'a> {
    pub(super) plan: &'a Plan,
    pub(super) position: usize,
    pub(super) unit: &'a Unit,
    /// Takes rows of the large tables, in the order of the unit's variants.
    pub(super) emit: &'a (dyn Fn(LargeRows) + Sync),
}

/// How long one unit took.
#[derive(Debug, Clone, serde::Serialize)]
pub struct UnitTiming {
    /// The unit's key.
    pub unit: String,
    /// The unit, for people.
    pub name: String,
    /// Seconds spent on training; `None` where nothing was trained.
    pub training_seconds: Option<f64>,
    /// Seconds spent on all variants.
    pub variants_seconds: f64,
    /// Prediction times of the first unit's variants, where there are few enough.
    pub latencies: Vec<Latency>,
}

/// The rows of one unit, those of the large tables aside.
pub(super) struct UnitOutcome {
    unit: Arc<bitsweep_results::Unit>,
    results: Vec<ResultRow>,
    pub(super) predictions: Option<Predictions>,
    pub(super) flips: Vec<FlipRow>,
    pub(super) pictures: Vec<PictureRow>,
    pub(super) curves: Vec<Curve>,
    pub(super) sensitivity: Vec<SensitivityRow>,
    pub(super) histogram: Vec<HistogramRow>,
    pub(super) timing: UnitTiming,
}

impl UnitOutcome {
    /// No rows yet; `shape` is known once the rows of the dataset are split.
    pub(super) fn new(evaluation: &Evaluation<'_>, shape: Option<DatasetShape>) -> UnitOutcome {
        let Unit { key, task, spec, .. } = evaluation.unit;
        UnitOutcome {
            unit: Arc::new(bitsweep_results::Unit {
                key: *key,
                task: Arc::clone(task),
                seed: spec.seed,
                fold: spec.fold,
                shape,
            }),
            results: Vec::new(),
            predictions: None,
            flips: Vec::new(),
            pictures: Vec::new(),
            curves: Vec::new(),
            sensitivity: Vec::new(),
            histogram: Vec::new(),
            timing: UnitTiming {
                unit: key.short(),
                name: evaluation.unit.describe(),
                training_seconds: None,
                variants_seconds: 0.0,
                latencies: Vec::new(),
            },
        }
    }

    /// How many rows there are, one per variant.
    pub(super) fn rows(&self) -> usize {
        self.results.len()
    }

    /// What a row of the variant at `position` of the unit is of; 0 is the float baseline.
    pub(super) fn origin(&self, position: usize, identity: &Identity) -> Origin {
        Origin { unit: Arc::clone(&self.unit), variant: Arc::clone(&identity.row), position }
    }

    /// Adds the pictures of the rows of the dataset that flips name, where they are pictures.
    pub(super) fn add_pictures(&mut self, dataset: &Dataset) {
        self.pictures = pictures(dataset, &self.unit, &self.flips);
    }

    /// Adds a row, with measures or with the reason why there are none.
    pub(super) fn add(&mut self, key: Key, origin: Origin, result: Step<Measures>) {
        self.results.push(ResultRow { key, origin, result });
    }

    /// Moves the rows behind those of the units before.
    pub(super) fn append_to(self, whole: &mut RunOutcome) {
        let UnitOutcome {
            unit: _,
            results,
            predictions,
            flips,
            pictures,
            curves,
            sensitivity,
            histogram,
            timing,
        } = self;
        let records = &mut whole.records;
        records.results.extend(results);
        records.predictions.extend(predictions);
        records.flips.extend(flips);
        records.pictures.extend(pictures);
        records.curves.extend(curves);
        records.sensitivity.extend(sensitivity);
        records.histogram.extend(histogram);
        whole.timings.push(timing);
    }
}

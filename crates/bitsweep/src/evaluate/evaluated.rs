//! What is left of a model of a unit once it is evaluated.

use bitsweep_models::EpochLoss;
use bitsweep_results::{HistogramRow, Key, Measures, Origin, SensitivityRow};

use super::latency::Latency;
use super::stop::Step;
use super::tensor_rows::LargeRows;

/// What the float model or a variant leaves behind: rows, and no weights.
pub(super) struct Evaluated {
    pub(super) origin: Origin,
    pub(super) key: Key,
    pub(super) measured: Step<Measures>,
    /// `None` where there are none, and where they are not recorded.
    pub(super) predictions: Option<Predicted>,
    /// The losses of its own training.
    pub(super) curve: Vec<EpochLoss>,
    pub(super) sensitivity: Vec<SensitivityRow>,
    pub(super) histogram: Vec<HistogramRow>,
    pub(super) large: LargeRows,
    pub(super) latency: Option<Latency>,
}

/// The classes that a model predicts.
pub(super) struct Predicted {
    pub(super) test: Box<[u16]>,
    /// `None` where there are no validation rows.
    pub(super) validation: Option<Box<[u16]>>,
}

impl Evaluated {
    /// Nothing yet.
    pub(super) fn new(origin: Origin, key: Key) -> Self {
        Self {
            origin,
            key,
            measured: Ok(Measures::default()),
            predictions: None,
            curve: Vec::new(),
            sensitivity: Vec::new(),
            histogram: Vec::new(),
            large: LargeRows::default(),
            latency: None,
        }
    }
}

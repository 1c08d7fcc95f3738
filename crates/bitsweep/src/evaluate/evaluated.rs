//! What is left of a model of a unit once it is evaluated.

use bitsweep_models::EpochLoss;
use bitsweep_results::{FlipRow, HistogramRow, Key, Measures, Origin, SensitivityRow};

use super::latency::Latency;
use super::stop::Step;
use super::tensor_rows::LargeRows;

/// What the float model or a variant leaves behind: rows, and no weights.
pub(super) struct Evaluated {
    pub(super) origin: Origin,
    pub(super) key: Key,
    pub(super) measured: Step<Measures>,
    /// `None` where there are none.
    pub(super) predictions: Option<Predicted>,
    /// Where predictions are recorded, the first of them that are not the float model's.
    pub(super) flips: Vec<FlipRow>,
    /// The losses of its own training.
    pub(super) curve: Vec<EpochLoss>,
    pub(super) sensitivity: Vec<SensitivityRow>,
    pub(super) histogram: Vec<HistogramRow>,
    pub(super) large: LargeRows,
    pub(super) latency: Option<Latency>,
}

/// What a model says of the rows that it is not trained on.
pub(super) struct Predicted {
    pub(super) test: PartPredicted,
    /// `None` where there are no validation rows.
    pub(super) validation: Option<PartPredicted>,
}

/// What a model says of the test rows, or of the validation rows.
#[derive(Clone)]
pub(super) struct PartPredicted {
    /// The class of each row.
    pub(super) classes: Box<[u16]>,
    /// The log loss of each row, where the pick is by it.
    pub(super) log_losses: Option<Box<[f32]>>,
}

impl Evaluated {
    /// Nothing yet.
    pub(super) fn new(origin: Origin, key: Key) -> Self {
        Self {
            origin,
            key,
            measured: Ok(Measures::default()),
            predictions: None,
            flips: Vec::new(),
            curve: Vec::new(),
            sensitivity: Vec::new(),
            histogram: Vec::new(),
            large: LargeRows::default(),
            latency: None,
        }
    }
}

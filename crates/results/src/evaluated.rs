//! What one evaluation leaves behind, before it becomes part of the [`Records`](crate::Records) of a run.

use serde::{Deserialize, Serialize};

use crate::record::{EpochLoss, FlipRow, HistogramRow, LargeRows, ResultRow, SensitivityRow};

/// What the float model, a variant or the majority class of a unit leaves behind: rows, and no weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// Its measures, or why there are none. Of a row that failed nothing else is kept but the held-out rows.
    pub row: ResultRow,
    /// What was asked for beside the measures.
    pub recorded: Recorded,
    /// Whether nothing else of the unit could be evaluated: of a float model that could not be made.
    pub ends_unit: bool,
    /// The rows that the unit's variants are asked about; of the float model alone.
    pub held_out: Option<HeldOut>,
    /// What it says of them; `None` where it is no model, and of the majority class.
    pub predictions: Option<Predicted>,
    /// The first test rows whose class is not the float model's.
    pub flips: Vec<FlipRow>,
    /// The losses of its own training.
    pub curve: Vec<EpochLoss>,
    /// What each tensor's error does by itself.
    pub sensitivity: Vec<SensitivityRow>,
    /// The distribution of weights and levels.
    pub histogram: Vec<HistogramRow>,
    /// Its rows of the large tables.
    pub large: LargeRows,
}

impl Evaluated {
    /// Nothing yet but the row.
    #[must_use]
    pub fn new(row: ResultRow, recorded: Recorded) -> Self {
        Self {
            row,
            recorded,
            ends_unit: false,
            held_out: None,
            predictions: None,
            flips: Vec::new(),
            curve: Vec::new(),
            sensitivity: Vec::new(),
            histogram: Vec::new(),
            large: LargeRows::default(),
        }
    }

    /// A row that failed, with what is kept of it; others as they are.
    #[must_use]
    pub fn settled(self) -> Self {
        match self.row.result {
            Ok(_) => self,
            Err(_) => {
                let Self { row, recorded, ends_unit, held_out, .. } = self;
                Self { ends_unit, held_out, ..Self::new(row, recorded) }
            }
        }
    }

    /// What is left where no more was asked for than `recorded`.
    #[must_use]
    pub fn reduced_to(mut self, recorded: Recorded) -> Self {
        if !recorded.flips {
            self.flips.clear();
        }
        if !recorded.log_losses
            && let Some(Predicted { test, validation }) = &mut self.predictions
        {
            test.log_losses = None;
            validation.iter_mut().for_each(|validation| validation.log_losses = None);
        }
        if !recorded.sensitivity {
            self.sensitivity.clear();
        }
        if !recorded.histogram {
            self.histogram.clear();
        }
        if !recorded.tensors {
            self.large.tensors.clear();
        }
        if !recorded.values {
            self.large.values.clear();
        }
        self.recorded = recorded;
        self
    }
}

/// What is asked for beside measures and predictions: it takes time, or room, and not every experiment wants it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Test rows whose class changes.
    pub flips: bool,
    /// The log loss of each row.
    pub log_losses: bool,
    /// What each tensor does by itself.
    pub sensitivity: bool,
    /// The distribution of weights and levels.
    pub histogram: bool,
    /// One row per block.
    pub tensors: bool,
    /// One row per value.
    pub values: bool,
}

impl Recorded {
    /// Whether everything in `wanted` is here, too.
    #[must_use]
    pub fn covers(self, wanted: Self) -> bool {
        self.bits() & wanted.bits() == wanted.bits()
    }

    /// What both have.
    #[must_use]
    pub fn shared(self, other: Self) -> Self {
        Self::from_bits(self.bits() & other.bits())
    }

    /// One bit for each.
    pub(crate) fn bits(self) -> u64 {
        let Self { flips, log_losses, sensitivity, histogram, tensors, values } = self;
        let all = [flips, log_losses, sensitivity, histogram, tensors, values];
        all.into_iter().enumerate().map(|(position, has)| u64::from(has) << position).sum()
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        let has = |position: u32| bits >> position & 1 == 1;
        Self {
            flips: has(0),
            log_losses: has(1),
            sensitivity: has(2),
            histogram: has(3),
            tensors: has(4),
            values: has(5),
        }
    }
}

/// The rows of a unit that its model is not trained on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldOut {
    /// To score on.
    pub test: HeldOutRows,
    /// To choose on; `None` where there are none.
    pub validation: Option<HeldOutRows>,
}

/// Rows that a model is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldOutRows {
    /// Row number in the dataset of each.
    pub rows: Box<[u32]>,
    /// The true class of each, as a position among the dataset's.
    pub truth: Box<[u16]>,
    /// The class that the float model predicts for each.
    pub float: Box<[u16]>,
}

/// What a model says of the rows that it is not trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// Of the test rows.
    pub test: PartPredicted,
    /// Of the validation rows; `None` where there are none.
    pub validation: Option<PartPredicted>,
}

/// What a model says of the test rows, or of the validation rows.
#[derive(Debug, Clone, PartialEq)]
pub struct PartPredicted {
    /// The class of each row.
    pub classes: Box<[u16]>,
    /// The log loss of each row, where a pick is by it.
    pub log_losses: Option<Box<[f32]>>,
}

//! The evaluation of a piece of a plan: what every step of it knows, and where its rows go.

use std::sync::Arc;

use bitsweep_results::{DatasetShape, Evaluated, Key, Measures, Origin, Recorded, ResultRow, RowFailure};

use super::stop::Step;
use crate::failure::Failure;
use crate::plan::{Identity, Plan, Unit};
use crate::unit_store::{Latency, Missing, UnitStore};

/// The evaluation of some rows of one unit.
pub(super) struct Evaluation<'a> {
    pub(super) plan: &'a Plan,
    pub(super) position: usize,
    pub(super) unit: &'a Unit,
    /// What is to be evaluated.
    pub(super) missing: &'a Missing,
    /// Where trained models are read from; `None` where they are to be trained anew.
    pub(super) models: Option<&'a UnitStore>,
    /// Whether models that are trained are kept there.
    pub(super) keeps_models: bool,
    /// Takes what is evaluated.
    pub(super) emit: &'a dyn Emit,
}

/// Takes what is evaluated, as it comes.
pub(super) trait Emit: Sync {
    /// The float model is there, after so many seconds of training.
    fn trained(&self, seconds: Option<f64>);

    /// A row.
    ///
    /// # Errors
    /// When there is no point in going on.
    fn add(&self, evaluated: Evaluated, latency: Option<Latency>) -> Result<(), Failure>;
}

/// For who makes models alone.
impl Emit for () {
    fn trained(&self, _seconds: Option<f64>) {}

    fn add(&self, _evaluated: Evaluated, _latency: Option<Latency>) -> Result<(), Failure> {
        Ok(())
    }
}

/// Why an evaluation does not go on.
pub(super) enum Stop {
    /// Nothing of the unit can be evaluated.
    Unit(RowFailure),
    /// Nothing of the run.
    Run(Failure),
}

impl From<RowFailure> for Stop {
    fn from(failure: RowFailure) -> Self {
        Self::Unit(failure)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Run(failure)
    }
}

impl Evaluation<'_> {
    /// What a row of the variant at `position` of the unit is of; 0 is the float baseline.
    pub(super) fn origin(&self, shape: Option<DatasetShape>, position: usize, identity: &Identity) -> Origin {
        Origin { unit: self.unit.shown(shape), variant: Arc::clone(&identity.row), position }
    }

    /// What is wanted beside measures.
    pub(super) fn recorded(&self) -> Recorded {
        self.plan.recorded(self.position)
    }

    /// Hands on a unit of which nothing can be evaluated.
    pub(super) fn fail(&self, shape: Option<DatasetShape>, failure: RowFailure) -> Result<(), Failure> {
        let float = &self.unit.float;
        let row = row(self.unit.row_key(float), self.origin(shape, 0, float), Err(failure));
        self.emit.add(Evaluated { ends_unit: true, ..Evaluated::new(row, self.recorded()) }, None)
    }
}

/// A row, with measures or with the reason why there are none.
pub(super) fn row(key: Key, origin: Origin, result: Step<Measures>) -> ResultRow {
    ResultRow { key, origin, result }
}

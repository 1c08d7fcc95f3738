//! Brings what units give back into the order of the plan.

use std::collections::BTreeMap;

use super::tensor_rows::LargeRows;
use super::unit::UnitOutcome;
use super::{RunOutcome, Sink};
use crate::failure::Failure;

/// What units gave so far, in the order of the plan. What comes from a unit whose predecessors are not done waits.
pub(super) struct Ordered<'s> {
    sink: &'s mut dyn Sink,
    whole: RunOutcome,
    /// The unit whose rows are next.
    next: usize,
    waiting: BTreeMap<usize, Waiting>,
    failure: Option<Failure>,
}

#[derive(Default)]
struct Waiting {
    large: Vec<LargeRows>,
    outcome: Option<UnitOutcome>,
}

impl<'s> Ordered<'s> {
    pub(super) fn new(sink: &'s mut dyn Sink) -> Self {
        Self { sink, whole: RunOutcome::default(), next: 0, waiting: BTreeMap::new(), failure: None }
    }

    /// Rows of large tables of the unit at `position`.
    pub(super) fn add(&mut self, position: usize, rows: LargeRows) {
        if position == self.next {
            self.write(rows);
        } else {
            self.waiting.entry(position).or_default().large.push(rows);
        }
    }

    /// The unit at `position` is done.
    pub(super) fn finish(&mut self, position: usize, outcome: UnitOutcome) {
        self.waiting.entry(position).or_default().outcome = Some(outcome);
        while self.waiting.get(&self.next).is_some_and(|waiting| waiting.outcome.is_some()) {
            let Waiting { large, outcome } = self.waiting.remove(&self.next).unwrap_or_default();
            large.into_iter().for_each(|rows| self.write(rows));
            outcome.into_iter().for_each(|outcome| outcome.append_to(&mut self.whole));
            self.next += 1;
            // What the next unit has given so far need not wait any longer.
            if let Some(waiting) = self.waiting.get_mut(&self.next) {
                let large = std::mem::take(&mut waiting.large);
                large.into_iter().for_each(|rows| self.write(rows));
            }
        }
    }

    /// Whether there is no point in going on.
    pub(super) fn is_over(&self) -> bool {
        self.failure.is_some()
    }

    fn write(&mut self, rows: LargeRows) {
        if self.failure.is_none()
            && let Err(failure) = self.sink.write(&rows)
        {
            self.failure = Some(failure);
        }
        rows.record(&mut self.whole.records);
    }

    /// Everything, once all units are done.
    pub(super) fn into_outcome(self) -> Result<RunOutcome, Failure> {
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(self.whole),
        }
    }
}

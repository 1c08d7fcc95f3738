//! Why the evaluation of a unit or a variant ends early.

use std::fmt;

use bitsweep_results::{FailureKind, RowFailure};

/// Why a step did not end in a result.
#[derive(Debug)]
pub(super) enum Stop {
    /// The user wants the run to end.
    Interrupted,
    /// The step failed; what does not depend on it goes on.
    Failed(RowFailure),
}

/// What a step of the evaluation gives.
pub(super) type Step<T> = Result<T, Stop>;

/// A failure at a step, with its reason.
pub(super) fn failed(kind: FailureKind, reason: impl fmt::Display) -> Stop {
    Stop::Failed(RowFailure { kind, reason: reason.to_string() })
}

/// Names the step at which an error happened.
pub(super) trait At<T> {
    fn at(self, kind: FailureKind) -> Step<T>;
}

impl<T, E: fmt::Display> At<T> for Result<T, E> {
    fn at(self, kind: FailureKind) -> Step<T> {
        self.map_err(|error| failed(kind, error))
    }
}

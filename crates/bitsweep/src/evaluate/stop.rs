//! Why a step of the evaluation does not end in a result.

use std::fmt;

use bitsweep_results::{FailureKind, RowFailure};

/// What a step of the evaluation gives; what does not depend on a step that fails goes on.
pub(super) type Step<T> = Result<T, RowFailure>;

/// A failure at a step, with its reason.
pub(super) fn failed(kind: FailureKind, reason: impl fmt::Display) -> RowFailure {
    RowFailure { kind, reason: reason.to_string() }
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

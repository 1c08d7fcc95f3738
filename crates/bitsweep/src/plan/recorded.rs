//! What a plan wants to know of its variants beside their measures.

use bitsweep_results::{Metric, Recorded};

use super::Plan;
use bitsweep_experiment::subject::{Subject, TensorSource, TensorSpec};

/// A plan with more variants shows no histograms.
const MOST_HISTOGRAMS: usize = 16;

impl Plan {
    /// What is recorded of the variants of the unit at `position`.
    pub(crate) fn recorded(&self, position: usize) -> Recorded {
        let wanted = self.header.record;
        let (tensors, values) = match &self.units[position].spec.subject {
            // The values of a tensor that is written out are what the experiment is about.
            Subject::Tensor(TensorSpec { source: TensorSource::Here { .. }, .. }) => (wanted.tensors, true),
            // Of a file there may be more blocks than anybody reads.
            Subject::Tensor(TensorSpec { source: TensorSource::File { .. }, .. }) => (false, false),
            Subject::Trained(_) | Subject::Given(_) => (wanted.tensors, wanted.values),
        };
        Recorded {
            flips: wanted.predictions,
            log_losses: self.header.pick.metric == Metric::LogLoss,
            sensitivity: wanted.sensitivity,
            histogram: position == 0 && self.units[position].variants.len() <= MOST_HISTOGRAMS,
            tensors,
            values,
        }
    }
}

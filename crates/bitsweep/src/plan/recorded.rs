//! What a plan wants to know of its variants beside their measures.

use bitsweep_results::{Metric, Recorded};

use super::Plan;

/// A plan with more variants shows no histograms.
const MOST_HISTOGRAMS: usize = 16;

impl Plan {
    /// What is recorded of the variants of the unit at `position`.
    pub(crate) fn recorded(&self, position: usize) -> Recorded {
        let wanted = self.header.record;
        Recorded {
            flips: wanted.predictions,
            log_losses: self.header.pick.metric == Metric::LogLoss,
            sensitivity: wanted.sensitivity,
            histogram: position == 0 && self.units[position].variants.len() <= MOST_HISTOGRAMS,
            tensors: wanted.tensors,
            values: wanted.values,
        }
    }
}

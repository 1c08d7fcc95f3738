//! The variants that may be picked.

use super::comparison::{Comparison, VariantSummary};
use super::rule::{Goal, PickRule};

/// A quantized variant with results in every unit that takes fewer bytes than the float model; or that model.
pub(super) struct Candidate {
    pub(super) variant: usize,
    pub(super) bytes: f64,
    pub(super) sse: f64,
    fits_device: bool,
}

impl Candidate {
    /// A variant that is called by a number.
    pub(super) fn of(variant: usize, summary: &VariantSummary) -> Self {
        Self {
            variant,
            bytes: summary.true_bytes,
            sse: summary.sse.mean,
            fits_device: summary.device.as_ref().is_some_and(|device| device.fits),
        }
    }

    /// Whether it is within the limit of a goal that has one.
    fn fits(&self, goal: Goal, rule: &PickRule) -> bool {
        match goal {
            Goal::Balance | Goal::LeastMemory => true,
            Goal::Budget => rule.budget_bytes.is_some_and(|budget| self.bytes <= budget as f64),
            Goal::Device => self.fits_device,
        }
    }
}

/// The candidates, the smallest first; of equally small ones the lesser error, then the plan's order.
pub(super) fn candidates(comparison: &Comparison) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = comparison
        .variants
        .iter()
        .enumerate()
        .filter(|(position, variant)| {
            let is_scored = variant.scores.as_ref().is_some_and(|scores| !scores.macro_f1.mean.is_nan());
            !variant.origin.variant.is_baseline()
                && is_scored
                && comparison.is_smaller(*position)
                && comparison.is_in_every_unit(variant)
        })
        .map(|(position, variant)| Candidate::of(position, variant))
        .collect();
    candidates.sort_by(|a, b| {
        a.bytes.total_cmp(&b.bytes).then(a.sse.total_cmp(&b.sse)).then(a.variant.cmp(&b.variant))
    });
    candidates
}

/// What a goal takes.
#[derive(Clone, Copy)]
pub(super) enum Chosen {
    /// The candidate at a place; whether it is shown to be within the margin.
    Candidate { place: usize, is_shown: bool },
    /// The float model itself.
    Float,
}

/// What a goal takes of candidates with these losses against a float model, by their places.
///
/// Within a limit that is the best that fits, float where no candidate is as good; of equally good ones the smallest.
/// Otherwise the smallest that is shown to be within the margin, else the smallest whose loss is; of equally small ones that of
/// least loss. `None` where nothing qualifies.
pub(super) fn choose(
    goal: Goal,
    rule: &PickRule,
    candidates: &[Candidate],
    losses: &[f64],
    float: &Candidate,
    is_shown: impl Fn(usize) -> bool,
) -> Option<Chosen> {
    if goal.has_limit() {
        let fits = |place: &usize| candidates[*place].fits(goal, rule) && !losses[*place].is_nan();
        let best = (0..candidates.len()).filter(fits).min_by(|a, b| losses[*a].total_cmp(&losses[*b]));
        return match best {
            Some(place) if losses[place] <= 0.0 => Some(Chosen::Candidate { place, is_shown: false }),
            _ if float.fits(goal, rule) => Some(Chosen::Float),
            best => best.map(|place| Chosen::Candidate { place, is_shown: false }),
        };
    }
    let margin = goal.margin(rule);
    let shown = smallest(candidates, losses, is_shown);
    let place = shown.or_else(|| smallest(candidates, losses, |place| losses[place] <= margin))?;
    Some(Chosen::Candidate { place, is_shown: shown.is_some() })
}

/// The smallest candidate that qualifies; of equally small ones that of least loss.
fn smallest(candidates: &[Candidate], losses: &[f64], qualifies: impl Fn(usize) -> bool) -> Option<usize> {
    let first = (0..candidates.len()).find(|place| qualifies(*place))?;
    let bytes = candidates[first].bytes;
    let equals = (first..candidates.len()).take_while(|place| candidates[*place].bytes == bytes);
    equals.filter(|place| qualifies(*place)).min_by(|a, b| losses[*a].total_cmp(&losses[*b]))
}

//! Which variants are picked.

use super::candidates::{Candidate, candidates, smallest};
use super::comparison::Comparison;
use super::pick::{Pick, PickOutcome, Picks};
use super::rule::{Goal, PickRule};
use super::standing::{Standing, Verdict};
use super::standings::verdict;

/// The picks of a comparison whose variants' standings are known; `None` without scores.
pub(super) fn picks(comparison: &Comparison, rule: &PickRule) -> Option<Picks> {
    let outcomes = rule.goals().map(|goal| (goal, outcome(comparison, goal, rule)));
    comparison.has_scores().then(|| Picks(outcomes.collect()))
}

fn outcome(comparison: &Comparison, goal: Goal, rule: &PickRule) -> PickOutcome {
    let Some(float) = comparison.float().filter(|float| float.scores.is_some()) else {
        return PickOutcome::NoBaseline;
    };
    if comparison.is_float_dead() {
        return PickOutcome::DeadBaseline;
    }
    let quantized = comparison.variants.iter().filter(|variant| !variant.origin.variant.is_baseline());
    if !quantized.into_iter().any(|variant| comparison.is_in_every_unit(variant)) {
        return PickOutcome::NoneInEveryUnit;
    }
    let candidates = candidates(comparison);
    let choice = Choice { comparison, candidates: &candidates, goal, rule };
    match (goal, rule.budget_bytes) {
        (Goal::Budget, Some(budget)) => choice.within(budget, float.true_bytes),
        (Goal::Balance | Goal::LeastMemory | Goal::Budget, _) => choice.smallest(),
    }
}

struct Choice<'a> {
    comparison: &'a Comparison,
    candidates: &'a [Candidate],
    goal: Goal,
    rule: &'a PickRule,
}

impl Choice<'_> {
    fn loss(&self, candidate: &Candidate) -> f64 {
        self.comparison.variants[candidate.variant].choosing().map_or(f64::NAN, |own| own.loss.value)
    }

    fn verdict(&self, variant: usize) -> Verdict {
        self.comparison.variants[variant].verdict(self.goal)
    }

    /// The smallest that is shown to be within the margin, else the smallest that is on these rows.
    fn smallest(&self) -> PickOutcome {
        let margin = self.goal.margin(self.rule);
        let losses: Vec<f64> = self.candidates.iter().map(|candidate| self.loss(candidate)).collect();
        let is_shown = |place: usize| self.verdict(self.candidates[place].variant).is_within();
        let shown = smallest(self.candidates, &losses, is_shown);
        let Some(place) =
            shown.or_else(|| smallest(self.candidates, &losses, |place| losses[place] <= margin))
        else {
            let known = (0..losses.len()).filter(|place| !losses[*place].is_nan());
            let closest = known.min_by(|a, b| losses[*a].total_cmp(&losses[*b]));
            let closest = closest.map(|place| (self.candidates[place].variant, losses[place]));
            return PickOutcome::NoneQualifies { closest };
        };
        let bytes = self.candidates[place].bytes;
        let smaller = self.candidates.iter().rev().filter(|candidate| candidate.bytes < bytes);
        self.picked(self.candidates[place].variant, shown.is_some(), smaller.map(|own| own.variant).collect())
    }

    /// The best within the budget, the float model included; of equally good ones the smallest.
    fn within(&self, budget: u64, float_bytes: f64) -> PickOutcome {
        if float_bytes <= budget as f64
            && let Some(float) = self.comparison.float
            && !self.candidates.iter().any(|candidate| self.loss(candidate) <= 0.0)
        {
            return self.picked(float, false, Vec::new());
        }
        let fits = self.candidates.iter().filter(|candidate| candidate.bytes <= budget as f64);
        let known = fits.filter(|candidate| !self.loss(candidate).is_nan());
        match known.min_by(|a, b| self.loss(a).total_cmp(&self.loss(b))) {
            Some(best) => self.picked(best.variant, false, Vec::new()),
            None => PickOutcome::NoneFits { smallest: self.candidates.first().map(|own| own.variant) },
        }
    }

    fn picked(&self, variant: usize, by_bound: bool, smaller: Vec<usize>) -> PickOutcome {
        let margin = self.goal.margin(self.rule);
        let own = &self.comparison.variants[variant];
        let loss = own.standing;
        let verdict = match (&own.validation, loss) {
            // Chosen on other rows, it is the one variant that the test rows are asked about.
            (Some(_), Some(Standing { loss, .. })) => {
                verdict(&loss, margin, Some(loss.p_below(margin)), self.rule)
            }
            _ => self.verdict(variant),
        };
        PickOutcome::Picked(Pick {
            variant,
            loss: loss.map(|standing| standing.loss),
            margin,
            verdict,
            by_bound,
            smaller,
            selection: None,
        })
    }
}

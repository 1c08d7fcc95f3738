//! Which variants are picked.

use super::candidates::{Candidate, Chosen, candidates, choose};
use super::comparison::Comparison;
use super::pick::{Pick, PickOutcome, Picks};
use super::rule::{Goal, PickRule};
use super::standing::Standing;
use super::standings::verdict;

/// The picks of a comparison whose variants' standings are known; `None` without scores.
pub(super) fn picks(comparison: &Comparison, rule: &PickRule) -> Option<Picks> {
    let outcomes = rule.goals().map(|goal| (goal, outcome(comparison, goal, rule)));
    comparison.has_scores().then(|| Picks(outcomes.collect()))
}

fn outcome(comparison: &Comparison, goal: Goal, rule: &PickRule) -> PickOutcome {
    let float = comparison.float.zip(comparison.float()).filter(|(_, float)| float.scores.is_some());
    let Some((float_position, float)) = float else {
        return PickOutcome::NoBaseline;
    };
    if comparison.is_float_dead() {
        return PickOutcome::DeadBaseline;
    }
    if comparison.is_nothing_to_lose(rule) {
        return PickOutcome::NothingToLose;
    }
    let quantized = comparison.variants.iter().filter(|variant| !variant.origin.variant.is_baseline());
    if !quantized.into_iter().any(|variant| comparison.is_in_every_unit(variant)) {
        return PickOutcome::NoneInEveryUnit;
    }
    let candidates = candidates(comparison);
    let choosing = |candidate: &Candidate| comparison.variants[candidate.variant].choosing();
    let losses: Vec<f64> =
        candidates.iter().map(|own| choosing(own).map_or(f64::NAN, |own| own.loss.value)).collect();
    let is_shown = |place: usize| comparison.variants[candidates[place].variant].verdict(goal).is_within();
    let wish = Wish { comparison, goal, rule };
    let float = Candidate::of(float_position, float);
    match choose(goal, rule, &candidates, &losses, &float, is_shown) {
        Some(Chosen::Candidate { place, is_shown }) => {
            let own = &candidates[place];
            let smaller =
                candidates.iter().rev().filter(|other| !goal.has_limit() && other.bytes < own.bytes);
            wish.picked(own.variant, is_shown, smaller.map(|own| own.variant).collect())
        }
        Some(Chosen::Float) => wish.picked(float.variant, false, Vec::new()),
        None if goal.has_limit() => {
            PickOutcome::NoneFits { smallest: smallest(comparison, &candidates, goal) }
        }
        None => {
            let known = (0..losses.len()).filter(|place| !losses[*place].is_nan());
            let closest = known.min_by(|a, b| losses[*a].total_cmp(&losses[*b]));
            PickOutcome::NoneQualifies {
                closest: closest.map(|place| (candidates[place].variant, losses[place])),
            }
        }
    }
}

/// The candidate that takes least of what the goal limits.
fn smallest(comparison: &Comparison, candidates: &[Candidate], goal: Goal) -> Option<usize> {
    let flash = |own: &Candidate| comparison.variants[own.variant].device.as_ref()?.flash;
    let smallest = match goal {
        Goal::Balance | Goal::LeastMemory | Goal::Budget => candidates.first(),
        Goal::Device => {
            let programs = candidates.iter().filter(|own| flash(own).is_some());
            programs.min_by_key(|own| flash(own))
        }
    };
    smallest.map(|own| own.variant)
}

/// What is picked for.
struct Wish<'a> {
    comparison: &'a Comparison,
    goal: Goal,
    rule: &'a PickRule,
}

impl Wish<'_> {
    fn picked(&self, variant: usize, by_bound: bool, smaller: Vec<usize>) -> PickOutcome {
        let margin = self.goal.margin(self.rule);
        let own = &self.comparison.variants[variant];
        let loss = own.standing;
        let verdict = match (&own.validation, loss) {
            // Chosen on other rows, it is the one variant that the test rows are asked about.
            (Some(_), Some(Standing { loss, .. })) => {
                verdict(&loss, margin, Some(loss.p_below(margin)), self.rule)
            }
            _ => own.verdict(self.goal),
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

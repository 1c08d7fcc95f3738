//! `picks.json`: what is picked for each goal, as data.

use bitsweep_metrics::Estimate;
use bitsweep_results::summary::{Explanation, PickOutcome, Verdict};
use bitsweep_results::{Comparison, Goal, Metric, PickRule, Records, Summary};
use serde::Serialize;

use crate::plan::Plan;

/// What is picked for one goal.
#[derive(Serialize)]
pub struct Pick<'a> {
    /// The task; of a pick across models all of their tasks, with commas between them.
    comparison: String,
    /// `balance`, `least memory` or `budget`.
    goal: &'static str,
    /// `picked`, `keep-float`, `none-fits`, `none-in-every-unit`, `no-float`, `float-not-learned` or `nothing-to-lose`.
    outcome: &'static str,
    /// What is picked; `null` where nothing is.
    variant: Option<Variant<'a>>,
    /// What is not to be lost, as `pick.metric` spells it.
    metric: &'a Metric,
    /// The loss that the goal allows.
    margin: f64,
    /// Of each of the two bounds.
    confidence: f64,
    /// The paired loss on the test rows against the float model; across models against the best of them. `null` of the float
    /// model itself, and where nothing is picked.
    loss: Option<Loss>,
    /// Of the loss and the margin: `confirmed`, `likely`, `worse` or `undecided`.
    verdict: Option<&'static str>,
    /// About how many test rows would decide what is undecided.
    rows_needed: Option<usize>,
    /// The same in a sentence.
    headline: String,
    reasons: Vec<String>,
}

/// A picked variant.
#[derive(Serialize)]
struct Variant<'a> {
    task: &'a str,
    label: String,
    /// The keys of its rows in `results`, one of each unit.
    keys: Vec<String>,
    /// The mean of all bytes stored.
    bytes: f64,
    macro_f1: Option<f64>,
}

#[derive(Serialize)]
struct Loss {
    value: f64,
    standard_error: f64,
    lower_bound: f64,
    upper_bound: f64,
    /// Different test rows.
    rows: usize,
    units: usize,
}

/// For each task, then across the tasks on the same rows, what is picked for each goal.
pub fn picks<'a>(plan: &'a Plan, records: &'a Records, summary: &'a Summary) -> Vec<Pick<'a>> {
    let picked = Picked { rule: &plan.header.pick, records, summary };
    picked.of_tasks().chain(picked.across()).collect()
}

struct Picked<'a> {
    rule: &'a PickRule,
    records: &'a Records,
    summary: &'a Summary,
}

impl<'a> Picked<'a> {
    fn of_tasks(&self) -> impl Iterator<Item = Pick<'a>> {
        let tasks = self.summary.comparisons.iter();
        tasks.flat_map(move |comparison| {
            self.rule.goals().filter_map(move |goal| self.of_task(comparison, goal))
        })
    }

    fn of_task(&self, comparison: &'a Comparison, goal: Goal) -> Option<Pick<'a>> {
        let outcome = comparison.picks.as_ref()?.of(goal)?;
        let mut words = comparison.explain(goal, self.rule)?;
        words.reasons.splice(0..0, comparison.reservations(self.rule));
        let pick = outcome.pick();
        Some(Pick {
            outcome: match outcome {
                PickOutcome::Picked(_) => "picked",
                PickOutcome::NoneQualifies { .. } => "keep-float",
                PickOutcome::NoneFits { .. } => "none-fits",
                PickOutcome::NoneInEveryUnit => "none-in-every-unit",
                PickOutcome::NoBaseline => "no-float",
                PickOutcome::DeadBaseline => "float-not-learned",
                PickOutcome::NothingToLose => "nothing-to-lose",
            },
            variant: pick.map(|pick| self.variant(comparison, pick.variant)),
            ..self.pick(
                comparison.name().to_owned(),
                goal,
                pick.and_then(|pick| pick.loss),
                pick.map(|pick| pick.verdict),
                words,
            )
        })
    }

    fn across(&self) -> impl Iterator<Item = Pick<'a>> {
        let summary = self.summary;
        summary.across.iter().flat_map(move |across| {
            let named = across.comparisons.iter().map(|position| summary.comparisons[*position].name());
            let comparison = named.collect::<Vec<_>>().join(", ");
            across.picks.iter().map(move |(goal, pick)| {
                let words = summary.explain_across(across, pick, self.rule);
                let own = &summary.comparisons[pick.comparison];
                Pick {
                    variant: Some(self.variant(own, pick.variant)),
                    ..self.pick(comparison.clone(), *goal, Some(pick.loss), Some(pick.verdict), words)
                }
            })
        })
    }

    /// A pick but for its outcome and variant.
    fn pick(
        &self,
        comparison: String,
        goal: Goal,
        loss: Option<Estimate>,
        verdict: Option<Verdict>,
        words: Explanation,
    ) -> Pick<'a> {
        let rule = self.rule;
        let loss = loss.map(|loss| Loss {
            value: loss.value,
            standard_error: loss.standard_error,
            lower_bound: loss.lower_bound(rule.confidence),
            upper_bound: rule.upper_bound(&loss),
            rows: loss.samples,
            units: loss.units,
        });
        Pick {
            comparison,
            goal: goal.name(),
            outcome: "picked",
            variant: None,
            metric: &rule.metric,
            margin: goal.margin(rule),
            confidence: rule.confidence,
            loss,
            verdict: verdict.map(Verdict::name),
            rows_needed: verdict.and_then(|verdict| match verdict {
                Verdict::Undecided { rows } => rows,
                Verdict::Confirmed | Verdict::Likely | Verdict::Worse => None,
            }),
            headline: words.headline,
            reasons: words.reasons,
        }
    }

    fn variant(&self, comparison: &'a Comparison, position: usize) -> Variant<'a> {
        let variant = &comparison.variants[position];
        let is_own = |origin: &bitsweep_results::Origin| {
            comparison.has(origin) && origin.variant == variant.origin.variant
        };
        let rows = self.records.results.iter().filter(|row| is_own(&row.origin) && row.result.is_ok());
        Variant {
            task: comparison.name(),
            label: variant.label.to_string(),
            keys: rows.map(|row| row.key.to_string()).collect(),
            bytes: variant.true_bytes,
            macro_f1: variant.scores.as_ref().map(|scores| scores.macro_f1.mean),
        }
    }
}

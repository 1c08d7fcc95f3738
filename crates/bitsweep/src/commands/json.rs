//! `bitsweep run --json`: the picks and the results as data.

use std::path::Path;

use bitsweep_metrics::Estimate;
use bitsweep_results::summary::{Explanation, PickOutcome, Verdict};
use bitsweep_results::{Comparison, Goal, Metric, PickRule, Records, Summary, objects};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::plan::Plan;
use crate::record::Written;

/// What was run, and what it left.
pub(super) struct Ran<'a> {
    pub(super) plan: &'a Plan,
    pub(super) records: &'a Records,
    pub(super) summary: &'a Summary,
    pub(super) written: &'a Written,
    pub(super) folder: &'a Path,
}

/// A run. Numbers that are not finite are `null`, but in the results, where they are text.
#[derive(Serialize)]
pub(super) struct Json<'a> {
    experiment: &'a str,
    title: &'a str,
    /// What `--set` changed: `train.epochs = 20`.
    changes: Vec<String>,
    /// Where the results are.
    folder: String,
    findings: Vec<Finding<'a>>,
    /// For each task, then across the tasks on the same rows, what is picked for each goal.
    picks: Vec<Pick<'a>>,
    /// Printed numbers that come out again.
    reproduced: usize,
    /// Printed numbers that do not.
    differing: usize,
    /// The rows of `results.csv`.
    results: Vec<Map<String, Value>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    says: &'a str,
    holds: bool,
}

/// What is picked for one goal.
#[derive(Serialize)]
struct Pick<'a> {
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

impl<'a> Json<'a> {
    /// # Errors
    /// When a setting has the name of a column.
    pub(super) fn of(ran: &Ran<'a>) -> Result<Json<'a>, Failure> {
        let Ran { plan, records, summary, written, folder } = ran;
        let results = objects(&records.results, &plan.labels);
        let reproduced = written.reproduction.iter().filter(|row| row.agrees).count();
        let findings = written.findings.iter();
        Ok(Json {
            experiment: &plan.name,
            title: &plan.header.title,
            changes: plan.changes.iter().map(ToString::to_string).collect(),
            folder: folder.display().to_string(),
            findings: findings
                .map(|found| Finding { says: found.says.trim(), holds: found.holds() })
                .collect(),
            picks: ran.of_tasks().chain(ran.across(summary)).collect(),
            reproduced,
            differing: written.reproduction.len() - reproduced,
            results: results.map_err(|error| Failure::Other(error.to_string()))?.collect(),
        })
    }
}

impl<'a> Ran<'a> {
    fn rule(&self) -> &'a PickRule {
        &self.plan.header.pick
    }

    fn of_tasks(&self) -> impl Iterator<Item = Pick<'a>> {
        let tasks = self.summary.comparisons.iter();
        tasks.flat_map(move |comparison| {
            self.rule().goals().filter_map(move |goal| self.of_task(comparison, goal))
        })
    }

    fn of_task(&self, comparison: &'a Comparison, goal: Goal) -> Option<Pick<'a>> {
        let outcome = comparison.picks.as_ref()?.of(goal)?;
        let mut words = comparison.explain(goal, self.rule())?;
        words.reasons.splice(0..0, comparison.reservations(self.rule()));
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

    fn across(&self, summary: &'a Summary) -> impl Iterator<Item = Pick<'a>> {
        summary.across.iter().flat_map(move |across| {
            let named = across.comparisons.iter().map(|position| summary.comparisons[*position].name());
            let comparison = named.collect::<Vec<_>>().join(", ");
            across.picks.iter().map(move |(goal, pick)| {
                let words = summary.explain_across(across, pick, self.rule());
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
        let rule = self.rule();
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

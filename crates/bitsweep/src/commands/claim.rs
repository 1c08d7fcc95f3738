//! How many test rows it takes to show that a variant is about as good as float, and how many a plan has.

use std::collections::BTreeSet;

use bitsweep_metrics::{rows_needed, rows_without_flips};
use bitsweep_results::numbers::{count, counted};
use bitsweep_results::summary::full_names;
use bitsweep_results::{Key, Metric, PickRule, Task};
use serde::Serialize;

use crate::evaluate::split;
use crate::plan::{Plan, Unit};

/// How likely the claim is shown where it is true.
const POWER: f64 = 0.8;

/// Shares of predictions that differ from float's.
const FLIPPED_SHARES: [f64; 3] = [0.01, 0.05, 0.1];

/// The claim that a variant loses at most `margin` of a metric against float, and the test rows behind it.
#[derive(Serialize)]
pub(super) struct Claim {
    metric: String,
    margin: f64,
    confidence: f64,
    power: f64,
    /// Where every prediction is float's; `None` where no number of rows is enough.
    rows_without_flips: Option<usize>,
    /// Where predictions differ and the true loss is 0.
    rows_with_flips: Vec<Needed>,
    tasks: Vec<TaskRows>,
}

#[derive(Serialize)]
struct Needed {
    flipped_share: f64,
    rows: Option<usize>,
}

/// The test rows of one task.
#[derive(Serialize)]
struct TaskRows {
    task: String,
    units: usize,
    /// Of the unit with the fewest.
    least_test_rows: usize,
    most_test_rows: usize,
    /// Rows of the dataset that are a test row of some unit: no more is known of the task, however many units there are.
    distinct_test_rows: usize,
}

impl Claim {
    /// The claim that a plan's balance pick makes; `None` where no unit has test rows.
    pub(super) fn of(plan: &Plan) -> Option<Claim> {
        let PickRule { metric, margin, memory_margin, confidence, .. } = plan.header.pick.clone();
        let margin = margin.min(memory_margin);
        if metric == Metric::LogLoss {
            // No share of rows: what a row adds to it has no bound.
            return None;
        }
        let with_flips = FLIPPED_SHARES.map(|flipped_share| Needed {
            flipped_share,
            rows: rows_needed(flipped_share, 0.0, margin, confidence, POWER),
        });
        let tasks = tasks(plan);
        (!tasks.is_empty()).then(|| Claim {
            metric: metric.to_string(),
            margin,
            confidence,
            power: POWER,
            rows_without_flips: Some(rows_without_flips(margin, confidence))
                .filter(|rows| *rows < usize::MAX),
            rows_with_flips: with_flips.into(),
            tasks,
        })
    }

    /// What it takes, then a line for each task.
    pub(super) fn lines(&self) -> Vec<String> {
        let Claim { metric, margin, confidence, power, rows_without_flips, rows_with_flips, tasks } = self;
        let mut lines = vec![format!(
            "to show at {} that a variant loses at most {margin} of {metric} against float takes",
            percent(*confidence)
        )];
        lines.push(match rows_without_flips {
            None => "    more test rows than there can be: `pick.margin` is 0".to_owned(),
            Some(rows) => format!(
                "    {}, every one predicted as float predicts it (ln {} / ln {})",
                counted(*rows, "test row", "test rows"),
                rounded(1.0 - confidence),
                rounded(1.0 - margin)
            ),
        });
        for Needed { flipped_share, rows } in rows_with_flips {
            let Some(rows) = rows else { continue };
            lines.push(format!(
                "    about {} where {} are predicted otherwise and as many are right (power {})",
                counted(*rows, "test row", "test rows"),
                percent(*flipped_share),
                percent(*power)
            ));
        }
        lines.extend(tasks.iter().map(|task| self.line(task)));
        lines
    }

    fn line(&self, rows: &TaskRows) -> String {
        let TaskRows { task, units, least_test_rows: least, most_test_rows: most, distinct_test_rows } = rows;
        let each = match least == most {
            true => counted(*least, "test row", "test rows"),
            false => format!("{} to {}", count(*least as f64), counted(*most, "test row", "test rows")),
        };
        let verdict = self.verdict(*least);
        match units {
            1 => format!("  {task}: {each}: {verdict}"),
            _ => format!(
                "  {task}: {each} in each of {units} units: {verdict}; {} different ones in all: {}",
                count(*distinct_test_rows as f64),
                self.verdict(*distinct_test_rows)
            ),
        }
    }

    /// What so many rows are enough for.
    fn verdict(&self, rows: usize) -> String {
        let is_enough = |needed: Option<usize>| needed.is_some_and(|needed| needed <= rows);
        let with_flips = self.rows_with_flips.iter().rev().find(|needed| is_enough(needed.rows));
        match with_flips {
            Some(Needed { flipped_share, .. }) => {
                format!("enough where up to {} differ", percent(*flipped_share))
            }
            None if is_enough(self.rows_without_flips) => "enough where none differs".to_owned(),
            None => "too few".to_owned(),
        }
    }
}

/// The test rows of each task, as far as its units can be split.
fn tasks(plan: &Plan) -> Vec<TaskRows> {
    struct Found<'p> {
        key: Key,
        task: &'p Task,
        sizes: Vec<usize>,
        rows: BTreeSet<usize>,
    }
    let mut found: Vec<Found<'_>> = Vec::new();
    for unit in &plan.units {
        let Some(split) = unit.rows().and_then(|dataset| split(unit, dataset).ok()) else { continue };
        let key = unit.task.key;
        let known = found.iter().position(|known| known.key == key).unwrap_or_else(|| {
            found.push(Found { key, task: &unit.task, sizes: Vec::new(), rows: BTreeSet::new() });
            found.len() - 1
        });
        let tested = looked_at(plan, unit, split.test);
        found[known].sizes.push(tested.len());
        found[known].rows.extend(tested);
    }
    let names = full_names(&found.iter().map(|found| found.task).collect::<Vec<_>>());
    let rows = names.into_iter().zip(found).map(|(task, Found { sizes, rows, .. })| TaskRows {
        task,
        units: sizes.len(),
        least_test_rows: sizes.iter().copied().min().unwrap_or(0),
        most_test_rows: sizes.iter().copied().max().unwrap_or(0),
        distinct_test_rows: rows.len(),
    });
    rows.collect()
}

/// Those of the test rows that the metric looks at: of a recall the rows of its class.
fn looked_at(plan: &Plan, unit: &Unit, mut rows: Vec<usize>) -> Vec<usize> {
    if let (Metric::Recall(name), Some(dataset)) = (&plan.header.pick.metric, unit.rows()) {
        let class = dataset.class_names.iter().position(|own| own == name);
        rows.retain(|row| Some(dataset.labels[*row]) == class);
    }
    rows
}

/// `95 %`
fn percent(share: f64) -> String {
    format!("{} %", rounded(100.0 * share))
}

/// Without the last digits of a double: `1 - 0.95` is 0.05.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

//! The results for a reader: the tables first, what matters last.

use bitsweep_results::numbers::{bytes, count, counted, fixed};
use bitsweep_results::summary::{Explanation, ScoreSummary, Verdict};
use bitsweep_results::{Comparison, Goal, PickRule, Summary, VariantSummary};

use super::{device_table, failures};
use crate::layout::{Column, Page, Table};
use crate::plan::Plan;

/// A comparison with more variants shows its picks and its Pareto front only.
const MOST_ROWS: usize = 24;

/// What is picked for one goal.
struct Picked {
    goal: Goal,
    explanation: Explanation,
    /// All bytes stored, and what is shown of the loss; `None` where nothing is picked.
    found: Option<(f64, Verdict)>,
}

/// What is picked of one task, or across models.
struct Picks {
    of: String,
    picked: Vec<Picked>,
}

/// What is picked, one line for each goal of each task: `wine · mlp(8): balance: 4 bit`.
pub(super) fn picks_in_words(summary: &Summary, rule: &PickRule) -> Vec<String> {
    let all = picks(summary, rule).into_iter();
    all.flat_map(|own| {
        let Picks { of, picked } = own;
        picked.into_iter().map(move |picked| format!("{of}: {}", said(&picked)))
    })
    .collect()
}

/// Every comparison of a plan's results as a table; then the picks, with their reasons where there is one task or they are
/// asked for; then what failed.
pub(super) fn page(summary: &Summary, plan: &Plan, with_reasons: bool, columns: usize) -> Page {
    let rule = &plan.header.pick;
    let mut page = Page::new(columns);
    for comparison in summary.told() {
        page.space();
        one(comparison, rule, &mut page);
    }
    if let Some(own) = &summary.over_tensors {
        page.prose(
            0,
            &format!(
                "(each of the {} tensors: in results.csv, and in the report at each bit width)",
                own.tensors
            ),
        );
    }
    let picks = picks(summary, rule);
    match picks.as_slice() {
        [] => {}
        // Right behind the one table that they are of.
        [only] if summary.comparisons.len() == 1 => explained(only, &mut page),
        several if with_reasons => {
            for picks in several {
                page.space();
                page.prose(0, &format!("{}:", picks.of));
                explained(picks, &mut page);
            }
        }
        several => {
            page.space();
            page.prose(0, &format!("picks by {}: {}", rule.metric.loss_words(), goals(rule)));
            page.table(&briefly(several));
            page.prose(0, "(why: in the report, or with --verbose)");
        }
    }
    for comparison in summary.comparisons.iter().filter(|own| own.is_for_a_device()) {
        page.space();
        device_table::comparison(comparison, rule, &mut page);
    }
    failures::add(summary, plan, &mut page);
    page
}

/// What the goals ask for: `balance within 0.01, least memory within 0.1`.
fn goals(rule: &PickRule) -> String {
    let asked = rule.goals().map(|goal| match (goal, rule.budget_bytes) {
        (Goal::Budget, Some(budget)) => format!("{} of {}", goal.name(), bytes(budget as f64)),
        (Goal::Device, _) => "device within its flash and RAM".to_owned(),
        (Goal::Balance | Goal::LeastMemory | Goal::Budget, _) => {
            format!("{} within {}", goal.name(), goal.margin(rule))
        }
    });
    asked.collect::<Vec<_>>().join(", ")
}

/// What is picked, task by task, then across models.
fn picks(summary: &Summary, rule: &PickRule) -> Vec<Picks> {
    let of_tasks = summary.comparisons.iter().map(|comparison| {
        let picked = rule.goals().filter_map(|goal| {
            let pick = comparison.picks.as_ref()?.of(goal)?.pick();
            let found = pick.map(|pick| (comparison.variants[pick.variant].true_bytes, pick.verdict));
            Some(Picked { goal, explanation: comparison.explain(goal, rule)?, found })
        });
        Picks { of: comparison.name().to_owned(), picked: picked.collect() }
    });
    let across = summary.across.iter().map(|across| {
        let names = across.comparisons.iter().map(|position| summary.comparisons[*position].name());
        let picked = across.picks.iter().map(|(goal, pick)| Picked {
            goal: *goal,
            explanation: summary.explain_across(across, pick, rule),
            found: Some((
                summary.comparisons[pick.comparison].variants[pick.variant].true_bytes,
                pick.verdict,
            )),
        });
        Picks { of: names.collect::<Vec<_>>().join(" or "), picked: picked.collect() }
    });
    of_tasks.chain(across).filter(|picks| !picks.picked.is_empty()).collect()
}

/// Each pick with its reasons.
fn explained(picks: &Picks, page: &mut Page) {
    for picked in &picks.picked {
        let explanation = &picked.explanation;
        page.prose(0, &said(picked));
        explanation.reasons.iter().for_each(|reason| page.prose(2, reason));
    }
}

/// A pick in a sentence.
fn said(Picked { goal, explanation, found }: &Picked) -> String {
    let Explanation { headline, .. } = explanation;
    match found {
        Some(_) => format!("{}: {}: {headline}", goal.name(), explanation.choice_and_verdict()),
        None => format!("{}: {headline}", goal.name()),
    }
}

/// Each pick in a row.
fn briefly(picks: &[Picks]) -> Table<'static, 2> {
    let columns = ["bytes", "verdict"].map(|heading| Column { heading, rank: 0 });
    let mut table = Table::new("pick", columns);
    for Picks { of, picked } in picks {
        table.heading(of);
        for Picked { goal, explanation, found } in picked {
            let goal = goal.name();
            match found {
                Some((bytes, verdict)) => {
                    let label = format!("{goal}: {}", explanation.choice);
                    table.row(&label, [count(*bytes), verdict.to_string()]);
                }
                None => table.heading(&format!("  {goal}: {}", explanation.headline)),
            }
        }
    }
    table
}

fn one(comparison: &Comparison, rule: &PickRule, page: &mut Page) {
    page.prose(0, &heading(comparison));
    let shortened = comparison.models() > MOST_ROWS;
    let mut models: Vec<usize> = (0..comparison.variants.len()).collect();
    if shortened {
        let told = [&comparison.front, &comparison.least_error, &comparison.picked()];
        models.retain(|own| comparison.float == Some(*own) || told.iter().any(|told| told.contains(own)));
    }
    let number = models.len();
    // The smallest last, near the picks; of equally small ones the best.
    let rank = |position: usize| {
        let variant = &comparison.variants[position];
        let score = variant.scores.as_ref().map_or(-variant.sse.mean, |scores| scores.macro_f1.mean);
        (-variant.true_bytes, score)
    };
    models.sort_by(|a, b| {
        let ((bytes, score), (other_bytes, other_score)) = (rank(*a), rank(*b));
        bytes.total_cmp(&other_bytes).then(score.total_cmp(&other_score))
    });
    let shown = comparison.with_majority(&models);
    let shown: Vec<&VariantSummary> = shown.iter().map(|position| &comparison.variants[*position]).collect();
    if comparison.has_scores() {
        page.table(&scores(comparison, &shown, &format!("within\n{}", rule.margin)));
    } else {
        page.table(&errors(comparison, &shown));
    }
    if shortened {
        page.prose(
            0,
            &format!(
                "({number} of {} variants: the picks, the Pareto front and the least error of each width; results.csv has all)",
                comparison.models()
            ),
        );
    }
    if !comparison.has_scores() {
        shown.iter().flat_map(|variant| variant.flag_sentences()).for_each(|line| page.prose(2, &line));
    }
    comparison.reservations(rule).iter().for_each(|reservation| page.prose(0, reservation));
}

fn heading(comparison: &Comparison) -> String {
    let mut heading = comparison.name().to_owned();
    if let Some(shape) = &comparison.shape {
        let rows =
            |number: usize, kind: &str| counted(number, &format!("{kind} row"), &format!("{kind} rows"));
        heading += ": ";
        if shape.train_rows > 0 {
            heading += &format!("{}, ", rows(shape.train_rows, "training"));
        }
        if shape.validation_rows > 0 {
            heading += &format!("{}, ", rows(shape.validation_rows, "validation"));
        }
        heading += &rows(shape.test_rows, "test");
    }
    if comparison.units > 1 {
        heading += &format!(", {}", comparison.runs(comparison.units));
    }
    if comparison.failed_units > 0 {
        heading += &format!(", {} failed", comparison.failed_units);
    }
    heading
}

/// Of models: what is essential, then, as far as there is room, how much scores spread over the units, errors, and what the
/// bytes are.
fn scores<'a>(comparison: &Comparison, shown: &[&VariantSummary], within: &'a str) -> Table<'a, 9> {
    let columns = [
        ("macro-F1", 0),
        ("spread", 1),
        ("95 %\ninterval", 0),
        ("bytes", 0),
        ("payload", 3),
        ("scaler", 4),
        ("macro-F1\nper KB", 5),
        ("squared\nerror", 2),
        (within, 0),
    ];
    let mut table = Table::new("variant", columns.map(|(heading, rank)| Column { heading, rank }));
    let needs_scaler = comparison.variants.iter().any(|variant| variant.measures.size.scaler > 0);
    for variant in shown {
        let of_scores = |cell: &dyn Fn(&ScoreSummary) -> Option<String>| {
            variant.scores.as_ref().and_then(cell).unwrap_or_default()
        };
        let per_kilobyte = |mean: f64| Some(mean / (variant.true_bytes / 1024.0)).filter(|it| it.is_finite());
        let cells = [
            of_scores(&|scores| Some(fixed(scores.macro_f1.mean, 4))),
            of_scores(&|scores| Some(fixed(scores.macro_f1.deviation?, 4))),
            of_scores(&|scores| scores.interval.map(|own| format!("{:.3}–{:.3}", own.low, own.high))),
            count(variant.true_bytes),
            count(variant.payload_bytes),
            if needs_scaler { count(variant.measures.size.scaler as f64) } else { String::new() },
            of_scores(&|scores| Some(fixed(per_kilobyte(scores.macro_f1.mean)?, 4))),
            error(variant.sse.mean),
            variant.standing.map(|standing| standing.verdicts[0].to_string()).unwrap_or_default(),
        ];
        table.row(&comparison.label_with_runs(variant), cells);
    }
    table
}

/// Of tensors.
fn errors(comparison: &Comparison, shown: &[&VariantSummary]) -> Table<'static, 5> {
    let columns =
        [("bytes", 0), ("payload", 1), ("squared\nerror", 0), ("mean squared\nerror", 2), ("SQNR\ndB", 0)];
    let mut table = Table::new("variant", columns.map(|(heading, rank)| Column { heading, rank }));
    for variant in shown {
        let sqnr = variant.sqnr_db.mean;
        let cells = [
            count(variant.true_bytes),
            count(variant.payload_bytes),
            error(variant.sse.mean),
            error(variant.mse.mean),
            if sqnr == f64::INFINITY { "exact".to_owned() } else { fixed(sqnr, 1) },
        ];
        table.row(&comparison.label_with_runs(variant), cells);
    }
    table
}

/// Nothing of an error that is not defined.
fn error(value: f64) -> String {
    if value.is_nan() {
        String::new()
    } else if value == 0.0 || (1e-3..1e6).contains(&value) {
        format!("{value:.4}")
    } else {
        format!("{value:.3e}")
    }
}

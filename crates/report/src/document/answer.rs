//! The answer first: the picks with their reasons, or the schemes of least error.

use bitsweep_results::numbers::{bytes, count, counted, fixed, score, significant};
use bitsweep_results::summary::{Explanation, PickOutcome, VariantOverDatasets, Verdict};
use bitsweep_results::{Comparison, Goal, PickRule, Summary};

use super::block::{Block, Span, Table, paragraph, spans};
use super::failures::sentence;
use crate::report::Report;

/// Tasks whose reasons are given in full; beyond, the table of picks must do.
const MOST_EXPLAINED: usize = 4;
/// Tasks in the table of picks.
const MOST_TASKS: usize = 40;
/// Different flags listed.
const MOST_FLAGS: usize = 12;
/// Datasets below which their differences cannot say much.
const FEW_DATASETS: usize = 5;
/// Variants named for each flag.
const MOST_BEARERS: usize = 6;

pub(super) fn blocks(report: &Report<'_>) -> Vec<Block> {
    let summary = report.summary;
    if summary.comparisons.is_empty() {
        let nothing = match sentence(summary) {
            Some(sentence) => format!("There is nothing to pick. {sentence}"),
            None => "Nothing was recorded, so there is nothing to pick.".to_owned(),
        };
        return vec![Block::Heading(2, "Answer".to_owned()), paragraph(nothing)];
    }
    let mut blocks = vec![Block::Heading(2, "Answer".to_owned())];
    blocks.extend(sentence(summary).map(paragraph));
    let scored: Vec<&Comparison> =
        summary.comparisons.iter().filter(|comparison| comparison.has_scores()).collect();
    if scored.is_empty() {
        blocks.extend(least_error(summary));
    } else {
        blocks.extend(picks(report, &scored));
    }
    blocks.extend(flagged(summary));
    blocks
}

fn picks(report: &Report<'_>, scored: &[&Comparison]) -> Vec<Block> {
    let rule = &report.pick_rule;
    let mut blocks = Vec::new();
    if scored.len() > 1 {
        let rows = scored.iter().take(MOST_TASKS).map(|comparison| pick_row(comparison)).collect();
        let headings = ["Task", "Balance", "Least memory", "Bytes", "Macro-F1", "Bytes", "Macro-F1"];
        blocks.push(picks_table(&headings, rows));
        if scored.len() > MOST_TASKS {
            blocks.push(paragraph(format!(
                "{MOST_TASKS} of {} tasks are listed; results.csv has all.",
                scored.len()
            )));
        }
    }
    for comparison in scored.iter().take(MOST_EXPLAINED) {
        if scored.len() > 1 {
            blocks.push(Block::Heading(3, comparison.name().to_owned()));
        }
        blocks.extend(comparison.reservations(rule).into_iter().map(paragraph));
        for goal in rule.goals() {
            if let Some(explanation) = comparison.explain(goal, rule) {
                blocks.extend(explained(goal, explanation));
            }
        }
    }
    blocks.extend(across(report));
    blocks.extend(over_datasets(report));
    let on_validation = scored.iter().any(|comparison| comparison.is_chosen_on_validation_rows());
    blocks.push(paragraph(the_rule(rule, on_validation)));
    blocks
}

/// What to take of models that are tested on the same rows.
fn across(report: &Report<'_>) -> Vec<Block> {
    let rule = &report.pick_rule;
    let mut blocks = Vec::new();
    for across in report.summary.across.iter().take(MOST_EXPLAINED) {
        let Some(first) = across.comparisons.first() else { continue };
        let dataset = &report.summary.comparisons[*first].task.dataset;
        blocks.push(Block::Heading(3, format!("Across the models on {dataset}")));
        for (goal, pick) in &across.picks {
            blocks.extend(explained(*goal, report.summary.explain_across(across, pick, rule)));
        }
    }
    blocks
}

/// The smallest variant that does not matter over the datasets, and how little few datasets can say.
fn over_datasets(report: &Report<'_>) -> Vec<Block> {
    let (Some(over), rule) = (&report.summary.over_datasets, &report.pick_rule) else { return Vec::new() };
    let number = counted(over.datasets.len(), "dataset", "datasets");
    let percent = |share: f64| format!("{} %", fixed(100.0 * share, 0));
    let region = format!("{} of float's {} either way", over.margin, rule.metric);
    let probability = rule.confidence_text();
    let numbers = |own: &VariantOverDatasets| {
        format!(
            "it is within that with a probability of {}, loses more with {}, gains more with {}; its mean loss is {}, its size {} of float's",
            percent(own.posterior.rope),
            percent(own.posterior.right),
            percent(own.posterior.left),
            significant(own.mean_loss(), 2),
            percent(own.size),
        )
    };
    let surest = || over.variants.iter().rev().max_by(|a, b| a.posterior.rope.total_cmp(&b.posterior.rope));
    let (choice, found) = match over.smallest_within(rule.confidence) {
        Some(own) => (
            own.label.to_string(),
            format!(
                "The smallest variant that is within {region} with a probability of at least {probability}: {}.",
                numbers(own)
            ),
        ),
        None => (
            "none".to_owned(),
            match surest() {
                Some(own) => format!(
                    "No variant is within {region} with a probability of at least {probability}. The surest is {}: {}.",
                    own.label,
                    numbers(own)
                ),
                None => String::new(),
            },
        ),
    };
    let few = match over.datasets.len() {
        0..FEW_DATASETS => format!(
            " {number} are few: fewer than {FEW_DATASETS} differences cannot say much beside the test's prior, which is that there is no difference, and the tests of Friedman and Nemenyi ask for more than ten (Demšar 2006)."
        ),
        FEW_DATASETS..=10 => {
            format!(
                " {number} are too few for the tests of Friedman and Nemenyi, which ask for more than ten (Demšar 2006)."
            )
        }
        _ => String::new(),
    };
    vec![
        Block::Heading(3, "Over the datasets".to_owned()),
        Block::Paragraph(vec![
            Span::Strong(format!("Over {number}: {choice}.")),
            Span::Plain(format!(
                " {found} Each dataset is one difference, a mean over its tasks (Bayesian signed-rank test).{few} datasets.csv has every variant."
            )),
        ]),
    ]
}

fn the_rule(rule: &PickRule, on_validation: bool) -> String {
    let PickRule { metric, margin, memory_margin, budget_bytes, .. } = rule;
    let loss = metric.loss_words();
    let confidence = rule.confidence_text();
    let budget = budget_bytes.map_or_else(String::new, |budget| {
        format!(", and the best on these rows within {}", bytes(budget as f64))
    });
    let (rows, confirmed) = if on_validation {
        ("validation", "Confirmed means shown on the test rows, which had no part in the choice.")
    } else {
        (
            "test",
            "Confirmed means shown with all candidates tested together (Holm), likely means shown for this variant alone.",
        )
    };
    format!(
        "The rule: balance is the smallest variant whose {loss} against float is shown, at {confidence}, to be within {margin}, least memory the smallest within {memory_margin}{budget}; where nothing is shown, the smallest whose {} on the {rows} rows is. {confirmed} Sizes are all bytes stored. verdicts.csv has every variant.",
        if metric.is_cost() { "rise" } else { "loss" }
    )
}

/// The table of picks, whose bytes and scores of the first pick stand beside it.
fn picks_table(headings: &[&str; 7], rows: Vec<[String; 7]>) -> Block {
    let order = [0, 1, 3, 4, 2, 5, 6];
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| order.map(|index| row[index].clone()).to_vec()).collect();
    let headings = order.map(|index| headings[index]);
    Block::Table(Table::new(1, &headings, rows).with_words_in(1).with_words_in(4))
}

fn pick_row(comparison: &Comparison) -> [String; 7] {
    let cells = |outcome: Option<&PickOutcome>| match outcome {
        Some(PickOutcome::Picked(pick)) => {
            let variant = &comparison.variants[pick.variant];
            let macro_f1 = variant.scores.as_ref().map_or(f64::NAN, |scores| scores.macro_f1.mean);
            let shown = match pick.verdict {
                Verdict::Confirmed | Verdict::Likely | Verdict::Worse => pick.verdict.name(),
                Verdict::Undecided { .. } => "not shown",
            };
            [format!("{}, {shown}", variant.label), count(variant.true_bytes), score(macro_f1)]
        }
        Some(PickOutcome::NoneQualifies { .. }) => {
            ["float: none qualifies".to_owned(), String::new(), String::new()]
        }
        Some(PickOutcome::NoneFits { .. }) => ["none fits".to_owned(), String::new(), String::new()],
        Some(PickOutcome::DeadBaseline) => {
            ["none: the float model is not shown to have learned".to_owned(), String::new(), String::new()]
        }
        Some(PickOutcome::NothingToLose) => {
            ["none: there is nothing to lose".to_owned(), String::new(), String::new()]
        }
        Some(PickOutcome::NoneInEveryUnit) => {
            let all = comparison.runs(comparison.units);
            [format!("none: no variant has results for all {all}"), String::new(), String::new()]
        }
        Some(PickOutcome::NoBaseline) | None => ["no float model".to_owned(), String::new(), String::new()],
    };
    let [balance, balance_bytes, balance_score] =
        cells(comparison.picks.as_ref().and_then(|picks| picks.of(Goal::Balance)));
    let [least, least_bytes, least_score] =
        cells(comparison.picks.as_ref().and_then(|picks| picks.of(Goal::LeastMemory)));
    [comparison.name().to_owned(), balance, least, balance_bytes, balance_score, least_bytes, least_score]
}

fn explained(goal: Goal, explanation: Explanation) -> Vec<Block> {
    let wish = match goal {
        Goal::Balance => "For balance",
        Goal::LeastMemory => "For least memory",
        Goal::Budget => "Within the budget",
        Goal::Device => "For the device",
    };
    let mut headline = vec![Span::Strong(format!("{wish}: {}.", explanation.choice_and_verdict()))];
    headline.extend(spans(format!(" {}", explanation.headline)));
    let mut blocks = vec![Block::Paragraph(headline)];
    if !explanation.reasons.is_empty() {
        blocks.push(Block::List(explanation.reasons.into_iter().map(spans).collect()));
    }
    blocks
}

/// Where there is no model to score: the scheme of least error at each bit width.
fn least_error(summary: &Summary) -> Vec<Block> {
    let mut points = Vec::new();
    let several = summary.told().count() > 1;
    for comparison in summary.told() {
        for position in &comparison.least_error {
            let variant = &comparison.variants[*position];
            let rivals = comparison.rivals_in_error(*position);
            let task = if several { format!("{}, ", comparison.name()) } else { String::new() };
            let of = match (comparison.is_smaller(*position), rivals) {
                (true, 1) => "the only scheme that is smaller than float".to_owned(),
                (false, 1) => "the only scheme".to_owned(),
                (true, _) => format!("the least of {rivals} schemes that are smaller than float"),
                (false, _) => format!("the least of {rivals} schemes"),
            };
            let sqnr = variant.sqnr_db.mean;
            let ratio =
                if sqnr.is_finite() { format!(", SQNR {} dB", fixed(sqnr, 1)) } else { String::new() };
            let against = match comparison.float() {
                Some(float) => format!(" against {} in float", count(float.true_bytes)),
                None => String::new(),
            };
            points.push(vec![
                Span::Plain(format!("{task}{}: ", counted(variant.bits() as usize, "bit", "bits"))),
                Span::Strong(variant.label.to_string()),
                Span::Plain(format!(
                    ", mean squared error {} ({of}){ratio}; {} stored{against}.",
                    significant(variant.mse.mean, 4),
                    bytes(variant.true_bytes)
                )),
            ]);
        }
    }
    if points.is_empty() {
        return vec![paragraph("No quantized variant was recorded.")];
    }
    let of_all = summary.over_tensors.as_ref().map(|own| format!(" of all {} tensors together", own.tensors));
    vec![
        paragraph(format!(
            "There is no model here to score: the answer is the scheme that reconstructs the values{} best at each bit width.",
            of_all.unwrap_or_default()
        )),
        Block::List(points),
    ]
}

/// Each flag with the variants that bear it.
fn flagged(summary: &Summary) -> Vec<Block> {
    let several = summary.comparisons.len() > 1;
    // Of many tensors together a bearer is told once, with the number of them.
    let mut bearers: Vec<(String, Vec<(String, usize)>)> = Vec::new();
    for comparison in &summary.comparisons {
        for variant in &comparison.variants {
            for (flag, runs) in &variant.flags {
                let is_told_once = !several || summary.over_tensors.is_some();
                let task = if is_told_once { String::new() } else { format!("{}: ", comparison.name()) };
                let often = if variant.runs > 1 {
                    format!(" ({runs} of {} runs)", variant.runs)
                } else {
                    String::new()
                };
                let bearer = format!("{task}{}{often}", variant.label);
                let words = flag.words(&variant.origin.variant.choices, *runs);
                let position = bearers.iter().position(|(known, _)| *known == words).unwrap_or_else(|| {
                    bearers.push((words, Vec::new()));
                    bearers.len() - 1
                });
                let variants = &mut bearers[position].1;
                match variants.iter_mut().find(|(known, _)| *known == bearer) {
                    Some((_, times)) => *times += 1,
                    None => variants.push((bearer, 1)),
                }
            }
        }
    }
    if bearers.is_empty() {
        return Vec::new();
    }
    let named = |(bearer, times): &(String, usize)| match &summary.over_tensors {
        Some(own) => format!("{bearer} ({times} of {} tensors)", own.tensors),
        None => bearer.clone(),
    };
    let points = bearers.iter().take(MOST_FLAGS).map(|(flag, variants)| {
        let named = variants.iter().take(MOST_BEARERS).map(named).collect::<Vec<_>>().join("; ");
        let more = variants.len().saturating_sub(MOST_BEARERS);
        let rest = if more > 0 { format!("; and {more} more in results.csv") } else { String::new() };
        vec![Span::Strong(flag.clone()), Span::Plain(format!(": {named}{rest}."))]
    });
    let mut blocks = vec![paragraph("Flags, to be read with the numbers:"), Block::List(points.collect())];
    if bearers.len() > MOST_FLAGS {
        let more = counted(bearers.len() - MOST_FLAGS, "more flag", "more flags");
        blocks.push(paragraph(format!("And {more}: see the column `flag` of results.csv.")));
    }
    blocks
}

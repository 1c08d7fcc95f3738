//! The results as a table on the terminal.

use std::borrow::Cow;

use bitsweep_results::numbers::{counted, fixed};
use bitsweep_results::text::one_line;
use bitsweep_results::{Comparison, PickRule, Summary, VariantSummary};

use super::failures;
use crate::plan::Plan;

/// A comparison with more variants shows its picks and its Pareto front only.
const MOST_ROWS: usize = 24;

/// Every comparison of a plan's results as a table with its picks, then what failed.
pub(super) fn lines(summary: &Summary, plan: &Plan) -> Vec<String> {
    let rule = &plan.header.pick;
    let mut parts: Vec<Vec<String>> =
        summary.comparisons.iter().map(|comparison| one(comparison, rule)).collect();
    for across in &summary.across {
        let mut lines = vec!["across models:".to_owned()];
        for (goal, pick) in &across.picks {
            let explanation = summary.explain_across(across, pick, rule);
            let choice = explanation.choice_and_verdict();
            lines.push(format!("{}: {choice}: {}", goal.name(), explanation.headline));
            lines.extend(explanation.reasons.iter().map(|reason| format!("  {reason}")));
        }
        parts.push(lines);
    }
    let failures = failures::lines(summary, plan);
    if !failures.is_empty() {
        let heading = "failed:".to_owned();
        parts.push([heading].into_iter().chain(failures.iter().map(|line| format!("  {line}"))).collect());
    }
    parts.join(&String::new())
}

fn one(comparison: &Comparison, rule: &PickRule) -> Vec<String> {
    let mut heading = comparison.name().to_owned();
    if let Some(shape) = &comparison.shape {
        let rows =
            |number: usize, kind: &str| counted(number, &format!("{kind} row"), &format!("{kind} rows"));
        heading += &format!(": {}, ", rows(shape.train_rows, "training"));
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
    let shortened = comparison.models() > MOST_ROWS;
    let models = if shortened {
        let front = comparison.front.iter().chain(&comparison.least_error);
        let mut positions: Vec<usize> = comparison.float.iter().chain(front).copied().collect();
        positions.extend(comparison.picked());
        positions.sort_unstable();
        positions.dedup();
        positions
    } else {
        (0..comparison.variants.len()).collect()
    };
    let shown = comparison.with_majority(&models);
    let shown: Vec<&VariantSummary> = shown.iter().map(|position| &comparison.variants[*position]).collect();
    let mut table = vec![header(comparison, rule)];
    table.extend(shown.iter().map(|variant| row(comparison, variant)));
    let mut lines = vec![heading];
    lines.extend(aligned(&table));
    if shortened {
        lines.push(format!(
            "({} of {} variants: the picks, the Pareto front and the least error of each width; results.csv has all)",
            models.len(),
            comparison.models()
        ));
    }
    if !comparison.has_scores() {
        lines.extend(
            shown.iter().flat_map(|variant| variant.flag_sentences()).map(|line| format!("  {line}")),
        );
    }
    lines.extend(comparison.reservations(rule));
    for goal in rule.goals() {
        if let Some(explanation) = comparison.explain(goal, rule) {
            let choice = explanation.choice_and_verdict();
            lines.push(format!("{}: {choice}: {}", goal.name(), explanation.headline));
            lines.extend(explanation.reasons.iter().map(|reason| format!("  {reason}")));
        }
    }
    lines
}

/// Whether some variant needs a scaler beside it.
fn has_scaler(comparison: &Comparison) -> bool {
    comparison.variants.iter().any(|variant| variant.measures.size.scaler > 0)
}

fn header(comparison: &Comparison, rule: &PickRule) -> Vec<String> {
    let within = format!("within {}", rule.margin);
    let mut names = vec!["variant"];
    if comparison.has_scores() {
        names.push("macro-F1");
        names.extend((comparison.units > 1).then_some("spread"));
        names.extend(["95 % interval", "KB payload"]);
        names.extend(has_scaler(comparison).then_some("KB scaler"));
        names.extend(["KB in all", "macro-F1/KB", "squared error", &within]);
    } else {
        names.extend(["bytes payload", "bytes in all", "squared error", "mean", "SQNR dB"]);
    }
    names.into_iter().map(str::to_owned).collect()
}

fn row(comparison: &Comparison, variant: &VariantSummary) -> Vec<String> {
    let mut cells = vec![comparison.label_with_runs(variant)];
    if comparison.has_scores() {
        let kilobytes = |bytes: f64| format!("{:.3}", bytes / 1024.0);
        match &variant.scores {
            Some(scores) => {
                let mean = scores.macro_f1.mean;
                cells.push(format!("{mean:.4}"));
                if comparison.units > 1 {
                    let deviation = scores.macro_f1.deviation;
                    cells.push(deviation.map_or_else(String::new, |value| format!("{value:.4}")));
                }
                let interval = scores.interval;
                cells.push(
                    interval.map_or_else(String::new, |own| format!("{:.3} – {:.3}", own.low, own.high)),
                );
                cells.push(kilobytes(variant.payload_bytes));
                let scaler = variant.measures.size.scaler as f64;
                cells.extend(has_scaler(comparison).then(|| kilobytes(scaler)));
                cells.push(kilobytes(variant.true_bytes));
                let per_kilobyte = mean / (variant.true_bytes / 1024.0);
                let has_bytes = variant.true_bytes > 0.0;
                cells.push(if has_bytes { format!("{per_kilobyte:.4}") } else { String::new() });
            }
            None => {
                let more = usize::from(comparison.units > 1) + usize::from(has_scaler(comparison));
                cells.extend(std::iter::repeat_n(String::new(), 5 + more));
            }
        }
        cells.push(error(variant.sse.mean));
        let verdict = variant.standing.map(|standing| standing.verdicts[0].to_string());
        cells.push(verdict.unwrap_or_default());
    } else {
        cells.extend([variant.payload_bytes, variant.true_bytes].map(|bytes| format!("{bytes:.0}")));
        cells.extend([error(variant.sse.mean), error(variant.mse.mean)]);
        let sqnr = variant.sqnr_db.mean;
        cells.push(if sqnr == f64::INFINITY { "exact".to_owned() } else { fixed(sqnr, 1) });
    }
    cells
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

/// Columns padded to their widest cell, the first to the left, numbers to the right.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let shown: Vec<Vec<Cow<'_, str>>> =
        rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| shown.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<Cow<'_, str>>| {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let padding = " ".repeat(width - cell.chars().count());
            line += &if column == 0 { format!("  {cell}{padding}") } else { format!("  {padding}{cell}") };
        }
        line.truncate(line.trim_end().len());
        line
    };
    shown.iter().map(line).collect()
}

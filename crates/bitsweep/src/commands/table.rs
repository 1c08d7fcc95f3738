//! The results as a table on the terminal.

use bitsweep_results::summary::FailedRow;
use bitsweep_results::{Comparison, Goal, PickRule, Summary, VariantSummary};

use crate::plan::Plan;

/// A comparison with more variants shows its picks and its Pareto front only.
const MOST_ROWS: usize = 24;

/// Every comparison of a plan's results as a table with its two picks, then what failed.
pub(super) fn text(summary: &Summary, plan: &Plan) -> String {
    let rule = &plan.header.pick;
    let mut parts: Vec<String> = summary.comparisons.iter().map(|comparison| one(comparison, rule)).collect();
    parts.extend(failed(summary, plan));
    parts.join("\n")
}

/// What failed: each variant and reason once, with the number of its units.
fn failed(summary: &Summary, plan: &Plan) -> Option<String> {
    let mut failures: Vec<(&FailedRow, usize)> = Vec::new();
    for failed in &summary.failures {
        let is_same = |(known, _): &&mut (&FailedRow, usize)| {
            known.failure == failed.failure && known.origin.variant == failed.origin.variant
        };
        match failures.iter_mut().find(is_same) {
            Some((_, units)) => *units += 1,
            None => failures.push((failed, 1)),
        }
    }
    let lines = failures.iter().map(|(FailedRow { origin, failure, .. }, units)| {
        let what = match plan.location_of(&origin.variant) {
            Some(location) => format!("{} ({location})", summary.labels.get(&origin.variant).text()),
            None => "all variants".to_owned(),
        };
        let often =
            if *units > 1 { format!(" of {units} units") } else { format!(" of seed {}", origin.unit.seed) };
        format!("  {what}{often}: {failure}\n")
    });
    let failed = summary.failures.len();
    (failed > 0).then(|| format!("failed, {failed} in all:\n{}", lines.collect::<String>()))
}

fn one(comparison: &Comparison, rule: &PickRule) -> String {
    let mut heading = comparison.name().to_owned();
    if let Some(shape) = &comparison.shape {
        heading += &format!(": {} training rows, {} test rows", shape.train_rows, shape.test_rows);
    }
    if comparison.units > 1 {
        heading += &format!(", {} seeds", comparison.units);
    }
    if comparison.failed_units > 0 {
        heading += &format!(", {} failed", comparison.failed_units);
    }
    let all: Vec<&VariantSummary> = comparison.variants.iter().collect();
    let shortened = all.len() > MOST_ROWS;
    let shown = if shortened {
        let front = comparison.front.iter().chain(&comparison.least_error);
        let mut positions: Vec<usize> = comparison.float.iter().chain(front).copied().collect();
        positions.extend(comparison.picked());
        positions.sort_unstable();
        positions.dedup();
        positions.into_iter().map(|position| all[position]).collect()
    } else {
        all
    };
    let mut lines = vec![header(comparison)];
    lines.extend(shown.iter().map(|variant| row(comparison, variant)));
    let mut text = format!("{heading}\n{}", aligned(&lines));
    if shortened {
        text += &format!(
            "({} of {} variants: the picks, the Pareto front and the least error of each width; results.csv has all)\n",
            shown.len(),
            comparison.variants.len()
        );
    }
    for goal in [Goal::Balance, Goal::LeastMemory] {
        if let Some(explanation) = comparison.explain(goal, rule) {
            text += &format!("{}: {}: {}\n", goal.name(), explanation.choice, explanation.headline);
            for reason in explanation.reasons {
                text += &format!("  {reason}\n");
            }
        }
    }
    text
}

fn header(comparison: &Comparison) -> Vec<String> {
    let mut names = vec!["variant"];
    if comparison.has_scores() {
        names.extend([
            "macro-F1",
            "95 % interval",
            "KB payload",
            "KB in all",
            "macro-F1/KB",
            "squared error",
        ]);
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
                let deviation =
                    scores.macro_f1.deviation.map_or_else(String::new, |value| format!(" ± {value:.4}"));
                cells.push(format!("{mean:.4}{deviation}"));
                cells.push(format!("{:.3} – {:.3}", scores.interval.low, scores.interval.high));
                cells.extend([kilobytes(variant.payload_bytes), kilobytes(variant.true_bytes)]);
                cells.push(format!("{:.4}", mean / (variant.true_bytes / 1024.0)));
            }
            None => cells.extend(std::iter::repeat_n(String::new(), 5)),
        }
        cells.push(error(variant.sse.mean));
    } else {
        cells.extend([variant.payload_bytes, variant.true_bytes].map(|bytes| format!("{bytes:.0}")));
        cells.extend([error(variant.sse.mean), error(variant.mse.mean)]);
        let sqnr = variant.sqnr_db.mean;
        cells.push(if sqnr.is_finite() { format!("{sqnr:.1}") } else { "exact".to_owned() });
    }
    cells
}

fn error(value: f64) -> String {
    if value == 0.0 || (1e-3..1e6).contains(&value) { format!("{value:.4}") } else { format!("{value:.3e}") }
}

/// Columns padded to their widest cell, the first to the left, numbers to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let padding = " ".repeat(width - cell.chars().count());
            text += &if column == 0 { format!("  {cell}{padding}") } else { format!("  {padding}{cell}") };
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

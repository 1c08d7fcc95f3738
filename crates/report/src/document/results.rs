//! The variants in tables: scores, then errors and sizes, then classes.

use bitsweep_results::numbers::{
    self, count, counted, fixed, p_value, score, significant, supported, supported_decimals,
};
use bitsweep_results::summary::{OverTensors, Standing};
use bitsweep_results::{Comparison, Confusion, Flag, Metric, PickRule, Summary, VariantSummary};

use super::block::{Block, Table, paragraph};
use crate::report::Report;

/// Variants up to which a table shows all.
const MOST_ROWS: usize = 16;
/// Variants of many tensors together up to which a table shows all.
const MOST_ALL_TENSORS: usize = 48;
/// Tensors of a file up to which a table shows each.
const MOST_TENSORS: usize = 100;
/// Tasks with tables of their own.
const MOST_TASKS: usize = 6;
/// Classes up to which they are listed one by one.
const MOST_CLASSES: usize = 20;
/// Classes up to which their table stands open.
const MOST_OPEN_CLASSES: usize = 5;
/// Bytes in a kilobyte.
const KB: f64 = 1024.0;

pub(super) fn blocks(report: &Report<'_>) -> Vec<Block> {
    let summary = report.summary;
    if summary.comparisons.is_empty() {
        return Vec::new();
    }
    let several = summary.comparisons.len() > 1;
    let mut blocks = vec![Block::Heading(2, "Results".to_owned())];
    if let Some(own) = &summary.over_tensors {
        blocks.push(Block::Heading(3, own.together.name().to_owned()));
        blocks.extend(over_tensors(summary, own));
        return blocks;
    }
    for comparison in summary.comparisons.iter().take(MOST_TASKS) {
        if several {
            blocks.push(Block::Heading(3, comparison.name().to_owned()));
        }
        blocks.extend(setting(comparison));
        let telling = comparison.telling(MOST_ROWS);
        let at = |position: &usize| &comparison.variants[*position];
        let shown: Vec<&VariantSummary> = telling.iter().map(at).collect();
        if shown.iter().any(|variant| variant.scores.is_some()) {
            let scored: Vec<&VariantSummary> = comparison.with_majority(&telling).iter().map(at).collect();
            blocks.push(scores(comparison, &scored, &report.pick_rule));
            let further = further_scores(comparison, &scored);
            blocks.push(Block::Folded("Further measures".to_owned(), vec![further]));
        }
        blocks.push(errors_and_sizes(&shown));
        if comparison.models() > shown.len() {
            blocks.push(paragraph(format!(
                "The {} most telling of {} variants: float, the picks, the Pareto front, the least errors. results.csv and results.parquet have a row for every variant and seed.",
                shown.len(),
                comparison.models()
            )));
        }
        blocks.extend(classes(report, comparison));
    }
    if summary.comparisons.len() > MOST_TASKS {
        blocks.push(paragraph(format!(
            "The first {MOST_TASKS} of {} tasks; results.csv and results.parquet have all.",
            summary.comparisons.len()
        )));
    }
    blocks
}

/// The variants of all tensors together, and the tensor that each leaves least of.
fn over_tensors(summary: &Summary, own: &OverTensors) -> Vec<Block> {
    let told = own.together.telling(MOST_ALL_TENSORS);
    let at = |position: &usize| &own.together.variants[*position];
    let shown: Vec<&VariantSummary> = told.iter().map(at).collect();
    let lowest = told.iter().filter_map(|position| {
        let (tensor, ratio) = own.lowest[*position].as_ref()?;
        Some(vec![at(position).label.to_string(), tensor.clone(), fixed(*ratio, 1)])
    });
    let lowest: Vec<Vec<String>> = lowest.collect();
    let mut blocks = vec![errors_and_sizes(&shown)];
    if !lowest.is_empty() {
        blocks.push(paragraph("The tensor with the lowest signal-to-noise ratio under each variant:"));
        blocks.push(Block::Table(Table::new(2, &["Variant", "Tensor", "SQNR in dB"], lowest)));
    }
    blocks.extend(each_tensor(summary, own));
    blocks
}

/// The signal-to-noise ratio of each tensor under the best scheme of each bit width.
fn each_tensor(summary: &Summary, own: &OverTensors) -> Vec<Block> {
    let best: Vec<&VariantSummary> =
        own.together.least_error.iter().map(|position| &own.together.variants[*position]).collect();
    let mut headings = vec!["Tensor".to_owned(), "Float bytes".to_owned()];
    headings.extend(best.iter().map(|variant| variant.label.to_string()));
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let rows = summary.comparisons.iter().take(MOST_TENSORS).map(|comparison| {
        let float = comparison.float().map_or_else(String::new, |float| count(float.true_bytes));
        let ratio = |variant: &&VariantSummary| {
            let same = |other: &&VariantSummary| other.origin.variant == variant.origin.variant;
            let own = comparison.variants.iter().find(same);
            own.map_or_else(String::new, |own| fixed(own.sqnr_db.mean, 1))
        };
        [comparison.name().to_owned(), float].into_iter().chain(best.iter().map(ratio)).collect()
    });
    let table = Table::new(1, &headings, rows.collect());
    let rest = match summary.comparisons.len() {
        more if more > MOST_TENSORS => format!(" The first {MOST_TENSORS} of {more};"),
        _ => String::new(),
    };
    let title = format!(
        "SQNR in dB of each tensor, under the variant of least error at each bit width.{rest} results.csv has every variant of every tensor."
    );
    vec![paragraph(title), Block::Table(table)]
}

fn setting(comparison: &Comparison) -> Option<Block> {
    let shape = comparison.shape?;
    let seeds = if comparison.units > 1 {
        format!(" Means over {}, with the sample deviation over them.", comparison.runs(comparison.units))
    } else {
        String::new()
    };
    let untested = comparison.float().is_some_and(|float| {
        float.flags.iter().any(|(flag, _)| matches!(flag, Flag::UntestedClasses { .. }))
    });
    let averaged = if untested { "those with test rows, see the flags" } else { "all of them" };
    let training = match shape.train_rows {
        0 => String::new(),
        rows => format!("{}, ", counted(rows, "training row", "training rows")),
    };
    Some(paragraph(format!(
        "{} on {}: {training}{}, {}, {}; macro-F1 is over {averaged}.{seeds}",
        if comparison.task.model.is_empty() { "Values" } else { &comparison.task.model },
        comparison.task.dataset,
        counted(shape.test_rows, "test row", "test rows"),
        counted(shape.features, "feature", "features"),
        counted(shape.classes, "class", "classes")
    )))
}

/// How each variant scores, and what that says against float.
fn scores(comparison: &Comparison, shown: &[&VariantSummary], rule: &PickRule) -> Block {
    let repeated = comparison.units > 1;
    let mut headings = vec!["Variant".to_owned(), "All bytes".to_owned(), "Macro-F1".to_owned()];
    if repeated {
        headings.push("Spread".to_owned());
    }
    headings.extend([
        "95 % interval".to_owned(),
        if rule.metric == Metric::MacroF1 { "Loss".to_owned() } else { format!("Loss of {}", rule.metric) },
        format!("At most ({})", rule.confidence_text()),
        format!("Within {}", rule.margin),
        "Beaten by".to_owned(),
        "On the front".to_owned(),
    ]);
    let words = headings.len() - 3;
    let rows = shown.iter().map(|variant| {
        let mut row = vec![comparison.label_with_runs(variant), count(variant.true_bytes)];
        let Some(scores) = &variant.scores else {
            row.resize(headings.len(), String::new());
            return row;
        };
        row.push(score(scores.macro_f1.mean));
        if repeated {
            row.push(scores.macro_f1.deviation.map_or_else(String::new, score));
        }
        row.push(scores.interval.map_or_else(String::new, |interval| {
            format!("[{}, {}]", fixed(interval.low, 3), fixed(interval.high, 3))
        }));
        match variant.standing {
            Some(Standing { loss, verdicts: [verdict, _], dominated_by, .. }) => {
                let decimals = supported_decimals(loss.standard_error);
                let upper_bound = rule.upper_bound(&loss);
                row.extend([fixed(loss.value, decimals), numbers::bound(upper_bound, decimals, rule.margin)]);
                row.push(verdict.words());
                row.push(
                    dominated_by
                        .map_or_else(String::new, |position| comparison.variants[position].label.to_string()),
                );
            }
            None => row.extend([const { String::new() }; 4]),
        }
        row.push(
            variant.front_share.map_or_else(String::new, |share| format!("{} %", fixed(100.0 * share, 0))),
        );
        row
    });
    let rows = rows.collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    Block::Table(Table::new(1, &headings, rows).with_words_in(words).with_words_in(words + 1))
}

/// Further measures on the test rows.
fn further_scores(comparison: &Comparison, shown: &[&VariantSummary]) -> Block {
    let repeated = comparison.units > 1;
    let mut headings = vec!["Variant", "Accuracy", "Log loss", "Brier score"];
    let scored = || shown.iter().filter_map(|variant| variant.scores.as_ref());
    let has_calibration = scored().any(|scores| scores.calibration_error.is_some());
    let has_divergence = scored().any(|scores| scores.divergence.is_some());
    if has_calibration {
        headings.push("Calibration error");
    }
    headings.extend(["Agreement", "Lost", "Gained"]);
    headings.push(if repeated { "Runs told apart" } else { "p" });
    if has_divergence {
        headings.extend(["KL to float", "KL, 99 %", "RMS change", "Margin change"]);
    }
    let rows = shown.iter().map(|variant| {
        let mut row = vec![comparison.label_with_runs(variant)];
        let Some(scores) = &variant.scores else {
            row.resize(headings.len(), String::new());
            return row;
        };
        row.push(score(scores.accuracy.mean));
        row.push(significant(scores.log_loss.mean, 3));
        row.push(significant(scores.brier.mean, 3));
        if has_calibration {
            row.push(scores.calibration_error.map_or_else(String::new, |error| significant(error.mean, 3)));
        }
        if variant.origin.is_float() {
            row.resize(headings.len(), String::new());
            return row;
        }
        row.push(score(scores.agreement.mean));
        row.push(count(scores.lost as f64));
        row.push(count(scores.gained as f64));
        row.push(if repeated {
            format!("{} of {}", scores.distinguishable_runs, variant.runs)
        } else {
            scores.macro_f1_p_value.map_or_else(String::new, p_value)
        });
        if let Some(divergence) = &scores.divergence {
            row.push(supported(divergence.kl.mean, divergence.kl_standard_error, 3));
            row.push(significant(divergence.kl_p99.mean, 3));
            row.push(significant(divergence.probability_change_rms.mean, 3));
            row.push(significant(divergence.margin_change.mean, 3));
        }
        row.resize(headings.len(), String::new());
        row
    });
    let rows = rows.collect();
    Block::Table(Table::new(1, &headings, rows))
}

fn errors_and_sizes(shown: &[&VariantSummary]) -> Block {
    let scored = shown.iter().any(|variant| variant.scores.is_some());
    let has_scaler = shown.iter().any(|variant| variant.measures.size.scaler > 0);
    let mut headings = vec!["Variant", "SSE", "MSE", "Largest error", "SQNR in dB", "Payload bytes"];
    if has_scaler {
        headings.push("Scaler bytes");
    }
    headings.extend(["All bytes", "Compression"]);
    if scored {
        headings.extend(["Macro-F1 per payload KB", "Macro-F1 per KB"]);
    }
    let rows = shown
        .iter()
        .map(|variant| {
            let mut row = vec![
                variant.label.to_string(),
                significant(variant.sse.mean, 5),
                significant(variant.mse.mean, 4),
                significant(variant.max_error, 4),
                fixed(variant.sqnr_db.mean, 1),
                count(variant.payload_bytes),
            ];
            if has_scaler {
                row.push(count(variant.measures.size.scaler as f64));
            }
            row.push(count(variant.true_bytes));
            row.push(if variant.true_bytes > 0.0 {
                format!("{}×", fixed(variant.measures.size.float as f64 / variant.true_bytes, 2))
            } else {
                String::new()
            });
            if scored {
                let per_kb = |bytes: f64| match &variant.scores {
                    Some(scores) if bytes > 0.0 => significant(scores.macro_f1.mean * KB / bytes, 4),
                    Some(_) | None => String::new(),
                };
                row.push(per_kb(variant.payload_bytes));
                row.push(per_kb(variant.true_bytes));
            }
            row
        })
        .collect();
    Block::Table(Table::new(1, &headings, rows))
}

/// Precision, recall and F1 of each class, for float and the picks of a single run.
fn classes(report: &Report<'_>, comparison: &Comparison) -> Vec<Block> {
    if comparison.units != 1 {
        return Vec::new();
    }
    let Some(float) = comparison.float() else { return Vec::new() };
    let picked = comparison.picked().into_iter().map(|position| &comparison.variants[position]);
    let variants: Vec<&VariantSummary> = std::iter::once(float).chain(picked).collect();
    let unit = float.origin.unit.keys();
    let Some(predictions) = report.records.predictions.iter().find(|own| own.unit.keys() == unit) else {
        return Vec::new();
    };
    if predictions.classes.len() > MOST_CLASSES {
        return Vec::new();
    }
    let confusion = |variant: &&VariantSummary| predictions.confusion(variant.origin.position)?.ok();
    let confusions: Vec<Option<Confusion>> = variants.iter().map(confusion).collect();
    let Some(Some(of_float)) = confusions.first() else { return Vec::new() };
    let mut headings = vec!["Class".to_owned(), "Support".to_owned()];
    for variant in &variants {
        headings.extend(["precision", "recall", "F1"].map(|measure| format!("{}, {measure}", variant.label)));
    }
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let classes = predictions.classes.iter().enumerate();
    let rows = classes.map(|(class, name)| {
        let mut row = vec![name.clone(), count(of_float.support()[class] as f64)];
        for confusion in &confusions {
            match confusion {
                Some(own) if own.support()[class] > 0 => row.extend(
                    [own.precision(class), own.recall(class), own.f1(class)].map(|value| fixed(value, 3)),
                ),
                Some(_) | None => row.extend([String::new(), String::new(), String::new()]),
            }
        }
        row
    });
    let table = Block::Table(Table::new(1, &headings, rows.collect()));
    if predictions.classes.len() > MOST_OPEN_CLASSES {
        vec![Block::Folded(format!("The {} classes", predictions.classes.len()), vec![table])]
    } else {
        vec![table]
    }
}

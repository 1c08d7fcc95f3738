//! Where the output error comes from, and on which layer the next byte is best spent.

use bitsweep_results::numbers::{count, fixed, score, significant};
use bitsweep_results::summary::{Attribution, TensorAttribution};
use bitsweep_results::{Comparison, ErrorPart};

use super::block::{Block, Span, Table, paragraph};
use crate::report::Report;

/// Tasks with tables of their own.
const MOST_TASKS: usize = 6;
/// Variants in a table, float not counted.
const MOST_VARIANTS: usize = 4;

pub(super) fn blocks(report: &Report<'_>) -> Vec<Block> {
    let summary = report.summary;
    let told: Vec<(&Comparison, Vec<(&str, Attribution)>)> = summary
        .comparisons
        .iter()
        .map(|comparison| (comparison, attributions(report, comparison)))
        .filter(|(_, attributions)| !attributions.is_empty())
        .collect();
    if told.is_empty() {
        return Vec::new();
    }
    let (one, several) = summary.run_nouns();
    let mut blocks = vec![
        Block::Heading(2, "Where the error comes from".to_owned()),
        paragraph(format!(
            "One tensor quantized at a time, all others float (x1 stands for the inputs of the first layer); means over the {several}, on the training rows, so that whoever chooses bits by these numbers has not seen a test row. The output error is the mean squared change of the logits. Rounding and clipping are the parts of a weight's error inside and outside the span of the levels, each by itself. The gain is the output error that one bit more on that weight saves for each byte it costs. sensitivity.csv has every variant and {one}.",
        )),
    ];
    for (comparison, attributions) in told.iter().take(MOST_TASKS) {
        if summary.comparisons.len() > 1 {
            blocks.push(Block::Heading(3, comparison.name().to_owned()));
        }
        blocks.push(table(attributions));
        blocks.push(Block::List(attributions.iter().map(|(label, own)| advice(label, own)).collect()));
    }
    if told.len() > MOST_TASKS {
        blocks.push(paragraph(format!(
            "The first {MOST_TASKS} of {} tasks; sensitivity.csv has all.",
            told.len()
        )));
    }
    blocks
}

fn attributions<'s>(report: &Report<'_>, comparison: &'s Comparison) -> Vec<(&'s str, Attribution)> {
    let quantized = comparison.telling(MOST_VARIANTS + 1).into_iter();
    let quantized = quantized.filter(|position| Some(*position) != comparison.float).take(MOST_VARIANTS);
    quantized
        .filter_map(|position| {
            let attribution = Attribution::of(report.records, comparison, position)?;
            Some((comparison.variants[position].label.text(), attribution))
        })
        .collect()
}

fn table(attributions: &[(&str, Attribution)]) -> Block {
    let headings = [
        "Variant",
        "Tensor",
        "Bits",
        "Bytes",
        "Output error",
        "Share",
        "Of rounding",
        "Of clipping",
        "Macro-F1",
        "Gain per byte",
    ];
    let rows = attributions.iter().flat_map(|(label, attribution)| {
        let sum = attribution.sum();
        attribution.tensors.iter().map(move |tensor| {
            let part = |part: ErrorPart| {
                let found = tensor.parts.iter().find(|(known, _)| *known == part);
                found.map_or_else(String::new, |(_, error)| significant(*error, 3))
            };
            let share = if sum > 0.0 { 100.0 * tensor.output_error / sum } else { 0.0 };
            vec![
                (*label).to_owned(),
                tensor.tensor.to_string(),
                tensor.bits.map_or_else(|| "f32".to_owned(), bits),
                count(tensor.bytes),
                significant(tensor.output_error, 3),
                format!("{} %", fixed(share, 0)),
                part(ErrorPart::Rounding),
                part(ErrorPart::Clipping),
                score(tensor.macro_f1),
                tensor.gain_per_byte.map_or_else(String::new, |gain| significant(gain, 2)),
            ]
        })
    });
    Block::Table(Table::new(2, &headings, rows.collect()))
}

/// Whole where all runs have the same.
fn bits(mean: f64) -> String {
    if mean.fract() == 0.0 { fixed(mean, 0) } else { fixed(mean, 1) }
}

fn advice(label: &str, attribution: &Attribution) -> Vec<Span> {
    let mut spans = vec![Span::Strong(label.to_owned()), Span::Plain(": ".to_owned())];
    spans.push(Span::Plain(match attribution.next_byte() {
        None => "no byte more is known to lower the output error.".to_owned(),
        Some(best) => {
            let runner_up = runner_up(attribution, best).map_or_else(String::new, |(other, times)| {
                format!(", {} times as much as on {}", significant(times, 2), other.tensor)
            });
            let gain = best.gain_per_byte.unwrap_or(0.0);
            format!(
                "the next byte is best spent on {}: it saves {} of output error{runner_up}.",
                best.tensor,
                significant(gain, 2)
            )
        }
    }));
    let (sum, whole) = (attribution.sum(), attribution.output_error);
    if attribution.tensors.len() > 1 && sum > 0.0 {
        let excess = 100.0 * (whole - sum) / sum;
        let difference = match (fixed(excess.abs(), 0), excess < 0.0) {
            (amount, _) if amount == "0" => "as much".to_owned(),
            (amount, true) => format!("{amount} % less"),
            (amount, false) => format!("{amount} % more"),
        };
        spans.push(Span::Plain(format!(
            " The tensors' own errors add up to {}; together they make {}, {difference}.",
            significant(sum, 3),
            significant(whole, 3)
        )));
    }
    spans
}

/// The tensor with the second largest gain, and how many times larger the largest is.
fn runner_up<'a>(
    attribution: &'a Attribution,
    best: &TensorAttribution,
) -> Option<(&'a TensorAttribution, f64)> {
    let others = attribution.tensors.iter().filter(|tensor| tensor.tensor != best.tensor);
    let gains = others.filter_map(|tensor| Some((tensor, tensor.gain_per_byte.filter(|gain| *gain > 0.0)?)));
    let (tensor, gain) = gains.reduce(|best, other| if other.1 > best.1 { other } else { best })?;
    Some((tensor, best.gain_per_byte? / gain))
}

//! Where the output error comes from: a bar a tensor, split by what made its error.

use bitsweep_results::numbers::{fixed, significant};
use bitsweep_results::summary::Attribution;
use bitsweep_results::{Comparison, ErrorPart, Goal};
use plotters::style::RGBColor;

use super::bar_chart::BarChart;
use super::subject::{MOST_PANELS, Subject, left_out, names};
use crate::draw::bars::Bar;
use crate::draw::canvas::Fault;
use crate::draw::colour::series;
use crate::report::Chart;

pub(super) const NAME: &str = "sensitivity";

/// The variant that is shown: the balance pick, else the first of the smallest on the front, else the first quantized one.
fn shown(comparison: &Comparison) -> Option<usize> {
    let picked = comparison.picks.as_ref().and_then(|picks| picks.variant(Goal::Balance));
    let quantized = |position: &usize| Some(*position) != comparison.float;
    picked
        .filter(quantized)
        .or_else(|| comparison.front.iter().copied().find(quantized))
        .or_else(|| (0..comparison.variants.len()).find(quantized))
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let found: Vec<(&Comparison, usize, Attribution)> = subject
        .summary
        .comparisons
        .iter()
        .filter_map(|comparison| {
            let position = shown(comparison)?;
            let attribution = Attribution::of(subject.records, comparison, position)?;
            (!attribution.tensors.is_empty()).then_some((comparison, position, attribution))
        })
        .collect();
    if found.is_empty() {
        return Ok(None);
    }
    let all = found.len();
    let found = &found[..all.min(MOST_PANELS)];
    let names = names(&found.iter().map(|(comparison, ..)| *comparison).collect::<Vec<_>>());
    let mut parts: Vec<ErrorPart> = Vec::new();
    for (part, error) in found.iter().flat_map(|(.., own)| &own.tensors).flat_map(|tensor| &tensor.parts) {
        if *error > 0.0 && !parts.contains(part) {
            parts.push(*part);
        }
    }
    let colour = |part: ErrorPart| -> RGBColor {
        series(parts.iter().position(|known| *known == part).unwrap_or(parts.len()))
    };
    let rows: Vec<Bar> = found
        .iter()
        .zip(&names)
        .flat_map(|((comparison, position, attribution), name)| {
            let group = format!("{name}: {}", comparison.variants[*position].label);
            let sum = attribution.sum();
            attribution.tensors.iter().map(move |tensor| {
                let share = |error: f64| if sum > 0.0 { error / sum } else { 0.0 };
                Bar {
                    group: group.clone(),
                    label: tensor.tensor.to_string(),
                    parts: tensor.parts.iter().map(|(part, error)| (share(*error), colour(*part))).collect(),
                    mark: None,
                    note: format!(
                        "{} % · {}",
                        fixed(100.0 * share(tensor.output_error), 0),
                        significant(tensor.output_error, 3)
                    ),
                    strong: false,
                }
            })
        })
        .collect();

    let subtitle = format!(
        "Each tensor quantized alone, the others float: share of the sum, and mean squared change of the logits on the training rows.{}",
        left_out(found.len(), all)
    );
    let alt = format!(
        "Bar chart of the output error that each tensor causes alone: {}.",
        rows.iter()
            .map(|row| format!("{}, {} {}", row.group, row.label, row.note))
            .collect::<Vec<_>>()
            .join("; ")
    );
    let chart = BarChart {
        name: NAME,
        title: "Where the output error comes from",
        subtitle: &subtitle,
        legend: parts.iter().map(|part| (part.to_string(), colour(*part))).collect(),
        bars: &rows,
        alt,
    };
    chart.draw().map(Some)
}

//! Where the output error comes from: a bar a tensor, split by what made its error.

use bitsweep_results::Comparison;
use bitsweep_results::numbers::{fixed, significant};
use bitsweep_results::summary::{Attribution, PickOutcome};
use plotters::style::RGBColor;

use super::{MOST_PANELS, Subject, distinct_names, left_out};
use crate::Chart;
use crate::draw::bars::{Bar, bars, height};
use crate::draw::canvas::{self, Fault, WIDTH};
use crate::draw::colour::series;
use crate::draw::frame::{Header, MARGIN, Rect};
use crate::draw::legend::Legend;

pub(super) const NAME: &str = "sensitivity";

/// The variant that is shown: the balance pick, else the first of the smallest on the front, else the first quantized one.
fn shown(comparison: &Comparison) -> Option<usize> {
    let picked = comparison.picks.as_ref().and_then(|picks| match &picks.balance {
        PickOutcome::Picked(pick) => Some(pick.variant),
        PickOutcome::NoneQualifies { .. } | PickOutcome::NoBaseline => None,
    });
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
    let names = distinct_names(&found.iter().map(|(comparison, ..)| *comparison).collect::<Vec<_>>());
    let mut parts: Vec<&'static str> = Vec::new();
    for (name, error) in found.iter().flat_map(|(.., own)| &own.tensors).flat_map(|tensor| &tensor.parts) {
        if *error > 0.0 && !parts.contains(name) {
            parts.push(name);
        }
    }
    let colour = |name: &str| -> RGBColor {
        series(parts.iter().position(|known| *known == name).unwrap_or(parts.len()))
    };
    let rows: Vec<Bar> = found
        .iter()
        .zip(&names)
        .flat_map(|((comparison, position, attribution), name)| {
            let group = format!("{name}: {}", comparison.variants[*position].first.label);
            let sum = attribution.sum();
            attribution.tensors.iter().map(move |tensor| {
                let share = |error: f64| if sum > 0.0 { error / sum } else { 0.0 };
                Bar {
                    group: group.clone(),
                    label: tensor.tensor.clone(),
                    parts: tensor.parts.iter().map(|(part, error)| (share(*error), colour(part))).collect(),
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

    let title = "Where the output error comes from".to_owned();
    let header = Header::new(
        &title,
        &format!(
            "Each tensor quantized alone, the others float: share of the sum, and mean squared change of the logits on the training rows.{}",
            left_out(found.len(), all)
        ),
    );
    let legend = Legend::new(parts.iter().map(|part| ((*part).to_owned(), colour(part))));
    let top = header.bottom() + legend.height();
    let area = Rect { left: MARGIN, top, right: WIDTH - MARGIN, bottom: 0.0 };
    let alt = format!(
        "Bar chart of the output error that each tensor causes alone: {}.",
        rows.iter()
            .map(|row| format!("{}, {} {}", row.group, row.label, row.note))
            .collect::<Vec<_>>()
            .join("; ")
    );
    let svg = canvas::draw(area.top + height(&rows) + MARGIN, &alt, |canvas| {
        header.draw(canvas)?;
        legend.draw(canvas, header.bottom())?;
        bars(canvas, &area, &rows)
    })?;
    Ok(Some(Chart { name: NAME.to_owned(), title, alt, svg }))
}

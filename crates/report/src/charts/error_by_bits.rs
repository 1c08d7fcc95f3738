//! Mean squared error against bits, on a logarithmic axis.

use bitsweep_results::VariantSummary;

use super::lines::LineChart;
use super::schemes::{Better, LinePanel, Mark, gather};
use super::subject::{MOST_PANELS, Subject, left_out};
use crate::draw::canvas::Fault;
use crate::draw::frame::Header;
use crate::draw::scale::Scale;
use crate::report::Chart;

pub(super) const NAME: &str = "error-by-bits";

fn mark(variant: &VariantSummary) -> Option<Mark> {
    // A logarithmic axis has no place for an error of zero.
    (variant.mse.mean > 0.0).then(|| Mark {
        bits: f64::from(variant.bits()),
        value: variant.mse.mean,
        whiskers: None,
    })
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let mut panes: Vec<LinePanel> = gather(subject.summary, Better::Low, mark);
    if panes.is_empty() {
        return Ok(None);
    }
    let all = panes.len();
    panes.truncate(MOST_PANELS);
    let title = "Quantization error against bits".to_owned();
    let subtitle = "Mean squared error of the quantized values, logarithmic axis; a bit less makes a uniform grid's error about four times as large.";
    let left = match &subject.summary.over_tensors {
        Some(own) => format!(
            " The first {} of {} tensors beside all of them; results.csv has each.",
            panes.len() - 1,
            own.tensors
        ),
        None => left_out(panes.len(), all),
    };
    let header = Header::new(&title, &format!("{subtitle}{left}"));
    let values =
        || panes.iter().flat_map(|pane| &pane.lines).flat_map(|line| &line.marks).map(|mark| mark.value);
    let scale = Scale::logarithmic(values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));

    let alt = format!(
        "Line chart of mean squared error against bits per code, logarithmic, for {}.",
        panes.first().map_or_else(String::new, |pane| {
            pane.lines.iter().map(|line| line.name.as_str()).take(6).collect::<Vec<_>>().join(", ")
        })
    );
    let svg = LineChart { header, panels: &panes, scale, ticks: 6, measure: "mean squared error", alt: &alt }
        .draw()?;
    Ok(Some(Chart { name: NAME.to_owned(), title, alt, svg }))
}

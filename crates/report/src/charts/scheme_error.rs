//! The errors of a tensor experiment's schemes, as bars.

use bitsweep_results::numbers::{fixed, significant};

use super::bar_chart::{BarChart, in_words};
use super::selection::telling;
use super::subject::Subject;
use crate::draw::bars::Bar;
use crate::draw::canvas::Fault;
use crate::draw::colour::{VERMILLION, tint};
use crate::report::Chart;

pub(super) const NAME: &str = "error-by-scheme";

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let shown = telling(subject.summary, 16, |comparison| !comparison.has_scores());
    let rows: Vec<Bar> = shown
        .iter()
        .filter(|shown| !shown.float && shown.variant.mse.mean.is_finite())
        .map(|shown| {
            let least = shown.comparison.least_error.contains(&shown.position);
            let (mse, sqnr) = (shown.variant.mse.mean, shown.variant.sqnr_db.mean);
            let ratio = if sqnr.is_finite() { format!(" · {} dB", fixed(sqnr, 1)) } else { String::new() };
            Bar {
                group: shown.group.clone(),
                label: shown.label.clone(),
                parts: vec![(mse, tint(VERMILLION, if least { 1.0 } else { 0.55 }))],
                mark: None,
                note: format!("{}{ratio}", significant(mse, 3)),
                strong: least,
            }
        })
        .collect();
    if rows.len() < 2 || rows.iter().all(|row| row.parts.iter().all(|(value, _)| *value == 0.0)) {
        return Ok(None);
    }
    let alt = format!("Bar chart of mean squared errors: {}.", in_words(&rows));
    let chart = BarChart {
        name: NAME,
        title: "Reconstruction error by scheme",
        subtitle: "Mean squared error of the reconstruction, and the signal-to-quantization-noise ratio. In bold the least error at each bit width, among schemes smaller than float where there are any.",
        legend: Vec::new(),
        bars: &rows,
        alt,
    };
    chart.draw().map(Some)
}

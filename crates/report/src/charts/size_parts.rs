//! Sizes split into their parts, after notebook 003's bars.

use bitsweep_results::SizeMeasures;
use bitsweep_results::numbers::{count, fixed};
use plotters::style::RGBColor;

use super::bar_chart::{BarChart, in_words};
use super::selection::telling;
use super::subject::Subject;
use crate::draw::bars::Bar;
use crate::draw::canvas::Fault;
use crate::draw::colour::{AXIS, FLOAT, SERIES};
use crate::report::Chart;

pub(super) const NAME: &str = "size-parts";

/// A part's name and its bytes.
type Part = (&'static str, fn(&SizeMeasures) -> u64);

const PARTS: [Part; 8] = [
    ("codes", |size| size.stored.codes),
    ("scales", |size| size.stored.scales),
    ("zero points", |size| size.stored.zero_points),
    ("codebooks", |size| size.stored.codebooks),
    ("biases in f32", |size| size.biases),
    ("scaler of the features", |size| size.scaler),
    ("outliers", |size| size.stored.outliers),
    ("padding", |size| size.stored.padding),
];

/// One for each part.
const COLOURS: [RGBColor; PARTS.len()] =
    [SERIES[0], SERIES[1], SERIES[2], SERIES[3], SERIES[4], AXIS, RGBColor(0, 0, 0), SERIES[5]];

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let shown = telling(subject.summary, 16, |_| true);
    let rows: Vec<Bar> = shown
        .iter()
        .filter(|shown| shown.variant.true_bytes > 0.0)
        .map(|shown| {
            let size = &shown.variant.measures.size;
            let parts = if shown.float {
                vec![(size.total() as f64, FLOAT)]
            } else {
                PARTS
                    .iter()
                    .zip(COLOURS)
                    .map(|((_, bytes), colour)| (bytes(size) as f64, colour))
                    .filter(|(bytes, _)| *bytes > 0.0)
                    .collect()
            };
            let float = shown.comparison.float().map(|float| float.true_bytes);
            let smaller = match float {
                Some(bytes) if !shown.float => format!(" · {}×", fixed(bytes / size.total() as f64, 1)),
                Some(_) | None => String::new(),
            };
            Bar {
                group: shown.group.clone(),
                label: shown.label.clone(),
                parts,
                mark: None,
                note: format!("{} B{smaller}", count(size.total() as f64)),
                strong: shown.picked,
            }
        })
        .collect();
    if rows.len() < 2 {
        return Ok(None);
    }
    let legend: Vec<(String, RGBColor)> = PARTS
        .iter()
        .zip(COLOURS)
        .filter(|((_, bytes), _)| {
            shown.iter().any(|shown| !shown.float && bytes(&shown.variant.measures.size) > 0)
        })
        .map(|((name, _), colour)| ((*name).to_owned(), colour))
        .chain(shown.iter().any(|shown| shown.float).then_some(("float".to_owned(), FLOAT)))
        .collect();
    let alt = format!("Stacked bar chart of stored bytes by part: {}.", in_words(&rows));
    let chart = BarChart {
        name: NAME,
        title: "What is stored, by part",
        subtitle: "Bytes of everything needed to run the model, and how many times smaller than float.",
        legend,
        bars: &rows,
        alt,
    };
    chart.draw().map(Some)
}

//! Sizes split into their parts, after notebook 003's bars.

use bitsweep_results::SizeMeasures;
use bitsweep_results::numbers::{count, fixed};
use plotters::style::RGBColor;

use super::Subject;
use super::selection::telling;
use crate::Chart;
use crate::draw::bars::{Bar, bars, height};
use crate::draw::canvas::{self, Fault, WIDTH};
use crate::draw::colour::{FLOAT, SERIES};
use crate::draw::frame::{Header, MARGIN, Rect};
use crate::draw::legend::Legend;

pub(super) const NAME: &str = "size-parts";

/// A part's name and its bytes.
type Part = (&'static str, fn(&SizeMeasures) -> u64);

const PARTS: [Part; 7] = [
    ("codes", |size| size.codes),
    ("scales", |size| size.scales),
    ("zero points", |size| size.zero_points),
    ("codebooks", |size| size.codebooks),
    ("biases in f32", |size| size.biases),
    ("outliers", |size| size.outliers),
    ("padding", |size| size.padding),
];

/// One for each part.
const COLOURS: [RGBColor; PARTS.len()] =
    [SERIES[0], SERIES[1], SERIES[2], SERIES[3], SERIES[4], RGBColor(0, 0, 0), SERIES[5]];

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let shown = telling(&subject.summary, 16, |_| true);
    let rows: Vec<Bar> = shown
        .iter()
        .filter(|shown| shown.variant.true_bytes > 0.0)
        .map(|shown| {
            let size = &shown.variant.first.size;
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
    let used: Vec<(String, RGBColor)> = PARTS
        .iter()
        .zip(COLOURS)
        .filter(|((_, bytes), _)| {
            shown.iter().any(|shown| !shown.float && bytes(&shown.variant.first.size) > 0)
        })
        .map(|((name, _), colour)| ((*name).to_owned(), colour))
        .chain(shown.iter().any(|shown| shown.float).then_some(("float".to_owned(), FLOAT)))
        .collect();

    let title = "What is stored, by part".to_owned();
    let header = Header::new(
        &title,
        "Bytes of everything needed to run the model, and how many times smaller than float.",
    );
    let legend = Legend::new(used);
    let top = header.bottom() + legend.height();
    let area = Rect { left: MARGIN, top, right: WIDTH - MARGIN, bottom: 0.0 };
    let alt = format!(
        "Stacked bar chart of stored bytes by part: {}.",
        rows.iter().map(|row| format!("{} {}", row.label, row.note)).collect::<Vec<_>>().join(", ")
    );
    let svg = canvas::draw(area.top + height(&rows) + MARGIN, &alt, |canvas| {
        header.draw(canvas)?;
        legend.draw(canvas, header.bottom())?;
        bars(canvas, &area, &rows)
    })?;
    Ok(Some(Chart { name: NAME.to_owned(), title, alt, svg }))
}

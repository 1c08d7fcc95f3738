//! The errors of a tensor experiment's schemes, as bars.

use bitsweep_results::numbers::{fixed, significant};

use super::Subject;
use super::selection::telling;
use crate::Chart;
use crate::draw::bars::{Bar, bars, height};
use crate::draw::canvas::{self, Fault, WIDTH};
use crate::draw::colour::{VERMILLION, tint};
use crate::draw::frame::{Header, MARGIN, Rect};

pub(super) const NAME: &str = "error-by-scheme";

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let shown = telling(&subject.summary, 16, |comparison| !comparison.has_scores());
    let rows: Vec<Bar> = shown
        .iter()
        .filter(|shown| !shown.float && shown.variant.mse.mean.is_finite())
        .map(|shown| {
            let position =
                shown.comparison.variants.iter().position(|variant| std::ptr::eq(variant, shown.variant));
            let least = position.is_some_and(|position| shown.comparison.least_error.contains(&position));
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
    let title = "Reconstruction error by scheme".to_owned();
    let header = Header::new(
        &title,
        "Mean squared error of the reconstruction, and the signal-to-quantization-noise ratio; the least error at each bit width in bold.",
    );
    let area = Rect { left: MARGIN, top: header.bottom(), right: WIDTH - MARGIN, bottom: 0.0 };
    let alt = format!(
        "Bar chart of mean squared errors: {}.",
        rows.iter().map(|row| format!("{} {}", row.label, row.note)).collect::<Vec<_>>().join(", ")
    );
    let svg = canvas::draw(area.top + height(&rows) + MARGIN, &alt, |canvas| {
        header.draw(canvas)?;
        bars(canvas, &area, &rows)
    })?;
    Ok(Some(Chart { name: NAME.to_owned(), title, alt, svg }))
}

//! Small tensors value by value: what was quantized, what came back, and the difference.

use bitsweep_results::{Key, ValueRow};

use super::subject::{MOST_PANELS, Subject};
use crate::draw::canvas::{self, Canvas, Fault};
use crate::draw::colour::{AXIS, BLUE, FLOAT, VERMILLION};
use crate::draw::frame::{Axis, Header, Rect, frame, frame_room, panel_name, panels};
use crate::draw::scale::Scale;
use crate::draw::text::{SMALL, fitted};
use crate::report::Chart;
use crate::values::of_small_tensors;

pub(super) const VALUES: &str = "values";
pub(super) const ERRORS: &str = "reconstruction-errors";

/// Values above which single dots say nothing.
const MOST_VALUES: usize = 64;

/// One variant of one small tensor.
struct Panel<'a> {
    name: &'a str,
    /// The tensor's name, where there are several.
    dataset: Option<&'a str>,
    /// Panels of one tensor share their scale.
    tensor: ((Key, Key), &'a str),
    values: &'a [ValueRow],
}

fn gather<'a>(subject: &Subject<'a>) -> Vec<Panel<'a>> {
    if subject.summary.comparisons.iter().any(|comparison| comparison.has_scores()) {
        return Vec::new();
    }
    let several = subject.summary.comparisons.len() > 1;
    of_small_tensors(&subject.records.values, MOST_VALUES)
        .into_iter()
        .filter_map(|values| {
            let ValueRow { origin, tensor, .. } = values.first()?;
            let finite = values.iter().all(|row| row.value.is_finite() && row.error.is_finite());
            finite.then(|| Panel {
                name: subject.label(origin).text(),
                dataset: several.then_some(origin.unit.task.dataset.as_str()),
                tensor: (origin.unit.keys(), tensor),
                values,
            })
        })
        .take(MOST_PANELS)
        .collect()
}

/// Least and greatest of what `parts` gives for all values of the panels with the same tensor.
fn extent<const N: usize>(
    panes: &[Panel<'_>],
    own: &Panel<'_>,
    parts: fn(&ValueRow) -> [f64; N],
) -> (f64, f64) {
    let all = || {
        panes.iter().filter(|other| other.tensor == own.tensor).flat_map(|other| other.values).flat_map(parts)
    };
    (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max))
}

/// Draws one panel a variant, each with its name, frame and what `dots` puts into it.
fn draw_panels(
    panes: &[Panel<'_>],
    header: &Header,
    alt: &str,
    measure: &str,
    scale: impl Fn(&Panel<'_>) -> Scale,
    dots: impl Fn(&Canvas<'_>, &Panel<'_>, Scale, Scale) -> Result<(), Fault>,
) -> Result<String, Fault> {
    let layout = panels(panes.len(), header.bottom(), 280.0, 220.0);
    canvas::draw(layout.height, alt, |canvas| {
        header.draw(canvas)?;
        for (cell, panel) in layout.cells.iter().zip(panes) {
            panel_name(canvas, cell, panel.name)?;
            let plot: Rect = frame_room(cell.inset(0.0, 18.0, 0.0, 0.0), 6.0);
            let y = scale(panel).on(plot.bottom, plot.top);
            let title = match panel.dataset {
                Some(dataset) => fitted(&format!("{measure}, {dataset}"), SMALL, false, cell.width()),
                None => measure.to_owned(),
            };
            let x = Scale::linear(0.0, (panel.values.len().max(2) - 1) as f64)
                .on(plot.left + 8.0, plot.right - 8.0);
            let ticks = x.ticks(6).into_iter().filter(|tick| tick.value.fract() == 0.0).collect();
            frame(
                canvas,
                &plot,
                &Axis { scale: x, ticks, title: "position" },
                &Axis { scale: y, ticks: y.ticks(6), title: &title },
            )?;
            dots(canvas, panel, x, y)?;
        }
        Ok(())
    })
}

pub(super) fn draw_values(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let panes = gather(subject);
    if panes.is_empty() {
        return Ok(None);
    }
    let title = "Values and their reconstruction".to_owned();
    let header = Header::new(&title, "Ring: the value. Blue dot: what its code stands for.");
    let alt = format!("Dot charts of values and reconstructions for {}.", names(&panes));
    let svg = draw_panels(
        &panes,
        &header,
        &alt,
        "value",
        |panel| {
            let (low, high) = extent(&panes, panel, |row| [row.value, row.reconstruction, 0.0]);
            Scale::nice(low, high, 6)
        },
        |canvas, panel, x, y| {
            canvas.line((x.start() - 8.0, y.at(0.0)), (x.end() + 8.0, y.at(0.0)), AXIS, 0.8)?;
            for (index, row) in panel.values.iter().enumerate() {
                let at = x.at(index as f64);
                canvas.line((at, y.at(row.value)), (at, y.at(row.reconstruction)), VERMILLION, 1.2)?;
                canvas.ring((at, y.at(row.value)), 4.4, FLOAT)?;
                canvas.disc((at, y.at(row.reconstruction)), 2.4, BLUE)?;
            }
            Ok(())
        },
    )?;
    Ok(Some(Chart { name: VALUES.to_owned(), title, alt, svg }))
}

pub(super) fn draw_errors(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let panes = gather(subject);
    if panes.iter().flat_map(|panel| panel.values).all(|row| row.error == 0.0) {
        return Ok(None);
    }
    let title = "Reconstruction error of each value".to_owned();
    let header = Header::new(&title, "Reconstruction minus value.");
    let alt = format!("Stem charts of the reconstruction error of each value for {}.", names(&panes));
    let svg = draw_panels(
        &panes,
        &header,
        &alt,
        "error",
        |panel| {
            let (low, high) = extent(&panes, panel, |row| [row.error, 0.0]);
            Scale::nice(low, high, 6)
        },
        |canvas, panel, x, y| {
            canvas.line((x.start() - 8.0, y.at(0.0)), (x.end() + 8.0, y.at(0.0)), AXIS, 0.8)?;
            for (index, row) in panel.values.iter().enumerate() {
                let at = x.at(index as f64);
                canvas.line((at, y.at(0.0)), (at, y.at(row.error)), VERMILLION, 1.6)?;
                canvas.disc((at, y.at(row.error)), 2.6, VERMILLION)?;
            }
            Ok(())
        },
    )?;
    Ok(Some(Chart { name: ERRORS.to_owned(), title, alt, svg }))
}

fn names(panes: &[Panel<'_>]) -> String {
    let name = |panel: &Panel<'_>| match panel.dataset {
        Some(dataset) => format!("{dataset} · {}", panel.name),
        None => panel.name.to_owned(),
    };
    panes.iter().map(name).collect::<Vec<_>>().join(", ")
}

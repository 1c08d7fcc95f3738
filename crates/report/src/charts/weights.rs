//! Weights before and after: the float distribution, and the levels it falls onto.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use bitsweep_results::{Choice, Goal, HistogramKind, HistogramRow, Origin};

use super::subject::{MOST_PANELS, Subject};
use crate::draw::canvas::{self, Canvas, Fault};
use crate::draw::colour::{AXIS, BLUE, REST, tint};
use crate::draw::frame::{Axis, Header, Rect, frame, panel_name, panels};
use crate::draw::scale::Scale;
use crate::report::Chart;

pub(super) const NAME: &str = "weights";

/// Levels above which a stem bears no dot.
const FEW_LEVELS: usize = 40;

/// Most that a panel rises above its densest bar, as a factor.
const HEADROOM: f64 = 1.35;

/// One variant of the shown tensor.
struct Panel<'a> {
    label: &'a str,
    bars: Vec<&'a HistogramRow>,
    levels: Vec<&'a HistogramRow>,
}

impl Panel<'_> {
    fn total(rows: &[&HistogramRow]) -> f64 {
        rows.iter().map(|row| row.count as f64).sum::<f64>().max(1.0)
    }

    /// Each float bar as left end, right end and share of the values for each unit of width.
    fn bar_densities(&self) -> Vec<(f64, f64, f64)> {
        let total = Self::total(&self.bars);
        self.bars
            .iter()
            .filter(|row| row.high > row.low)
            .map(|row| (row.low, row.high, row.count as f64 / total / (row.high - row.low)))
            .collect()
    }

    /// The density at the top of the panel: a crowded level may stand out above the densest bar, but not flatten it.
    fn ceiling(&self) -> f64 {
        let bar =
            self.bar_densities().iter().map(|(_, _, density)| *density).fold(f64::MIN_POSITIVE, f64::max);
        let level = self.level_densities().iter().map(|(_, density)| *density).fold(0.0, f64::max);
        level.clamp(bar, bar * HEADROOM)
    }

    /// Each level with the share of the values for each unit of width, as if spread over the cell around it.
    fn level_densities(&self) -> Vec<(f64, f64)> {
        let total = Self::total(&self.levels);
        let at: Vec<f64> = self.levels.iter().map(|row| row.low).collect();
        let gap = |index: usize| {
            let after = at.get(index + 1).map(|next| next - at[index]);
            let before = index.checked_sub(1).map(|previous| at[index] - at[previous]);
            match (before, after) {
                (Some(before), Some(after)) => (before + after) / 2.0,
                (Some(gap), None) | (None, Some(gap)) => gap,
                (None, None) => 1.0,
            }
        };
        (0..at.len())
            .map(|index| {
                (at[index], self.levels[index].count as f64 / total / gap(index).max(f64::MIN_POSITIVE))
            })
            .collect()
    }
}

/// The variants of one scheme that have levels, most bits first: the balance pick's scheme if it is drawn, else the first.
fn chosen<'a>(subject: &Subject<'a>) -> Vec<&'a Origin> {
    let mut drawn: Vec<&Origin> = Vec::new();
    for row in subject.records.histogram.iter().filter(|row| row.kind == HistogramKind::Level) {
        if drawn.iter().all(|known| known.position != row.origin.position) {
            drawn.push(&row.origin);
        }
    }
    let Some(first) = drawn.first() else { return Vec::new() };
    let series = |origin: &Origin| subject.label(origin).series();
    let comparison = subject.summary.comparisons.iter().find(|comparison| comparison.has(first));
    let picked = comparison.and_then(|comparison| {
        let picked = comparison.picks.as_ref()?.variant(Goal::Balance)?;
        Some(comparison.variants.get(picked)?.label.series())
    });
    let own = drawn.iter().map(|origin| series(origin)).find(|series| Some(*series) == picked);
    let own = own.unwrap_or(series(first));
    let mut chosen: Vec<&Origin> = drawn.into_iter().filter(|origin| series(origin) == own).collect();
    chosen.sort_by_key(|origin| (Reverse(origin.variant.choices.bits()), origin.position));
    chosen.truncate(MOST_PANELS);
    chosen
}

/// The tensor with the most values.
fn tensor(histogram: &[HistogramRow], position: usize) -> Option<&str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let levels = histogram.iter().filter(|row| row.kind == HistogramKind::Level);
    for row in levels.filter(|row| row.origin.position == position) {
        *counts.entry(&row.tensor).or_default() += row.count;
    }
    let most = *counts.values().max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(name, _)| name)
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let origins = chosen(subject);
    let histogram = &subject.records.histogram;
    let Some(tensor) = origins.first().and_then(|origin| tensor(histogram, origin.position)) else {
        return Ok(None);
    };
    let panes: Vec<Panel<'_>> = origins
        .iter()
        .map(|origin| {
            let own = |kind: HistogramKind| {
                let mut own: Vec<&HistogramRow> = histogram
                    .iter()
                    .filter(|bar| {
                        bar.origin.position == origin.position && *bar.tensor == *tensor && bar.kind == kind
                    })
                    .filter(|bar| bar.low.is_finite() && bar.high.is_finite())
                    .collect();
                own.sort_by(|a, b| a.low.total_cmp(&b.low));
                own
            };
            Panel {
                label: subject.label(origin).text(),
                bars: own(HistogramKind::Float),
                levels: own(HistogramKind::Level),
            }
        })
        .filter(|panel| !panel.bars.is_empty() && !panel.levels.is_empty())
        .collect();
    if panes.is_empty() {
        return Ok(None);
    }
    let ends = || panes.iter().flat_map(|panel| panel.bars.iter().chain(&panel.levels));
    let low = ends().map(|row| row.low).fold(f64::INFINITY, f64::min);
    let high = ends().map(|row| row.high).fold(f64::NEG_INFINITY, f64::max);
    let title = format!("{tensor} before and after quantization");
    let cut = panes
        .iter()
        .any(|panel| panel.level_densities().iter().any(|(_, density)| *density > panel.ceiling()));
    let note = if cut { " Stems that reach the top go on beyond it." } else { "" };
    let is_transformed = |origin: &&Origin| origin.variant.choices.get(Choice::Transform).is_some();
    let after = if origins.iter().any(is_transformed) { " as the transform leaves them" } else { "" };
    let header = Header::new(
        &title,
        &format!(
            "Grey: distribution of the float values{after}. Blue: share of the values on each level, drawn to the same area. Ticks below: the levels.{note}"
        ),
    );
    let layout = panels(panes.len(), header.bottom(), 300.0, 190.0);
    let alt = format!(
        "Histograms of the float values of {tensor} with the quantization levels drawn in, for {}.",
        panes.iter().map(|panel| panel.label).collect::<Vec<_>>().join(", ")
    );
    let svg = canvas::draw(layout.height, &alt, |canvas| {
        header.draw(canvas)?;
        for (cell, panel) in layout.cells.iter().zip(&panes) {
            let used = panel.levels.iter().filter(|row| row.count > 0).count();
            panel_name(canvas, cell, &format!("{}: {used} levels in use", panel.label))?;
            draw_panel(canvas, &cell.inset(6.0, 22.0, 6.0, 24.0), panel, (low, high))?;
        }
        Ok(())
    })?;
    Ok(Some(Chart { name: NAME.to_owned(), title, alt, svg }))
}

fn draw_panel(
    canvas: &Canvas<'_>,
    plot: &Rect,
    panel: &Panel<'_>,
    (low, high): (f64, f64),
) -> Result<(), Fault> {
    let bars = panel.bar_densities();
    let levels = panel.level_densities();
    let x = Scale::linear(low, high).on(plot.left, plot.right);
    let y = Scale::linear(0.0, panel.ceiling()).on(plot.bottom - 6.0, plot.top + 4.0);
    for (left, right, density) in &bars {
        canvas.block((x.at(*left), y.at(0.0)), (x.at(*right), y.at(*density)), REST)?;
    }
    let few = levels.len() <= FEW_LEVELS;
    for (value, density) in &levels {
        let at = x.at(*value);
        canvas.line(
            (at, plot.bottom - 5.0),
            (at, plot.bottom),
            if few { BLUE } else { tint(BLUE, 0.5) },
            0.7,
        )?;
        if *density > 0.0 {
            canvas.line((at, y.at(0.0)), (at, y.at(*density)), BLUE, if few { 1.6 } else { 0.6 })?;
            if few {
                canvas.disc((at, y.at(*density)), 2.8, BLUE)?;
            }
        }
    }
    canvas.line((plot.left, y.at(0.0)), (plot.right, y.at(0.0)), AXIS, 0.8)?;
    frame(
        canvas,
        plot,
        &Axis { scale: x, ticks: x.ticks(8), title: "" },
        &Axis { scale: y, ticks: Vec::new(), title: "" },
    )
}

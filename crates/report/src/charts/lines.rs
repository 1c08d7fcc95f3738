//! Drawing lines against bits.

use bitsweep_results::numbers::counted;
use plotters::style::RGBColor;

use super::schemes::{Line, LinePanel};
use crate::draw::canvas::{self, Anchor, Canvas, Fault, Point, Type, WIDTH};
use crate::draw::colour::{AXIS, BAND, FLOAT, MUTED, REST, readable, series};
use crate::draw::frame::{Axis, Header, Rect, frame, frame_room, panel_name, panels};
use crate::draw::label::{beside, stacked};
use crate::draw::legend::Legend;
use crate::draw::scale::{Scale, Tick};
use crate::draw::text::{SMALL, fitted, width};

/// A chart of line panels against bits.
pub(crate) struct LineChart<'a> {
    pub(crate) header: Header,
    pub(crate) panels: &'a [LinePanel],
    pub(crate) scale: Scale,
    pub(crate) ticks: usize,
    pub(crate) measure: &'a str,
    pub(crate) alt: &'a str,
}

impl LineChart<'_> {
    /// Draws the chart: a single panel has its names beside the lines, several share a legend.
    pub(crate) fn draw(&self) -> Result<String, Fault> {
        let several = self.panels.len() > 1;
        let legend = Legend::new(if several { self.legend() } else { Vec::new() });
        let top = self.header.bottom() + legend.height();
        let layout = panels(self.panels.len(), top, 330.0, 230.0);
        let room = if several { 6.0 } else { self.label_room() };
        canvas::draw(layout.height, self.alt, |canvas| {
            self.header.draw(canvas)?;
            legend.draw(canvas, self.header.bottom())?;
            for (cell, panel) in layout.cells.iter().zip(self.panels) {
                let mut space = *cell;
                if several {
                    panel_name(canvas, cell, &panel.name)?;
                    space = cell.inset(0.0, 18.0, 0.0, 0.0);
                }
                self.draw_panel(canvas, &frame_room(space, room), panel, several)?;
            }
            Ok(())
        })
    }

    fn legend(&self) -> Vec<(String, RGBColor)> {
        let mut entries: Vec<(usize, &str)> = Vec::new();
        let mut grey: Vec<&str> = Vec::new();
        for line in self.panels.iter().flat_map(|panel| &panel.lines) {
            match line.colour {
                Some(colour) if !entries.iter().any(|(known, _)| *known == colour) => {
                    entries.push((colour, &line.name))
                }
                Some(_) => {}
                None if !grey.contains(&line.name.as_str()) => grey.push(&line.name),
                None => {}
            }
        }
        entries.sort_unstable();
        let coloured = entries.into_iter().map(|(colour, name)| (name.to_owned(), series(colour)));
        let float = self.panels.iter().any(|panel| panel.float.is_some());
        coloured
            .chain((!grey.is_empty()).then(|| (counted(grey.len(), "other scheme", "other schemes"), REST)))
            .chain(float.then(|| ("float (dashed)".to_owned(), FLOAT)))
            .collect()
    }

    /// Pixels right of the single panel's plot that its labels need.
    fn label_room(&self) -> f64 {
        let lines = self.panels.iter().flat_map(|panel| &panel.lines).filter(|line| line.colour.is_some());
        let longest = lines
            .map(|line| line.name.as_str())
            .chain(["float"])
            .map(|name| width(name, SMALL, false))
            .fold(0.0, f64::max);
        f64::min(longest, WIDTH * 0.36) + 22.0
    }

    /// Draws one panel into `plot`, many bits on the left, few on the right.
    fn draw_panel(
        &self,
        canvas: &Canvas<'_>,
        plot: &Rect,
        panel: &LinePanel,
        several: bool,
    ) -> Result<(), Fault> {
        let (bits, ticks) = bit_axis(self.panels, plot.width());
        let bits = bits.on(plot.right - 12.0, plot.left + 14.0);
        let value = self.scale.on(plot.bottom, plot.top);
        if let Some((low, high)) = panel.float.and_then(|float| float.whiskers) {
            canvas.block((plot.left, value.at(low)), (plot.right, value.at(high)), BAND)?;
        }
        let spacing = ticks
            .windows(2)
            .map(|pair| bits.at(pair[0].value) - bits.at(pair[1].value))
            .fold(plot.width(), f64::min);
        let y = Axis { scale: value, ticks: self.scale.ticks(self.ticks), title: self.measure };
        frame(canvas, plot, &Axis { scale: bits, ticks, title: "bits per code" }, &y)?;
        if let Some(float) = panel.float {
            let height = value.at(float.value);
            canvas.dashed((plot.left, height), (plot.right, height), FLOAT, 1.3)?;
        }
        for line in panel.lines.iter().filter(|line| line.colour.is_none()) {
            let points: Vec<Point> =
                line.marks.iter().map(|mark| (bits.at(mark.bits), value.at(mark.value))).collect();
            canvas.path(&points, REST, 1.2)?;
        }
        let coloured: Vec<(&Line, usize)> =
            panel.lines.iter().filter_map(|line| Some((line, line.colour?))).collect();
        // Lines with whiskers stand a little apart, so that equal values do not hide each other's whiskers.
        let whiskers = coloured.iter().flat_map(|(line, _)| &line.marks).any(|mark| mark.whiskers.is_some());
        let apart = if whiskers { f64::min(3.5, spacing * 0.4 / coloured.len().max(1) as f64) } else { 0.0 };
        for (index, (line, colour)) in coloured.iter().enumerate() {
            let shift = (index as f64 - (coloured.len() - 1) as f64 / 2.0) * apart;
            let points: Vec<Point> =
                line.marks.iter().map(|mark| (bits.at(mark.bits) + shift, value.at(mark.value))).collect();
            for (mark, (x, _)) in line.marks.iter().zip(&points) {
                if let Some((low, high)) = mark.whiskers {
                    canvas.line((*x, value.at(low)), (*x, value.at(high)), series(*colour), 1.1)?;
                }
            }
            canvas.path(&points, series(*colour), if several { 1.6 } else { 2.0 })?;
            for point in &points {
                canvas.marker(*point, if several { 2.4 } else { 3.2 }, series(*colour))?;
            }
        }
        if several { Ok(()) } else { names(canvas, plot, panel, bits, value, self.label_room()) }
    }
}

/// Ticks at the bit widths, as whole numbers, as many as fit into `room` pixels.
fn bit_axis(panels: &[LinePanel], room: f64) -> (Scale, Vec<Tick>) {
    let mut bits: Vec<f64> = panels
        .iter()
        .flat_map(|panel| &panel.lines)
        .flat_map(|line| &line.marks)
        .map(|mark| mark.bits)
        .collect();
    bits.sort_by(f64::total_cmp);
    bits.dedup();
    let low = bits.first().copied().unwrap_or(0.0);
    let high = bits.last().copied().unwrap_or(1.0);
    let apart = (high - low) * 18.0 / room;
    let mut ticks: Vec<Tick> = Vec::new();
    for value in bits {
        if ticks.last().is_none_or(|last| value - last.value >= apart) {
            ticks.push(Tick { value, label: format!("{value}") });
        }
    }
    (Scale::linear(low, high), ticks)
}

/// Writes the names: at the right for lines that reach the fewest bits, beside their last point for the others.
fn names(
    canvas: &Canvas<'_>,
    plot: &Rect,
    panel: &LinePanel,
    bits: Scale,
    value: Scale,
    room: f64,
) -> Result<(), Fault> {
    let mut ends: Vec<(String, f64, RGBColor)> = Vec::new();
    let mut inside: Vec<(Point, String, RGBColor)> = Vec::new();
    for line in &panel.lines {
        let (Some(colour), Some(last)) = (line.colour, line.marks.last()) else { continue };
        let (x, y) = (bits.at(last.bits), value.at(last.value));
        if x > plot.right - 20.0 {
            ends.push((line.name.clone(), y, readable(series(colour))));
        } else {
            inside.push(((x, y), line.name.clone(), readable(series(colour))));
        }
    }
    if let Some(float) = panel.float {
        ends.push(("float".to_owned(), value.at(float.value), FLOAT));
    }
    let grey = panel.lines.iter().filter(|line| line.colour.is_none()).count();
    let wanted: Vec<f64> = ends.iter().map(|(_, y, _)| *y).collect();
    let placed = stacked(&wanted, SMALL + 3.0, plot.top, plot.bottom - SMALL);
    for ((name, y, colour), at) in ends.iter().zip(placed) {
        if (at - y).abs() > 3.0 {
            canvas.line((plot.right + 1.0, *y), (plot.right + 8.0, at), AXIS, 0.7)?;
        }
        canvas.text(
            &fitted(name, SMALL, false, room - 12.0),
            (plot.right + 10.0, at),
            Type::new(SMALL, *colour),
        )?;
    }
    let obstacles: Vec<Point> = panel
        .lines
        .iter()
        .flat_map(|line| line.marks.iter().map(|mark| (bits.at(mark.bits), value.at(mark.value))))
        .collect();
    let wishes: Vec<(Point, &str)> = inside.iter().map(|(point, name, _)| (*point, name.as_str())).collect();
    for (place, (_, name, colour)) in beside(&wishes, &obstacles, SMALL, plot).iter().zip(&inside) {
        if let Some(place) = place {
            canvas.text(name, place.at, Type::new(SMALL, *colour))?;
        }
    }
    if grey > 0 {
        let note = format!("grey: {}", counted(grey, "other scheme", "other schemes"));
        canvas.text(&note, (plot.right, plot.top - 14.0), Type::new(SMALL, MUTED).anchor(Anchor::End))?;
    }
    Ok(())
}

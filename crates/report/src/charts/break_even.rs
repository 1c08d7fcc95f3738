//! How long products of quantized layers take beside those of `f32`, by the layers' width.

use plotters::style::RGBColor;

use crate::draw::canvas::{self, Anchor, Fault, Point, Type};
use crate::draw::colour::{FLOAT, MUTED, series};
use crate::draw::frame::{Axis, Header, frame, frame_room, panels};
use crate::draw::legend::Legend;
use crate::draw::scale::{Scale, Tick};
use crate::draw::text::SMALL;
use crate::error::ReportError;
use crate::report::Chart;

const NAME: &str = "break-even";

/// What [`break_even`] draws.
#[derive(Debug, Clone, Copy)]
pub struct BreakEven<'a> {
    /// The machine that times are of.
    pub machine: &'a str,
    /// One per format.
    pub lines: &'a [BreakEvenLine],
}

/// The times of a format.
#[derive(Debug, Clone)]
pub struct BreakEvenLine {
    /// The format.
    pub name: String,
    /// The inputs and outputs of a layer, and how many times as long as with `f32` its product takes.
    pub ratios: Vec<(usize, f64)>,
}

/// Draws the times of layers, in relation to those of `f32`, against their width, both logarithmic.
///
/// # Errors
/// [`ReportError::Draw`] when the drawing library fails.
pub fn break_even(times: &BreakEven<'_>) -> Result<Chart, ReportError> {
    draw(times).map_err(|fault| ReportError::Draw { chart: NAME, reason: fault.to_string() })
}

fn draw(times: &BreakEven<'_>) -> Result<Chart, Fault> {
    let BreakEven { machine, lines } = times;
    let all = || lines.iter().flat_map(|line| &line.ratios);
    let title = "From which width on a format is faster than f32".to_owned();
    let header = Header::new(
        &title,
        &format!(
            "Time of a square layer's product of one row over that with f32, logarithmic axes; below 1 is faster. {machine}."
        ),
    );
    let colours = || (0..lines.len()).map(series);
    let entries = lines.iter().map(|line| line.name.clone()).zip(colours());
    let legend = Legend::new(entries.chain([("f32 (dashed)".to_owned(), FLOAT)]));
    let layout = panels(1, header.bottom() + legend.height(), 330.0, 330.0);
    let names: Vec<&str> = lines.iter().map(|line| line.name.as_str()).collect();
    let alt = format!(
        "Line chart of times in relation to f32 against the width of layers, for {}.",
        names.join("; ")
    );
    let mut widths: Vec<usize> = all().map(|(width, _)| *width).collect();
    widths.sort_unstable();
    widths.dedup();
    let ends = (widths.first().copied().unwrap_or(1) as f64, widths.last().copied().unwrap_or(1) as f64);
    let ratios = || all().map(|(_, ratio)| *ratio).chain([1.0]);
    let scale = Scale::logarithmic(ratios().fold(f64::INFINITY, f64::min), ratios().fold(0.0, f64::max));
    let svg = canvas::draw(layout.height, &alt, |canvas| {
        header.draw(canvas)?;
        legend.draw(canvas, header.bottom())?;
        for cell in &layout.cells {
            let plot = frame_room(*cell, 12.0);
            let x = Scale::logarithmic(ends.0, ends.1).on(plot.left + 4.0, plot.right - 4.0);
            let y = scale.on(plot.bottom, plot.top);
            let tick = |width: &usize| Tick { value: *width as f64, label: width.to_string() };
            let ticks = widths.iter().map(tick).collect();
            let x_axis = Axis { scale: x, ticks, title: "inputs and outputs of the layer" };
            frame(canvas, &plot, &x_axis, &Axis { scale: y, ticks: y.ticks(6), title: "times f32's" })?;
            canvas.dashed((plot.left, y.at(1.0)), (plot.right, y.at(1.0)), FLOAT, 1.3)?;
            let label = Type::new(SMALL, MUTED).anchor(Anchor::End);
            canvas.text("f32", (plot.right, y.at(1.0) - 8.0), label)?;
            for (line, colour) in lines.iter().zip(colours()) {
                let at = |&(width, ratio): &(usize, f64)| (x.at(width as f64), y.at(ratio));
                let points: Vec<Point> = line.ratios.iter().map(at).collect();
                marked(canvas, &points, colour)?;
            }
        }
        Ok(())
    })?;
    Ok(Chart { name: NAME.to_owned(), title, alt, svg })
}

/// A line with a mark at every point.
fn marked(canvas: &canvas::Canvas<'_>, points: &[Point], colour: RGBColor) -> Result<(), Fault> {
    canvas.path(points, colour, 2.0)?;
    points.iter().try_for_each(|point| canvas.marker(*point, 3.2, colour))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_widths_are_named() {
        let line = |name: &str, ratios: &[(usize, f64)]| BreakEvenLine {
            name: name.to_owned(),
            ratios: ratios.to_vec(),
        };
        let lines =
            [line("int8", &[(16, 1.5), (64, 0.9), (256, 0.4)]), line("NF4", &[(16, 2.0), (256, 0.7)])];
        let chart = break_even(&BreakEven { machine: "a machine", lines: &lines }).unwrap();
        for words in ["int8", "NF4", "256", "a machine"] {
            assert!(chart.svg.contains(words), "{words}");
        }
        assert!(break_even(&BreakEven { machine: "a machine", lines: &[] }).is_ok());
    }
}

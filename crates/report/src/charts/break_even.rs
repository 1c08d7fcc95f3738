//! How long products of quantized layers take beside those of `f32`, by the layers' width.

use bitsweep_results::speed::{LayerTimes, Speed};
use plotters::style::RGBColor;

use crate::draw::canvas::{self, Anchor, Fault, Point, Type};
use crate::draw::colour::{FLOAT, MUTED, series};
use crate::draw::frame::{Axis, Header, frame, frame_room, panel_name, panels};
use crate::draw::legend::Legend;
use crate::draw::scale::{Scale, Tick};
use crate::draw::text::SMALL;
use crate::error::ReportError;
use crate::report::Chart;

const NAME: &str = "break-even";

/// Draws the times of layers, in relation to those of `f32`, against their width, both logarithmic; a panel for each number of
/// threads.
///
/// # Errors
/// [`ReportError::Draw`] when the drawing library fails.
pub fn break_even(speed: &Speed) -> Result<Chart, ReportError> {
    draw(speed).map_err(|fault| ReportError::Draw { chart: NAME, reason: fault.to_string() })
}

fn draw(speed: &Speed) -> Result<Chart, Fault> {
    let layers = &speed.layers;
    let title = "From which width on a format is faster than f32".to_owned();
    let header = Header::new(
        &title,
        &format!(
            "Time of a square layer's product of one row over that with f32, logarithmic axes; below 1 is faster. {}.",
            speed.host
        ),
    );
    let names = || layers.iter().take(1).flat_map(|own| &own.formats).map(|own| own.format.clone());
    let colours = || (0..).map(series);
    let legend = Legend::new(names().zip(colours()).chain([("f32 (dashed)".to_owned(), FLOAT)]));
    let layout = panels(layers.len(), header.bottom() + legend.height(), 330.0, 330.0);
    let alt = format!(
        "Line chart of times in relation to f32 against the width of layers, for {}.",
        names().collect::<Vec<_>>().join("; ")
    );
    let widths = || layers.iter().flat_map(|own| &own.widths).map(|width| *width as f64);
    let ends = (widths().fold(f64::INFINITY, f64::min), widths().fold(1.0, f64::max));
    let drawn = || layers.iter().flat_map(ratios).flatten();
    let ratios_drawn = || drawn().map(|(_, ratio)| ratio).chain([1.0]);
    let scale =
        Scale::logarithmic(ratios_drawn().fold(f64::INFINITY, f64::min), ratios_drawn().fold(0.0, f64::max));
    let svg = canvas::draw(layout.height, &alt, |canvas| {
        header.draw(canvas)?;
        legend.draw(canvas, header.bottom())?;
        for (cell, own) in layout.cells.iter().zip(layers) {
            panel_name(canvas, cell, &own.on_threads())?;
            let plot = frame_room(cell.inset(0.0, 18.0, 0.0, 0.0), 12.0);
            let x = Scale::logarithmic(ends.0, ends.1).on(plot.left + 4.0, plot.right - 4.0);
            let y = scale.on(plot.bottom, plot.top);
            let tick = |width: &usize| Tick { value: *width as f64, label: width.to_string() };
            let ticks = own.widths.iter().map(tick).collect();
            let x_axis = Axis { scale: x, ticks, title: "inputs and outputs of the layer" };
            frame(canvas, &plot, &x_axis, &Axis { scale: y, ticks: y.ticks(6), title: "times f32's" })?;
            canvas.dashed((plot.left, y.at(1.0)), (plot.right, y.at(1.0)), FLOAT, 1.3)?;
            let label = Type::new(SMALL, MUTED).anchor(Anchor::End);
            canvas.text("f32", (plot.right, y.at(1.0) - 8.0), label)?;
            for (line, colour) in ratios(own).zip(colours()) {
                let points: Vec<Point> =
                    line.map(|(width, ratio)| (x.at(width as f64), y.at(ratio))).collect();
                marked(canvas, &points, colour)?;
            }
        }
        Ok(())
    })?;
    Ok(Chart { name: format!("{}-{NAME}", speed.host.file_stem()), title, alt, svg })
}

/// Of each format, times over those of `f32`, by width.
fn ratios(layers: &LayerTimes) -> impl Iterator<Item = impl Iterator<Item = (usize, f64)>> {
    layers.formats.iter().map(|format| {
        let times = layers.widths.iter().zip(layers.float.iter().zip(&format.seconds));
        times.map(|(width, (float, own))| (*width, own.median / float.median))
    })
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
    use crate::document::speed_of_tests;

    #[test]
    fn formats_widths_and_threads_are_named() {
        let mut speed = speed_of_tests();
        let chart = break_even(&speed).unwrap();
        for words in ["int8, inputs of 8 bits", "1024", "a processor", "1 thread", "2 threads"] {
            assert!(chart.svg.contains(words), "{words}");
        }
        speed.layers.clear();
        assert!(break_even(&speed).is_ok());
    }
}

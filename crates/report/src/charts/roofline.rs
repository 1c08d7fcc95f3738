//! How fast products are beside the limits of a machine, by how often each byte is used.
//!
//! Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for multicore architectures" (2009).

use crate::draw::canvas::{self, Anchor, Fault, Point, Type};
use crate::draw::colour::{AXIS, FLOAT, MUTED, series};
use crate::draw::frame::{Axis, Header, frame, frame_room, panels};
use crate::draw::legend::Legend;
use crate::draw::scale::Scale;
use crate::draw::text::SMALL;
use crate::error::ReportError;
use crate::report::Chart;

const NAME: &str = "roofline";

/// What [`roofline`] draws.
#[derive(Debug, Clone, Copy)]
pub struct Roofline<'a> {
    /// The machine that times are of.
    pub machine: &'a str,
    /// Bytes that it reads in a second.
    pub bandwidth: f64,
    /// Names of its peaks, and products in a second.
    pub peaks: &'a [(String, f64)],
    /// One per format, that of `f32` first; those without points are not drawn.
    pub lines: &'a [RooflineLine],
}

/// The products of a format.
#[derive(Debug, Clone)]
pub struct RooflineLine {
    /// The format.
    pub name: String,
    /// Products for each byte that is read or written, and products in a second.
    pub points: Vec<(f64, f64)>,
}

/// Draws products in a second against products for each byte, both logarithmic, under the bandwidth and the peaks.
///
/// # Errors
/// [`ReportError::Draw`] when the drawing library fails.
pub fn roofline(rates: &Roofline<'_>) -> Result<Chart, ReportError> {
    draw(rates).map_err(|fault| ReportError::Draw { chart: NAME, reason: fault.to_string() })
}

fn draw(rates: &Roofline<'_>) -> Result<Chart, Fault> {
    let Roofline { machine, bandwidth, peaks, lines } = rates;
    let title = "How near kernels come to what the machine can do".to_owned();
    let header = Header::new(
        &title,
        &format!("Products of one thread against how often each byte is used, logarithmic axes. {machine}."),
    );
    let colours = std::iter::once(FLOAT).chain((0..).map(series));
    // A format has its colour whether others are measured or not.
    let lines: Vec<_> = lines.iter().zip(colours).filter(|(line, _)| !line.points.is_empty()).collect();
    let legend = Legend::new(lines.iter().map(|(line, colour)| (line.name.clone(), *colour)));
    let layout = panels(1, header.bottom() + legend.height(), 360.0, 360.0);
    let names: Vec<&str> = lines.iter().map(|(line, _)| line.name.as_str()).collect();
    let of_formats = if names.is_empty() { String::new() } else { format!(", for {}", names.join("; ")) };
    let alt = format!(
        "Chart of products in a second against products for each byte, under the bandwidth and the peaks of the machine{of_formats}."
    );
    let points = || lines.iter().flat_map(|(line, _)| &line.points);
    let ends = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, 0.0), |(low, high), value| (f64::min(low, value), f64::max(high, value)))
    };
    let uses = ends(&mut points().map(|(uses, _)| *uses).chain([1.0]));
    let highest = peaks.iter().map(|(_, peak)| *peak);
    let rate = ends(&mut points().map(|(_, rate)| *rate).chain(highest).chain([bandwidth * uses.0]));
    let svg = canvas::draw(layout.height, &alt, |canvas| {
        header.draw(canvas)?;
        legend.draw(canvas, header.bottom())?;
        for cell in &layout.cells {
            let plot = frame_room(*cell, 12.0);
            let x = Scale::logarithmic(uses.0, uses.1).on(plot.left + 4.0, plot.right - 4.0);
            let y = Scale::logarithmic(rate.0 / 1e9, rate.1 / 1e9).on(plot.bottom, plot.top);
            let x_axis = Axis { scale: x, ticks: x.ticks(8), title: "products for each byte" };
            let y_axis = Axis { scale: y, ticks: y.ticks(6), title: "billions of products a second" };
            frame(canvas, &plot, &x_axis, &y_axis)?;
            let at = |&(uses, rate): &(f64, f64)| (x.at(uses), y.at(rate / 1e9));
            let top = peaks.iter().map(|(_, peak)| *peak).fold(0.0, f64::max);
            let lowest = uses.0;
            canvas.dashed(at(&(lowest, bandwidth * lowest)), at(&(top / bandwidth, top)), AXIS, 1.3)?;
            let middle = libm::sqrt(lowest * top / bandwidth);
            let (left, height) = at(&(middle, bandwidth * middle));
            let label = Type::new(SMALL, MUTED).anchor(Anchor::End);
            canvas.text("bandwidth", (left - 8.0, height - 8.0), label)?;
            for (name, peak) in *peaks {
                canvas.dashed(at(&(peak / bandwidth, *peak)), at(&(uses.1, *peak)), AXIS, 1.3)?;
                let (_, height) = at(&(uses.1, *peak));
                let label = Type::new(SMALL, MUTED).anchor(Anchor::End);
                canvas.text(&format!("peak of {name}"), (plot.right, height - 8.0), label)?;
            }
            for (line, colour) in &lines {
                let points: Vec<Point> = line.points.iter().map(at).collect();
                canvas.path(&points, *colour, 1.6)?;
                points.iter().try_for_each(|point| canvas.marker(*point, 3.2, *colour))?;
            }
        }
        Ok(())
    })?;
    Ok(Chart { name: NAME.to_owned(), title, alt, svg })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_limits_are_named() {
        let line = |name: &str, points: &[(f64, f64)]| RooflineLine {
            name: name.to_owned(),
            points: points.to_vec(),
        };
        let lines = [
            line("f32", &[(0.25, 5e9), (2.0, 3e10)]),
            line("int2", &[]),
            line("int8", &[(1.0, 2e10), (32.0, 2e11)]),
        ];
        let peaks = [("bytes".to_owned(), 3e11), ("f32".to_owned(), 8e10)];
        let rates = Roofline { machine: "a machine", bandwidth: 2e10, peaks: &peaks, lines: &lines };
        let chart = roofline(&rates).unwrap();
        for words in ["int8", "peak of bytes", "bandwidth", "a machine"] {
            assert!(chart.svg.contains(words), "{words}");
        }
        assert!(!chart.svg.contains("int2") && chart.alt.ends_with("for f32; int8."), "{}", chart.alt);
        assert!(roofline(&Roofline { lines: &[], ..rates }).unwrap().alt.ends_with("the machine."));
    }
}

//! Training loss against epochs, on a logarithmic axis.

use bitsweep_results::Comparison;
use bitsweep_results::numbers::counted;

use super::losses::{FROM_ZERO, Line, line};
use super::subject::{Subject, names};
use crate::draw::canvas::{self, Fault, Point, Type};
use crate::draw::colour::{AXIS, readable, series, tint};
use crate::draw::frame::{Axis, Header, Rect, frame, frame_room, panels};
use crate::draw::label::stacked;
use crate::draw::scale::Scale;
use crate::draw::text::{SMALL, fitted, width};
use crate::report::Chart;

pub(super) const NAME: &str = "learning-curve";

/// Most tasks drawn, one colour each.
const MOST_TASKS: usize = 6;
/// Most runs drawn of a task.
const MOST_RUNS: usize = 10;
/// The curves of one task.
struct Task {
    name: String,
    curves: Vec<Line>,
}

fn tasks(subject: &Subject<'_>) -> Vec<Task> {
    let comparisons: Vec<&Comparison> = subject.summary.comparisons.iter().collect();
    let mut tasks: Vec<Task> = Vec::new();
    for (comparison, name) in comparisons.iter().zip(names(&comparisons)) {
        let own = subject.records.curves.iter();
        let own = own.filter(|curve| curve.origin.is_float() && comparison.has(&curve.origin));
        let curves: Vec<Line> = own.filter_map(line).take(MOST_RUNS).collect();
        if !curves.is_empty() {
            tasks.push(Task { name, curves });
        }
    }
    tasks.truncate(MOST_TASKS);
    tasks
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let tasks = tasks(subject);
    if tasks.is_empty() {
        return Ok(None);
    }
    let curves = || tasks.iter().flat_map(|task| &task.curves);
    let rows = || curves().flat_map(|curve| &curve.points);
    let losses = || rows().map(|(_, loss)| *loss);
    let epochs = curves().map(|curve| curve.epochs).max().unwrap_or(0);
    let last = rows().map(|(epoch, _)| *epoch).max().unwrap_or(0) as f64;
    let title = "Learning curve of the float model".to_owned();
    let runs = tasks.iter().map(|task| task.curves.len()).max().unwrap_or(1);
    let run = subject.summary.run_nouns().0;
    let subtitle = if runs > 1 {
        format!("Mean cross-entropy per training sample, logarithmic axis; one line a {run}, {runs} at most.")
    } else {
        "Mean cross-entropy per training sample, logarithmic axis.".to_owned()
    };
    let header = Header::new(&title, &subtitle);
    let layout = panels(1, header.bottom(), 280.0, 280.0);
    let named = tasks.len() > 1;
    let room = if named {
        tasks.iter().map(|task| width(&task.name, SMALL, false)).fold(0.0, f64::max).min(180.0) + 22.0
    } else {
        12.0
    };
    let cell = layout.cells.first().copied().unwrap_or(Rect { left: 0.0, top: 0.0, right: 0.0, bottom: 0.0 });
    let plot = frame_room(cell, room);
    let x = Scale::linear(0.0, last).on(plot.left + 4.0, plot.right - 4.0);
    let y = Scale::logarithmic(losses().fold(f64::INFINITY, f64::min), losses().fold(0.0, f64::max))
        .on(plot.bottom, plot.top);
    let alt = format!(
        "Line chart of training loss over {}, logarithmic, for {}.",
        counted(epochs, "epoch", "epochs"),
        tasks.iter().map(|task| task.name.as_str()).collect::<Vec<_>>().join(", ")
    );
    let svg = canvas::draw(layout.height, &alt, |canvas| {
        header.draw(canvas)?;
        frame(
            canvas,
            &plot,
            &Axis { scale: x, ticks: x.ticks(8), title: FROM_ZERO },
            &Axis { scale: y, ticks: y.ticks(6), title: "cross-entropy" },
        )?;
        let mut ends: Vec<f64> = Vec::new();
        for (index, task) in tasks.iter().enumerate() {
            let alone = task.curves.len() == 1;
            let colour = if alone { series(index) } else { tint(series(index), 0.6) };
            for curve in &task.curves {
                let points: Vec<Point> =
                    curve.points.iter().map(|(epoch, loss)| (x.at(*epoch as f64), y.at(*loss))).collect();
                canvas.path(&points, colour, if alone { 2.0 } else { 1.0 })?;
            }
            let lasts: Vec<f64> = task
                .curves
                .iter()
                .filter_map(|curve| curve.points.last())
                .map(|(_, loss)| y.at(*loss))
                .collect();
            ends.push(lasts.iter().sum::<f64>() / lasts.len().max(1) as f64);
        }
        if named {
            let placed = stacked(&ends, SMALL + 3.0, plot.top, plot.bottom - SMALL);
            for ((index, task), (at, end)) in tasks.iter().enumerate().zip(placed.iter().zip(&ends)) {
                if (at - end).abs() > 3.0 {
                    canvas.line((plot.right + 1.0, *end), (plot.right + 8.0, *at), AXIS, 0.7)?;
                }
                let look = Type::new(SMALL, readable(series(index)));
                canvas.text(
                    &fitted(&task.name, SMALL, false, room - 14.0),
                    (plot.right + 10.0, *at),
                    look,
                )?;
            }
        }
        Ok(())
    })?;
    Ok(Some(Chart { name: NAME.to_owned(), title, alt, svg }))
}

//! Training with quantization in the loop beside the float training, on a logarithmic axis.

use bitsweep_results::numbers::counted;
use bitsweep_results::{Choice, Comparison, Origin, VariantSummary};

use super::losses::{FROM_ZERO, Line, line};
use super::subject::{MOST_PANELS, Subject, left_out, names};
use crate::draw::canvas::{self, Fault, Point};
use crate::draw::colour::{FLOAT, series};
use crate::draw::frame::{Axis, Header, frame, frame_room, panel_name, panels};
use crate::draw::legend::Legend;
use crate::draw::scale::Scale;
use crate::report::Chart;

pub(super) const NAME: &str = "training-curves";

/// Most methods of training drawn, one colour each.
const MOST_METHODS: usize = 6;

/// One training: the position of its method, none for float, and its line.
struct Curve {
    method: Option<usize>,
    line: Line,
}

/// The trainings of one task.
struct Panel {
    name: String,
    curves: Vec<Curve>,
}

/// For each series of a task that is trained with quantization in the loop, the variant of fewest bits.
fn narrowest(comparison: &Comparison) -> Vec<&VariantSummary> {
    let mut narrowest: Vec<&VariantSummary> = Vec::new();
    for variant in comparison.variants.iter().filter(|variant| is_aware(variant)) {
        match narrowest.iter_mut().find(|known| known.label.series() == variant.label.series()) {
            Some(known) if variant.bits() < known.bits() => *known = variant,
            Some(_) => {}
            None => narrowest.push(variant),
        }
    }
    narrowest
}

fn is_aware(variant: &VariantSummary) -> bool {
    variant.choice(Choice::Training).is_some_and(|training| !training.is("post-training"))
}

/// The panels, and the methods in order of first appearance.
fn gather(subject: &Subject<'_>) -> (Vec<Panel>, Vec<String>) {
    let comparisons: Vec<&Comparison> = subject.summary.comparisons.iter().collect();
    let mut methods: Vec<String> = Vec::new();
    let mut panels = Vec::new();
    let trained = |variant: &VariantSummary| {
        let Origin { unit, position, .. } = &variant.origin;
        let is_own = |curve: &&bitsweep_results::Curve| {
            curve.origin.unit.keys() == unit.keys() && curve.origin.position == *position
        };
        subject.records.curves.iter().find(is_own).and_then(line)
    };
    for (comparison, name) in comparisons.iter().zip(names(&comparisons)) {
        let mut curves = Vec::new();
        for variant in narrowest(comparison) {
            let Some(line) = trained(variant) else { continue };
            let label = variant.label.text();
            let known = methods.iter().position(|method| method == label);
            let method = known.unwrap_or_else(|| {
                methods.push(label.to_owned());
                methods.len() - 1
            });
            if method < MOST_METHODS {
                curves.push(Curve { method: Some(method), line });
            }
        }
        if curves.is_empty() {
            continue;
        }
        curves.extend(comparison.float().and_then(trained).map(|line| Curve { method: None, line }));
        panels.push(Panel { name, curves });
    }
    methods.truncate(MOST_METHODS);
    (panels, methods)
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let (mut tasks, methods) = gather(subject);
    if tasks.is_empty() {
        return Ok(None);
    }
    let all = tasks.len();
    tasks.truncate(MOST_PANELS);
    let all_lines = || tasks.iter().flat_map(|task| &task.curves).map(|curve| &curve.line);
    let all_points = || all_lines().flat_map(|line| &line.points);
    let epochs = all_lines().map(|line| line.epochs).max().unwrap_or(0);
    let last = all_points().map(|(epoch, _)| *epoch).max().unwrap_or(0) as f64;
    let lowest = all_points().map(|(_, loss)| *loss).fold(f64::INFINITY, f64::min);
    let highest = all_points().map(|(_, loss)| *loss).fold(0.0, f64::max);

    let title = "Training with quantization in the loop, beside float".to_owned();
    let header = Header::new(
        &title,
        &format!(
            "Mean cross-entropy per training sample, logarithmic axis; first {}, each method at its fewest bits.{}",
            subject.summary.run_nouns().0,
            left_out(tasks.len(), all)
        ),
    );
    let entries = methods.iter().enumerate().map(|(index, name)| (name.clone(), series(index)));
    let legend = Legend::new(entries.chain([("float".to_owned(), FLOAT)]));
    let layout = panels(tasks.len(), header.bottom() + legend.height(), 280.0, 230.0);
    let alt = format!(
        "Line chart of training loss over {}, logarithmic, float beside {}.",
        counted(epochs, "epoch", "epochs"),
        methods.join(", ")
    );
    let svg = canvas::draw(layout.height, &alt, |canvas| {
        header.draw(canvas)?;
        legend.draw(canvas, header.bottom())?;
        for (cell, task) in layout.cells.iter().zip(&tasks) {
            let mut space = *cell;
            if tasks.len() > 1 {
                panel_name(canvas, cell, &task.name)?;
                space = cell.inset(0.0, 18.0, 0.0, 0.0);
            }
            let plot = frame_room(space, 12.0);
            let x = Scale::linear(0.0, last).on(plot.left + 4.0, plot.right - 4.0);
            let y = Scale::logarithmic(lowest, highest).on(plot.bottom, plot.top);
            frame(
                canvas,
                &plot,
                &Axis { scale: x, ticks: x.ticks(5), title: FROM_ZERO },
                &Axis { scale: y, ticks: y.ticks(5), title: "cross-entropy" },
            )?;
            for curve in &task.curves {
                let points: Vec<Point> = curve
                    .line
                    .points
                    .iter()
                    .map(|(epoch, loss)| (x.at(*epoch as f64), y.at(*loss)))
                    .collect();
                let (colour, width) = curve.method.map_or((FLOAT, 2.0), |method| (series(method), 1.6));
                canvas.path(&points, colour, width)?;
            }
        }
        Ok(())
    })?;
    Ok(Some(Chart { name: NAME.to_owned(), title, alt, svg }))
}

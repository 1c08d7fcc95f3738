//! Size against macro-F1, with the Pareto front.

use bitsweep_results::Comparison;
use bitsweep_results::summary::Picks;

use super::subject::{KB, MOST_PANELS, Subject, left_out, names};
use crate::draw::canvas::{self, Canvas, Fault, Point, Type};
use crate::draw::colour::{AXIS, BLUE, FLOAT, INK, REST, tint};
use crate::draw::frame::{Axis, Header, Rect, frame, frame_room, panel_name, panels};
use crate::draw::label::beside;
use crate::draw::scale::Scale;
use crate::draw::text::SMALL;
use crate::report::Chart;

pub(super) const NAME: &str = "size-against-macro-f1";

/// Variants up to which all are named.
const FEW: usize = 12;
/// The share of bootstraps from which on a place on the front is stable.
const STABLE: f64 = 0.9;
/// Variants of a stable place that are named.
const MOST_NAMED: usize = 6;

/// A variant's place: position, kilobytes, macro-F1.
type Place = (usize, f64, f64);

fn places(comparison: &Comparison) -> Vec<Place> {
    comparison
        .variants
        .iter()
        .enumerate()
        .filter(|(position, _)| comparison.majority != Some(*position))
        .filter_map(|(position, variant)| {
            let macro_f1 = variant.scores.as_ref()?.macro_f1.mean;
            (variant.true_bytes > 0.0 && macro_f1.is_finite()).then_some((
                position,
                variant.true_bytes / KB,
                macro_f1,
            ))
        })
        .collect()
}

/// The goals a variant is picked for; empty for most.
fn goals(comparison: &Comparison, position: usize) -> String {
    let picks = comparison.picks.iter().flat_map(Picks::iter);
    let goals = picks.filter(|(_, outcome)| outcome.variant() == Some(position)).map(|(goal, _)| goal.name());
    goals.collect::<Vec<_>>().join(", ")
}

/// The variant's label with the goals it is picked for.
fn label(comparison: &Comparison, position: usize) -> String {
    let (own, goals) = (&comparison.variants[position].label, goals(comparison, position));
    if goals.is_empty() { own.to_string() } else { format!("{own} ({goals})") }
}

/// How stable the fronts are: whose place a new draw of the test rows would hardly change; `None` where none was drawn.
fn stable(shown: &[&Comparison]) -> Option<String> {
    let stable = |comparison: &Comparison| -> Vec<usize> {
        let share = |position: &usize| comparison.variants[*position].front_share;
        let mut stable: Vec<usize> = (0..comparison.variants.len())
            .filter(|position| share(position).is_some_and(|share| share >= STABLE))
            .collect();
        stable.sort_by(|a, b| {
            comparison.variants[*a].true_bytes.total_cmp(&comparison.variants[*b].true_bytes)
        });
        stable
    };
    let is_known =
        |comparison: &&Comparison| comparison.variants.iter().any(|variant| variant.front_share.is_some());
    let known: Vec<&Comparison> = shown.iter().copied().filter(is_known).collect();
    let told = match known.as_slice() {
        [] => return None,
        [only] if shown.len() == 1 => {
            let stable = stable(only);
            let named =
                stable.iter().take(MOST_NAMED).map(|position| only.variants[*position].label.to_string());
            let named = named.collect::<Vec<_>>().join(", ");
            match (stable.len(), stable.len().saturating_sub(MOST_NAMED)) {
                (0, _) => "none".to_owned(),
                (_, 0) => named,
                (_, more) => format!("{named}, and {more} more"),
            }
        }
        _ => {
            let counts = known.iter().zip(names(&known)).map(|(comparison, name)| {
                let stable =
                    stable(comparison).iter().filter(|position| comparison.front.contains(position)).count();
                format!("{name} {stable} of {}", comparison.front.len())
            });
            counts.collect::<Vec<_>>().join("; ")
        }
    };
    Some(format!("On the front in at least 90 % of bootstraps of the test rows: {told}."))
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let all: Vec<&Comparison> =
        subject.summary.comparisons.iter().filter(|comparison| places(comparison).len() > 1).collect();
    let shown = &all[..all.len().min(MOST_PANELS)];
    if shown.is_empty() {
        return Ok(None);
    }
    let title = "Size against macro-F1, and the Pareto front".to_owned();
    let header = Header::new(
        &title,
        &format!(
            "All bytes stored, logarithmic axis. Blue: no variant is both smaller and better. Grey: some other variant beats it. Ring: float.{}{}",
            stable(shown).map_or_else(String::new, |stable| format!(" {stable}")),
            left_out(shown.len(), all.len())
        ),
    );
    let layout = panels(shown.len(), header.bottom(), 340.0, 270.0);
    let alt = format!(
        "Scatter chart of stored size against macro-F1. On the Pareto front: {}.",
        shown
            .iter()
            .flat_map(|comparison| comparison.front.iter().map(|position| label(comparison, *position)))
            .take(6)
            .collect::<Vec<_>>()
            .join(", ")
    ) + &stable(shown).map_or_else(String::new, |stable| format!(" {stable}"));
    let names = names(shown);
    let svg = canvas::draw(layout.height, &alt, |canvas| {
        header.draw(canvas)?;
        for ((cell, comparison), name) in layout.cells.iter().zip(shown).zip(&names) {
            let named = shown.len() > 1;
            if named {
                panel_name(canvas, cell, name)?;
            }
            let cell = if named { cell.inset(0.0, 18.0, 0.0, 0.0) } else { *cell };
            panel(canvas, &frame_room(cell, 10.0), comparison, !named)?;
        }
        Ok(())
    })?;
    Ok(Some(Chart { name: NAME.to_owned(), title, alt, svg }))
}

fn panel(canvas: &Canvas<'_>, plot: &Rect, comparison: &Comparison, alone: bool) -> Result<(), Fault> {
    let places = places(comparison);
    let sizes = || places.iter().map(|(_, size, _)| *size);
    let lowest = places.iter().map(|(_, _, score)| *score).fold(1.0, f64::min);
    let x = Scale::logarithmic(sizes().fold(f64::INFINITY, f64::min), sizes().fold(0.0, f64::max))
        .on(plot.left + 8.0, plot.right - 8.0);
    // Room above the best keeps its label inside the plot, room below parts the worst from the base line.
    let highest = places.iter().map(|(_, _, score)| *score).fold(0.0, f64::max);
    let room = (highest - lowest).max(0.002) * 0.05;
    let best = Scale::nice((lowest - room).max(0.0), highest, 5);
    let y = best.on(plot.bottom, plot.top + 20.0);
    frame(
        canvas,
        plot,
        &Axis { scale: x, ticks: x.ticks(6), title: "stored size in KB (1,024 bytes)" },
        &Axis { scale: y, ticks: best.ticks(5), title: "macro-F1" },
    )?;
    let at = |place: &Place| (x.at(place.1), y.at(place.2));
    let on_front = |position: usize| comparison.front.contains(&position);

    let front: Vec<Place> = comparison
        .front
        .iter()
        .filter_map(|position| places.iter().find(|place| place.0 == *position))
        .copied()
        .collect();
    let mut steps: Vec<Point> = Vec::new();
    for place in &front {
        let point = at(place);
        if let Some(last) = steps.last().copied() {
            steps.push((point.0, last.1));
        }
        steps.push(point);
    }
    if let Some(last) = steps.last().copied() {
        steps.push((plot.right, last.1));
    }
    canvas.path(&steps, tint(BLUE, 0.35), 1.4)?;
    for place in places.iter().filter(|place| !on_front(place.0) && comparison.float != Some(place.0)) {
        canvas.marker(at(place), 3.2, REST)?;
    }
    for place in &front {
        canvas.marker(at(place), 4.2, BLUE)?;
    }
    for place in places.iter().filter(|place| !goals(comparison, place.0).is_empty()) {
        canvas.ring(at(place), 7.5, BLUE)?;
        canvas.disc(at(place), 4.2, BLUE)?;
    }
    let float = places.iter().find(|place| comparison.float == Some(place.0));
    if let Some(place) = float {
        canvas.ring(at(place), 4.4, FLOAT)?;
    }

    // Served in this order: the picks and float, which must find room, then the front, then the rest of a small set.
    let is_float = |place: &Place| comparison.float == Some(place.0);
    let must = |place: &Place| is_float(place) || !goals(comparison, place.0).is_empty();
    let mut named: Vec<Place> = places.iter().filter(|place| must(place)).copied().collect();
    if alone {
        named.extend(front.iter().filter(|place| !must(place)));
    }
    if alone && places.len() <= FEW {
        named.extend(places.iter().filter(|place| !must(place) && !on_front(place.0)));
    }
    let labels: Vec<String> = named
        .iter()
        .map(|place| match goals(comparison, place.0) {
            goals if !alone && !goals.is_empty() => goals,
            _ => label(comparison, place.0),
        })
        .collect();
    let wishes: Vec<(Point, &str)> = named.iter().map(at).zip(labels.iter().map(String::as_str)).collect();
    let obstacles: Vec<Point> = places.iter().map(at).collect();
    let space = plot.inset(0.0, -4.0, -6.0, 2.0);
    for (found, (place, (point, text))) in
        beside(&wishes, &obstacles, SMALL, &space).iter().zip(named.iter().zip(&wishes))
    {
        // Only what must be named may stand far off; many leaders make a thicket.
        let Some(found) = found.filter(|found| !found.far || must(place)) else { continue };
        if found.far {
            canvas.line(*point, (found.at.0 - 2.0, found.at.1), AXIS, 0.7)?;
        }
        canvas.ground(text, found.at, SMALL)?;
        canvas.text(text, found.at, Type::new(SMALL, if on_front(place.0) { INK } else { FLOAT }))?;
    }
    Ok(())
}

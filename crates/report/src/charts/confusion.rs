//! Confusion matrices: the float model beside the picks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bitsweep_results::numbers::counted;
use bitsweep_results::summary::PickOutcome;
use bitsweep_results::{Comparison, Predictions, Variant, VariantSummary};
use plotters::style::RGBColor;

use super::subject::Subject;
use crate::draw::canvas::{self, Anchor, Canvas, Fault, Type, WIDTH};
use crate::draw::colour::{BLUE, MUTED, VERMILLION, tint};
use crate::draw::frame::{Header, MARGIN, Rect, panel_name};
use crate::draw::text::{SMALL, fitted, width};
use crate::report::Chart;

pub(super) const NAME: &str = "confusion";

/// Classes above which the cells become too small to read.
const MOST_CLASSES: usize = 20;
/// Text on cells; not one of the greys that the page's dark theme turns light.
const ON_CELL: RGBColor = RGBColor(26, 26, 26);
/// Text on dark cells.
const ON_DARK: RGBColor = RGBColor(255, 255, 254);

/// Counts of test rows by true and predicted class.
struct Matrix {
    label: String,
    counts: BTreeMap<(String, String), usize>,
}

/// The comparison shown, with the positions of its picks.
fn shown<'a>(subject: &'a Subject<'_>) -> Option<(&'a Comparison, Vec<usize>)> {
    let comparison = subject.summary.comparisons.iter().find(|comparison| comparison.picks.is_some())?;
    let picks = comparison.picks.as_ref()?;
    let mut positions: Vec<usize> = Vec::new();
    for (_, outcome) in picks.iter() {
        let closest = match outcome {
            PickOutcome::NoneQualifies { closest } => closest.map(|(position, _)| position),
            PickOutcome::NoneFits { smallest } => *smallest,
            PickOutcome::Picked(pick) => Some(pick.variant),
            PickOutcome::NoneInEveryUnit
            | PickOutcome::NoBaseline
            | PickOutcome::DeadBaseline
            | PickOutcome::NothingToLose => None,
        };
        positions.extend(
            closest.filter(|position| !positions.contains(position) && comparison.float != Some(*position)),
        );
    }
    (!positions.is_empty()).then_some((comparison, positions))
}

/// Adds up the predictions of the comparison's units: the float model's once, and those of each position.
fn matrices(subject: &Subject<'_>, comparison: &Comparison, positions: &[usize]) -> Vec<Matrix> {
    let variants: Vec<&VariantSummary> =
        positions.iter().map(|position| &comparison.variants[*position]).collect();
    let labels = std::iter::once("float").chain(variants.iter().map(|variant| variant.label.text()));
    let mut matrices: Vec<Matrix> =
        labels.map(|label| Matrix { label: label.to_owned(), counts: BTreeMap::new() }).collect();
    let predictions = subject.records.predictions.iter();
    for own in predictions.filter(|own| own.unit.task.key == comparison.task.key) {
        for (index, variant) in variants.iter().enumerate() {
            let wanted = &variant.origin.variant;
            let is_own = |other: &Arc<Variant>| Arc::ptr_eq(other, wanted) || other.choices == wanted.choices;
            let Some((.., seen)) = own.variants.iter().find(|(_, other, _)| is_own(other)) else { continue };
            matrices[index + 1].add(own, seen);
            if index == 0 {
                matrices[0].add(own, &own.float);
            }
        }
    }
    matrices
}

impl Matrix {
    /// Counts a unit's test rows by their true class and the one in `seen`.
    fn add(&mut self, own: &Predictions, seen: &[u16]) {
        let mut counts: BTreeMap<(u16, u16), usize> = BTreeMap::new();
        for pair in own.truth.iter().copied().zip(seen.iter().copied()) {
            *counts.entry(pair).or_default() += 1;
        }
        let name =
            |class: u16| own.classes.get(usize::from(class)).map_or_else(|| class.to_string(), Clone::clone);
        for ((truth, seen), count) in counts {
            *self.counts.entry((name(truth), name(seen))).or_default() += count;
        }
    }
}

/// Class names, numbers by size and before words.
fn classes(matrices: &[Matrix]) -> Vec<String> {
    let names: BTreeSet<&String> = matrices
        .iter()
        .flat_map(|matrix| matrix.counts.keys())
        .flat_map(|(truth, seen)| [truth, seen])
        .collect();
    let mut names: Vec<String> = names.into_iter().cloned().collect();
    let number = |name: &str| name.parse::<f64>().ok().filter(|number| !number.is_nan());
    names.sort_by(|a, b| match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (None, None) => a.cmp(b),
    });
    names
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let Some((comparison, positions)) = shown(subject) else { return Ok(None) };
    let mut matrices = matrices(subject, comparison, &positions);
    let classes = classes(&matrices);
    if classes.is_empty() || classes.len() > MOST_CLASSES {
        return Ok(None);
    }
    if classes.len() > 6 {
        // Large matrices need the width: float and the smallest pick tell most.
        matrices.drain(1..matrices.len() - 1);
    }
    let title = "Which classes are confused".to_owned();
    let runs = if comparison.units > 1 {
        format!(", added up over {}", comparison.runs(comparison.units))
    } else {
        String::new()
    };
    let task = if subject.summary.comparisons.len() > 1 {
        format!("{}. ", comparison.name())
    } else {
        String::new()
    };
    let header = Header::new(
        &title,
        &format!(
            "{task}Test rows by true class (down) and predicted class (across){runs}. Blue: right. Vermillion: wrong."
        ),
    );

    const GAP: f64 = 18.0;
    let count = matrices.len() as f64;
    let names = classes.iter().map(|name| width(name, SMALL, false)).fold(0.0, f64::max).min(90.0);
    let across = (WIDTH - 2.0 * MARGIN - (count - 1.0) * GAP) / count;
    let cell = ((across - names - 8.0) / classes.len() as f64).min(46.0);
    let upright = names > cell - 4.0;
    let below = if upright { names + 12.0 } else { 20.0 };
    let top = header.bottom();
    let height = top + 24.0 + cell * classes.len() as f64 + below + MARGIN;
    let alt = format!(
        "Confusion matrices of {}. {}",
        matrices.iter().map(|matrix| matrix.label.as_str()).collect::<Vec<_>>().join(", "),
        matrices.iter().map(wrong_in_words).collect::<Vec<_>>().join(" ")
    );
    let svg = canvas::draw(height, &alt, |canvas| {
        header.draw(canvas)?;
        for (index, matrix) in matrices.iter().enumerate() {
            let left = MARGIN + index as f64 * (across + GAP);
            let space = Rect { left, top, right: left + across, bottom: height };
            let wrong: usize = wrong(matrix);
            panel_name(canvas, &space, &format!("{}: {wrong} wrong", matrix.label))?;
            let grid = Grid { left: left + names + 8.0, top: top + 24.0, cell, upright };
            grid.draw(canvas, matrix, &classes, names)?;
        }
        Ok(())
    })?;
    Ok(Some(Chart { name: NAME.to_owned(), title, alt, svg }))
}

fn wrong(matrix: &Matrix) -> usize {
    matrix.counts.iter().filter(|((truth, seen), _)| truth != seen).map(|(_, count)| count).sum()
}

fn wrong_in_words(matrix: &Matrix) -> String {
    let all: usize = matrix.counts.values().sum();
    format!("{}: {} of {} wrong.", matrix.label, wrong(matrix), counted(all, "test row", "test rows"))
}

/// Where the cells of one matrix lie.
struct Grid {
    left: f64,
    top: f64,
    cell: f64,
    upright: bool,
}

impl Grid {
    fn draw(
        &self,
        canvas: &Canvas<'_>,
        matrix: &Matrix,
        classes: &[String],
        names: f64,
    ) -> Result<(), Fault> {
        let size = (self.cell * 0.42).clamp(7.5, SMALL + 1.0);
        for (row, truth) in classes.iter().enumerate() {
            let middle = self.top + (row as f64 + 0.5) * self.cell;
            let look = Type::new(SMALL, MUTED);
            canvas.text(
                &fitted(truth, SMALL, false, names),
                (self.left - 6.0, middle),
                look.anchor(Anchor::End),
            )?;
            let of_truth: usize =
                classes.iter().filter_map(|seen| matrix.counts.get(&(truth.clone(), seen.clone()))).sum();
            for (column, seen) in classes.iter().enumerate() {
                let count = matrix.counts.get(&(truth.clone(), seen.clone())).copied().unwrap_or(0);
                let corner = (self.left + column as f64 * self.cell, self.top + row as f64 * self.cell);
                let opposite = (corner.0 + self.cell - 1.5, corner.1 + self.cell - 1.5);
                let share = count as f64 / of_truth.max(1) as f64;
                let (colour, dark) = if row == column {
                    (tint(BLUE, 0.08 + 0.92 * share), share > 0.7)
                } else if count > 0 {
                    (tint(VERMILLION, 0.25 + 0.75 * share), share > 0.6)
                } else {
                    (tint(MUTED, 0.06), false)
                };
                canvas.block(corner, opposite, colour)?;
                if count > 0 {
                    let ink = if dark { ON_DARK } else { ON_CELL };
                    let centre = ((corner.0 + opposite.0) / 2.0, (corner.1 + opposite.1) / 2.0);
                    canvas.text(&count.to_string(), centre, Type::new(size, ink).anchor(Anchor::Middle))?;
                }
            }
        }
        let bottom = self.top + classes.len() as f64 * self.cell;
        for (column, seen) in classes.iter().enumerate() {
            let middle = self.left + (column as f64 + 0.5) * self.cell;
            let name = fitted(seen, SMALL, false, names);
            let look = Type::new(SMALL, MUTED);
            if self.upright {
                canvas.text(&name, (middle, bottom + 6.0), look.upright().anchor(Anchor::End))?;
            } else {
                canvas.text(&name, (middle, bottom + 10.0), look.anchor(Anchor::Middle))?;
            }
        }
        Ok(())
    }
}

//! The first test rows whose class a pick changes, as pictures.

use bitsweep_results::{Comparison, FlipRow, Goal, PictureRow, VariantSummary};
use plotters::style::RGBColor;

use super::subject::Subject;
use crate::draw::canvas::{self, Anchor, Fault, Type, WIDTH};
use crate::draw::colour::{INK, MUTED};
use crate::draw::frame::{Header, MARGIN};
use crate::draw::text::{SMALL, fitted};
use crate::report::Chart;

pub(super) const NAME: &str = "flips";

/// Pictures in a row.
const ACROSS: usize = 5;
/// Side of a cell in pixels.
const CELL: f64 = 13.0;
/// Height of a picture with its two lines of text.
const HEIGHT: f64 = 158.0;
/// Cells without ink, a grey that the page's dark theme leaves alone.
const LIGHT: f64 = 250.0;
/// Cells full of ink.
const DARK: f64 = 34.0;

/// A row that is told by its picture.
type Told<'a> = (&'a FlipRow, &'a PictureRow);

/// The first pick whose changed rows have pictures, that of the balance before that of the least memory.
fn shown<'a>(subject: &Subject<'a>) -> Option<(&'a Comparison, &'a VariantSummary, Vec<Told<'a>>)> {
    let records = subject.records;
    let goals = [Goal::Balance, Goal::LeastMemory];
    let picks = subject.summary.comparisons.iter().flat_map(|comparison| {
        let of_goal = move |goal| comparison.picks.as_ref()?.variant(goal);
        goals.into_iter().filter_map(of_goal).map(move |position| (comparison, position))
    });
    picks
        .map(|(comparison, position)| {
            let variant = &comparison.variants[position];
            let choices = &variant.origin.variant.choices;
            let own = records
                .flips
                .iter()
                .filter(|flip| comparison.has(&flip.origin) && flip.origin.variant.choices == *choices);
            let told = own.filter_map(|flip| {
                let is_own = |picture: &&PictureRow| {
                    picture.row == flip.row && picture.unit.keys() == flip.origin.unit.keys()
                };
                Some((flip, records.pictures.iter().find(is_own)?))
            });
            (comparison, variant, told.take(FlipRow::MOST).collect::<Vec<Told<'a>>>())
        })
        .find(|(.., told)| !told.is_empty())
}

/// The grey of a value between the least and the most that a cell can have.
fn grey(value: f64, most: f64) -> RGBColor {
    let share = if most > 0.0 { (value / most).clamp(0.0, 1.0) } else { 0.0 };
    let tone = (LIGHT - (LIGHT - DARK) * share) as u8;
    RGBColor(tone, tone, tone)
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let Some((comparison, variant, told)) = shown(subject) else { return Ok(None) };
    let task = if subject.summary.comparisons.len() > 1 {
        format!("{}. ", comparison.name())
    } else {
        String::new()
    };
    let title = format!("Test rows whose class {} changes", variant.label);
    let header = Header::new(
        &title,
        &format!(
            "{task}The first of them, in the order of the test rows: the true class, the float model's and the pick's."
        ),
    );
    let several = comparison.units > 1;
    let place = |flip: &FlipRow| {
        let run = if several { format!(", {}", flip.origin.unit.run()) } else { String::new() };
        format!("row {}{run}", flip.row)
    };
    let classes =
        |flip: &FlipRow| format!("true {}, float {}, pick {}", flip.truth, flip.float, flip.quantized);
    let each = told.iter().map(|(flip, _)| format!("{}: {}", place(flip), classes(flip)));
    let alt = format!(
        "Pictures of test rows whose class {} changes. {}.",
        variant.label,
        each.collect::<Vec<_>>().join("; ")
    );
    let across = (WIDTH - 2.0 * MARGIN) / ACROSS as f64;
    let top = header.bottom();
    let height = top + told.len().div_ceil(ACROSS) as f64 * HEIGHT + MARGIN;
    let svg = canvas::draw(height, &alt, |canvas| {
        header.draw(canvas)?;
        for (index, (flip, picture)) in told.iter().enumerate() {
            let middle = MARGIN + ((index % ACROSS) as f64 + 0.5) * across;
            let top = top + (index / ACROSS) as f64 * HEIGHT;
            let side = picture.width as f64 * CELL;
            let left = middle - side / 2.0;
            canvas.block((left, top), (left + side, top + side), grey(0.0, picture.most))?;
            for (cell, value) in picture.values.iter().enumerate() {
                let corner =
                    (left + (cell % picture.width) as f64 * CELL, top + (cell / picture.width) as f64 * CELL);
                canvas.block(corner, (corner.0 + CELL, corner.1 + CELL), grey(*value, picture.most))?;
            }
            let lines = [(classes(flip), INK), (place(flip), MUTED)];
            for (number, (line, colour)) in lines.into_iter().enumerate() {
                let at = (middle, top + side + 12.0 + 15.0 * number as f64);
                let line = fitted(&line, SMALL, false, across - 6.0);
                canvas.text(&line, at, Type::new(SMALL, colour).anchor(Anchor::Middle))?;
            }
        }
        Ok(())
    })?;
    Ok(Some(Chart { name: NAME.to_owned(), title, alt, svg }))
}

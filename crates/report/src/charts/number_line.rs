//! The levels of each format on a number line: where the codes are spent.

use std::cmp::Reverse;

use bitsweep_results::LevelRow;
use bitsweep_results::numbers::counted;

use super::subject::Subject;
use crate::draw::canvas::{self, Anchor, Fault, Type, WIDTH};
use crate::draw::colour::{AXIS, GRID, INK, MUTED, series};
use crate::draw::frame::{Header, MARGIN};
use crate::draw::scale::Scale;
use crate::draw::text::{BODY, SMALL, fitted};
use crate::report::Chart;

pub(super) const NAME: &str = "number-line";

/// Beyond, neighbouring levels cannot be told apart on the page.
const MOST_BITS: u32 = 6;
const MOST_LINES: usize = 24;
const LINE_HEIGHT: f64 = 24.0;
const NAMES: f64 = 215.0;
const HALF_TICK: f64 = 7.0;

/// One format.
struct Line<'a> {
    format: &'a str,
    bits: u32,
    levels: Vec<f64>,
}

fn gather(rows: &[LevelRow]) -> Vec<Line<'_>> {
    let same = |a: &LevelRow, b: &LevelRow| a.format == b.format && a.bits == b.bits;
    let lines = rows.chunk_by(same).filter_map(|rows| {
        let first = rows.first().filter(|first| first.bits <= MOST_BITS)?;
        let levels = rows.iter().map(|row| row.level).collect();
        Some(Line { format: &first.format, bits: first.bits, levels })
    });
    let mut lines: Vec<Line<'_>> = lines.collect();
    // Stable: formats of equally many bits stay in the order of the plan.
    lines.sort_by_key(|line| Reverse(line.bits));
    lines
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let lines = gather(&subject.records.levels);
    let formats_differ = lines.iter().any(|line| line.format != lines[0].format);
    if !formats_differ {
        return Ok(None);
    }
    let shown = &lines[..lines.len().min(MOST_LINES)];
    let title = "Where each format has its levels".to_owned();
    let subtitle = format!(
        "Every level in units of the largest; formats of at most {MOST_BITS} bits.{}",
        if shown.len() < lines.len() {
            format!(" {} of {} are shown; levels.csv has all.", shown.len(), lines.len())
        } else {
            String::new()
        }
    );
    let header = Header::new(&title, &subtitle);
    let summary = |line: &Line<'_>| {
        format!("{} bit {}: {}", line.bits, line.format, counted(line.levels.len(), "level", "levels"))
    };
    let alt = format!("Number lines: {}.", shown.iter().map(summary).collect::<Vec<_>>().join(", "));
    let top = header.bottom();
    let bottom = top + shown.len() as f64 * LINE_HEIGHT;
    let scale = Scale::linear(-1.0, 1.0).on(MARGIN + NAMES, WIDTH - MARGIN - 8.0);
    let svg = canvas::draw(bottom + 34.0 + MARGIN, &alt, |canvas| {
        header.draw(canvas)?;
        for tick in scale.ticks(9) {
            let at = scale.at(tick.value);
            canvas.line((at, top), (at, bottom), GRID, 1.0)?;
            let look = Type::new(SMALL, MUTED).anchor(Anchor::Middle);
            canvas.text(&tick.label, (at, bottom + 12.0), look)?;
        }
        let look = Type::new(SMALL, MUTED).anchor(Anchor::Middle);
        canvas.text(
            "level in units of the largest",
            ((scale.start() + scale.end()) / 2.0, bottom + 30.0),
            look,
        )?;
        let mut widths: Vec<u32> = shown.iter().map(|line| line.bits).collect();
        widths.dedup();
        for (index, line) in shown.iter().enumerate() {
            let y = top + (index as f64 + 0.5) * LINE_HEIGHT;
            let number = widths.iter().position(|bits| *bits == line.bits).unwrap_or_default();
            let room = NAMES - 60.0;
            canvas.text(&fitted(line.format, BODY, false, room), (MARGIN, y), Type::new(BODY, INK))?;
            let bits = Type::new(SMALL, MUTED).anchor(Anchor::End);
            canvas.text(&format!("{} bit", line.bits), (MARGIN + NAMES - 14.0, y), bits)?;
            canvas.line((scale.start(), y), (scale.end(), y), AXIS, 0.8)?;
            for level in &line.levels {
                let at = scale.at(*level);
                canvas.line((at, y - HALF_TICK), (at, y + HALF_TICK), series(number), 1.4)?;
            }
        }
        Ok(())
    })?;
    Ok(Some(Chart { name: NAME.to_owned(), title, alt, svg }))
}

//! Headers, panels and axes.

use super::canvas::{Anchor, Canvas, Fault, Type, WIDTH};
use super::colour::{AXIS, GRID, INK, MUTED};
use super::scale::{Scale, Tick};
use super::text::{BODY, SMALL, TITLE, fitted, wrapped};

/// Space around everything.
pub(crate) const MARGIN: f64 = 16.0;
const TITLE_LINE: f64 = 21.0;
const SUBTITLE_LINE: f64 = 17.0;

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Rect {
    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    /// The rectangle without the given strips at its left, top, right and bottom.
    pub(crate) fn inset(self, left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self {
            left: self.left + left,
            top: self.top + top,
            right: self.right - right,
            bottom: self.bottom - bottom,
        }
    }

    pub(crate) fn contains(&self, x: f64, y: f64) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// The title of a chart and a line or two below it.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    title: Vec<String>,
    subtitle: Vec<String>,
}

impl Header {
    pub(crate) fn new(title: &str, subtitle: &str) -> Self {
        let room = WIDTH - 2.0 * MARGIN;
        // Bold type is about a tenth wider than the regular that `wrapped` measures.
        Self { title: wrapped(title, TITLE * 1.12, room), subtitle: wrapped(subtitle, BODY, room) }
    }

    /// Where the content below the header begins.
    pub(crate) fn bottom(&self) -> f64 {
        MARGIN + self.title.len() as f64 * TITLE_LINE + self.subtitle.len() as f64 * SUBTITLE_LINE + 10.0
    }

    pub(crate) fn draw(&self, canvas: &Canvas<'_>) -> Result<(), Fault> {
        let mut y = MARGIN + TITLE_LINE / 2.0;
        for line in &self.title {
            canvas.text(line, (MARGIN, y), Type::new(TITLE, INK).bold())?;
            y += TITLE_LINE;
        }
        y += (SUBTITLE_LINE - TITLE_LINE) / 2.0 + 2.0;
        for line in &self.subtitle {
            canvas.text(line, (MARGIN, y), Type::new(BODY, MUTED))?;
            y += SUBTITLE_LINE;
        }
        Ok(())
    }
}

/// Equal panels in rows, and the height of the whole.
pub(crate) struct Panels {
    pub(crate) cells: Vec<Rect>,
    pub(crate) height: f64,
}

/// Lays `count` panels below `top`: one fills the width, two and four stand in twos, others in threes.
pub(crate) fn panels(count: usize, top: f64, single_height: f64, height: f64) -> Panels {
    const GAP: f64 = 14.0;
    let columns = match count {
        0 | 1 => 1,
        2 | 4 => 2,
        _ => 3,
    };
    let height = if count <= 1 { single_height } else { height };
    let width = (WIDTH - 2.0 * MARGIN - (columns - 1) as f64 * GAP) / columns as f64;
    let cells = (0..count)
        .map(|index| {
            let left = MARGIN + (index % columns) as f64 * (width + GAP);
            let top = top + (index / columns) as f64 * (height + GAP);
            Rect { left, top, right: left + width, bottom: top + height }
        })
        .collect();
    let rows = count.div_ceil(columns) as f64;
    Panels { cells, height: top + rows * (height + GAP) - GAP + MARGIN }
}

/// A name over a panel.
pub(crate) fn panel_name(canvas: &Canvas<'_>, cell: &Rect, name: &str) -> Result<(), Fault> {
    let look = Type::new(BODY, INK).bold();
    canvas.text(&fitted(name, BODY, true, cell.width()), (cell.left, cell.top + 7.0), look)
}

/// One direction of a frame.
pub(crate) struct Axis<'a> {
    pub(crate) scale: Scale,
    pub(crate) ticks: Vec<Tick>,
    pub(crate) title: &'a str,
}

/// Draws a frame into `plot`: horizontal grid, a base line, tick labels, the vertical axis' title over its top, the
/// horizontal axis' title below.
pub(crate) fn frame(canvas: &Canvas<'_>, plot: &Rect, x: &Axis<'_>, y: &Axis<'_>) -> Result<(), Fault> {
    for tick in &y.ticks {
        let height = y.scale.at(tick.value);
        canvas.line((plot.left, height), (plot.right, height), GRID, 1.0)?;
        canvas.text(&tick.label, (plot.left - 7.0, height), Type::new(SMALL, MUTED).anchor(Anchor::End))?;
    }
    canvas.line((plot.left, plot.bottom), (plot.right, plot.bottom), AXIS, 1.0)?;
    for tick in &x.ticks {
        let at = x.scale.at(tick.value);
        canvas.line((at, plot.bottom), (at, plot.bottom + 4.0), AXIS, 1.0)?;
        canvas.text(&tick.label, (at, plot.bottom + 13.0), Type::new(SMALL, MUTED).anchor(Anchor::Middle))?;
    }
    let title = Type::new(SMALL, MUTED);
    if !y.title.is_empty() {
        let left = (plot.left - 40.0).max(MARGIN);
        canvas.text(y.title, (left, plot.top - 14.0), title)?;
    }
    if !x.title.is_empty() {
        let middle = (plot.left + plot.right) / 2.0;
        canvas.text(x.title, (middle, plot.bottom + 30.0), title.anchor(Anchor::Middle))?;
    }
    Ok(())
}

/// Room that [`frame`] needs around the plot for tick labels and titles.
pub(crate) fn frame_room(cell: Rect, right: f64) -> Rect {
    cell.inset(42.0, 24.0, right, 38.0)
}

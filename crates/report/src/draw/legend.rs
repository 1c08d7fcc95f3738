//! Named swatches, for charts whose panels share their colours.

use plotters::style::RGBColor;

use super::canvas::{Canvas, Fault, Type, WIDTH};
use super::colour::MUTED;
use super::frame::MARGIN;
use super::text::{SMALL, fitted, width};

const LINE: f64 = 18.0;
const SWATCH: f64 = 15.0;
const GAP: f64 = 18.0;

/// Entries laid into lines.
pub(crate) struct Legend {
    /// Left end, number of the line, name and colour of each entry.
    entries: Vec<(f64, usize, String, RGBColor)>,
}

impl Legend {
    pub(crate) fn new(entries: impl IntoIterator<Item = (String, RGBColor)>) -> Self {
        let room = WIDTH - 2.0 * MARGIN;
        let (mut left, mut line) = (0.0, 0);
        let entries = entries
            .into_iter()
            .map(|(name, colour)| {
                let name = fitted(&name, SMALL, false, room - SWATCH);
                let own = SWATCH + width(&name, SMALL, false);
                if left > 0.0 && left + own > room {
                    (left, line) = (0.0, line + 1);
                }
                let at = left;
                left += own + GAP;
                (at, line, name, colour)
            })
            .collect();
        Self { entries }
    }

    /// Height with a little space below; nothing when there are no entries.
    pub(crate) fn height(&self) -> f64 {
        self.entries.last().map_or(0.0, |(_, line, _, _)| (line + 1) as f64 * LINE + 6.0)
    }

    pub(crate) fn draw(&self, canvas: &Canvas<'_>, top: f64) -> Result<(), Fault> {
        for (left, line, name, colour) in &self.entries {
            let (x, middle) = (MARGIN + left, top + (*line as f64 + 0.5) * LINE - 3.0);
            canvas.block((x, middle - 5.0), (x + 10.0, middle + 5.0), *colour)?;
            canvas.text(name, (x + SWATCH, middle), Type::new(SMALL, MUTED))?;
        }
        Ok(())
    }
}

//! Horizontal bars with their names and numbers beside them.

use plotters::style::RGBColor;

use super::canvas::{Anchor, Canvas, Fault, Type};
use super::colour::{AXIS, INK, MUTED};
use super::frame::Rect;
use super::scale::Scale;
use super::text::{BODY, SMALL, fitted, width};

/// Height of a bar with the space to the next.
const PITCH: f64 = 24.0;
/// Height of a bar.
const THICK: f64 = 14.0;

/// One bar, made of parts laid end to end.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    /// The heading it stands under, shared by neighbours; empty for none.
    pub(crate) group: String,
    pub(crate) label: String,
    pub(crate) parts: Vec<(f64, RGBColor)>,
    /// A second figure, marked on the bar by an upright line.
    pub(crate) mark: Option<f64>,
    /// The number at the bar's end.
    pub(crate) note: String,
    /// Whether the label is set in bold.
    pub(crate) strong: bool,
}

impl Bar {
    fn length(&self) -> f64 {
        let total: f64 = self.parts.iter().map(|(value, _)| *value).sum();
        let marked = self.mark.unwrap_or(0.0);
        f64::max(if total.is_finite() { total } else { 0.0 }, if marked.is_finite() { marked } else { 0.0 })
    }
}

/// Height of the bars with their headings.
pub(crate) fn height(bars: &[Bar]) -> f64 {
    let headings =
        bars.chunk_by(|a, b| a.group == b.group).filter(|group| !group[0].group.is_empty()).count();
    (bars.len() + headings) as f64 * PITCH
}

/// Draws the bars into `area`, all from a common base line.
pub(crate) fn bars(canvas: &Canvas<'_>, area: &Rect, bars: &[Bar]) -> Result<(), Fault> {
    let longest = |measure: &dyn Fn(&Bar) -> f64| bars.iter().map(measure).fold(0.0, f64::max);
    let labels = f64::min(longest(&|bar| width(&bar.label, BODY, bar.strong)), area.width() * 0.4);
    let notes = longest(&|bar| width(&bar.note, SMALL, false));
    let base = area.left + labels + 10.0;
    let scale = Scale::linear(0.0, longest(&|bar| bar.length()).max(f64::MIN_POSITIVE))
        .on(base, (area.right - notes - 10.0).max(base + 20.0));
    let mut middle = area.top - PITCH / 2.0;
    let mut group = "";
    for bar in bars {
        middle += PITCH;
        if bar.group != group {
            group = &bar.group;
            canvas.text(
                &fitted(group, BODY, true, area.width()),
                (area.left, middle),
                Type::new(BODY, INK).bold(),
            )?;
            middle += PITCH;
        }
        canvas.line((base, middle - PITCH / 2.0), (base, middle + PITCH / 2.0), AXIS, 1.0)?;
        let look = Type::new(BODY, INK).anchor(Anchor::End);
        let look = if bar.strong { look.bold() } else { look };
        canvas.text(&fitted(&bar.label, BODY, bar.strong, labels), (base - 8.0, middle), look)?;
        let mut sum = 0.0;
        for (value, colour) in &bar.parts {
            let start = scale.at(sum);
            sum += value;
            canvas.block((start, middle - THICK / 2.0), (scale.at(sum), middle + THICK / 2.0), *colour)?;
        }
        if let Some(mark) = bar.mark {
            let at = scale.at(mark);
            canvas.line((at, middle - THICK / 2.0 - 2.0), (at, middle + THICK / 2.0 + 2.0), INK, 1.6)?;
        }
        let end = scale.at(bar.length());
        canvas.text(&bar.note, (end + 8.0, middle), Type::new(SMALL, MUTED))?;
    }
    Ok(())
}

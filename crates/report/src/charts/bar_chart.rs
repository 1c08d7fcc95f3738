//! A chart of horizontal bars: header, legend, bars.

use plotters::style::RGBColor;

use crate::draw::bars::{Bar, bars, height};
use crate::draw::canvas::{self, Fault, WIDTH};
use crate::draw::frame::{Header, MARGIN, Rect};
use crate::draw::legend::Legend;
use crate::report::Chart;

/// What a chart of bars shows.
pub(super) struct BarChart<'a> {
    pub(super) name: &'static str,
    pub(super) title: &'a str,
    pub(super) subtitle: &'a str,
    /// Empty for none.
    pub(super) legend: Vec<(String, RGBColor)>,
    pub(super) bars: &'a [Bar],
    pub(super) alt: String,
}

impl BarChart<'_> {
    pub(super) fn draw(self) -> Result<Chart, Fault> {
        let header = Header::new(self.title, self.subtitle);
        let legend = Legend::new(self.legend);
        let top = header.bottom() + legend.height();
        let area = Rect { left: MARGIN, top, right: WIDTH - MARGIN, bottom: 0.0 };
        let svg = canvas::draw(top + height(self.bars) + MARGIN, &self.alt, |canvas| {
            header.draw(canvas)?;
            legend.draw(canvas, header.bottom())?;
            bars(canvas, &area, self.bars)
        })?;
        Ok(Chart { name: self.name.to_owned(), title: self.title.to_owned(), alt: self.alt, svg })
    }
}

/// Each bar with its number, in words.
pub(super) fn in_words(bars: &[Bar]) -> String {
    bars.iter().map(|bar| format!("{} {}", bar.label, bar.note)).collect::<Vec<_>>().join(", ")
}

//! Macro-F1 for each kilobyte, as notebook 000 ranks its variants.

use bitsweep_results::numbers::significant;

use super::bar_chart::{BarChart, in_words};
use super::selection::{Shown, telling};
use super::subject::{KB, Subject};
use crate::draw::bars::Bar;
use crate::draw::canvas::Fault;
use crate::draw::colour::{BLUE, FLOAT, tint};
use crate::report::Chart;

pub(super) const NAME: &str = "macro-f1-per-kb";

fn bar(shown: &Shown<'_>) -> Option<Bar> {
    let macro_f1 = shown.variant.scores.as_ref()?.macro_f1.mean;
    let per_kb = |bytes: f64| Some(macro_f1 * KB / bytes).filter(|ratio| ratio.is_finite());
    let colour = if shown.float {
        FLOAT
    } else if shown.picked {
        BLUE
    } else {
        tint(BLUE, 0.45)
    };
    let value = per_kb(shown.variant.true_bytes)?;
    let payload = per_kb(shown.variant.payload_bytes);
    Some(Bar {
        group: shown.group.clone(),
        label: shown.label.clone(),
        parts: vec![(value, colour)],
        mark: payload,
        note: match payload {
            Some(payload) => format!("{} ({})", significant(value, 3), significant(payload, 3)),
            None => significant(value, 3),
        },
        strong: shown.picked,
    })
}

pub(super) fn draw(subject: &Subject<'_>) -> Result<Option<Chart>, Fault> {
    let shown = telling(subject.summary, 16, |comparison| comparison.has_scores() && comparison.models() > 1);
    let rows: Vec<Bar> = shown.iter().filter_map(bar).collect();
    if rows.len() < 2 {
        return Ok(None);
    }
    let alt = format!("Bar chart of macro-F1 per kilobyte of all bytes stored: {}.", in_words(&rows));
    let chart = BarChart {
        name: NAME,
        title: "Macro-F1 per kilobyte",
        subtitle: "Bars: all bytes stored, 1 KB = 1,024 bytes. Upright mark and brackets: the notebooks' count, codes and biases alone. Full colour: the picks. The figure rewards smallness first, so read it with the score.",
        legend: Vec::new(),
        bars: &rows,
        alt,
    };
    chart.draw().map(Some)
}

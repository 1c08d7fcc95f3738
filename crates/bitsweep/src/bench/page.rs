//! What was measured, for a terminal.

use bitsweep_results::numbers::{count, significant};
use bitsweep_results::speed::{BatchTimes, LayerTimes, ModelTimes, Speed};

use crate::layout::{Column, Page, Table};

/// Medians of each batch of each unit, and from which width on formats are faster than `f32`.
pub(crate) fn page(speed: &Speed, columns: usize) -> String {
    let mut page = Page::new(columns);
    page.prose(0, &speed.host.to_string());
    for models in speed.models.chunk_by(|left, right| left.unit == right.unit) {
        page.space();
        page.prose(0, &models[0].unit);
        for (place, batch) in models[0].batches.iter().enumerate() {
            add_batch(&mut page, models, place, batch);
        }
    }
    page.space();
    for layers in &speed.layers {
        break_even_sentences(layers).for_each(|line| page.prose(0, &line));
    }
    page.text()
}

fn add_batch(page: &mut Page, models: &[ModelTimes], place: usize, batch: &BatchTimes) {
    let heading = |heading| Column { heading, rank: 0 };
    let headings = ["f32 kernel", "packed kernel", "times f32's", "rows a second"].map(heading);
    let extent = batch.extent();
    let mut table = Table::new(&extent, headings);
    for model in models {
        let own = &model.batches[place];
        table.row(
            &model.variant,
            [
                own.float.map_or_else(na, |seconds| seconds.to_string()),
                own.packed.map_or_else(na, |seconds| seconds.to_string()),
                own.packed_to_float().map_or_else(na, |ratio| significant(ratio, 2)),
                model.rows_a_second(own).map_or_else(na, |rows| count(rows.round())),
            ],
        );
    }
    page.table(&table);
}

fn break_even_sentences(layers: &LayerTimes) -> impl Iterator<Item = String> {
    let last = layers.widths.last().copied().unwrap_or_default();
    layers.formats.iter().map(move |own| {
        let threads = layers.on_threads();
        match own.break_even {
            Some(width) => format!(
                "{}, {threads}: faster than f32 from {width} inputs and outputs on, up to {last}",
                own.format
            ),
            None => format!(
                "{}, {threads}: not shown to be faster than f32 at {last} inputs and outputs",
                own.format
            ),
        }
    })
}

pub(super) fn na() -> String {
    "n/a".to_owned()
}

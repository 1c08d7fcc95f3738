//! Test rows that a reader can look at.

use std::collections::BTreeSet;
use std::sync::Arc;

use bitsweep_datasets::Dataset;
use bitsweep_results::{FlipRow, PictureRow};

/// The built-in dataset whose rows are pictures: 8 × 8 cells of 0 to 16, line by line.
const DIGITS: &str = "digits";
const WIDTH: usize = 8;
const MOST: f64 = 16.0;

/// The pictures of the test rows that `flips` name, each once; none of rows that are no pictures.
pub(super) fn pictures(
    dataset: &Dataset,
    unit: &Arc<bitsweep_results::Unit>,
    flips: &[FlipRow],
) -> Vec<PictureRow> {
    let is_picture = dataset.name == DIGITS && dataset.file.is_none();
    if !is_picture || dataset.values.ncols() != WIDTH * WIDTH {
        return Vec::new();
    }
    let rows: BTreeSet<u32> = flips.iter().map(|flip| flip.row).collect();
    let picture = |row: u32| PictureRow {
        unit: Arc::clone(unit),
        row,
        width: WIDTH,
        most: MOST,
        values: dataset.values.row(row as usize).to_vec().into(),
    };
    rows.into_iter().map(picture).collect()
}

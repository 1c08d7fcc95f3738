//! `bitsweep predict`

use std::path::Path;

use bitsweep_models::predict as classes;

use super::packed_rows::PackedRows;
use super::print;
use crate::failure::Failure;

/// Prints CSV, one line per row of the table: its number from 0 as in `predictions.csv`, the class, and the probability of each
/// class.
pub(super) fn predict(file: &Path, csv: &Path) -> Result<(), Failure> {
    let own = PackedRows::read(file, csv, None)?;
    let (model, probabilities) = (own.packed.classifier(), own.probabilities());

    let failed = |error: csv::Error| Failure::Other(error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = model.classes.iter().map(|class| format!("probability {class}"));
    let header = ["row".to_owned(), "class".to_owned()].into_iter().chain(names);
    writer.write_record(header).map_err(failed)?;
    for (row, (class, probabilities)) in
        classes(own.logits.view()).into_iter().zip(probabilities.rows()).enumerate()
    {
        let record = [row.to_string(), model.classes[class].clone()];
        let record = record.into_iter().chain(probabilities.iter().map(f64::to_string));
        writer.write_record(record).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::Other(error.to_string()))?;
    print(&String::from_utf8_lossy(&bytes))
}

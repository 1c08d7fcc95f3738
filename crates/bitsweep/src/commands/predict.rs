//! `bitsweep predict`

use std::path::Path;

use bitsweep_exchange::packed::PackedModel;
use bitsweep_models::predict as classes;

use super::{packed_rows, print};
use crate::failure::Failure;
use bitsweep_experiment::config::Diagnostic;

/// Prints CSV, one line per row of the table: its number from 0 as in `predictions.csv`, the class, and the probability of each
/// class.
pub(super) fn predict(file: &Path, csv: &Path) -> Result<(), Failure> {
    let wrong = |reason: String| Diagnostic::new(format!("`{}`: {reason}", file.display()));
    let packed = PackedModel::open(file).map_err(|error| Diagnostic::new(error.to_string()))?;
    let model = packed.classifier();
    let rows = packed_rows::read(model, csv, None)?;
    let features = packed_rows::features(model, &rows, csv)?;
    let predictor = packed.predictor().map_err(|error| wrong(error.to_string()))?;
    let logits = predictor.logits(features.view()).map_err(|error| wrong(error.to_string()))?;
    let probabilities = predictor.probabilities(logits.view());

    let failed = |error: csv::Error| Failure::Other(error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = model.classes.iter().map(|class| format!("probability {class}"));
    let header = ["row".to_owned(), "class".to_owned()].into_iter().chain(names);
    writer.write_record(header).map_err(failed)?;
    for (row, (class, probabilities)) in
        classes(logits.view()).into_iter().zip(probabilities.rows()).enumerate()
    {
        let record = [row.to_string(), model.classes[class].clone()];
        let record = record.into_iter().chain(probabilities.iter().map(f64::to_string));
        writer.write_record(record).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::Other(error.to_string()))?;
    print(&String::from_utf8_lossy(&bytes))
}

//! A packed model, and what it computes of the rows of a table.

use std::path::Path;

use bitsweep_datasets::{self as datasets, ColumnRef, Rows};
use bitsweep_exchange::packed::{Cells, Classifier, ColumnKind, PackedError, PackedModel};
use bitsweep_results::numbers::counted;
use ndarray::{Array2, ArrayView1};

use super::say_note;
use crate::plan::most_bytes;
use bitsweep_experiment::config::Diagnostic;

/// A packed model on the rows of a table.
pub(super) struct PackedRows {
    pub(super) packed: PackedModel,
    pub(super) rows: Rows,
    /// `(rows, classes)`.
    pub(super) logits: Array2<f64>,
}

impl PackedRows {
    /// Reads the model, the columns that it takes, and the column with the class where one is named.
    pub(super) fn read(file: &Path, csv: &Path, target: Option<&str>) -> Result<Self, Diagnostic> {
        let packed = PackedModel::open(file).map_err(|error| Diagnostic::new(error.to_string()))?;
        let model = packed.classifier();
        let rows = rows(model, csv, target)?;
        let cells = |column: &str| {
            Some(match rows.cells(column)? {
                datasets::Cells::Numbers(numbers) => Cells::Numbers(ArrayView1::from(numbers.as_slice())),
                datasets::Cells::Texts(texts) => {
                    Cells::Texts((0..rows.count()).map(|row| texts.get(row)).collect())
                }
            })
        };
        for unknown in model.unknown_texts(cells) {
            let known = counted(unknown.rows, "row has a text", "rows have texts");
            let note = format!(
                "column `{}`: {known} that the model does not know, as `{}`: its features are 0",
                unknown.column, unknown.text
            );
            say_note(&csv.display().to_string(), &note);
        }
        let wrong = |error: PackedError| match error {
            PackedError::Output { row } | PackedError::Overflow { row, .. } => {
                let place = rows.place_of(row);
                Diagnostic::new(format!("{place}: the model has no finite output for it"))
            }
            PackedError::Cells { row: Some(row), column, reason } => {
                Diagnostic::new(format!("{}, column `{column}`: {reason}", rows.place_of(row)))
            }
            PackedError::Cells { row: None, .. } => Diagnostic::new(format!("`{}`: {error}", csv.display())),
            _ => Diagnostic::new(format!("`{}`: {error}", file.display())),
        };
        let features = model.features(rows.count(), cells).map_err(wrong)?;
        let predictor = packed.predictor().map_err(wrong)?;
        let logits = predictor.logits(features.view()).map_err(wrong)?;
        Ok(Self { packed, rows, logits })
    }

    /// The probabilities of the classes, of the same shape as the logits.
    pub(super) fn probabilities(&self) -> Array2<f64> {
        self.packed.classifier().head.probabilities(self.logits.view())
    }
}

fn rows(model: &Classifier, csv: &Path, target: Option<&str>) -> Result<Rows, Diagnostic> {
    let target = target.map(|target| match target.parse() {
        Ok(number @ 1..) => ColumnRef::Number(number),
        Ok(0) | Err(_) => ColumnRef::Name(target.to_owned()),
    });
    let columns =
        model.columns.iter().map(|column| (column.name.as_str(), column.kind != ColumnKind::Number));
    Rows::read(csv, columns, target.as_ref(), most_bytes())
        .map_err(|error| Diagnostic::new(error.to_string()))
}

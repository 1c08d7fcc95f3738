//! The rows of a table as features of a packed model.

use std::path::Path;

use bitsweep_datasets::{self as datasets, ColumnRef, Rows};
use bitsweep_exchange::packed::{Cells, Classifier, ColumnKind};
use ndarray::{Array2, ArrayView1};

use crate::plan::most_bytes;
use bitsweep_experiment::config::Diagnostic;

/// Reads the columns of a model, and the column with the class where one is named.
pub(super) fn read(model: &Classifier, csv: &Path, target: Option<&str>) -> Result<Rows, Diagnostic> {
    let target = target.map(|target| match target.parse() {
        Ok(number @ 1..) => ColumnRef::Number(number),
        Ok(0) | Err(_) => ColumnRef::Name(target.to_owned()),
    });
    let columns =
        model.columns.iter().map(|column| (column.name.as_str(), column.kind != ColumnKind::Number));
    Rows::read(csv, columns, target.as_ref(), most_bytes())
        .map_err(|error| Diagnostic::new(error.to_string()))
}

/// The features, `(rows, features)`, as the model makes them of the rows of the table.
pub(super) fn features(model: &Classifier, rows: &Rows, csv: &Path) -> Result<Array2<f64>, Diagnostic> {
    let cells = |column: &str| {
        Some(match rows.cells(column)? {
            datasets::Cells::Numbers(numbers) => Cells::Numbers(ArrayView1::from(numbers.as_slice())),
            datasets::Cells::Texts(texts) => {
                Cells::Texts((0..rows.count()).map(|row| texts.get(row)).collect())
            }
        })
    };
    let features = model.features(rows.count(), cells);
    features.map_err(|error| Diagnostic::new(format!("`{}`: {error}", csv.display())))
}

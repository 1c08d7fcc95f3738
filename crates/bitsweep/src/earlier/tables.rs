//! The tables of a results folder by their names.

use std::io::Read;

use bitsweep_results::record::{
    CodebookRow, FlipRow, HistogramRow, LevelRow, ProductRow, SensitivityRow, TensorRow, ValueRow,
};
use bitsweep_results::summary::{DatasetsRow, EffectRow, VerdictRow};
use bitsweep_results::tables::row_object;
use bitsweep_results::{
    ClassRow, CurveRow, DeviceRow, Labels, Origins, PredictionRow, RecallRow, ResultRow, ResultsError,
    TableRow, objects, read_rows,
};
use serde_json::{Map, Value};

/// The stems of their CSV files.
pub(crate) const TABLES: [&str; 17] = [
    "results",
    VerdictRow::NAME,
    EffectRow::NAME,
    DatasetsRow::NAME,
    ClassRow::NAME,
    RecallRow::NAME,
    PredictionRow::NAME,
    FlipRow::NAME,
    CurveRow::NAME,
    SensitivityRow::NAME,
    DeviceRow::NAME,
    HistogramRow::NAME,
    LevelRow::NAME,
    TensorRow::NAME,
    ValueRow::NAME,
    CodebookRow::NAME,
    ProductRow::NAME,
];

/// The rows of a table as JSON objects: of the results table those of `rows`, of the others what their CSV file has.
///
/// # Errors
/// When the file is not of that table.
pub(crate) fn table_objects(
    table: &str,
    csv: impl Read,
    rows: &[ResultRow],
) -> Result<Vec<Map<String, Value>>, ResultsError> {
    match table {
        VerdictRow::NAME => read::<VerdictRow>(csv, rows),
        EffectRow::NAME => read::<EffectRow>(csv, rows),
        DatasetsRow::NAME => read::<DatasetsRow>(csv, rows),
        ClassRow::NAME => read::<ClassRow>(csv, rows),
        RecallRow::NAME => read::<RecallRow>(csv, rows),
        PredictionRow::NAME => read::<PredictionRow>(csv, rows),
        FlipRow::NAME => read::<FlipRow>(csv, rows),
        CurveRow::NAME => read::<CurveRow>(csv, rows),
        SensitivityRow::NAME => read::<SensitivityRow>(csv, rows),
        DeviceRow::NAME => read::<DeviceRow>(csv, rows),
        HistogramRow::NAME => read::<HistogramRow>(csv, rows),
        LevelRow::NAME => read::<LevelRow>(csv, rows),
        TensorRow::NAME => read::<TensorRow>(csv, rows),
        ValueRow::NAME => read::<ValueRow>(csv, rows),
        CodebookRow::NAME => read::<CodebookRow>(csv, rows),
        ProductRow::NAME => read::<ProductRow>(csv, rows),
        _ => Ok(objects(rows, &Labels::of_rows(rows))?.collect()),
    }
}

fn read<R: TableRow>(csv: impl Read, rows: &[ResultRow]) -> Result<Vec<Map<String, Value>>, ResultsError> {
    let labels = Labels::of_rows(rows);
    read_rows::<R>(csv, &Origins::of(rows))?.map(|row| Ok(row_object(&row?, &labels))).collect()
}

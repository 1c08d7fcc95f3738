//! The results table: one row a variant, one column an axis or a measure.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use bitsweep_metrics::Interval;
use polars::prelude::{AnyValue, Column, CsvWriter, DataFrame, ParquetCompression, ParquetWriter, SerWriter};
use serde_json::{Map, Value};

use crate::ResultsError;
use crate::record::{CalibrationMeasures, DatasetShape, ResultRow, Scores};

/// Bytes in a kilobyte, as the notebooks count.
const BYTES_PER_KB: f64 = 1024.0;

/// Rows of one Parquet row group; fixed, so that the bytes do not follow polars' defaults.
const ROW_GROUP: usize = 1 << 16;

/// Builds the results table, one row a variant in the order of `rows`.
///
/// The columns are the unit's (`unit`, `dataset`, …, `model`), one for each swept unit axis and then one for each axis of
/// the variant, both in order of first appearance, its scores, errors, calibration, clipped activations and sizes, and `flag`. What does not apply is null:
/// scores of a tensor experiment, a zero point of a symmetric scheme, an empty flag. Derived columns:
///
/// - `bits_per_weight` = `true_bytes / float_bytes` × bits of the unit's float baseline (variant 0); null without one.
/// - `true_bytes` = codes + scales + zero points + codebooks + biases + outliers + padding.
/// - `compression` = `float_bytes / true_bytes`.
/// - `macro_f1_per_payload_kb`, `macro_f1_per_kb` = macro-F1 over 1024 payload bytes (the notebooks' figure) or 1024
///   true bytes.
///
/// # Errors
/// [`ResultsError::RepeatedColumn`] when a unit axis bears the name of another column.
pub fn table(rows: &[ResultRow]) -> Result<DataFrame, ResultsError> {
    let columns = Columns { rows };
    let mut all = columns.unit();
    all.extend(columns.named(|row| &row.unit_axes)?);
    all.extend(columns.variant()?);
    all.extend(columns.scores());
    all.extend(columns.errors());
    all.extend(columns.calibration());
    all.push(columns.float("clipped_activations", |row| row.clipped_activations));
    all.extend(columns.sizes());
    all.push(columns.text("flag", |row| &row.flag));

    let mut names = BTreeSet::new();
    for column in &all {
        if !names.insert(column.name().as_str()) {
            return Err(ResultsError::RepeatedColumn(column.name().to_string()));
        }
    }
    DataFrame::new(rows.len(), all).map_err(ResultsError::Build)
}

/// Writes the table as CSV: a header, `\n` line ends, shortest round-trip floats (`inf` and `NaN` spelled so), nulls
/// empty.
///
/// # Errors
/// [`ResultsError::Write`] when `out` refuses the bytes.
pub fn write_csv<W: Write>(table: &DataFrame, out: &mut W) -> Result<(), ResultsError> {
    CsvWriter::new(out)
        .n_threads(1)
        .finish(&mut table.clone())
        .map_err(|source| ResultsError::Write { format: "CSV", source })
}

/// Writes the table as Parquet (Snappy, row groups of 65,536 rows, columns one after the other): the bytes depend on the
/// table alone.
///
/// # Errors
/// [`ResultsError::Write`] when `out` refuses the bytes.
pub fn write_parquet<W: Write>(table: &DataFrame, out: &mut W) -> Result<(), ResultsError> {
    ParquetWriter::new(out)
        .with_compression(ParquetCompression::Snappy)
        .with_row_group_size(Some(ROW_GROUP))
        .set_parallel(false)
        .finish(&mut table.clone())
        .map(|_bytes| ())
        .map_err(|source| ResultsError::Write { format: "Parquet", source })
}

/// The rows of the table as JSON objects, keys in the order of the columns.
///
/// What is null in the table is absent from its object; an infinite or undefined number, for which JSON has no word, is
/// a string.
///
/// # Errors
/// [`ResultsError::Build`] when the table cannot be read.
pub fn objects(table: &DataFrame) -> Result<Vec<Map<String, Value>>, ResultsError> {
    let mut objects = vec![Map::new(); table.height()];
    for column in table.columns() {
        for (row, object) in objects.iter_mut().enumerate() {
            let value = match column.get(row).map_err(ResultsError::Build)? {
                AnyValue::Null => continue,
                AnyValue::String(text) => Value::from(text),
                AnyValue::UInt64(number) => Value::from(number),
                AnyValue::Float64(number) if number.is_finite() => Value::from(number),
                other => Value::from(other.to_string()),
            };
            object.insert(column.name().to_string(), value);
        }
    }
    Ok(objects)
}

/// Turns fields of the rows into columns.
struct Columns<'a> {
    rows: &'a [ResultRow],
}

impl<'a> Columns<'a> {
    /// A text column; empty text is null.
    fn text(&self, name: &str, field: impl Fn(&'a ResultRow) -> &'a str) -> Column {
        let cells: Vec<Option<&str>> =
            self.rows.iter().map(|row| Some(field(row)).filter(|text| !text.is_empty())).collect();
        Column::new(name.into(), cells)
    }

    fn float(&self, name: &str, field: impl Fn(&ResultRow) -> Option<f64>) -> Column {
        Column::new(name.into(), self.rows.iter().map(field).collect::<Vec<_>>())
    }

    fn count(&self, name: &str, field: impl Fn(&ResultRow) -> Option<u64>) -> Column {
        Column::new(name.into(), self.rows.iter().map(field).collect::<Vec<_>>())
    }

    fn unit(&self) -> Vec<Column> {
        let shape = |name: &str, part: fn(&DatasetShape) -> usize| {
            self.count(name, |row| row.shape.as_ref().map(|shape| part(shape) as u64))
        };
        vec![
            self.text("unit", |row| &row.unit),
            self.text("dataset", |row| &row.dataset),
            shape("train_rows", |shape| shape.train_rows),
            shape("test_rows", |shape| shape.test_rows),
            shape("seen_test_rows", |shape| shape.seen_rows),
            shape("features", |shape| shape.features),
            shape("classes", |shape| shape.classes),
            self.text("rng", |row| &row.rng),
            self.count("seed", |row| Some(row.seed)),
            self.text("model", |row| &row.model),
        ]
    }

    /// A text column for each name in order of first appearance; empty text and a name that a row lacks are null.
    fn named<N: AsRef<str>>(
        &self,
        pairs: fn(&ResultRow) -> &[(N, String)],
    ) -> Result<Vec<Column>, ResultsError> {
        let mut names: Vec<&str> = Vec::new();
        let mut positions: BTreeMap<&str, usize> = BTreeMap::new();
        for row in self.rows {
            let mut own = BTreeSet::new();
            for (name, _) in pairs(row) {
                let name = name.as_ref();
                if !own.insert(name) {
                    return Err(ResultsError::RepeatedColumn(name.to_owned()));
                }
                positions.entry(name).or_insert_with(|| {
                    names.push(name);
                    names.len() - 1
                });
            }
        }
        let mut cells: Vec<Vec<Option<&str>>> = vec![vec![None; self.rows.len()]; names.len()];
        for (index, row) in self.rows.iter().enumerate() {
            for (name, value) in pairs(row).iter().filter(|(_, value)| !value.is_empty()) {
                cells[positions[name.as_ref()]][index] = Some(value);
            }
        }
        Ok(names.iter().zip(cells).map(|(name, cells)| Column::new((*name).into(), cells)).collect())
    }

    fn variant(&self) -> Result<Vec<Column>, ResultsError> {
        let mut columns = vec![
            self.count("variant", |row| Some(row.variant as u64)),
            self.text("label", |row| &row.label),
            self.text("series", |row| &row.series),
            self.count("bits", |row| Some(u64::from(row.bits))),
            self.count("activation_bits", |row| row.activation_bits.map(u64::from)),
        ];
        columns.extend(self.named(|row| &row.axes)?);
        columns.push(self.text("layer_bits", |row| &row.layer_bits));
        Ok(columns)
    }

    fn scores(&self) -> Vec<Column> {
        let score =
            |name: &str, part: fn(&Scores) -> f64| self.float(name, |row| row.scores.as_ref().map(part));
        let flips = |name: &str, part: fn(&Scores) -> usize| {
            self.count(name, |row| row.scores.as_ref().map(|scores| part(scores) as u64))
        };
        let interval = |names: [&str; 3], part: fn(&Scores) -> Interval| {
            [
                self.float(names[0], |row| row.scores.as_ref().map(|scores| part(scores).value)),
                self.float(names[1], |row| row.scores.as_ref().map(|scores| part(scores).low)),
                self.float(names[2], |row| row.scores.as_ref().map(|scores| part(scores).high)),
            ]
        };
        let mut columns =
            Vec::from(interval(["accuracy", "accuracy_low", "accuracy_high"], |scores| scores.accuracy));
        columns.extend(interval(["macro_f1", "macro_f1_low", "macro_f1_high"], |scores| scores.macro_f1));
        columns.extend([
            score("log_loss", |scores| scores.log_loss),
            score("agreement", |scores| scores.agreement),
            flips("lost", |scores| scores.lost),
            flips("gained", |scores| scores.gained),
            score("p_value", |scores| scores.p_value),
        ]);
        columns
    }

    fn errors(&self) -> Vec<Column> {
        vec![
            self.float("sse", |row| Some(row.error.sse)),
            self.float("mse", |row| Some(row.error.mse)),
            self.float("max_error", |row| Some(row.error.max_error)),
            self.float("sqnr_db", |row| Some(row.error.sqnr_db)),
        ]
    }

    fn calibration(&self) -> Vec<Column> {
        let count = |name: &str, part: fn(&CalibrationMeasures) -> usize| {
            self.count(name, |row| row.calibration.as_ref().map(|measures| part(measures) as u64))
        };
        let loss = |name: &str, part: fn(&CalibrationMeasures) -> f64| {
            self.float(name, |row| row.calibration.as_ref().map(part))
        };
        vec![
            count("calibration_rows", |measures| measures.rows),
            count("codes_changed", |measures| measures.codes_changed),
            loss("proxy_loss_nearest", |measures| measures.proxy_loss_nearest),
            loss("proxy_loss", |measures| measures.proxy_loss),
        ]
    }

    fn sizes(&self) -> Vec<Column> {
        let baseline_bits: BTreeMap<&str, u32> = self
            .rows
            .iter()
            .filter(|row| row.variant == 0)
            .map(|row| (row.unit.as_str(), row.bits))
            .collect();
        let per_kb = |row: &ResultRow, bytes: u64| {
            let scores = row.scores.as_ref()?;
            (bytes > 0).then(|| scores.macro_f1.value / (bytes as f64 / BYTES_PER_KB))
        };
        vec![
            self.float("bits_per_weight", |row| {
                let bits = baseline_bits.get(row.unit.as_str())?;
                (row.size.float > 0)
                    .then(|| row.size.total() as f64 * f64::from(*bits) / row.size.float as f64)
            }),
            self.count("payload_bytes", |row| Some(row.size.payload)),
            self.float("payload_kb", |row| Some(row.size.payload as f64 / BYTES_PER_KB)),
            self.count("code_bytes", |row| Some(row.size.codes)),
            self.count("scale_bytes", |row| Some(row.size.scales)),
            self.count("zero_point_bytes", |row| Some(row.size.zero_points)),
            self.count("codebook_bytes", |row| Some(row.size.codebooks)),
            self.count("bias_bytes", |row| Some(row.size.biases)),
            self.count("outlier_bytes", |row| Some(row.size.outliers)),
            self.count("padding_bytes", |row| Some(row.size.padding)),
            self.count("true_bytes", |row| Some(row.size.total())),
            self.count("float_bytes", |row| Some(row.size.float)),
            self.float("compression", |row| (row.size.total() > 0).then(|| row.size.compression())),
            self.float("macro_f1_per_payload_kb", |row| per_kb(row, row.size.payload)),
            self.float("macro_f1_per_kb", |row| per_kb(row, row.size.total())),
        ]
    }
}

//! `bitsweep verify`

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bitsweep_datasets::{self as datasets, ColumnRef, Dataset, Missing, TableSource};
use bitsweep_exchange::packed::{Classifier, Column, ColumnKind, PackedModel, PackedSizes};
use bitsweep_metrics::{Confusion, accuracy_interval, macro_f1_interval};
use bitsweep_results::numbers::{bytes, counted, score};
use ndarray::Array2;

use super::print_page;
use crate::failure::Failure;
use crate::layout::Page;
use crate::plan::most_bytes;
use crate::streams::page_columns;
use bitsweep_experiment::config::Diagnostic;

/// Of texts as many are told apart as a packed model can have.
const MOST_LEVELS: usize = 1 << 20;

pub(super) fn verify(file: &Path, csv: &Path, target: &str) -> Result<(), Failure> {
    let wrong = |reason: String| Diagnostic::new(format!("`{}`: {reason}", file.display()));
    let packed = PackedModel::open(file).map_err(|error| Diagnostic::new(error.to_string()))?;
    let length = fs::metadata(file).map_err(|error| wrong(error.to_string()))?.len();
    let model = packed.classifier();
    let rows = rows(model, csv, target)?;
    let features = features(model, &rows).map_err(wrong)?;
    let predictor = packed.predictor().map_err(|error| wrong(error.to_string()))?;
    let predicted = predictor.predict(features.view()).map_err(|error| wrong(error.to_string()))?;
    let confusion = Confusion::new(&rows.labels, &predicted, rows.classes());
    let confusion = confusion.map_err(|error| Failure::Other(error.to_string()))?;

    let mut page = Page::new(page_columns());
    let checksum = packed.checksum().map_err(|error| wrong(error.to_string()))?;
    page.prose(0, &format!("{}: whole, its checksum is {checksum}", file.display()));
    for (key, value) in &model.provenance {
        page.prose(2, &format!("{key}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    page.prose(0, &sizes(&packed.sizes(), length));
    let (f1, accuracy) =
        (macro_f1_interval(&confusion), accuracy_interval(confusion.right(), confusion.samples()));
    let accuracy = accuracy.map_err(|error| Failure::Other(error.to_string()))?;
    page.prose(
        0,
        &format!(
            "on {}: macro-F1 {} (95 %: {}–{}), accuracy {} ({}–{})",
            counted(rows.rows(), "row", "rows"),
            score(f1.value),
            score(f1.low),
            score(f1.high),
            score(accuracy.value),
            score(accuracy.low),
            score(accuracy.high)
        ),
    );
    print_page(&page)
}

/// The bytes by what they are.
fn sizes(sizes: &PackedSizes, file: u64) -> String {
    let parts = [
        ("codes", sizes.coded.codes),
        ("their scales, zero points and codebooks", sizes.coded.total() - sizes.coded.codes),
        ("floats", sizes.float),
        ("inputs", sizes.input_scales + sizes.input_zero_points + sizes.clips),
        ("the scaler", sizes.scaling + sizes.factors),
        ("columns", sizes.columns),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, own)| *own > 0)
        .map(|(name, own)| format!("{} {name}", bytes(*own as f64)))
        .collect();
    let header = file.saturating_sub(sizes.total());
    format!("{}: {}; {} header", bytes(file as f64), parts.join(", "), bytes(header as f64))
}

/// The rows of a table with the columns and the classes of a model.
fn rows(model: &Classifier, csv: &Path, target: &str) -> Result<Dataset, Failure> {
    let reference = match target.parse() {
        Ok(number @ 1..) => ColumnRef::Number(number),
        Ok(0) | Err(_) => ColumnRef::Name(target.to_owned()),
    };
    let named = |kind: fn(&ColumnKind) -> bool| {
        let columns = model.columns.iter().filter(move |column| kind(&column.kind));
        columns.map(|column| ColumnRef::Name(column.name.clone())).collect::<Vec<_>>()
    };
    let source = TableSource {
        columns: named(|_| true),
        one_hot: named(|kind| !matches!(kind, ColumnKind::Number)),
        most_levels: MOST_LEVELS,
        // What replaces them is the model's to say.
        missing: Missing::Median,
        ..TableSource::new(csv, reference)
    };
    let read =
        source.read(Path::new(""), most_bytes()).map_err(|error| Diagnostic::new(error.to_string()))?;
    let read = read.with_classes(&model.classes).map_err(|error| Diagnostic::new(error.to_string()))?;
    Ok(read)
}

/// The features of rows, `(rows, features)`, as the model makes them.
fn features(model: &Classifier, rows: &Dataset) -> Result<Array2<f64>, String> {
    let mut features: Vec<Vec<f64>> = Vec::new();
    for column in &model.columns {
        let position = rows.columns.iter().position(|own| own.name == column.name);
        let position = position
            .ok_or_else(|| format!("takes a column `{}`, which the rows do not have", column.name))?;
        let texts: &[String] = match &rows.columns[position].kind {
            datasets::ColumnKind::Levels { texts, .. } => texts,
            datasets::ColumnKind::Number | datasets::ColumnKind::Ranks(_) => &[],
        };
        features.extend(of_column(column, rows.values.column(position).iter().copied(), texts)?);
    }
    Ok(Array2::from_shape_fn((rows.rows(), features.len()), |(row, feature)| features[feature][row]))
}

/// The features of one column, each with a number for each row; `texts` are what its values are positions of.
fn of_column(
    column: &Column,
    values: impl Iterator<Item = f64> + Clone,
    texts: &[String],
) -> Result<Vec<Vec<f64>>, String> {
    let gap = || format!("has no value for a gap in column `{}`", column.name);
    let mut features = match &column.kind {
        ColumnKind::Number => {
            let known = |value: f64| if value.is_nan() { column.fill.ok_or_else(gap) } else { Ok(value) };
            vec![values.clone().map(known).collect::<Result<Vec<f64>, String>>()?]
        }
        ColumnKind::Ranks(ranks) => {
            let rank_of: BTreeMap<&str, usize> = ranks.iter().map(String::as_str).zip(0..).collect();
            let known = |value: f64| {
                if value.is_nan() {
                    return column.fill.ok_or_else(gap);
                }
                let text = texts[value as usize].as_str();
                let rank = rank_of.get(text).map(|rank| *rank as f64);
                rank.ok_or_else(|| format!("has no rank for `{text}` of column `{}`", column.name))
            };
            vec![values.clone().map(known).collect::<Result<Vec<f64>, String>>()?]
        }
        ColumnKind::Levels { texts: own, other } => {
            let feature_of: BTreeMap<&str, usize> = own.iter().map(String::as_str).zip(0..).collect();
            let mut features = vec![Vec::new(); own.len() + usize::from(*other)];
            for value in values.clone() {
                let feature = match value.is_nan() {
                    true => Some(column.fill.ok_or_else(gap)? as usize),
                    false => {
                        feature_of.get(texts[value as usize].as_str()).copied().or(other.then_some(own.len()))
                    }
                };
                features.iter_mut().enumerate().for_each(|(position, numbers)| {
                    numbers.push(f64::from(u8::from(Some(position) == feature)));
                });
            }
            features
        }
    };
    if column.indicates_missing {
        features.push(values.map(|value| f64::from(u8::from(value.is_nan()))).collect());
    }
    Ok(features)
}

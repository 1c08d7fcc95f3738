//! From the columns of a table to the features of a model.

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView1, ArrayViewMut1};

use super::classifier::Classifier;
use super::columns::{Column, ColumnKind, feature_count};
use super::error::PackedError;

/// One column of a table, a value per row.
#[derive(Clone, Debug)]
pub enum Cells<'t> {
    /// Numbers; NaN where one is missing.
    Numbers(ArrayView1<'t, f64>),
    /// Texts; `None` where one is missing.
    Texts(Vec<Option<&'t str>>),
}

impl Cells<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Texts(texts) => texts.len(),
        }
    }

    fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Numbers(values) => values[row].is_nan(),
            Self::Texts(texts) => texts[row].is_none(),
        }
    }
}

impl Classifier {
    /// The features, `(rows, features)`, of a table of so many rows, whose columns are given by name.
    ///
    /// # Errors
    /// A column that is not given, has another number of rows or numbers where the model takes texts; a missing value that the
    /// model does not replace, and a text that it cannot rank.
    pub fn features<'t>(
        &self,
        rows: usize,
        cells: impl Fn(&str) -> Option<Cells<'t>>,
    ) -> Result<Array2<f64>, PackedError> {
        let mut features = Array2::zeros((rows, feature_count(&self.columns)));
        let mut first = 0;
        for column in &self.columns {
            let cells = cells(&column.name).filter(|cells| cells.len() == rows);
            let cells =
                cells.ok_or_else(|| PackedError::cells(&column.name, "the table has no such column"))?;
            if column.indicates_missing {
                for row in (0..rows).filter(|row| cells.is_missing(*row)) {
                    features[[row, first + column.width()]] = 1.0;
                }
            }
            match &column.kind {
                ColumnKind::Number => numbers(column, &cells, features.column_mut(first))?,
                ColumnKind::Ranks(ranks) => {
                    let rank_of = positions(ranks);
                    for (row, feature) in features.column_mut(first).iter_mut().enumerate() {
                        *feature = match text(column, &cells, row)? {
                            None => f64::from(column.fill(row)?),
                            Some(text) => match rank_of.get(text) {
                                Some(rank) => *rank as f64,
                                None => {
                                    let reason = format!("`{text}` has no rank");
                                    return Err(PackedError::cell(row, &column.name, reason));
                                }
                            },
                        };
                    }
                }
                ColumnKind::Levels { texts, other } => {
                    let feature_of = positions(texts);
                    for row in 0..rows {
                        let own = match text(column, &cells, row)? {
                            None => Some(column.fill(row)? as usize),
                            Some(text) => feature_of.get(text).copied().or(other.then_some(texts.len())),
                        };
                        if let Some(own) = own {
                            features[[row, first + own]] = 1.0;
                        }
                    }
                }
            }
            first += column.width() + usize::from(column.indicates_missing);
        }
        Ok(features)
    }
}

/// A text that none of a column's features is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownText {
    /// The column.
    pub column: String,
    /// The text, the first of such ones.
    pub text: String,
    /// Rows with such texts.
    pub rows: usize,
}

impl Classifier {
    /// Texts of columns that are features of their own and that no feature is of, where none is for others: all features of the
    /// column are 0 then, as of no text that the model was trained on.
    pub fn unknown_texts<'t>(&self, cells: impl Fn(&str) -> Option<Cells<'t>>) -> Vec<UnknownText> {
        let of_column = |column: &Column| {
            let ColumnKind::Levels { texts, other: false } = &column.kind else { return None };
            let Cells::Texts(own) = cells(&column.name)? else { return None };
            let known = positions(texts);
            let mut unknown = own.into_iter().flatten().filter(|text| !known.contains_key(text));
            let text = unknown.next()?.to_owned();
            Some(UnknownText { column: column.name.clone(), text, rows: 1 + unknown.count() })
        };
        self.columns.iter().filter_map(of_column).collect()
    }
}

impl Column {
    fn fill(&self, row: usize) -> Result<f32, PackedError> {
        self.fill.ok_or_else(|| {
            PackedError::cell(row, &self.name, "a value is missing, which the model does not replace")
        })
    }
}

fn numbers(
    column: &Column,
    cells: &Cells<'_>,
    mut features: ArrayViewMut1<'_, f64>,
) -> Result<(), PackedError> {
    for (row, feature) in features.iter_mut().enumerate() {
        *feature = match cells {
            _ if cells.is_missing(row) => f64::from(column.fill(row)?),
            Cells::Numbers(values) => values[row],
            Cells::Texts(texts) => {
                let text = texts[row].unwrap_or_default();
                let reason = format!("`{text}` is a text: expected numbers");
                return Err(PackedError::cell(row, &column.name, reason));
            }
        };
    }
    Ok(())
}

fn text<'t>(column: &Column, cells: &Cells<'t>, row: usize) -> Result<Option<&'t str>, PackedError> {
    match cells {
        Cells::Texts(texts) => Ok(texts[row]),
        Cells::Numbers(_) => Err(PackedError::cells(&column.name, "has numbers: expected texts")),
    }
}

fn positions(texts: &[String]) -> BTreeMap<&str, usize> {
    texts.iter().map(String::as_str).zip(0..).collect()
}

//! From the columns of a dataset to features: missing values filled in, texts as numbers. Fitted on the training rows.

use std::cmp::Reverse;
use std::collections::HashMap;

use ndarray::{Array2, ArrayView1};

use crate::dataset::{Column, ColumnKind, Dataset};
use crate::table::Missing;

/// What makes the features of a model from the columns of a dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    columns: Vec<EncodedColumn>,
    names: Vec<String>,
}

/// How one column becomes features.
#[derive(Clone, Debug, PartialEq)]
struct EncodedColumn {
    /// What a missing value is replaced by; exact in `f32`.
    fill: Option<f64>,
    /// The texts that are a feature each, by their positions in the column; `None` of a column that is one number.
    levels: Option<Levels>,
    /// Bytes of the texts that are features or ranks, each with a byte for its end.
    text_bytes: u64,
    /// Whether one feature more says where a value was missing.
    indicates: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Levels {
    /// The feature of each position; `None` of one that shares a feature with others, or has none.
    feature_of: Vec<Option<usize>>,
    /// Whether the texts that have no feature of their own share one, the last.
    shares: bool,
    features: usize,
}

/// Why features cannot be made of a column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A column whose missing values no training row tells how to fill.
    #[error(
        "column `{0}` has no value in any training row, and others that are missing: nothing can be filled in; drop it"
    )]
    NoValue(String),
    /// A column with missing values where all rows are test rows.
    #[error(
        "column `{0}` has missing values, and there are no training rows to fill them from: leave such rows out with `missing = \"drop-rows\"`, or split the rows"
    )]
    MissingWithoutRows(String),
    /// A column of texts where all rows are test rows.
    #[error(
        "column `{0}` has texts, and there are no training rows that say which of them are features: drop it, give the columns that the model takes, or split the rows"
    )]
    TextsWithoutRows(String),
}

/// Learns from the training rows what missing values are replaced by, and which texts have a feature of their own.
///
/// * A column of numbers, or of ranks, is one feature.
/// * A column of levels is a feature for each of its most frequent texts among the training rows (of equally frequent ones
///   the last in their sorted order, as scikit-learn has it), in that order, and one for all others where there are others.
///   A text without any training row counts as one of the others, or where there are none as no text at all: all its
///   features are 0.
/// * Missing values are replaced as [`Missing`] says, by a number rounded to `f32`, as which it is stored; the median is the
///   mean of the two middle values where there are two.
///
/// # Errors
/// [`EncodeError`] for a column with missing values without a training row that has one, and for texts without training rows.
pub fn encode(dataset: &Dataset, train: &[usize]) -> Result<Encoder, EncodeError> {
    let mut names = Vec::new();
    let mut columns = Vec::with_capacity(dataset.columns.len());
    for (column, values) in dataset.columns.iter().zip(dataset.values.columns()) {
        let encoded = encoded(column, values, train, dataset.missing)?;
        let name = &column.name;
        match (&encoded.levels, &column.kind) {
            (Some(levels), ColumnKind::Levels { texts, .. }) => {
                let own = levels.feature_of.iter().zip(texts).filter(|(feature, _)| feature.is_some());
                names.extend(own.map(|(_, text)| format!("{name} = {text}")));
                names.extend(levels.shares.then(|| format!("{name} = other")));
            }
            _ => names.push(name.clone()),
        }
        names.extend(encoded.indicates.then(|| format!("{name} is missing")));
        columns.push(encoded);
    }
    Ok(Encoder { columns, names })
}

fn encoded(
    column: &Column,
    values: ArrayView1<'_, f64>,
    train: &[usize],
    missing: Missing,
) -> Result<EncodedColumn, EncodeError> {
    let stored = |text: &String| text.len() as u64 + 1;
    let (levels, text_bytes) = match &column.kind {
        ColumnKind::Number => (None, 0),
        ColumnKind::Ranks(texts) => (None, texts.iter().map(stored).sum()),
        ColumnKind::Levels { .. } if train.is_empty() => {
            return Err(EncodeError::TextsWithoutRows(column.name.clone()));
        }
        ColumnKind::Levels { texts, most } => {
            let levels = levels(texts, *most, values, train);
            let own = levels.feature_of.iter().zip(texts).filter(|(feature, _)| feature.is_some());
            let bytes = own.map(|(_, text)| stored(text)).sum();
            (Some(levels), bytes)
        }
    };
    if column.missing == 0 {
        return Ok(EncodedColumn { fill: None, levels, text_bytes, indicates: false });
    }
    if train.is_empty() {
        return Err(EncodeError::MissingWithoutRows(column.name.clone()));
    }
    let known: Vec<f64> = train.iter().map(|&row| values[row]).filter(|value| !value.is_nan()).collect();
    if known.is_empty() {
        return Err(EncodeError::NoValue(column.name.clone()));
    }
    let fill = match missing {
        _ if levels.is_some() => most_frequent(&known),
        Missing::Refuse | Missing::DropRows | Missing::MostFrequent => most_frequent(&known),
        Missing::Mean => known.iter().sum::<f64>() / known.len() as f64,
        Missing::Median | Missing::Indicator => median(&known),
    };
    let indicates = missing == Missing::Indicator && known.len() < train.len();
    Ok(EncodedColumn { fill: Some(f64::from(fill as f32)), levels, text_bytes, indicates })
}

/// The texts with a feature of their own, the most frequent first chosen.
fn levels(texts: &[String], most: usize, values: ArrayView1<'_, f64>, train: &[usize]) -> Levels {
    let mut rows = vec![0_usize; texts.len()];
    for value in train.iter().map(|&row| values[row]).filter(|value| !value.is_nan()) {
        rows[value as usize] += 1;
    }
    let mut seen: Vec<usize> = (0..texts.len()).filter(|&level| rows[level] > 0).collect();
    let shares = seen.len() > most;
    seen.sort_by_key(|&level| Reverse((rows[level], level)));
    seen.truncate(most);
    seen.sort_unstable();
    let mut feature_of = vec![None; texts.len()];
    for (feature, &level) in seen.iter().enumerate() {
        feature_of[level] = Some(feature);
    }
    Levels { feature_of, shares, features: seen.len() + usize::from(shares) }
}

/// Of equally frequent values the smallest.
fn most_frequent(known: &[f64]) -> f64 {
    let mut rows: HashMap<u64, usize> = HashMap::new();
    // Adding 0 makes -0 the same value as 0.
    known.iter().for_each(|value| *rows.entry((value + 0.0).to_bits()).or_default() += 1);
    let value = |bits: u64| f64::from_bits(bits);
    let best = rows
        .into_iter()
        .max_by(|(a, rows), (b, others)| rows.cmp(others).then_with(|| value(*b).total_cmp(&value(*a))));
    best.map_or(0.0, |(bits, _)| value(bits))
}

fn median(known: &[f64]) -> f64 {
    let mut sorted = known.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

/// How a column of a dataset becomes features, for who makes them elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureColumn<'d> {
    /// What the column is called.
    pub name: &'d str,
    /// The texts of a column that is ranks, or those that are a feature each; `None` of numbers.
    pub texts: Option<Vec<&'d str>>,
    /// Whether its texts are a feature each.
    pub is_one_hot: bool,
    /// Whether all other texts share one more feature.
    pub shares: bool,
    /// What a missing value is replaced by: a number, or the position of a feature among those of the column.
    pub fill: Option<f64>,
    /// Whether one feature more says where a value was missing.
    pub indicates: bool,
}

impl Encoder {
    /// How each column of the dataset that the encoder was fitted on becomes features.
    pub fn columns<'d>(&'d self, dataset: &'d Dataset) -> impl Iterator<Item = FeatureColumn<'d>> {
        self.columns.iter().zip(&dataset.columns).map(|(encoded, column)| {
            let texts: Option<Vec<&str>> = match (&column.kind, &encoded.levels) {
                (ColumnKind::Number, _) => None,
                (ColumnKind::Levels { texts, .. }, Some(levels)) => {
                    let own = levels.feature_of.iter().zip(texts);
                    Some(own.filter(|(own, _)| own.is_some()).map(|(_, text)| text.as_str()).collect())
                }
                (ColumnKind::Levels { texts, .. } | ColumnKind::Ranks(texts), _) => {
                    Some(texts.iter().map(String::as_str).collect())
                }
            };
            let fill = match &encoded.levels {
                None => encoded.fill,
                Some(levels) => encoded.fill.and_then(|fill| {
                    let shared = levels.shares.then(|| levels.features - 1);
                    levels.feature_of[fill as usize].or(shared).map(|feature| feature as f64)
                }),
            };
            FeatureColumn {
                name: &column.name,
                texts,
                is_one_hot: encoded.levels.is_some(),
                shares: encoded.levels.as_ref().is_some_and(|levels| levels.shares),
                fill,
                indicates: encoded.indicates,
            }
        })
    }

    /// What the features are called: their columns' names, `colour = red` and `weight is missing`.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Bytes that have to be stored to make features of columns: a float for each column whose missing values are replaced, and
    /// the texts that are features or ranks, in UTF-8 with a byte for the end of each.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        let fill = |column: &EncodedColumn| column.fill.map_or(0, |_| size_of::<f32>() as u64);
        self.columns.iter().map(|column| fill(column) + column.text_bytes).sum()
    }

    /// Whether features are the columns as they are.
    fn is_identity(&self) -> bool {
        self.columns.iter().all(|column| column.levels.is_none() && column.fill.is_none())
    }

    /// The features of some rows of the dataset, `rows × names`, in the order of `rows`; all finite.
    ///
    /// # Panics
    /// When an index is not that of a row.
    #[must_use]
    pub fn apply(&self, dataset: &Dataset, rows: &[usize]) -> Array2<f64> {
        let mut features = Array2::zeros((rows.len(), self.names.len()));
        if self.is_identity() {
            for (&row, mut features) in rows.iter().zip(features.rows_mut()) {
                features.assign(&dataset.values.row(row));
            }
            return features;
        }
        for (&row, mut features) in rows.iter().zip(features.rows_mut()) {
            let mut first = 0;
            for (column, &value) in self.columns.iter().zip(dataset.values.row(row)) {
                let known = if value.is_nan() { column.fill.unwrap_or(value) } else { value };
                match &column.levels {
                    None => {
                        features[first] = known;
                        first += 1;
                    }
                    Some(levels) => {
                        let own = levels.feature_of[known as usize];
                        let shared = levels.shares.then(|| levels.features - 1);
                        if let Some(feature) = own.or(shared) {
                            features[first + feature] = 1.0;
                        }
                        first += levels.features;
                    }
                }
                if column.indicates {
                    features[first] = f64::from(u8::from(value.is_nan()));
                    first += 1;
                }
            }
        }
        features
    }
}

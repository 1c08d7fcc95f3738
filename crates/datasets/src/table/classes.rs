//! From the target column to classes: by what they are called, or by ranges of numbers; and what becomes of rare ones.

use schemars::JsonSchema;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};

use super::class_labels::Classes;
use super::error::TableProblem;
use crate::dataset::rows_of_classes;
use crate::note::Note;

/// Classes as ranges of a number. A number at an edge is in the lower class, as `pandas.cut` and `pandas.qcut` have it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Bins {
    /// So many classes of about as many rows each: the edges are quantiles of all rows, between two of them by linear
    /// interpolation.
    Quantiles(
        #[schemars(range(min = 2, max = 1000))]
        #[serde(deserialize_with = "quantiles")]
        usize,
    ),
    /// One class more than there are edges, which ascend: up to the first, between each two, above the last.
    Edges(
        #[schemars(length(min = 1), extend("uniqueItems" = true))]
        #[serde(deserialize_with = "edges")]
        Vec<f64>,
    ),
}

/// What becomes of classes with fewer rows than a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum RareClasses {
    /// All of them become one class, `other`.
    Merge(usize),
    /// Their rows are left out.
    Drop(usize),
}

impl Bins {
    /// The class of each number; `column` is what the target is called.
    pub(super) fn classes(&self, column: &str, numbers: &[f64]) -> Result<Classes, TableProblem> {
        let edges = match self {
            Self::Edges(edges) => edges.clone(),
            Self::Quantiles(bins) => {
                let edges = quantiles_of(numbers, *bins);
                if edges.windows(2).any(|pair| pair[0] >= pair[1]) {
                    return Err(TableProblem::EqualQuantiles {
                        column: column.to_owned(),
                        bins: *bins,
                        edges,
                    });
                }
                edges
            }
        };
        let labels: Vec<usize> =
            numbers.iter().map(|number| edges.partition_point(|edge| edge < number)).collect();
        let mut names = vec![format!("up to {}", shown(edges[0]))];
        names.extend(edges.windows(2).map(|pair| format!("{} to {}", shown(pair[0]), shown(pair[1]))));
        names.push(format!("above {}", shown(edges[edges.len() - 1])));
        let rows = rows_of_classes(&labels, names.len());
        match rows.iter().position(|rows| *rows == 0) {
            Some(empty) => {
                Err(TableProblem::EmptyBin { column: column.to_owned(), bin: names.swap_remove(empty) })
            }
            None => Ok(Classes { names, labels, notes: Vec::new(), are_continuous: false }),
        }
    }
}

/// A number in six digits, and no more zeros than a reader counts.
fn shown(number: f64) -> String {
    let rounded: f64 = format!("{number:.5e}").parse().unwrap_or(number);
    let is_plain = rounded == 0.0 || (1e-5..1e15).contains(&rounded.abs());
    if is_plain { rounded.to_string() } else { format!("{rounded:e}") }
}

/// The edges between bins of equally many numbers: NumPy's `quantile` by its default, linear, method.
fn quantiles_of(numbers: &[f64], bins: usize) -> Vec<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let quantile = |bin: usize| {
        let place = bin as f64 / bins as f64 * last as f64;
        let below = place.floor() as usize;
        let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
        low + (high - low) * (place - below as f64)
    };
    if sorted.is_empty() { Vec::new() } else { (1..bins).map(quantile).collect() }
}

impl RareClasses {
    /// Merges or drops the rare ones of `classes`; whether each row is kept.
    pub(super) fn apply(self, column: &str, classes: &mut Classes) -> Vec<bool> {
        let (Self::Merge(least) | Self::Drop(least)) = self;
        let rows = rows_of_classes(&classes.labels, classes.names.len());
        let is_rare: Vec<bool> = rows.iter().map(|rows| *rows < least).collect();
        if !is_rare.contains(&true) {
            return vec![true; classes.labels.len()];
        }
        let of = |rare: bool| {
            let names = classes.names.iter().zip(&is_rare).filter(move |(_, own)| **own == rare);
            names.map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        let (rare, mut kept) = (of(true), of(false));
        let their_rows = rows.iter().zip(&is_rare).filter(|(_, rare)| **rare).map(|(rows, _)| rows).sum();
        let mut position = 0;
        let new: Vec<usize> = is_rare
            .iter()
            .map(|rare| {
                let own = if *rare { kept.len() } else { position };
                position += usize::from(!rare);
                own
            })
            .collect();
        let into = match self {
            Self::Drop(_) => None,
            // A class of that name may be there, and not be rare.
            Self::Merge(_) if kept.iter().any(|name| name == "other") => Some("other classes".to_owned()),
            Self::Merge(_) => Some("other".to_owned()),
        };
        let column = column.to_owned();
        classes.notes.push(Note::RareClasses { column, classes: rare, rows: their_rows, into: into.clone() });
        let kept_rows = classes.labels.iter().map(|&label| into.is_some() || !is_rare[label]).collect();
        classes.labels.iter_mut().for_each(|label| *label = new[*label]);
        kept.extend(into);
        classes.names = kept;
        kept_rows
    }
}

fn quantiles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    match usize::deserialize(deserializer)? {
        bins @ 2..=1000 => Ok(bins),
        bins => Err(de::Error::custom(format!("`{bins}` bins: expected a number from 2 to 1000"))),
    }
}

fn edges<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    let edges = Vec::<f64>::deserialize(deserializer)?;
    let ascend = edges.windows(2).all(|pair| pair[0] < pair[1]);
    if edges.is_empty() || !ascend || edges.iter().any(|edge| !edge.is_finite()) {
        return Err(de::Error::custom(
            "expected at least one edge, all finite, from the smallest to the largest",
        ));
    }
    Ok(edges)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Bins, RareClasses, quantiles_of};
    use crate::table::class_labels::Classes;

    /// `numpy.quantile([3, 1, 2, 10, 7], [1/3, 2/3])`, NumPy 2.3.
    #[test]
    fn quantiles_are_numpys() {
        assert_eq!(
            quantiles_of(&[3.0, 1.0, 2.0, 10.0, 7.0], 3),
            [2.333_333_333_333_333, 5.666_666_666_666_666]
        );
    }

    #[test]
    fn a_number_at_an_edge_is_in_the_lower_class() {
        let classes = Bins::Edges(vec![1.0, 2.5]).classes("y", &[0.0, 1.0, 1.5, 2.5, 3.0]).unwrap();
        assert_eq!(classes.labels, [0, 0, 1, 1, 2]);
        assert_eq!(classes.names, ["up to 1", "1 to 2.5", "above 2.5"]);
    }

    #[test]
    fn equal_quantiles_and_empty_bins_are_errors() {
        let error = Bins::Quantiles(3).classes("y", &[0.0, 0.0, 0.0, 0.0, 1.0]).unwrap_err();
        assert!(error.to_string().contains("3 quantiles of the target column `y`"), "{error}");
        let error = Bins::Edges(vec![1.0, 2.0]).classes("y", &[0.0, 3.0]).unwrap_err();
        assert!(error.to_string().contains("no row with `y` from 1 to 2"), "{error}");
    }

    fn classes() -> Classes {
        let names = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        Classes { names, labels: vec![0, 1, 2, 2, 2, 3, 3, 3], notes: Vec::new(), are_continuous: false }
    }

    #[test]
    fn rare_classes_become_one_or_go() {
        let mut merged = classes();
        assert_eq!(RareClasses::Merge(3).apply("y", &mut merged), [true; 8]);
        assert_eq!(merged.names, ["c", "d", "other"]);
        assert_eq!(merged.labels, [2, 2, 0, 0, 0, 1, 1, 1]);
        let mut dropped = classes();
        let kept = RareClasses::Drop(3).apply("y", &mut dropped);
        assert_eq!(kept, [false, false, true, true, true, true, true, true]);
        assert_eq!(dropped.names, ["c", "d"]);
        assert_eq!(dropped.labels[2..], [0, 0, 0, 1, 1, 1]);
    }
}

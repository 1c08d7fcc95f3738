//! Load → split → scale.

use std::collections::BTreeSet;

use bitsweep_datasets::{Dataset, Split, fit, holdout};
use bitsweep_random::Stream;
use ndarray::{Array1, Array2, Axis};

use super::failed;
use crate::config::SplitSpec;
use crate::failure::Failure;
use crate::plan::Unit;

/// Rows to train on and rows to score on, features scaled.
#[derive(Clone)]
pub(super) struct Prepared<'u> {
    pub(super) dataset: &'u Dataset,
    pub(super) train_features: Array2<f64>,
    pub(super) train_labels: Vec<usize>,
    pub(super) test_features: Array2<f64>,
    pub(super) test_labels: Vec<usize>,
    /// Row numbers of the test rows in the dataset.
    pub(super) test_rows: Vec<usize>,
    /// Number of test rows whose features stand among the training rows, too.
    pub(super) seen_rows: usize,
}

impl Prepared<'_> {
    /// The same rows, every feature divided by its factor.
    pub(super) fn divided_by(&self, factors: &Array1<f64>) -> Self {
        let divided = |features: &Array2<f64>| features / factors;
        Self {
            train_features: divided(&self.train_features),
            test_features: divided(&self.test_features),
            ..self.clone()
        }
    }

    pub(super) fn classes(&self) -> usize {
        self.dataset.class_names.len()
    }
}

/// The stream of one stage of a unit.
pub(super) fn stream(unit: &Unit, stage: &str) -> Result<Stream, Failure> {
    Stream::new(unit.spec.rng, unit.spec.seed, stage).map_err(|error| failed(unit, error))
}

pub(super) fn prepare(unit: &Unit) -> Result<Prepared<'_>, Failure> {
    let (Some(dataset), Some(data), Some(SplitSpec::Holdout(spec))) =
        (unit.dataset.as_deref(), &unit.spec.data, &unit.spec.split)
    else {
        return Err(Failure::Other(format!("{} has no data to prepare", unit.describe())));
    };
    let classes = dataset.class_names.len();
    let split = holdout(&dataset.labels, classes, spec, &mut stream(unit, "split")?);
    let split = split.map_err(|error| failed(unit, error))?;
    let rows = |rows: &[usize]| dataset.features.select(Axis(0), rows);
    let labels = |rows: &[usize]| rows.iter().map(|&row| dataset.labels[row]).collect();
    let train = rows(&split.train);
    let scaler = fit(&data.scale, train.view()).map_err(|error| failed(unit, error))?;
    let scale = |rows: &Array2<f64>| scaler.apply(rows.view()).map_err(|error| failed(unit, error));
    Ok(Prepared {
        dataset,
        train_features: scale(&train)?,
        train_labels: labels(&split.train),
        test_features: scale(&rows(&split.test))?,
        test_labels: labels(&split.test),
        seen_rows: seen_rows(&dataset.features, &split),
        test_rows: split.test,
    })
}

/// How many test rows have the features of some training row, value by value.
fn seen_rows(features: &Array2<f64>, split: &Split) -> usize {
    // Adding 0 makes -0 the same value as 0.
    let bits =
        |row: &usize| features.row(*row).iter().map(|value| (value + 0.0).to_bits()).collect::<Vec<u64>>();
    let trained: BTreeSet<Vec<u64>> = split.train.iter().map(bits).collect();
    split.test.iter().filter(|row| trained.contains(&bits(row))).count()
}

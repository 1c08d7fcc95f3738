//! The majority class: what a model has to beat to have learned anything.

use ndarray::{Array1, Array2};

use super::prepare::Prepared;
use super::score::Inference;

/// What the majority class says of the test rows: for each the most frequent class of the training rows, of equally frequent
/// ones the first, with the frequencies of all classes among them as probabilities. It looks at no feature. Where there are no
/// training rows it is the most frequent class of the test rows, which no constant beats.
pub(super) fn majority(prepared: &Prepared<'_>) -> Inference {
    let mut counts = vec![0_usize; prepared.classes()];
    let known = if prepared.train_labels.is_empty() { &prepared.test_labels } else { &prepared.train_labels };
    for &label in known {
        counts[label] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let class = counts.iter().position(|count| *count == most).unwrap_or(0);
    let rows = prepared.test_labels.len();
    let total = known.len().max(1) as f64;
    let frequencies: Array1<f64> = counts.iter().map(|count| *count as f64 / total).collect();
    let probabilities = Array2::from_shape_fn((rows, counts.len()), |(_, class)| frequencies[class]);
    Inference { predictions: vec![class; rows], probabilities }
}

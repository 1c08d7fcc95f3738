//! What each scheme leaves of many tensors together.

use std::sync::Arc;

use super::comparison::{Comparison, VariantSummary};
use super::grouping;
use super::spread::Spread;
use crate::measures::{Measures, SizeMeasures};
use crate::origin::Task;

/// Fewer tensors are told one by one.
const FEWEST: usize = 3;

/// The tensors of an experiment as if they were one.
#[derive(Debug, Clone, PartialEq)]
pub struct OverTensors {
    /// How many there are.
    pub tensors: usize,
    /// The variants that all of them have: errors and bytes are sums over the tensors, the mean squared error is that of all
    /// values, and the ratio `10·log₁₀(ΣΣw²/ΣΣ(w - ŵ)²)` of all signal to all noise.
    pub together: Comparison,
    /// For each of these variants the tensor with the lowest signal-to-noise ratio, and that in dB; `None` where nothing is
    /// lost of any.
    pub lowest: Vec<Option<(String, f64)>>,
}

/// The tensors together; `None` of models, and of so few that each is told by itself.
pub(super) fn over_tensors(comparisons: &[Comparison]) -> Option<OverTensors> {
    let is_tensor =
        |own: &Comparison| !own.has_scores() && own.task.model.is_empty() && own.task.settings.is_empty();
    if comparisons.len() < FEWEST || !comparisons.iter().all(is_tensor) {
        return None;
    }
    let (first, others) = comparisons.split_first()?;
    let contents: Vec<Contents> = comparisons.iter().map(Contents::of).collect();
    let (mut variants, mut lowest) = (Vec::new(), Vec::new());
    for variant in &first.variants {
        let of = |own: &Comparison| -> Option<usize> {
            own.variants.iter().position(|other| other.origin.variant == variant.origin.variant)
        };
        let Some(positions) = others.iter().map(of).collect::<Option<Vec<_>>>() else { continue };
        let others = others.iter().zip(positions).map(|(own, position)| &own.variants[position]);
        let all: Vec<&VariantSummary> = [variant].into_iter().chain(others).collect();
        let ratios = comparisons.iter().zip(&all).map(|(own, variant)| (own, variant.sqnr_db.mean));
        let least =
            ratios.filter(|(_, ratio)| ratio.is_finite()).min_by(|one, other| one.1.total_cmp(&other.1));
        lowest.push(least.map(|(own, ratio)| (own.name().to_owned(), ratio)));
        variants.push(sum(&all, &contents));
    }
    let name = format!("all {} tensors", comparisons.len());
    let mut together = Comparison {
        task: Arc::new(Task { dataset: name.clone(), ..(*first.task).clone() }),
        name,
        float: variants.iter().position(|variant: &VariantSummary| variant.origin.is_float()),
        variants,
        failed: Vec::new(),
        ..first.clone()
    };
    together.least_error = grouping::least_error(&together);
    Some(OverTensors { tensors: comparisons.len(), together, lowest })
}

/// What a tensor holds.
struct Contents {
    /// How many values.
    values: f64,
    /// The sum of their squares.
    signal: f64,
}

impl Contents {
    /// Both follow from the errors of any variant that lost something; where none did, they weigh nothing beside others.
    fn of(comparison: &Comparison) -> Self {
        let lossy = comparison.variants.iter().find(|variant| {
            let is_number = |spread: Spread| spread.mean.is_finite() && spread.mean > 0.0;
            is_number(variant.sse) && is_number(variant.mse) && variant.sqnr_db.mean.is_finite()
        });
        lossy.map_or(Self { values: 0.0, signal: 0.0 }, |variant| Self {
            values: (variant.sse.mean / variant.mse.mean).round(),
            signal: variant.sse.mean * libm::pow(10.0, variant.sqnr_db.mean / 10.0),
        })
    }
}

/// One variant of all tensors.
fn sum(all: &[&VariantSummary], contents: &[Contents]) -> VariantSummary {
    let add = |measure: fn(&VariantSummary) -> f64| all.iter().map(|variant| measure(variant)).sum::<f64>();
    let noise = add(|variant| variant.sse.mean);
    let values: f64 = contents.iter().map(|own| own.values).sum();
    let signal: f64 = contents.iter().map(|own| own.signal).sum();
    let one = |mean: f64| Spread { mean, deviation: None, count: 1 };
    let first = all[0];
    let size =
        all[1..].iter().fold(first.measures.size, |size, variant| together(size, variant.measures.size));
    VariantSummary {
        measures: Measures { size, ..first.measures.clone() },
        runs: 1,
        failed_runs: 0,
        sse: one(noise),
        mse: one(if noise == 0.0 { 0.0 } else { noise / values }),
        sqnr_db: one(if noise == 0.0 { f64::INFINITY } else { 10.0 * libm::log10(signal / noise) }),
        max_error: all.iter().fold(0.0, |largest, variant| f64::max(largest, variant.max_error)),
        payload_bytes: add(|variant| variant.payload_bytes),
        true_bytes: add(|variant| variant.true_bytes),
        flags: Vec::new(),
        ..first.clone()
    }
}

/// The sizes of two tensors together.
fn together(one: SizeMeasures, other: SizeMeasures) -> SizeMeasures {
    SizeMeasures {
        payload: one.payload + other.payload,
        stored: one.stored.merge(other.stored),
        biases: one.biases + other.biases,
        scaler: one.scaler + other.scaler,
        float: one.float + other.float,
    }
}

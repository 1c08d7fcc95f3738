//! What each variant loses over several datasets.

use std::collections::HashMap;

use bitsweep_metrics::{SignedRankPosterior, signed_rank_posteriors};
use bitsweep_random::{Generator, Stream};
use rayon::prelude::*;

use super::comparison::{Comparison, VariantSummary};
use super::grouped::grouped;
use super::rule::PickRule;
use crate::choice::Choices;
use crate::label::Label;

/// Variants for which random words are drawn once.
const DRAWN_TOGETHER: usize = 64;

/// What the variants lose on two datasets or more, each dataset one difference.
#[derive(Debug, Clone, PartialEq)]
pub struct OverDatasets {
    /// The datasets, in order of first appearance.
    pub datasets: Vec<String>,
    /// A loss or gain of no more does not matter.
    pub margin: f64,
    /// The variants whose loss is known in every task, the smallest first.
    pub variants: Vec<VariantOverDatasets>,
}

/// One variant on all datasets.
#[derive(Debug, Clone, PartialEq)]
pub struct VariantOverDatasets {
    /// What it is called.
    pub label: Label,
    /// All bytes that it stores over the float model's, a mean over the datasets.
    pub size: f64,
    /// The loss on each dataset, a mean over its tasks.
    pub losses: Vec<f64>,
    /// The probabilities that it gains more than the margin (left), neither gains nor loses more (rope), or loses more (right).
    pub posterior: SignedRankPosterior,
}

/// One row of `datasets.csv`: what one variant loses over the datasets.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetsRow {
    /// The variant's label.
    pub label: String,
    /// How many datasets there are.
    pub datasets: usize,
    /// All bytes stored over the float model's, a mean over the datasets.
    pub size: f64,
    /// The mean loss of the rule's metric over the datasets.
    pub mean_loss: f64,
    /// The probability that it loses more than the balance's margin.
    pub loses: f64,
    /// The probability that it neither loses nor gains more.
    pub within: f64,
    /// The probability that it gains more.
    pub gains: f64,
}

impl OverDatasets {
    /// The smallest variant that neither loses nor gains more than the margin, with at least this probability.
    #[must_use]
    pub fn smallest_within(&self, probability: f64) -> Option<&VariantOverDatasets> {
        self.variants.iter().find(|own| own.posterior.rope >= probability)
    }

    /// The variants as rows of a table.
    #[must_use]
    pub fn rows(&self) -> Vec<DatasetsRow> {
        let row = |own: &VariantOverDatasets| DatasetsRow {
            label: own.label.to_string(),
            datasets: self.datasets.len(),
            size: own.size,
            mean_loss: own.mean_loss(),
            loses: own.posterior.right,
            within: own.posterior.rope,
            gains: own.posterior.left,
        };
        self.variants.iter().map(row).collect()
    }
}

impl VariantOverDatasets {
    /// The mean loss over the datasets.
    #[must_use]
    pub fn mean_loss(&self) -> f64 {
        mean(&self.losses)
    }
}

/// What the variants lose over the datasets of the comparisons; `None` where there are fewer than two, and where no variant
/// has a known loss on all. Tasks whose float model did not learn take no part.
///
/// The test is [`signed_rank_posteriors`]. Its random words are the same for all variants and depend on the tasks alone.
pub(super) fn over_datasets(comparisons: &[Comparison], rule: &PickRule) -> Option<OverDatasets> {
    let is_weighed = |own: &&Comparison| own.float.is_some() && own.has_scores() && !own.is_float_dead();
    let weighed: Vec<&Comparison> = comparisons.iter().filter(is_weighed).collect();
    let datasets = grouped(weighed.iter().copied(), |comparison| &comparison.task.dataset);
    if datasets.len() < 2 {
        return None;
    }
    let datasets = datasets.into_iter().map(|tasks| tasks.into_iter().map(Task::of).collect::<Vec<_>>());
    let datasets: Vec<Vec<Task<'_>>> = datasets.collect();
    let seed = weighed.iter().fold(0_u64, |seed, own| seed.rotate_left(1) ^ own.task.key.low());
    let variants = weighed.first()?.variants.iter().filter(|own| !own.origin.variant.is_baseline());
    let known: Vec<Known<'_>> = variants.filter_map(|own| Known::of(own, &datasets)).collect();
    // What is drawn is the same for all: once for so many.
    let mut variants: Vec<VariantOverDatasets> =
        known.par_chunks(DRAWN_TOGETHER).flat_map_iter(|own| judged(own, rule.margin, seed)).collect();
    variants.sort_by(|a, b| a.size.total_cmp(&b.size));
    let names =
        datasets.iter().flat_map(|tasks| tasks.first()).map(|task| task.comparison.task.dataset.clone());
    let datasets = names.collect();
    (!variants.is_empty()).then_some(OverDatasets { datasets, margin: rule.margin, variants })
}

/// A comparison whose variants are found by their choices.
struct Task<'a> {
    comparison: &'a Comparison,
    variants: HashMap<&'a Choices, &'a VariantSummary>,
}

impl<'a> Task<'a> {
    fn of(comparison: &'a Comparison) -> Self {
        // Of equal choices the first counts.
        let variants = comparison.variants.iter().rev().map(|own| (&own.origin.variant.choices, own));
        Self { comparison, variants: variants.collect() }
    }
}

/// A variant whose loss is known in every task.
struct Known<'a> {
    variant: &'a VariantSummary,
    size: f64,
    losses: Vec<f64>,
}

impl<'a> Known<'a> {
    fn of(variant: &'a VariantSummary, datasets: &[Vec<Task<'_>>]) -> Option<Self> {
        let choices = &variant.origin.variant.choices;
        // Loss and size in one task.
        let of_task = |Task { comparison, variants }: &Task<'_>| {
            let own = variants.get(choices)?;
            let is_whole = comparison.is_in_every_unit(own);
            let loss = own.standing.filter(|_| is_whole)?.loss.value;
            Some((loss, own.true_bytes / comparison.float()?.true_bytes))
        };
        let of_dataset = |tasks: &Vec<Task<'_>>| {
            let tasks: Vec<(f64, f64)> = tasks.iter().map(of_task).collect::<Option<_>>()?;
            let (losses, sizes): (Vec<f64>, Vec<f64>) = tasks.into_iter().unzip();
            Some((mean(&losses), mean(&sizes)))
        };
        let of_datasets: Vec<(f64, f64)> = datasets.iter().map(of_dataset).collect::<Option<_>>()?;
        let (losses, sizes): (Vec<f64>, Vec<f64>) = of_datasets.into_iter().unzip();
        losses.iter().all(|loss| loss.is_finite()).then_some(Self { variant, size: mean(&sizes), losses })
    }
}

fn judged(known: &[Known<'_>], margin: f64, seed: u64) -> Vec<VariantOverDatasets> {
    let losses: Vec<&[f64]> = known.iter().map(|own| &*own.losses).collect();
    let Ok(mut stream) = Stream::new(Generator::Modern, seed, "over datasets") else { return Vec::new() };
    let posteriors = signed_rank_posteriors(&losses, margin, &mut || stream.next_u64()).unwrap_or_default();
    let judged = known.iter().zip(posteriors).map(|(own, posterior)| VariantOverDatasets {
        label: own.variant.label.clone(),
        size: own.size,
        losses: own.losses.clone(),
        posterior,
    });
    judged.collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

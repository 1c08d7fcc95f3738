//! Gathering rows of the same task and the same variant.

use std::collections::{BTreeMap, BTreeSet};

use bitsweep_metrics::{Interval, pareto_front};

use super::effects::effects;
use super::{Comparison, ScoreSummary, Spread, VariantSummary};
use crate::record::{ResultRow, Scores};

/// Level at which a McNemar test tells two models apart.
const SIGNIFICANCE: f64 = 0.05;

/// What two units must share to be compared.
type TaskKey<'a> = (&'a str, &'a str, &'a str, &'a [(String, String)]);

/// What two rows must share to be runs of one variant. The label alone names only the axes that vary.
type VariantKey<'a> = (u32, Option<u32>, &'a str, &'a str, &'a [(&'static str, String)]);

fn task(row: &ResultRow) -> TaskKey<'_> {
    (&row.dataset, &row.model, &row.rng, &row.unit_axes)
}

fn variant(row: &ResultRow) -> VariantKey<'_> {
    (row.bits, row.activation_bits, &row.label, &row.series, &row.axes)
}

/// Groups `items` by `key`, groups and members in order of first appearance.
fn grouped<'a, T, K: Ord>(
    items: impl IntoIterator<Item = &'a T>,
    key: impl Fn(&'a T) -> K,
) -> Vec<Vec<&'a T>> {
    let mut positions = BTreeMap::new();
    let mut groups: Vec<Vec<&T>> = Vec::new();
    for item in items {
        let position = *positions.entry(key(item)).or_insert(groups.len());
        match groups.get_mut(position) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    groups
}

/// Comparisons with their variants summed up, still without front and picks.
pub(super) fn comparisons(rows: &[ResultRow]) -> Vec<Comparison> {
    grouped(rows, task).into_iter().filter_map(|group| comparison(&group)).collect()
}

fn comparison(rows: &[&ResultRow]) -> Option<Comparison> {
    let first = *rows.first()?;
    let float_scores: BTreeMap<&str, f64> = rows
        .iter()
        .filter(|row| row.variant == 0)
        .filter_map(|row| Some((row.unit.as_str(), row.scores.as_ref()?.macro_f1.value)))
        .collect();
    let groups = grouped(rows.iter().copied(), variant);
    let variants: Vec<VariantSummary> =
        groups.iter().filter_map(|runs| summary(runs, &float_scores)).collect();
    Some(Comparison {
        dataset: first.dataset.clone(),
        model: first.model.clone(),
        rng: first.rng.clone(),
        unit_axes: first.unit_axes.clone(),
        shape: first.shape,
        units: rows.iter().map(|row| row.unit.as_str()).collect::<BTreeSet<_>>().len(),
        float: variants.iter().position(|variant| variant.first.variant == 0),
        variants,
        front: Vec::new(),
        least_error: Vec::new(),
        effects: effects(&groups),
        picks: None,
    })
}

fn spread(rows: &[&ResultRow], measure: impl Fn(&ResultRow) -> f64) -> Spread {
    Spread::of(&rows.iter().map(|row| measure(row)).collect::<Vec<_>>())
}

fn summary(rows: &[&ResultRow], float_scores: &BTreeMap<&str, f64>) -> Option<VariantSummary> {
    let flagged = grouped(rows.iter().copied().filter(|row| !row.flag.is_empty()), |row| row.flag.as_str());
    Some(VariantSummary {
        first: (*rows.first()?).clone(),
        runs: rows.len(),
        scores: scores(rows, float_scores),
        sse: spread(rows, |row| row.error.sse),
        mse: spread(rows, |row| row.error.mse),
        sqnr_db: spread(rows, |row| row.error.sqnr_db),
        max_error: rows.iter().fold(0.0, |largest, row| f64::max(largest, row.error.max_error)),
        payload_bytes: spread(rows, |row| row.size.payload as f64).mean,
        true_bytes: spread(rows, |row| row.size.total() as f64).mean,
        flags: flagged.iter().filter_map(|group| Some((group.first()?.flag.clone(), group.len()))).collect(),
    })
}

fn scores(rows: &[&ResultRow], float_scores: &BTreeMap<&str, f64>) -> Option<ScoreSummary> {
    let scored: Vec<(&ResultRow, &Scores)> =
        rows.iter().filter_map(|row| Some((*row, row.scores.as_ref()?))).collect();
    if scored.is_empty() {
        return None;
    }
    let spread = |measure: fn(&Scores) -> f64| {
        Spread::of(&scored.iter().map(|(_, scores)| measure(scores)).collect::<Vec<_>>())
    };
    let losses: Vec<f64> = scored
        .iter()
        .filter_map(|(row, scores)| Some(float_scores.get(row.unit.as_str())? - scores.macro_f1.value))
        .collect();
    let macro_f1 = spread(|scores| scores.macro_f1.value);
    Some(ScoreSummary {
        accuracy: spread(|scores| scores.accuracy.value),
        macro_f1,
        interval: Interval {
            value: macro_f1.mean,
            low: spread(|scores| scores.macro_f1.low).mean,
            high: spread(|scores| scores.macro_f1.high).mean,
        },
        log_loss: spread(|scores| scores.log_loss),
        agreement: spread(|scores| scores.agreement),
        loss: (!losses.is_empty()).then(|| Spread::of(&losses)),
        lost: scored.iter().map(|(_, scores)| scores.lost).sum(),
        gained: scored.iter().map(|(_, scores)| scores.gained).sum(),
        least_p_value: scored.iter().fold(1.0, |least, (_, scores)| f64::min(least, scores.p_value)),
        distinguishable_runs: scored.iter().filter(|(_, scores)| scores.p_value < SIGNIFICANCE).count(),
    })
}

/// Positions of the Pareto front, smallest variant first.
pub(super) fn front(variants: &[VariantSummary]) -> Vec<usize> {
    let candidates: Vec<(usize, (f64, f64))> = variants
        .iter()
        .enumerate()
        .filter_map(|(position, variant)| {
            let point = (variant.true_bytes, variant.scores.as_ref()?.macro_f1.mean);
            (point.0.is_finite() && point.1.is_finite()).then_some((position, point))
        })
        .collect();
    let points: Vec<(f64, f64)> = candidates.iter().map(|(_, point)| *point).collect();
    // Only NaN is refused, and the candidates are finite.
    let front = pareto_front(&points).unwrap_or_default();
    front.into_iter().map(|index| candidates[index].0).collect()
}

/// For each number of bits, most bits first, the quantized variant of least mean squared error.
pub(super) fn least_error(comparison: &Comparison) -> Vec<usize> {
    let mut best: BTreeMap<u32, usize> = BTreeMap::new();
    for (position, variant) in comparison.variants.iter().enumerate() {
        let mean = variant.mse.mean;
        if Some(position) == comparison.float || mean.is_nan() {
            continue;
        }
        let holder = best.entry(variant.first.bits).or_insert(position);
        if mean < comparison.variants[*holder].mse.mean {
            *holder = position;
        }
    }
    best.into_values().rev().collect()
}

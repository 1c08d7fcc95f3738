//! Gathering rows of the same task and the same variant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bitsweep_metrics::{Contributions, Estimate, Interval, pareto_front};

use super::comparison::{Comparison, DivergenceSummary, FailedVariant, ScoreSummary, VariantSummary};
use super::effect::SIGNIFICANCE;
use super::effects::effects;
use super::evidence::{Evidence, Places};
use super::grouped::grouped;
use super::rule::Metric;
use super::spread::Spread;
use crate::flag::Flag;
use crate::key::Key;
use crate::label::Labels;
use crate::measures::{AgainstFloat, Measures, Scores};
use crate::origin::Variant;
use crate::record::ResultRow;

/// A row that has measures, and its measures.
type Run<'a> = (&'a ResultRow, &'a Measures);

/// Numbers of variants, equal for equal choices.
#[derive(Default)]
struct Numbers<'a> {
    /// Numbers by address: units share their variants, so most need no comparison of choices.
    by_place: BTreeMap<*const Variant, usize>,
    by_choices: BTreeMap<&'a crate::choice::Choices, usize>,
}

impl<'a> Numbers<'a> {
    fn of(rows: &'a [ResultRow]) -> Self {
        let mut numbers = Self::default();
        for row in rows {
            let variant = &row.origin.variant;
            let place = Arc::as_ptr(variant);
            if !numbers.by_place.contains_key(&place) {
                let next = numbers.by_choices.len();
                let number = *numbers.by_choices.entry(&variant.choices).or_insert(next);
                numbers.by_place.insert(place, number);
            }
        }
        numbers
    }

    fn number(&self, row: &ResultRow) -> usize {
        self.by_place.get(&Arc::as_ptr(&row.origin.variant)).copied().unwrap_or_default()
    }
}

/// Comparisons with their variants summed up, still without name, front and picks, and where the rows of each variant are;
/// none of a task without any result.
pub(super) fn comparisons(
    rows: &[ResultRow],
    labels: &Labels,
    evidence: &Evidence<'_>,
    margin: f64,
) -> Vec<(Comparison, Vec<Places>)> {
    let numbers = Numbers::of(rows);
    let tasks = grouped(rows, |row| row.origin.unit.task.key);
    tasks.into_iter().filter_map(|group| comparison(&group, labels, &numbers, evidence, margin)).collect()
}

fn comparison(
    rows: &[&ResultRow],
    labels: &Labels,
    numbers: &Numbers<'_>,
    evidence: &Evidence<'_>,
    margin: f64,
) -> Option<(Comparison, Vec<Places>)> {
    let first = *rows.first()?;
    let float_scores: BTreeMap<Key, f64> = rows
        .iter()
        .filter(|row| row.origin.is_float())
        .filter_map(|row| Some((row.origin.unit.key, row.measures()?.scores.as_ref()?.macro_f1.value)))
        .collect();
    let mut variants = Vec::new();
    let mut failed = Vec::new();
    let mut groups = Vec::new();
    for group in grouped(rows.iter().copied(), |row| numbers.number(row)) {
        let runs: Vec<Run<'_>> = group.iter().filter_map(|row| Some((*row, row.measures()?))).collect();
        let is_majority = group.iter().any(|row| row.origin.is_majority());
        let none = BTreeMap::new();
        let float_scores = if is_majority { &none } else { &float_scores };
        match summary(&runs, group.len(), float_scores, labels, evidence) {
            Some(summary) => {
                variants.push(summary);
                groups.push(runs.into_iter().map(|(row, _)| row).collect());
            }
            None => failed.extend(group.first().map(|row| FailedVariant {
                label: labels.get(&row.origin.variant).clone(),
                origin: row.origin.clone(),
                runs: group.len(),
            })),
        }
    }
    let units = |rows: &mut dyn Iterator<Item = &&ResultRow>| {
        rows.map(|row| row.origin.unit.key).collect::<BTreeSet<Key>>().len()
    };
    let with_results = units(&mut rows.iter().filter(|row| row.result.is_ok()));
    if variants.is_empty() {
        return None;
    }
    let place = |row: &&ResultRow| (row.origin.unit.keys(), row.origin.position);
    let places = groups.iter().map(|rows: &Vec<&ResultRow>| rows.iter().map(place).collect()).collect();
    let comparison = Comparison {
        task: Arc::clone(&first.origin.unit.task),
        name: String::new(),
        shape: rows.iter().find_map(|row| row.origin.unit.shape),
        units: with_results,
        failed_units: units(&mut rows.iter()) - with_results,
        float: variants.iter().position(|variant: &VariantSummary| variant.origin.is_float()),
        majority: variants.iter().position(|variant| variant.origin.is_majority()),
        variants,
        failed,
        front: Vec::new(),
        least_error: Vec::new(),
        effects: effects(&groups, evidence, margin),
        float_score: None,
        small_classes: Vec::new(),
        picks: None,
    };
    Some((comparison, places))
}

fn spread(runs: &[Run<'_>], measure: impl Fn(&Measures) -> f64) -> Spread {
    Spread::of(&runs.iter().map(|(_, measures)| measure(measures)).collect::<Vec<_>>())
}

fn summary(
    runs: &[Run<'_>],
    rows: usize,
    float_scores: &BTreeMap<Key, f64>,
    labels: &Labels,
    evidence: &Evidence<'_>,
) -> Option<VariantSummary> {
    let (first, measures) = *runs.first()?;
    let mut flags: Vec<(Flag, usize)> = Vec::new();
    for flag in runs.iter().flat_map(|(_, measures)| &measures.flags) {
        match flags.iter_mut().find(|(known, _)| known.is_same_kind(flag)) {
            Some((known, count)) => {
                known.raise_to(flag);
                *count += 1;
            }
            None => flags.push((flag.clone(), 1)),
        }
    }
    Some(VariantSummary {
        label: labels.get(&first.origin.variant).clone(),
        origin: first.origin.clone(),
        measures: measures.clone(),
        runs: runs.len(),
        failed_runs: rows - runs.len(),
        scores: scores(runs, float_scores, evidence),
        sse: spread(runs, |measures| measures.error.sse),
        mse: spread(runs, |measures| measures.error.mse),
        sqnr_db: spread(runs, |measures| measures.error.sqnr_db),
        max_error: runs
            .iter()
            .fold(0.0, |largest, (_, measures)| f64::max(largest, measures.error.max_error)),
        payload_bytes: spread(runs, |measures| measures.size.payload as f64).mean,
        true_bytes: spread(runs, |measures| measures.size.total() as f64).mean,
        flags,
        standing: None,
        validation: None,
        front_share: None,
        device: None,
    })
}

fn scores(
    runs: &[Run<'_>],
    float_scores: &BTreeMap<Key, f64>,
    evidence: &Evidence<'_>,
) -> Option<ScoreSummary> {
    let scored: Vec<(&ResultRow, &Scores)> =
        runs.iter().filter_map(|(row, measures)| Some((*row, measures.scores.as_ref()?))).collect();
    if scored.is_empty() {
        return None;
    }
    let spread = |measure: fn(&Scores) -> f64| {
        Spread::of(&scored.iter().map(|(_, scores)| measure(scores)).collect::<Vec<_>>())
    };
    let losses: Vec<f64> = scored
        .iter()
        .filter_map(|(row, scores)| Some(float_scores.get(&row.origin.unit.key)? - scores.macro_f1.value))
        .collect();
    let macro_f1 = spread(|scores| scores.macro_f1.value);
    Some(ScoreSummary {
        accuracy: spread(|scores| scores.accuracy.value),
        macro_f1,
        interval: match scored.as_slice() {
            [(_, only)] => Some(only.macro_f1),
            _ => interval_of_mean(&scored, evidence),
        },
        log_loss: spread(|scores| scores.log_loss),
        brier: spread(|scores| scores.brier),
        calibration_error: scored
            .iter()
            .map(|(_, scores)| scores.calibration_error)
            .collect::<Option<Vec<f64>>>()
            .map(|errors| Spread::of(&errors)),
        agreement: spread(|scores| scores.agreement),
        divergence: divergence(&scored),
        loss: (!losses.is_empty()).then(|| Spread::of(&losses)),
        lost: scored.iter().map(|(_, scores)| scores.lost).sum(),
        gained: scored.iter().map(|(_, scores)| scores.gained).sum(),
        macro_f1_p_value: match scored.as_slice() {
            [(_, only)] => only.against_float.map(|against| against.macro_f1_p_value),
            _ => None,
        },
        distinguishable_runs: scored
            .iter()
            .filter(|(_, scores)| scores.against_float.is_some_and(|own| own.macro_f1_p_value < SIGNIFICANCE))
            .count(),
    })
}

/// How far the runs are from the float model; `None` where one was not compared with it.
fn divergence(scored: &[(&ResultRow, &Scores)]) -> Option<DivergenceSummary> {
    let runs: Vec<AgainstFloat> = scored.iter().map(|(_, own)| own.against_float).collect::<Option<_>>()?;
    let spread =
        |measure: fn(&AgainstFloat) -> f64| Spread::of(&runs.iter().map(measure).collect::<Vec<_>>());
    let kl = spread(|run| run.kl_mean);
    Some(DivergenceSummary {
        kl,
        kl_standard_error: match runs.as_slice() {
            [only] => only.kl_standard_error,
            _ => kl.deviation.map(|deviation| deviation / (kl.count as f64).sqrt()),
        },
        kl_p99: spread(|run| run.kl_p99),
        probability_change_rms: spread(|run| run.probability_change_rms),
        margin_change: spread(|run| run.margin_change_mean),
    })
}

/// The 95 % interval of the mean macro-F1 over several units; `None` where the predictions of one are not known.
fn interval_of_mean(scored: &[(&ResultRow, &Scores)], evidence: &Evidence<'_>) -> Option<Interval> {
    let of_unit = |(row, _): &(&ResultRow, &Scores)| {
        evidence.score(&Metric::MacroF1, (row.origin.unit.keys(), row.origin.position))
    };
    let units: Vec<Contributions<'_>> = scored.iter().map(of_unit).collect::<Option<_>>()?;
    let Interval { value, low, high } = Estimate::of(&units).ok()?.interval(0.95);
    Some(Interval { value, low: low.max(0.0), high: high.min(1.0) })
}

/// Positions of the Pareto front, smallest variant first.
pub(super) fn front(comparison: &Comparison) -> Vec<usize> {
    let candidates: Vec<(usize, (f64, f64))> = comparison
        .variants
        .iter()
        .enumerate()
        .filter(|(position, variant)| {
            comparison.majority != Some(*position) && comparison.is_in_every_unit(variant)
        })
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

/// For each number of bits, most bits first, the quantized variant of least mean squared error: of those that are smaller than
/// float, where there are any.
pub(super) fn least_error(comparison: &Comparison) -> Vec<usize> {
    let rank = |position: usize| (!comparison.is_smaller(position), comparison.variants[position].mse.mean);
    let mut best: BTreeMap<u32, usize> = BTreeMap::new();
    for (position, variant) in comparison.variants.iter().enumerate() {
        if comparison.is_baseline(position) || variant.mse.mean.is_nan() {
            continue;
        }
        let holder = best.entry(variant.bits()).or_insert(position);
        if rank(position) < rank(*holder) {
            *holder = position;
        }
    }
    best.into_values().rev().collect()
}

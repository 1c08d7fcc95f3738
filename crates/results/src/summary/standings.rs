//! How each variant stands against the float model.

use std::collections::HashMap;

use bitsweep_metrics::{Estimate, holm, rows_without_flips};
use rayon::prelude::*;

use super::candidates::candidates;
use super::comparison::Comparison;
use super::evidence::{Evidence, Places};
use super::rule::{Metric, PickRule};
use super::standing::{Standing, Verdict};

/// How each variant stands, `places` saying where its rows are; `None` of baselines, and where predictions are not known.
pub(super) fn standings(
    comparison: &Comparison,
    places: &[Places],
    evidence: &Evidence<'_>,
    rule: &PickRule,
) -> Vec<Option<Standing>> {
    let estimates: Vec<Option<Estimate>> = places
        .par_iter()
        .map(|places| {
            let of_unit = |place: &_| evidence.loss_against_float(&rule.metric, *place);
            Estimate::of(&places.iter().filter_map(of_unit).collect::<Vec<_>>()).ok()
        })
        .collect();
    let tested: Vec<(usize, Estimate)> = candidates(comparison)
        .into_iter()
        .filter_map(|candidate| Some((candidate.variant, estimates[candidate.variant]?)))
        .collect();
    let losses: Vec<Estimate> = tested.iter().map(|(_, loss)| *loss).collect();
    let margins = [rule.margin, rule.memory_margin];
    let adjusted = margins.map(|margin| adjusted(&losses, margin));
    let dominated = dominated(comparison, &estimates);
    let places: HashMap<usize, usize> =
        tested.iter().enumerate().map(|(place, (variant, _))| (*variant, place)).collect();
    let standing = |(position, loss): (usize, Option<Estimate>)| {
        let loss = loss.filter(|_| !comparison.variants[position].origin.variant.is_baseline())?;
        let p_at = |margin: usize| places.get(&position).map(|place| adjusted[margin][*place]);
        let verdicts = [0, 1].map(|margin| verdict(&loss, margins[margin], p_at(margin), rule));
        Some(Standing { loss, verdicts, adjusted_p: p_at(0), dominated_by: dominated[position] })
    };
    estimates.iter().copied().enumerate().map(standing).collect()
}

/// The p-values of losses as large as the margin, adjusted by Holm for all of them.
pub(super) fn adjusted(losses: &[Estimate], margin: f64) -> Vec<f64> {
    let p_values: Vec<f64> = losses.iter().map(|loss| loss.p_below(margin)).collect();
    // p-values lie in [0, 1].
    holm(&p_values).unwrap_or_else(|_| vec![1.0; p_values.len()])
}

/// How many different rows any claim of a small loss takes: as many as show the tightest of the margins if none of them changes.
/// Bounds alone would claim from about four fifths as many, where that is not shown exactly; the floor is ours. None of a log
/// loss, which is no share of rows, and of a margin of 0, which only a gain can show.
pub(super) fn least_rows(rule: &PickRule) -> usize {
    let tightest = rule.margin.min(rule.memory_margin);
    match rule.metric {
        Metric::LogLoss => 0,
        Metric::MacroF1 | Metric::Accuracy | Metric::Recall(_) if tightest <= 0.0 => 0,
        Metric::MacroF1 | Metric::Accuracy | Metric::Recall(_) => {
            rows_without_flips(tightest, rule.confidence)
        }
    }
}

/// What can be said of a loss at a margin, alone or, by its adjusted p-value, among all candidates.
pub(super) fn verdict(loss: &Estimate, margin: f64, adjusted_p: Option<f64>, rule: &PickRule) -> Verdict {
    let least = least_rows(rule);
    let error = 1.0 - rule.confidence;
    if loss.p_above(margin) <= error {
        Verdict::Worse
    } else if loss.p_below(margin) <= error
        && (loss.samples >= least || loss.upper_bound(rule.confidence) <= 0.0)
    {
        match adjusted_p {
            Some(p) if p <= error => Verdict::Confirmed,
            Some(_) | None => Verdict::Likely,
        }
    } else {
        // Where the seeds differ, more rows may not help.
        let needed = loss.samples_needed(margin, rule.confidence).map(|rows| rows.max(least));
        Verdict::Undecided { rows: needed.filter(|rows| *rows > loss.samples) }
    }
}

/// For each variant the best of those that are no larger and lose no more, and one of the two strictly.
fn dominated(comparison: &Comparison, estimates: &[Option<Estimate>]) -> Vec<Option<usize>> {
    let mut points: Vec<(usize, f64, f64)> = comparison
        .variants
        .iter()
        .zip(estimates)
        .enumerate()
        .filter(|(_, (variant, _))| {
            comparison.is_in_every_unit(variant)
                && (variant.origin.is_float() || !variant.origin.variant.is_baseline())
        })
        .filter_map(|(position, (variant, loss))| Some((position, variant.true_bytes, loss.as_ref()?.value)))
        .collect();
    points.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.2.total_cmp(&b.2)).then(a.0.cmp(&b.0)));
    let mut dominated = vec![None; comparison.variants.len()];
    let mut best: Option<(usize, f64, f64)> = None;
    for (position, bytes, loss) in points {
        match best {
            Some((other, other_bytes, other_loss))
                if other_loss < loss || (other_loss == loss && other_bytes < bytes) =>
            {
                dominated[position] = Some(other);
            }
            Some((_, _, other_loss)) if other_loss <= loss => {}
            Some(_) | None => best = Some((position, bytes, loss)),
        }
    }
    dominated
}

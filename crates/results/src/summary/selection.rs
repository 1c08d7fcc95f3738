//! The choice and the front made again on bootstraps of the rows.

use std::collections::BTreeMap;

use bitsweep_metrics::{Flips, left_out, pareto_front, resampled_weights, weighted_mean};
use bitsweep_random::{Generator, Stream};
use rayon::prelude::*;

use super::candidates::{Candidate, Chosen, candidates, choose};
use super::comparison::Comparison;
use super::evidence::{Evidence, Places, UnitEvidence};
use super::pick::{PickOutcome, Selection};
use super::rule::{Goal, Metric, PickRule};

/// Bootstraps of the rows.
const BOOTSTRAPS: usize = 200;

/// Tries the choices of the picks, and the Pareto front, on bootstraps of the rows that the units are tested on.
///
/// The rows of the dataset are drawn with replacement, the same for all units, which stay as they are. On the rows drawn each
/// goal chooses anew, by bounds as wide as on all rows; what it chooses is scored on the rows that were not drawn. The mean of
/// these scores is the loss corrected for the choice (bootstrap bias corrected; Tsamardinos, Greasidou & Borboudakis 2018,
/// Machine Learning 107, section 3).
pub(super) fn fill_in(
    comparison: &mut Comparison,
    places: &[Places],
    evidence: &Evidence<'_>,
    rule: &PickRule,
) {
    if comparison.picks.is_none() || comparison.is_float_dead() {
        return;
    }
    let Some(trial) = Trial::new(comparison, places, evidence, rule) else { return };
    // Bootstraps have streams of their own, so that no number depends on the workers.
    let tried: Vec<Bootstrap> =
        (0..BOOTSTRAPS).into_par_iter().filter_map(|number| trial.bootstrap(number)).collect();
    let mut on_front = vec![0_usize; comparison.variants.len()];
    tried.iter().flat_map(|bootstrap| &bootstrap.front).for_each(|variant| on_front[*variant] += 1);
    let share = |count: usize| count as f64 / tried.len() as f64;
    if !tried.is_empty() {
        for variant in trial.shown() {
            comparison.variants[variant].front_share = Some(share(on_front[variant]));
        }
    }
    if comparison.variants.iter().any(|variant| variant.validation.is_some()) {
        // The test rows have no part in the choice: nothing to correct.
        return;
    }
    let Some(picks) = &mut comparison.picks else { return };
    for (goal_number, (_, outcome)) in picks.0.iter_mut().enumerate() {
        let PickOutcome::Picked(pick) = outcome else { continue };
        let chosen: Vec<(usize, f64)> =
            tried.iter().filter_map(|bootstrap| bootstrap.chosen[goal_number]).collect();
        if chosen.is_empty() {
            continue;
        }
        let same = chosen.iter().filter(|(variant, _)| *variant == pick.variant).count();
        pick.selection = Some(Selection {
            bootstraps: tried.len(),
            repeated: share(same),
            loss: chosen.iter().map(|(_, loss)| loss).sum::<f64>() / chosen.len() as f64,
            standard_error: pick.loss.map_or(0.0, |loss| loss.standard_error),
        });
    }
}

/// What one bootstrap gives.
struct Bootstrap {
    /// For each goal the variant chosen and its loss on the rows left out.
    chosen: Vec<Option<(usize, f64)>>,
    /// The variants on the front of the rows drawn.
    front: Vec<usize>,
}

/// A unit's test rows and how each variant's predictions differ from the float model's.
struct Unit<'a> {
    /// The number of each row that the metric looks at among the different rows of all units.
    numbers: Vec<usize>,
    evidence: &'a UnitEvidence<'a>,
    /// Where each variant tried, in their order, predicts another class than float.
    flips: Flips,
    /// For each variant tried, its position in the unit.
    positions: Vec<usize>,
}

struct Trial<'a> {
    units: Vec<Unit<'a>>,
    /// Different rows in all units.
    rows: usize,
    candidates: Vec<Candidate>,
    /// How far above its loss each candidate's bound lies.
    bounds: Vec<f64>,
    /// Whether the rows are too few for claims by bounds.
    by_points: bool,
    float: Candidate,
    rule: &'a PickRule,
    seed: u64,
}

impl<'a> Trial<'a> {
    fn new(
        comparison: &Comparison,
        places: &'a [Places],
        evidence: &'a Evidence<'a>,
        rule: &'a PickRule,
    ) -> Option<Self> {
        let float = comparison.float?;
        let candidates = candidates(comparison);
        let mut bounds = Vec::with_capacity(candidates.len());
        let mut by_points = false;
        for candidate in &candidates {
            let loss = comparison.variants[candidate.variant].standing?.loss;
            bounds.push(loss.upper_bound(rule.confidence) - loss.value);
            by_points |= loss.samples < super::standings::least_rows(rule);
        }
        let mut numbers: BTreeMap<u32, usize> = BTreeMap::new();
        let mut units = Vec::new();
        for (keys, position) in &places[float] {
            let unit = evidence.unit(*keys)?;
            let looked_at = unit.positions(&rule.metric);
            let own = looked_at.iter().map(|row| {
                let next = numbers.len();
                *numbers.entry(unit.rows[*row]).or_insert(next)
            });
            let own: Vec<usize> = own.collect();
            let of_rows =
                |predicted: &[u16]| looked_at.iter().map(|row| predicted[*row]).collect::<Vec<u16>>();
            let truth = looked_at.iter().map(|row| unit.truth[*row]).collect();
            let float = of_rows(unit.predicted(*position)?);
            let mut positions = Vec::with_capacity(candidates.len());
            for candidate in &candidates {
                positions.push(places[candidate.variant].iter().find(|(own, _)| own == keys)?.1);
            }
            let mut flips = Flips::new(truth, float, unit.classes()).ok()?;
            for position in &positions {
                flips.push(&of_rows(unit.predicted(*position)?)).ok()?;
            }
            units.push(Unit { numbers: own, evidence: unit, flips, positions });
        }
        let (_, unit) = places[float].first()?.0;
        let seed = unit.low();
        let float = Candidate::of(float, &comparison.variants[float]);
        (!candidates.is_empty()).then_some(Self {
            units,
            rows: numbers.len(),
            candidates,
            bounds,
            by_points,
            float,
            rule,
            seed,
        })
    }

    /// The variants that take part.
    fn shown(&self) -> Vec<usize> {
        self.candidates.iter().map(|own| own.variant).chain([self.float.variant]).collect()
    }

    /// `None` where no row is drawn or left out that the metric looks at.
    fn bootstrap(&self, number: usize) -> Option<Bootstrap> {
        let mut stream = Stream::new(Generator::Modern, self.seed, &format!("selection {number}")).ok()?;
        let drawn = stream.resample(self.rows);
        let left_out = left_out(&drawn);
        let losses = self.losses(&drawn, None)?;
        let choose = |goal: Goal| {
            let margin = goal.margin(self.rule);
            let is_shown = |place: usize| !self.by_points && losses[place] + self.bounds[place] <= margin;
            match choose(goal, self.rule, &self.candidates, &losses, &self.float, is_shown)? {
                Chosen::Float => Some((self.float.variant, 0.0)),
                Chosen::Candidate { place, .. } => {
                    let loss = self.losses(&left_out, Some(place))?[0];
                    Some((self.candidates[place].variant, loss))
                }
            }
        };
        let chosen = self.rule.goals().map(choose).collect();
        let mut points: Vec<(f64, f64)> =
            self.candidates.iter().zip(&losses).map(|(own, loss)| (own.bytes, -loss)).collect();
        points.push((self.float.bytes, 0.0));
        let shown = self.shown();
        let front = pareto_front(&points).ok()?.into_iter().map(|place| shown[place]).collect();
        Some(Bootstrap { chosen, front })
    }

    /// The mean loss of each candidate, or of one, with so much weight on each row, over the units that have a row of weight;
    /// `None` where none has.
    fn losses(&self, counts: &[u32], only: Option<usize>) -> Option<Vec<f64>> {
        let places = only.map_or(0..self.candidates.len(), |place| place..place + 1);
        let mut sums = vec![0.0; places.len()];
        let mut units = 0;
        for unit in &self.units {
            let weights = resampled_weights(counts, &unit.numbers);
            if !weights.iter().any(|weight| *weight > 0.0) {
                continue;
            }
            units += 1;
            let losses = unit.losses(&weights, places.clone(), &self.rule.metric)?;
            sums.iter_mut().zip(losses).for_each(|(sum, loss)| *sum += loss);
        }
        sums.iter_mut().for_each(|sum| *sum /= f64::from(units));
        (units > 0).then_some(sums)
    }
}

impl Unit<'_> {
    /// The losses of the variants at `places`; `None` where a log loss was not recorded.
    fn losses(&self, weights: &[f64], places: std::ops::Range<usize>, metric: &Metric) -> Option<Vec<f64>> {
        let Some(score) = UnitEvidence::class_score(metric) else {
            return self.log_losses(weights, places);
        };
        Some(self.flips.losses(score, weights, places))
    }

    fn log_losses(&self, weights: &[f64], places: std::ops::Range<usize>) -> Option<Vec<f64>> {
        let mean = |position: usize| Some(weighted_mean(self.evidence.log_losses(position)?, weights));
        let float = mean(0)?;
        places.map(|place| Some(mean(self.positions[place])? - float)).collect()
    }
}

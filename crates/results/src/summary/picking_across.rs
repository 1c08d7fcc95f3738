//! Which variants are picked across models that are tested on the same rows.

use std::collections::BTreeMap;

use bitsweep_metrics::Estimate;

use super::across::{Across, AcrossPick, Other};
use super::candidates::{Candidate, Chosen, choose};
use super::comparison::Comparison;
use super::evidence::{Evidence, Places};
use super::rule::{Goal, Metric, PickRule};
use super::standing::Verdict;
use super::standings::{adjusted, verdict};

/// One comparison with the places of its variants.
pub(super) type Placed = (Comparison, Vec<Places>);

/// The picks across the comparisons that are tested on the same rows.
pub(super) fn across(
    comparisons: &[Placed],
    evidence: &Evidence<'_>,
    validation: &Evidence<'_>,
    rule: &PickRule,
) -> Vec<Across> {
    let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (position, (comparison, places)) in comparisons.iter().enumerate() {
        let Some(float) = comparison.float.filter(|_| !comparison.is_float_dead()) else { continue };
        let tested = places[float].iter().map(|(unit, _)| {
            let unit = evidence.unit(*unit)?;
            Some((unit.rows, &unit.truth))
        });
        let Some(tested) = tested.collect::<Option<Vec<_>>>() else { continue };
        groups.entry((&comparison.task.dataset, tested)).or_default().push(position);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().filter(|group| group.len() > 1).collect();
    groups.sort();
    let across = |group: Vec<usize>| {
        // Where there are validation rows, the choice goes by them.
        let has_validation = |position: &usize| validation.has(&comparisons[*position].1);
        let choosing = if group.iter().all(has_validation) { validation } else { evidence };
        Group { comparisons, evidence, choosing, rule }.across(group)
    };
    groups.into_iter().filter_map(across).collect()
}

struct Group<'a> {
    comparisons: &'a [Placed],
    evidence: &'a Evidence<'a>,
    /// What the choice goes by: the predictions on the validation rows, or on the test rows.
    choosing: &'a Evidence<'a>,
    rule: &'a PickRule,
}

/// A variant of one of the comparisons.
type Member = (usize, usize);

impl<'a> Group<'a> {
    fn across(&self, comparisons: Vec<usize>) -> Option<Across> {
        let floats = comparisons
            .iter()
            .filter_map(|&position| Some((position, self.comparisons[position].0.float_score?.value)));
        let better = |score: f64| if self.rule.metric.is_cost() { -score } else { score };
        // Of equally good ones the first.
        let (reference, _) =
            floats.reduce(|best, own| if better(own.1) > better(best.1) { own } else { best })?;
        let (best, _) = &self.comparisons[reference];
        let float = (reference, best.float?);
        let mut members: Vec<(Member, Candidate)> = Vec::new();
        for &position in &comparisons {
            let (comparison, _) = &self.comparisons[position];
            for (variant, own) in comparison.variants.iter().enumerate() {
                let is_known = own.origin.is_float() || !own.origin.variant.is_baseline();
                let fits = own.true_bytes < best.float()?.true_bytes;
                if is_known && fits && own.scores.is_some() && comparison.is_in_every_unit(own) {
                    members.push(((position, variant), Candidate::of(members.len(), own)));
                }
            }
        }
        members.sort_by(|(_, a), (_, b)| {
            a.bytes.total_cmp(&b.bytes).then(a.sse.total_cmp(&b.sse)).then(a.variant.cmp(&b.variant))
        });
        let (members, candidates): (Vec<Member>, Vec<Candidate>) = members.into_iter().unzip();
        let losses: Vec<Estimate> =
            members.iter().map(|member| self.loss(self.choosing, float, *member)).collect::<Option<_>>()?;
        let pick =
            |goal: Goal| Some((goal, self.pick(goal, float, &members, &candidates, &losses, &comparisons)?));
        Some(Across { reference, picks: self.rule.goals().filter_map(pick).collect(), comparisons })
    }

    fn pick(
        &self,
        goal: Goal,
        float: Member,
        members: &[Member],
        candidates: &[Candidate],
        losses: &[Estimate],
        comparisons: &[usize],
    ) -> Option<AcrossPick> {
        let margin = goal.margin(self.rule);
        let adjusted = adjusted(losses, margin);
        let verdicts: Vec<Verdict> = losses
            .iter()
            .zip(adjusted)
            .map(|(loss, adjusted)| verdict(loss, margin, Some(adjusted), self.rule))
            .collect();
        let values: Vec<f64> = losses.iter().map(|loss| loss.value).collect();
        let own = Candidate::of(float.1, self.comparisons[float.0].0.float()?);
        let is_shown = |place: usize| verdicts[place].is_within();
        let (own, chosen_by) = match choose(goal, self.rule, candidates, &values, &own, is_shown)? {
            Chosen::Float => (float, None),
            Chosen::Candidate { place, .. } => (members[place], Some(verdicts[place])),
        };
        let loss = self.loss(self.evidence, float, own)?;
        let verdict = match chosen_by.filter(|_| std::ptr::eq(self.choosing, self.evidence)) {
            Some(verdict) => verdict,
            // It is the one variant that the test rows are asked about.
            None => verdict(&loss, margin, Some(loss.p_below(margin)), self.rule),
        };
        let others = comparisons.iter().filter(|position| **position != own.0).filter_map(|&position| {
            let variant = self.comparisons[position].0.picks.as_ref()?.variant(goal)?;
            Some(Other {
                comparison: position,
                variant,
                loss: self.loss(self.evidence, own, (position, variant))?,
            })
        });
        Some(AcrossPick {
            comparison: own.0,
            variant: own.1,
            loss,
            margin,
            verdict,
            others: others.collect(),
        })
    }

    /// What the second loses against the first, unit by unit on the same rows.
    fn loss(&self, evidence: &Evidence<'_>, first: Member, second: Member) -> Option<Estimate> {
        let places = |(position, variant): Member| &self.comparisons[position].1[variant];
        let metric: &Metric = &self.rule.metric;
        let pairs = places(first).iter().zip(places(second));
        let losses = pairs.filter_map(|(first, second)| evidence.loss(metric, *first, *second));
        Estimate::of(&losses.collect::<Vec<_>>()).ok()
    }
}

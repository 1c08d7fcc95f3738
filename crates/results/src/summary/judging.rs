//! What is shown of changes from one result to another, all of them tested together.

use std::collections::BTreeMap;

use bitsweep_metrics::{equivalence_margin, holm};

use super::change::{Change, PairedLoss};
use super::effect::{EffectVerdict, SIGNIFICANCE};
use super::rule::PickRule;
use super::standing::Verdict;
use super::standings::{least_rows, verdict};

/// What is shown of one change among several.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged<V> {
    /// What is shown.
    pub verdict: V,
    /// The p-value behind it, of this change alone; `None` where nothing is tested.
    pub p_value: Option<f64>,
    /// The same by Holm over all changes.
    pub adjusted_p: Option<f64>,
}

/// What is shown of a change that must not be a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegressionVerdict {
    /// The loss is above the margin, by Holm over all changes.
    Regressed,
    /// No score of one of them, or no interval, is known.
    Unknown,
    /// The loss is above the margin if this change alone is asked about, and not among all.
    Alone,
    /// Neither is shown.
    Undecided {
        /// About how many test rows would decide; `None` where no number can be told.
        rows: Option<usize>,
    },
    /// The loss is below the margin, this change alone.
    Within,
    /// There is a gain, by Holm over all changes.
    Improved,
    /// Both say the same of every test row.
    Same,
}

/// Whether the second is better or worse than the first, each way and all changes as one family by Holm; where neither, whether they
/// are shown to differ by no more than the margin.
///
/// The tests are those of [`Effect`](super::Effect)s: two-sided, at 5 %, without those that are the same and with those that say the
/// same counted once. No difference within the margin is shown on fewer rows than a [`Standing`](super::Standing) takes. Without
/// pairs nothing is shown.
#[must_use]
pub fn judged_differences(changes: &[Change], rule: &PickRule) -> Vec<Judged<EffectVerdict>> {
    let tests = changes.iter().map(|change| match &change.loss {
        Ok(PairedLoss { loss, is_same: false, fingerprint, .. }) => {
            Some((Identity::Pair(*fingerprint), loss.p_two_sided(0.0)))
        }
        Ok(_) | Err(_) => None,
    });
    let judged = adjusted(&tests.collect::<Vec<_>>());
    let verdict = |(change, (p_value, adjusted_p)): (&Change, Tested)| {
        let is_shown = adjusted_p.is_some_and(|p| p <= SIGNIFICANCE);
        let verdict = match &change.loss {
            Ok(own) if is_shown && own.loss.value > 0.0 => EffectVerdict::Worse,
            Ok(_) if is_shown => EffectVerdict::Better,
            Ok(own) if is_equivalent(own, rule) => EffectVerdict::Equivalent,
            Ok(_) | Err(_) => EffectVerdict::NotShown,
        };
        Judged { verdict, p_value, adjusted_p }
    };
    changes.iter().zip(judged).map(verdict).collect()
}

/// Whether a loss is shown to be above the rule's margin, with the rule's confidence, by Holm over all changes together.
///
/// Paired where there are pairs, else by the two intervals alone ([`unpaired_p_above`](bitsweep_metrics::unpaired_p_above)), of which
/// only a regression is told: that there is none takes pairs.
#[must_use]
pub fn judged_regressions(changes: &[Change], rule: &PickRule) -> Vec<Judged<RegressionVerdict>> {
    let (margin, error) = (rule.margin, 1.0 - rule.confidence);
    let tests = |of_pair: &dyn Fn(&PairedLoss) -> f64, of_intervals: &dyn Fn(&Change) -> Option<f64>| {
        let test = |(place, change): (usize, &Change)| match &change.loss {
            Ok(own) if own.is_same => None,
            Ok(own) => Some((Identity::Pair(own.fingerprint), of_pair(own))),
            Err(_) => Some((Identity::Place(place), of_intervals(change)?)),
        };
        adjusted(&changes.iter().enumerate().map(test).collect::<Vec<_>>())
    };
    let above = |own: &PairedLoss| own.loss.p_above(margin);
    let regressions = tests(&above, &|change| change.unpaired_p_above(&rule.metric, margin));
    let gains = tests(&|own| own.loss.p_below(0.0), &|_| None);
    let judge = |((change, (p_value, adjusted_p)), (_, gain)): ((&Change, Tested), Tested)| {
        let is_regression = adjusted_p.is_some_and(|p| p <= error);
        let verdict = match (&change.loss, p_value) {
            (Ok(own), _) if own.is_same => RegressionVerdict::Same,
            (Err(_), None) => RegressionVerdict::Unknown,
            _ if is_regression => RegressionVerdict::Regressed,
            (Err(_), Some(p)) if p <= error => RegressionVerdict::Alone,
            (Err(_), Some(_)) => RegressionVerdict::Undecided { rows: None },
            (Ok(_), _) if gain.is_some_and(|p| p <= error) => RegressionVerdict::Improved,
            (Ok(own), _) => match verdict(&own.loss, margin, None, rule) {
                Verdict::Worse => RegressionVerdict::Alone,
                Verdict::Confirmed | Verdict::Likely => RegressionVerdict::Within,
                Verdict::Undecided { rows } => RegressionVerdict::Undecided { rows },
            },
        };
        Judged { verdict, p_value, adjusted_p }
    };
    changes.iter().zip(regressions).zip(gains).map(judge).collect()
}

/// What tells tests apart: equal ones are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    /// Of all that two variants say.
    Pair(u64),
    /// Of two intervals.
    Place(usize),
}

/// A p-value, and the same by Holm.
type Tested = (Option<f64>, Option<f64>);

fn adjusted(tests: &[Option<(Identity, f64)>]) -> Vec<Tested> {
    let family: BTreeMap<Identity, f64> = tests.iter().flatten().copied().collect();
    let p_values: Vec<f64> = family.values().copied().collect();
    // p-values lie in [0, 1]: what has no finite numbers is not tested.
    let all = holm(&p_values).unwrap_or_else(|_| vec![1.0; p_values.len()]);
    let by_holm: BTreeMap<Identity, f64> = family.into_keys().zip(all).collect();
    let found = tests.iter().map(|test| match test {
        Some((identity, p_value)) => (Some(*p_value), by_holm.get(identity).copied()),
        None => (None, None),
    });
    found.collect()
}

/// Whether a difference is shown to be within the margin, by two one-sided tests at 5 % on rows enough for any such claim.
fn is_equivalent(own: &PairedLoss, rule: &PickRule) -> bool {
    let loss = &own.loss;
    let degrees = (loss.units > 1).then(|| loss.units - 1);
    let margin = equivalence_margin(loss.value, loss.standard_error, degrees, SIGNIFICANCE);
    margin.is_ok_and(|margin| margin <= rule.margin) && loss.samples >= least_rows(rule)
}

//! What the rows say of each task and each variant.

use std::collections::BTreeSet;
use std::sync::Arc;

use bitsweep_metrics::{Estimate, Interval};

use super::effect::{Effect, EffectRow};
use super::pick::Picks;
use super::rule::{Goal, Metric, PickRule};
use super::spread::Spread;
use super::standing::{Standing, Verdict, VerdictRow};
use crate::choice::Choice;
use crate::device::DeviceRow;
use crate::flag::Flag;
use crate::label::Label;
use crate::measures::Measures;
use crate::origin::{DatasetShape, Origin, Task};
use crate::value::Value;

/// The variants of one task, summed up over its units.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What the variants are compared on.
    pub task: Arc<Task>,
    /// What tells the task from the others of the summary.
    pub(super) name: String,
    /// Rows and columns of the data, of the first unit that has any.
    pub shape: Option<DatasetShape>,
    /// Number of units that have results.
    pub units: usize,
    /// Number of units that have none.
    pub failed_units: usize,
    /// One summary per variant that has results, in order of first appearance.
    pub variants: Vec<VariantSummary>,
    /// Variants that failed in every unit: no candidates for anything.
    pub failed: Vec<FailedVariant>,
    /// Position in `variants` of the float baseline.
    pub float: Option<usize>,
    /// Position in `variants` of the majority class, which is no candidate for anything.
    pub majority: Option<usize>,
    /// Positions in `variants` of the Pareto front of true bytes (less is better) against mean macro-F1 (more is
    /// better), smallest first, of the variants with results in every unit; empty without scores.
    pub front: Vec<usize>,
    /// For each number of bits, most bits first, the quantized variant of least mean squared error, of those that are smaller than
    /// float where there are any.
    pub least_error: Vec<usize>,
    /// What each choice is worth against the plain one on its axis, among variants that differ in nothing else; empty
    /// without scores.
    pub effects: Vec<Effect>,
    /// The float model's score by the rule's metric on the rows that the picks go by; `None` where it is not known.
    pub float_score: Option<Estimate>,
    /// Classes of which there are test rows, and no more than five in all units, with their number.
    pub small_classes: Vec<(String, usize)>,
    /// The picks; `None` without scores.
    pub picks: Option<Picks>,
}

/// A variant, and what it takes on a device.
pub type OnDevice<'a> = (&'a VariantSummary, &'a DeviceRow);

/// A variant without a single result.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedVariant {
    /// What it is called.
    pub label: Label,
    /// The first of its rows.
    pub origin: Origin,
    /// Units in which it failed.
    pub runs: usize,
}

/// One variant over all units.
#[derive(Debug, Clone, PartialEq)]
pub struct VariantSummary {
    /// What it is called.
    pub label: Label,
    /// The first of its rows that has measures.
    pub origin: Origin,
    /// The measures of that row: sizes by part.
    pub measures: Measures,
    /// Units in which this variant has results.
    pub runs: usize,
    /// Units in which it failed.
    pub failed_runs: usize,
    /// Scores over the runs; `None` without scores.
    pub scores: Option<ScoreSummary>,
    /// Sum of squared errors.
    pub sse: Spread,
    /// Mean squared error.
    pub mse: Spread,
    /// Signal-to-quantization-noise ratio in dB.
    pub sqnr_db: Spread,
    /// Largest absolute error of any run.
    pub max_error: f64,
    /// Mean number of bytes as the notebooks count.
    pub payload_bytes: f64,
    /// Mean number of all bytes stored.
    pub true_bytes: f64,
    /// Each flag with the number of runs that bear it, in order of first appearance.
    pub flags: Vec<(Flag, usize)>,
    /// How it stands against the float model; `None` of baselines, and where the predictions are not known.
    pub standing: Option<Standing>,
    /// The same on the validation rows, where there are some: what the picks go by.
    pub validation: Option<Standing>,
    /// The share of bootstraps of the test rows in which it is on the Pareto front; `None` of what cannot be picked.
    pub front_share: Option<f64>,
    /// What it takes on the device that the experiment names.
    pub device: Option<DeviceRow>,
}

/// Scores of one variant over all units.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreSummary {
    /// Fraction of test rows classified correctly.
    pub accuracy: Spread,
    /// Unweighted mean of the F1 of the classes that have test rows.
    pub macro_f1: Spread,
    /// The 95 % interval of macro-F1: of a single run what its test rows allow to say ([`bitsweep_metrics::macro_f1_interval`]);
    /// over several runs that of their mean, with rows and runs as two ways of clustering ([`bitsweep_metrics::Estimate`]),
    /// `None` where the predictions are not known.
    pub interval: Option<Interval>,
    /// Mean negative logarithm of the probability of the true class.
    pub log_loss: Spread,
    /// Mean over the test rows of the squared distance of the probabilities from 1 for the true class and 0 for the others.
    pub brier: Spread,
    /// Root of the debiased squared calibration error; `None` where a run has too few test rows for it.
    pub calibration_error: Option<Spread>,
    /// Fraction of test rows on which variant and float model agree.
    pub agreement: Spread,
    /// How far the probabilities are from the float model's; `None` of the float model.
    pub divergence: Option<DivergenceSummary>,
    /// The float model's macro-F1 minus the variant's, paired by unit; `None` without a float baseline, and of the majority
    /// class, which is no variant of it.
    pub loss: Option<Spread>,
    /// Test rows right in float and wrong here, over all runs.
    pub lost: usize,
    /// Test rows wrong in float and right here, over all runs.
    pub gained: usize,
    /// Of a single run, the exact paired permutation test of macro-F1; `None` of float and of several runs.
    pub macro_f1_p_value: Option<f64>,
    /// Runs whose permutation test of macro-F1 tells variant and float model apart at 5 %.
    pub distinguishable_runs: usize,
}

/// How far the probabilities of one variant are from the float model's, on the test rows; means over all runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DivergenceSummary {
    /// Kullback–Leibler divergence from the float model's probabilities, in nats.
    pub kl: Spread,
    /// The standard error of its mean: of a single run over its test rows, of several over the runs; `None` of a single test
    /// row.
    pub kl_standard_error: Option<f64>,
    /// The 99th percentile of the divergence over the test rows.
    pub kl_p99: Spread,
    /// Root mean square of the change of the true class's probability.
    pub probability_change_rms: Spread,
    /// Change of the margin by which the float model's class leads the next one.
    pub margin_change: Spread,
}

impl VariantSummary {
    /// The value on an axis; `None` where the axis does not apply.
    #[must_use]
    pub fn choice(&self, axis: Choice) -> Option<&Value> {
        self.origin.variant.choices.get(axis)
    }

    /// Of a float model, the runs in which it predicts one class for all test rows.
    #[must_use]
    pub fn runs_of_one_class(&self) -> usize {
        let of_one_class =
            self.flags.iter().filter(|(flag, _)| matches!(flag, Flag::PredictsOneClass { .. }));
        of_one_class.map(|(_, runs)| *runs).sum()
    }

    /// What the picks go by: how it stands on the validation rows where there are some, else on the test rows.
    #[must_use]
    pub fn choosing(&self) -> Option<&Standing> {
        self.validation.as_ref().or(self.standing.as_ref())
    }

    /// What is shown of its loss and the margin of a goal, on the rows that the picks go by.
    #[must_use]
    pub fn verdict(&self, goal: Goal) -> Verdict {
        let place = match goal {
            Goal::Balance | Goal::Budget | Goal::Device => 0,
            Goal::LeastMemory => 1,
        };
        self.choosing().map_or(Verdict::Undecided { rows: None }, |standing| standing.verdicts[place])
    }

    /// Bits of one code of a weight; 0 where there is none.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.origin.variant.choices.bits()
    }

    /// Bits of one code of the layers' inputs; `None` where they stay float.
    #[must_use]
    pub fn activation_bits(&self) -> Option<u32> {
        self.origin.variant.choices.activation_bits()
    }
}

impl Comparison {
    /// Whether something is of this task.
    #[must_use]
    pub fn has(&self, origin: &Origin) -> bool {
        origin.unit.task.key == self.task.key
    }

    /// A heading that tells the comparison from its siblings: `wine · mlp(100) · train.epochs 50`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The summary of the float baseline.
    #[must_use]
    pub fn float(&self) -> Option<&VariantSummary> {
        self.variants.get(self.float?)
    }

    /// The summary of the majority class.
    #[must_use]
    pub fn majority(&self) -> Option<&VariantSummary> {
        self.variants.get(self.majority?)
    }

    /// Whether the variant at `position` is the float model or the majority class, which others are compared with.
    #[must_use]
    pub fn is_baseline(&self, position: usize) -> bool {
        self.float == Some(position) || self.majority == Some(position)
    }

    /// How many variants there are, the float model among them and the majority class not.
    #[must_use]
    pub fn models(&self) -> usize {
        self.variants.len() - usize::from(self.majority.is_some())
    }

    /// The positions of `models` as tables list them: the majority class stands behind the float model.
    #[must_use]
    pub fn with_majority(&self, models: &[usize]) -> Vec<usize> {
        let (float, others): (Vec<usize>, Vec<usize>) =
            models.iter().copied().partition(|position| self.float == Some(*position));
        let others = others.into_iter().filter(|position| self.majority != Some(*position));
        float.into_iter().chain(self.majority).chain(others).collect()
    }

    /// Whether a variant has results in every unit that has any: means of others are over fewer units than the float
    /// model's, and are not held against it.
    #[must_use]
    pub fn is_in_every_unit(&self, variant: &VariantSummary) -> bool {
        variant.runs == self.units
    }

    /// The label of a variant, with its units where they are not all: `4 bit (3 of 6 seeds)`.
    #[must_use]
    pub fn label_with_runs(&self, variant: &VariantSummary) -> String {
        if self.is_in_every_unit(variant) {
            variant.label.to_string()
        } else {
            format!("{} ({} of {})", variant.label, variant.runs, self.runs(self.units))
        }
    }

    /// Whether a variant is smaller than the float model or tensor that it is held against.
    #[must_use]
    pub fn is_smaller(&self, position: usize) -> bool {
        self.float().is_some_and(|float| self.variants[position].true_bytes < float.true_bytes)
    }

    /// Of how many variants one is that of [least error](Self::least_error).
    #[must_use]
    pub fn rivals_in_error(&self, position: usize) -> usize {
        let own = &self.variants[position];
        let is_rival = |other: &usize| {
            !self.is_baseline(*other)
                && self.variants[*other].bits() == own.bits()
                && (self.is_smaller(*other) || !self.is_smaller(position))
        };
        (0..self.variants.len()).filter(is_rival).count()
    }

    /// Whether it is known what variants take on a device.
    #[must_use]
    pub fn is_for_a_device(&self) -> bool {
        self.variants.iter().any(|variant| variant.device.is_some())
    }

    /// The variants that are programs for a device, that of least flash first, and those that are none.
    #[must_use]
    pub fn programs(&self) -> (Vec<OnDevice<'_>>, Vec<OnDevice<'_>>) {
        let all = self.variants.iter().filter_map(|own| Some((own, own.device.as_ref()?)));
        let (mut programs, others): (Vec<_>, Vec<_>) = all.partition(|(_, row)| row.flash.is_some());
        programs.sort_by_key(|(_, row)| row.flash);
        (programs, others)
    }

    /// Whether any variant has scores, that is, whether there is a model.
    #[must_use]
    pub fn has_scores(&self) -> bool {
        self.variants.iter().any(|variant| variant.scores.is_some())
    }

    /// Whether the float model has not learned: it predicts one class in at least half of the units, or its mean macro-F1 is not
    /// shown by its interval to be above that of the majority class.
    #[must_use]
    pub fn is_float_dead(&self) -> bool {
        let Some(float) = self.float() else { return false };
        let of = |variant: &VariantSummary| Some(variant.scores.as_ref()?.macro_f1.mean);
        let low = float.scores.as_ref().and_then(|scores| Some(scores.interval?.low));
        let majority = self.majority().and_then(of);
        let is_flagged = |(flag, _): &(Flag, usize)| matches!(flag, Flag::NoBetterThanMajority { .. });
        let is_no_better = match float.runs {
            1 => float.flags.iter().any(is_flagged),
            _ => low.zip(majority).is_some_and(|(low, majority)| low <= majority),
        };
        is_no_better || 2 * float.runs_of_one_class() >= float.runs
    }

    /// Whether there is nothing to lose: by recall, the float model is not shown to find the class at all.
    #[must_use]
    pub fn is_nothing_to_lose(&self, rule: &PickRule) -> bool {
        let is_recall = matches!(rule.metric, Metric::Recall(_));
        is_recall && self.float_score.is_some_and(|score| score.value <= 0.0)
    }

    /// The positions of the picks, in the order in which they are told, each once.
    #[must_use]
    pub fn picked(&self) -> Vec<usize> {
        let mut positions = Vec::new();
        for (_, outcome) in self.picks.iter().flat_map(Picks::iter) {
            positions.extend(outcome.variant().filter(|variant| !positions.contains(variant)));
        }
        positions
    }

    /// Positions of the at most `most` variants that tell the story, in order of the plan: the float baseline, the picks,
    /// the Pareto front, the least errors, then whatever comes first; never the majority class.
    #[must_use]
    pub fn telling(&self, most: usize) -> Vec<usize> {
        let mut chosen = BTreeSet::new();
        let ranked = self
            .float
            .into_iter()
            .chain(self.picked())
            .chain(self.front.iter().copied())
            .chain(self.least_error.iter().copied())
            .chain(0..self.variants.len())
            .filter(|position| self.majority != Some(*position));
        for position in ranked {
            if chosen.len() >= most {
                break;
            }
            chosen.insert(position);
        }
        chosen.into_iter().collect()
    }

    /// How each variant stands against the float model, as rows of a table; `rule` is the one that was picked by.
    #[must_use]
    pub fn verdict_rows(&self, rule: &PickRule) -> Vec<VerdictRow> {
        let row = |variant: &VariantSummary| {
            let Standing { loss, verdicts: [balance, least_memory], adjusted_p, dominated_by } =
                variant.standing?;
            let rows_needed = match balance {
                Verdict::Undecided { rows } => rows.map(|rows| rows as u64),
                Verdict::Confirmed | Verdict::Likely | Verdict::Worse => None,
            };
            Some(VerdictRow {
                task: self.name.clone(),
                label: variant.label.to_string(),
                bytes: variant.true_bytes,
                loss: loss.value,
                standard_error: loss.standard_error,
                upper_bound: rule.upper_bound(&loss),
                lower_bound: loss.lower_bound(rule.confidence),
                p_value: loss.p_below(rule.margin),
                adjusted_p_value: adjusted_p,
                balance: balance.without_rows(),
                least_memory: least_memory.without_rows(),
                rows_needed,
                dominated_by: dominated_by.map(|position| self.variants[position].label.to_string()),
                front_share: variant.front_share,
            })
        };
        self.variants.iter().filter_map(row).collect()
    }

    /// The effects as rows of a table.
    #[must_use]
    pub fn effect_rows(&self) -> Vec<EffectRow> {
        let rows = self.effects.iter().flat_map(|effect| {
            effect.by_bits.iter().map(|at| EffectRow {
                task: self.name.clone(),
                axis: effect.axis,
                from: effect.from.to_string(),
                to: effect.to.to_string(),
                bits: at.bits,
                pairs: at.pairs,
                units: at.difference.units,
                difference: at.difference.value,
                standard_error: at.difference.standard_error,
                low: at.interval().low,
                high: at.interval().high,
                p_value: at.p_values.map(|p| p.alone),
                holm_p_value: at.p_values.map(|p| p.holm),
                bh_p_value: at.p_values.map(|p| p.benjamini_hochberg),
                equivalence_margin: at.equivalence_margin(),
                verdict: at.verdict,
            })
        });
        rows.collect()
    }
}

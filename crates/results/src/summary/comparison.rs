//! What the rows say of each task and each variant.

use std::collections::BTreeSet;
use std::sync::Arc;

use bitsweep_metrics::Interval;

use super::effect::{Effect, EffectRow};
use super::pick::Picks;
use super::spread::Spread;
use crate::choice::Choice;
use crate::flag::Flag;
use crate::label::{Label, Labels};
use crate::measures::Measures;
use crate::origin::{DatasetShape, Origin, Task};
use crate::record::RowFailure;
use crate::value::Value;

/// What a run found, drawn from its rows once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// What each variant is called, wherever it is shown.
    pub labels: Labels,
    /// One comparison per task that has results, in order of first appearance.
    pub comparisons: Vec<Comparison>,
    /// Every row that has no measures, in the order of the plan.
    pub failures: Vec<FailedRow>,
    /// Units of all tasks.
    pub units: usize,
    /// Units of all tasks that have results.
    pub units_with_results: usize,
}

/// A unit or a variant of a unit that has no measures.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedRow {
    /// What tells its task from the others of the summary.
    pub task: String,
    /// What failed. Of a unit that failed as a whole the variant is its float baseline.
    pub origin: Origin,
    /// Where and why.
    pub failure: RowFailure,
}

/// The variants of one task, summed up over its seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What the variants are compared on.
    pub task: Arc<Task>,
    /// What tells the task from the others of the summary.
    pub(super) name: String,
    /// Rows and columns of the data, of the first unit that has any.
    pub shape: Option<DatasetShape>,
    /// Number of units, one per seed, that have results.
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
    /// For each number of bits, most bits first, the quantized variant of least mean squared error.
    pub least_error: Vec<usize>,
    /// What each choice is worth against the plain one on its axis, among variants that differ in nothing else; empty
    /// without scores.
    pub effects: Vec<Effect>,
    /// The two picks; `None` without scores.
    pub picks: Option<Picks>,
}

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

/// One variant over all seeds.
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
}

/// Scores of one variant over all seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreSummary {
    /// Fraction of test rows classified correctly.
    pub accuracy: Spread,
    /// Unweighted mean of the F1 of the classes that have test rows.
    pub macro_f1: Spread,
    /// The 95 % sampling interval of macro-F1 in one run, its ends averaged over the runs. It tells what the size of the
    /// test set allows to say, and does not shrink with more seeds; the spread over seeds is `macro_f1.deviation`.
    pub interval: Interval,
    /// Mean negative logarithm of the probability of the true class.
    pub log_loss: Spread,
    /// Fraction of test rows on which variant and float model agree.
    pub agreement: Spread,
    /// The float model's macro-F1 minus the variant's, paired by unit; `None` without a float baseline, and of the majority
    /// class, which is no variant of it.
    pub loss: Option<Spread>,
    /// Test rows right in float and wrong here, over all runs.
    pub lost: usize,
    /// Test rows wrong in float and right here, over all runs.
    pub gained: usize,
    /// Smallest p-value of the exact McNemar tests of single runs.
    pub least_p_value: f64,
    /// Runs whose exact McNemar test tells variant and float model apart at 5 %.
    pub distinguishable_runs: usize,
}

impl VariantSummary {
    /// The value on an axis; `None` where the axis does not apply.
    #[must_use]
    pub fn choice(&self, axis: Choice) -> Option<&Value> {
        self.origin.variant.choices.get(axis)
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

    /// Whether a variant has results in every unit that has any: means of others are over fewer seeds than the float
    /// model's, and are not held against it.
    #[must_use]
    pub fn is_in_every_unit(&self, variant: &VariantSummary) -> bool {
        variant.runs == self.units
    }

    /// The label of a variant, with its seeds where they are not all: `4 bit (3 of 6 seeds)`.
    #[must_use]
    pub fn label_with_runs(&self, variant: &VariantSummary) -> String {
        if self.is_in_every_unit(variant) {
            variant.label.to_string()
        } else {
            format!("{} ({} of {} seeds)", variant.label, variant.runs, self.units)
        }
    }

    /// Whether any variant has scores, that is, whether there is a model.
    #[must_use]
    pub fn has_scores(&self) -> bool {
        self.variants.iter().any(|variant| variant.scores.is_some())
    }

    /// The positions of the picks, balance first, each once.
    #[must_use]
    pub fn picked(&self) -> Vec<usize> {
        let picks = self.picks.iter().flat_map(|picks| [&picks.balance, &picks.least_memory]);
        let mut positions: Vec<usize> = picks.filter_map(super::pick::PickOutcome::variant).collect();
        positions.dedup();
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
                units: at.units,
                difference: at.difference,
                low: at.interval.map(|interval| interval.low),
                high: at.interval.map(|interval| interval.high),
                verdict: at.verdict(),
            })
        });
        rows.collect()
    }
}

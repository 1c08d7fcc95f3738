//! Conclusions drawn from the rows: statistics over seeds, Pareto fronts, and the two picks.
//!
//! Rows are gathered into [`Comparison`]s: one for each dataset, model, generator and choice of unit axes, since only
//! variants of the same task can be weighed against each other. Within a comparison the units differ by their seed
//! alone, and each [`VariantSummary`] sums up one variant over them.

mod attribution;
mod effects;
mod grouping;
mod pick;
mod spread;
mod words;

pub use attribution::{Attribution, TensorAttribution};
pub use effects::{Effect, EffectAtBits, EffectRow, Expectation, Verdict};
pub use pick::{Goal, Pick, PickOutcome, PickRule};
pub use spread::Spread;
pub use words::Explanation;

use std::collections::BTreeSet;

use bitsweep_metrics::Interval;

use crate::record::{DatasetShape, ResultRow};

/// All comparisons of an experiment, in order of first appearance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// One comparison for each dataset, model, generator and choice of unit axes.
    pub comparisons: Vec<Comparison>,
}

/// The variants of one task, summed up over its seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The dataset's name, or the tensor's.
    pub dataset: String,
    /// The model in a few words; empty in a tensor experiment.
    pub model: String,
    /// `numpy` or `modern`.
    pub rng: String,
    /// The further swept axes' values.
    pub unit_axes: Vec<(String, String)>,
    /// Rows and columns of the data, of the first unit.
    pub shape: Option<DatasetShape>,
    /// Number of units, one a seed.
    pub units: usize,
    /// One summary a variant, in order of first appearance.
    pub variants: Vec<VariantSummary>,
    /// Position in `variants` of the float baseline.
    pub float: Option<usize>,
    /// Positions in `variants` of the Pareto front of true bytes (less is better) against mean macro-F1 (more is
    /// better), smallest first; empty without scores.
    pub front: Vec<usize>,
    /// For each number of bits, most bits first, the quantized variant of least mean squared error.
    pub least_error: Vec<usize>,
    /// What each choice is worth against the plain one on its axis, among variants that differ in nothing else; empty
    /// without scores.
    pub effects: Vec<Effect>,
    /// The two picks; `None` without scores.
    pub picks: Option<Picks>,
}

/// What to take for balance, and what for least memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Picks {
    /// The smallest variant that is about as good as the float model.
    pub balance: PickOutcome,
    /// The smallest variant that is still usable.
    pub least_memory: PickOutcome,
}

/// One variant over all seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct VariantSummary {
    /// The variant's row of the first unit: its axes and its sizes by part.
    pub first: ResultRow,
    /// Units that have this variant.
    pub runs: usize,
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
    pub flags: Vec<(String, usize)>,
}

/// Scores of one variant over all seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreSummary {
    /// Fraction of test rows classified correctly.
    pub accuracy: Spread,
    /// Unweighted mean of the classes' F1.
    pub macro_f1: Spread,
    /// The 95 % sampling interval of macro-F1 in one run, its ends averaged over the runs. It tells what the size of the
    /// test set allows to say, and does not shrink with more seeds; the spread over seeds is `macro_f1.deviation`.
    pub interval: Interval,
    /// Mean negative logarithm of the probability of the true class.
    pub log_loss: Spread,
    /// Fraction of test rows on which variant and float model agree.
    pub agreement: Spread,
    /// The float model's macro-F1 minus the variant's, paired by unit; `None` without a float baseline.
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

/// Sums up the rows of an experiment and picks by `rule`.
///
/// Rows without scores give comparisons without front and picks; no rows give no comparisons. NaN scores and sizes are
/// carried through the statistics and never picked.
pub fn summarize(rows: &[ResultRow], rule: &PickRule) -> Summary {
    let mut comparisons = grouping::comparisons(rows);
    for comparison in &mut comparisons {
        comparison.front = grouping::front(&comparison.variants);
        comparison.least_error = grouping::least_error(comparison);
        comparison.picks = pick::picks(comparison, rule);
    }
    Summary { comparisons }
}

impl Comparison {
    /// Whether `row` is of this task.
    pub fn has(&self, row: &ResultRow) -> bool {
        row.dataset == self.dataset
            && row.model == self.model
            && row.rng == self.rng
            && row.unit_axes == self.unit_axes
    }

    /// The summary of the float baseline.
    pub fn float(&self) -> Option<&VariantSummary> {
        self.variants.get(self.float?)
    }

    /// Whether any variant has scores, that is, whether there is a model.
    pub fn has_scores(&self) -> bool {
        self.variants.iter().any(|variant| variant.scores.is_some())
    }

    /// Positions of the at most `most` variants that tell the story, in order of the plan: the float baseline, the picks,
    /// the Pareto front, the least errors, then whatever comes first.
    pub fn telling(&self, most: usize) -> Vec<usize> {
        let picks = self.picks.iter().flat_map(|picks| [&picks.balance, &picks.least_memory]);
        let picked = picks.filter_map(|outcome| match outcome {
            PickOutcome::Picked(pick) => Some(pick.variant),
            PickOutcome::NoneQualifies { .. } | PickOutcome::NoBaseline => None,
        });
        let mut chosen = BTreeSet::new();
        let ranked = self
            .float
            .into_iter()
            .chain(picked)
            .chain(self.front.iter().copied())
            .chain(self.least_error.iter().copied())
            .chain(0..self.variants.len());
        for position in ranked {
            if chosen.len() >= most {
                break;
            }
            chosen.insert(position);
        }
        chosen.into_iter().collect()
    }

    /// A heading that tells the comparison from its siblings: `wine · mlp(100) · train.epochs 50`.
    pub fn name(&self) -> String {
        let mut parts = vec![self.dataset.clone()];
        if !self.model.is_empty() {
            parts.push(self.model.clone());
        }
        parts.extend(self.unit_axes.iter().map(|(key, value)| format!("{key} {value}")));
        parts.join(" · ")
    }
}

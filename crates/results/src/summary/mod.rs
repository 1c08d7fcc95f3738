//! Conclusions drawn from the rows: statistics over seeds and folds, Pareto fronts, and the picks; and what one result shows against
//! another.
//!
//! Rows are gathered into [`Comparison`]s, one per task, since only variants of the same task can be weighed against each
//! other; tasks are told by their keys. Within a comparison the units differ by their seed and fold alone, and each
//! [`VariantSummary`] sums up one variant over those of them in which it has results.

mod across;
mod attribution;
mod candidates;
mod change;
mod comparison;
mod effect;
mod effects;
mod evidence;
mod grouped;
mod grouping;
mod judging;
mod matching;
mod names;
mod over_datasets;
mod over_tensors;
mod pick;
mod picking;
mod picking_across;
mod recalls;
mod rule;
mod runs;
mod selection;
mod spread;
mod standing;
mod standings;
mod summarize;
mod words;

pub use crate::description::Expectation;
pub use across::{Across, AcrossPick, Other};
pub use attribution::{Attribution, TensorAttribution};
pub use change::{Change, Changes, PairedLoss, Side, Unpaired};
pub use comparison::{Comparison, DivergenceSummary, FailedVariant, OnDevice, ScoreSummary, VariantSummary};
pub use effect::{Effect, EffectAtBits, EffectRow, EffectVerdict, PValues};
pub use grouped::grouped;
pub use judging::{Judged, RegressionVerdict, judged_differences, judged_regressions};
pub use matching::{MatchedResults, MatchedTask, MatchedVariant, VariantRows, matched};
pub use names::{distinct_names, full_names};
pub use over_datasets::{DatasetsRow, OverDatasets, VariantOverDatasets};
pub use over_tensors::OverTensors;
pub use pick::{Pick, PickOutcome, Picks, Selection};
pub use recalls::ClassLoss;
pub use rule::{Goal, Metric, PickRule};
pub use spread::Spread;
pub use standing::{Standing, Verdict, VerdictRow};
pub use summarize::{FailedRow, Summary, summarize};
pub use words::Explanation;

//! Scores of classifiers, and how far to believe them.
//!
//! Pure functions of labels, predictions and probabilities: nothing here knows where they come from. Sums
//! have an order written in the source and transcendental functions come from `libm`, so that every number is
//! the same on every machine.
//!
//! - One classifier: [`Confusion`] with its [macro-F1](Confusion::macro_f1), [`log_loss`], [`brier_score`],
//!   [`CalibrationError`].
//! - How far a score on a small test set may be off: [`accuracy_interval`], [`macro_f1_interval`].
//! - Two classifiers on the same samples: [`agreement`], [`Changes`], [`mcnemar_exact`],
//!   [`macro_f1_permutation`], [`paired_difference_interval`], [`divergence`], [`equivalence_margin`].
//! - Two classifiers whose samples are not known to be the same: [`unpaired_p_above`].
//! - Repeated runs: [`mean_and_deviation`]; scores and losses over rows and runs: [`Estimate`];
//!   on samples of any weight: [`Flips`], [`weighted_mean`]; of rows drawn with replacement: [`resampled_weights`], [`left_out`].
//! - Before anything is measured: [`rows_without_flips`], [`rows_needed`].
//! - Many variants: [`pareto_front`], [`holm`], [`benjamini_hochberg`].
//! - Many datasets: [`signed_rank_posterior`], [`signed_rank_posteriors`].

mod calibration_error;
mod class_score;
mod confusion;
mod distributions;
mod divergence;
mod equivalence;
mod error;
mod estimate;
mod flips;
mod interval;
mod macro_f1_interval;
mod median;
mod multiplicity;
mod paired;
mod paired_difference;
mod pareto;
mod permutation;
mod probabilities;
mod repeated;
mod resample;
mod rows_needed;
mod signed_rank;
mod summation;
mod unpaired;

pub use calibration_error::{CalibrationError, PairedDifference};
pub use class_score::{ClassScore, Influence};
pub use confusion::Confusion;
pub use divergence::{Divergence, divergence, margin};
pub use equivalence::equivalence_margin;
pub use error::MetricError;
pub use estimate::{Contributions, Estimate};
pub use flips::Flips;
pub use interval::{Interval, accuracy_interval};
pub use macro_f1_interval::macro_f1_interval;
pub use median::{Median, median};
pub use multiplicity::{benjamini_hochberg, holm};
pub use paired::{Changes, agreement, mcnemar_exact};
pub use paired_difference::paired_difference_interval;
pub use pareto::pareto_front;
pub use permutation::{PermutationTest, macro_f1_permutation};
pub use probabilities::{brier_score, brier_scores, log_loss, sample_log_loss};
pub use repeated::{MeanAndDeviation, mean_and_deviation};
pub use resample::{left_out, resampled_weights, weighted_mean};
pub use rows_needed::{most_without_flips, rows_needed, rows_without_flips};
pub use signed_rank::{SignedRankPosterior, signed_rank_posterior, signed_rank_posteriors};
pub use unpaired::unpaired_p_above;

//! Scores of classifiers, and how far to believe them.
//!
//! Pure functions of labels, predictions and probabilities: nothing here knows where they come from. Sums have an order
//! written in the source and transcendental functions come from `libm`, so that every number is the same on every machine.

mod classification_report;
mod confusion;
mod error;
mod interval;
mod paired;
mod pareto;
mod probabilities;
mod repeated;
mod summation;

pub use classification_report::{AverageScores, ClassScores, ClassificationReport, NamedReport};
pub use confusion::Confusion;
pub use error::MetricError;
pub use interval::{Interval, accuracy_interval, macro_f1_interval};
pub use paired::{Changes, agreement, mcnemar_exact};
pub use pareto::pareto_front;
pub use probabilities::log_loss;
pub use repeated::{MeanAndDeviation, mean_and_deviation};

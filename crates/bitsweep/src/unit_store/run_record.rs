//! A run that came to its end.

use serde::{Deserialize, Serialize};

use super::moment::Moment;

/// A run that came to its end, for whoever wants to know what was done when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// What the folder of its results is called.
    pub name: String,
    /// When it was.
    #[serde(flatten)]
    pub at: Moment,
    /// The key of the plan.
    pub configuration: String,
    /// The experiment's TOML with every override in its place.
    pub experiment: String,
    /// What was picked, in words.
    pub picks: Vec<String>,
}

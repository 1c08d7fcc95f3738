//! A run that came to its end.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// A run that came to its end, for whoever wants to know what was done when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// What the folder of its results is called.
    pub name: String,
    /// Seconds since 1970.
    pub seconds: u64,
    /// The key of the plan.
    pub configuration: String,
    /// The experiment's TOML with every override in its place.
    pub experiment: String,
    /// What was picked, in words.
    pub picks: Vec<String>,
}

impl RunRecord {
    /// When it was: `2026-11-27T12:30:05Z`.
    pub fn when(&self) -> String {
        let at: DateTime<Utc> = (UNIX_EPOCH + Duration::from_secs(self.seconds)).into();
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

/// Now.
pub fn seconds_since_1970() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

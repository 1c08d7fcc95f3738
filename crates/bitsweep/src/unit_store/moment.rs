//! When something was.

use std::fmt::{self, Display, Formatter};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// A moment since 1970: as fine as the clock, for two runs may end within one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    seconds: u64,
    /// Records of before had whole seconds.
    #[serde(default)]
    nanoseconds: u32,
}

impl Moment {
    /// Now.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { seconds: since.as_secs(), nanoseconds: since.subsec_nanos() }
    }
}

/// To the second: `2026-11-27T12:30:05Z`.
impl Display for Moment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let at: DateTime<Utc> = (UNIX_EPOCH + Duration::from_secs(self.seconds)).into();
        f.write_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn moments_within_a_second_have_an_order_and_old_records_are_read() {
        let [old, earlier, later] = [
            r#"{"seconds": 1795782606}"#,
            r#"{"seconds": 1795782606, "nanoseconds": 1}"#,
            r#"{"seconds": 1795782606, "nanoseconds": 999999999}"#,
        ]
        .map(|text| serde_json::from_str::<Moment>(text).unwrap());
        assert!(old < earlier && earlier < later);
        assert_eq!(old.to_string(), "2026-11-27T12:30:06Z");
        assert_eq!(later.to_string(), old.to_string());
    }
}

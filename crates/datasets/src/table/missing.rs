//! What becomes of missing values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of missing values. What they are replaced by is fitted on the training rows.
///
/// Rows without a class are left out under all choices but `refuse`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// They are an error, which counts them.
    #[default]
    Refuse,
    /// Rows with a missing value are left out.
    DropRows,
    /// The median of the column's training rows; in a column of text its most frequent level.
    Median,
    /// The mean of the column's training rows; in a column of text its most frequent level.
    Mean,
    /// The most frequent value of the column's training rows, of equally frequent ones the smallest.
    MostFrequent,
    /// As `median`, with one more feature for each column with missing values: 1 where the value is missing, else 0.
    Indicator,
}

impl Missing {
    /// Whether rows keep their missing values.
    #[must_use]
    pub const fn is_imputed(self) -> bool {
        match self {
            Self::Refuse | Self::DropRows => false,
            Self::Median | Self::Mean | Self::MostFrequent | Self::Indicator => true,
        }
    }
}

impl Missing {
    /// Whether it is the default.
    pub(super) fn is_refused(&self) -> bool {
        *self == Self::Refuse
    }
}

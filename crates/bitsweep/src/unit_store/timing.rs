//! How long units took: of the machine that did them, and no part of what is compared.

use bitsweep_results::Key;
use serde::{Deserialize, Serialize};

/// How long one unit took.
#[derive(Debug, Clone, Serialize)]
pub struct UnitTiming {
    /// The unit's key.
    pub unit: String,
    /// The unit, for people.
    pub name: String,
    /// Seconds spent on training; `None` where nothing was trained, or it is not known.
    pub training_seconds: Option<f64>,
    /// Seconds spent on all variants, those among them that other experiments asked for; `None` where it is not known.
    pub variants_seconds: Option<f64>,
    /// Prediction times of the first unit's variants, where there are few enough.
    pub latencies: Vec<NamedLatency>,
}

/// A prediction time, with the variant that it is of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedLatency {
    /// The variant's label.
    pub variant: String,
    /// The time.
    #[serde(flatten)]
    pub latency: Latency,
}

/// The prediction time of one variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// How the prediction is computed.
    pub method: LatencyKind,
    /// Test rows predicted at once.
    pub rows: usize,
    /// Median seconds of one pass over these rows.
    pub median_seconds: f64,
    /// Timed passes.
    pub passes: usize,
}

/// How a prediction is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LatencyKind {
    /// Matrix products on float weights.
    Float,
    /// Simulated: the codes are turned back into floats in each pass, then multiplied as floats. This is no speed of
    /// a quantized kernel.
    SimulatedDequantizeOnTheFly,
    /// Simulated: inputs become codes in each pass, and codes are multiplied as f64. This is no speed of a quantized
    /// kernel.
    SimulatedIntegers,
}

/// What a file of timings says: of one file of rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BatchTiming {
    /// The name of the file of rows.
    pub(super) of: String,
    pub(super) training_seconds: Option<f64>,
    pub(super) variants_seconds: f64,
    /// By the key of the row.
    pub(super) latencies: Vec<(String, Latency)>,
}

impl BatchTiming {
    /// The prediction time of a row.
    pub(super) fn latency(&self, key: Key) -> Option<&Latency> {
        let key = key.to_string();
        self.latencies.iter().find(|(own, _)| *own == key).map(|(_, latency)| latency)
    }
}

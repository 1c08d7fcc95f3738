//! Prediction times: warmed up, medians, and never in a file that must be the same on every run.

use std::time::Instant;

use serde::Serialize;

/// The prediction time of one variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Latency {
    /// The variant's label.
    pub variant: String,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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

/// Passes that are run but not timed.
const WARM_UP: usize = 3;

/// Timed passes.
pub const PASSES: usize = 15;

/// Median seconds of `pass`, warmed up.
pub fn median_seconds(mut pass: impl FnMut()) -> f64 {
    for _ in 0..WARM_UP {
        pass();
    }
    let mut seconds: Vec<f64> = (0..PASSES)
        .map(|_| {
            let started = Instant::now();
            pass();
            started.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[PASSES / 2]
}

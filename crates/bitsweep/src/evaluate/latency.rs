//! Prediction times: warmed up, medians, and never in a file that must be the same on every run.

use std::hint::black_box;
use std::time::Instant;

use bitsweep_models::Model;
use serde::Serialize;

use super::coded::CodedModel;
use super::quantized_model::QuantizedModel;
use super::score::{Buffers, Inputs};
use crate::plan::Plan;

/// The times of a plan with more variants are not measured.
const MOST_VARIANTS: usize = 24;

/// Passes that are run but not timed.
const WARM_UP: usize = 3;

/// Timed passes.
const PASSES: usize = 15;

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

/// Whether the prediction times of the plan's first unit are measured: its variants are then evaluated one after the other
/// while nothing else is running.
pub(super) fn is_measured(plan: &Plan) -> bool {
    plan.units.first().is_some_and(|unit| unit.dataset.is_some() && unit.variants.len() <= MOST_VARIANTS)
}

/// The prediction time of the float model.
pub(super) fn of_float(model: &Model, inputs: &Inputs, buffers: &mut Buffers) -> Latency {
    let seconds = median_seconds(|| {
        black_box(inputs.predict(model, None, buffers));
    });
    latency("float", LatencyKind::Float, inputs.rows(), seconds)
}

/// The prediction time of a variant, dequantized on the fly as notebook 003 does; `coded` is the same with quantized inputs
/// of layers, where it has them.
pub(super) fn of_variant(
    label: &str,
    model: &QuantizedModel,
    coded: Option<&CodedModel<'_>>,
    inputs: &Inputs,
    buffers: &mut Buffers,
) -> Latency {
    if let Some(coded) = coded {
        let features = inputs.single();
        let seconds = median_seconds(|| {
            black_box(coded.predict(features.view()).is_ok());
        });
        return latency(label, LatencyKind::SimulatedIntegers, inputs.rows(), seconds);
    }
    let mut scratch = model.model.clone();
    let seconds = median_seconds(|| {
        for weight in &model.weights {
            let target = scratch.weight_mut(weight.name);
            black_box(target.is_some_and(|target| weight.quantized.reconstruct_into(target).is_ok()));
        }
        black_box(inputs.predict(&scratch, model.activations.as_ref(), buffers));
    });
    latency(label, LatencyKind::SimulatedDequantizeOnTheFly, inputs.rows(), seconds)
}

fn latency(variant: &str, method: LatencyKind, rows: usize, median_seconds: f64) -> Latency {
    Latency { variant: variant.to_owned(), method, rows, median_seconds, passes: PASSES }
}

/// Median seconds of `pass`, warmed up.
fn median_seconds(mut pass: impl FnMut()) -> f64 {
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

//! Prediction times: warmed up, medians, and never in a file that must be the same on every run.

use std::hint::black_box;
use std::time::Instant;

use bitsweep_models::Model;

use super::coded::{CodedModel, Rows};
use super::quantized_model::QuantizedModel;
use super::score::{Buffers, Inputs};
use crate::unit_store::{Latency, LatencyKind};

/// Passes that are run but not timed.
const WARM_UP: usize = 3;

/// Timed passes.
const PASSES: usize = 15;

/// The prediction time of the float model.
pub(super) fn of_float(model: &Model, inputs: &Inputs, buffers: &mut Buffers) -> Latency {
    let seconds = median_seconds(|| {
        black_box(inputs.predict(model, None, buffers));
    });
    latency(LatencyKind::Float, inputs.rows(), seconds)
}

/// The prediction time of a variant, dequantized on the fly as notebook 003 does; `coded` is the same with quantized inputs
/// of layers, where it has them.
pub(super) fn of_variant(
    model: &QuantizedModel,
    coded: Option<&CodedModel<'_>>,
    rows: Rows<'_>,
    buffers: &mut Buffers,
) -> Latency {
    if let Some(coded) = coded {
        let seconds = median_seconds(|| {
            black_box(coded.predict(rows).is_ok());
        });
        return latency(LatencyKind::SimulatedIntegers, rows.inputs.rows(), seconds);
    }
    let mut scratch = model.model.clone();
    let seconds = median_seconds(|| {
        for weight in &model.weights {
            let target = scratch.weight_mut(weight.name);
            black_box(target.is_some_and(|target| weight.quantized.reconstruct_into(target).is_ok()));
        }
        black_box(rows.inputs.predict(&scratch, model.activations.as_ref(), buffers));
    });
    latency(LatencyKind::SimulatedDequantizeOnTheFly, rows.inputs.rows(), seconds)
}

fn latency(method: LatencyKind, rows: usize, median_seconds: f64) -> Latency {
    Latency { method, rows, median_seconds, passes: PASSES }
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

//! The stages of a run in the order in which they happen: load → split → scale → train → for each variant transform →
//! quantize (or train with quantization in the loop) → score → record.

mod assignments;
mod aware;
mod bench;
mod calibrate;
mod coded;
mod fake_quantization;
mod histogram;
mod levels;
mod mixed;
mod model;
mod post_training;
mod prepare;
mod quantize;
mod score;
mod sensitivity;
mod tensor;
mod training_rows;
mod transform;

use std::time::Instant;

use bitsweep_results::Records;
use rayon::prelude::*;

use self::model::{ModelOutcome, TrainedModels};
use crate::failure::Failure;
use crate::plan::{Plan, Unit};
use crate::progress::Progress;
use crate::timing::Latency;

/// Asked between steps whether to go on.
type KeepGoing<'a> = &'a (dyn Fn() -> bool + Sync);

/// What a run leaves behind.
#[derive(Debug, Default)]
pub struct RunOutcome {
    /// Everything that depends on the configuration alone.
    pub records: Records,
    /// Everything that depends on the machine, in the order of the units.
    pub timings: Vec<UnitTiming>,
}

/// How long one unit took.
#[derive(Debug, Clone, serde::Serialize)]
pub struct UnitTiming {
    /// The unit's key.
    pub unit: String,
    /// The unit, for people.
    pub name: String,
    /// Seconds spent on training; of a tensor experiment there is none.
    pub training_seconds: Option<f64>,
    /// Seconds spent on all variants.
    pub variants_seconds: f64,
    /// Prediction times, measured for the first unit once all units are done.
    pub latencies: Vec<Latency>,
}

/// Runs all units of a plan, as many at a time as the thread pool has threads.
///
/// `keep_going` is asked between the steps of every unit; when it says no, the run ends as interrupted.
///
/// # Errors
/// The first failure in the order of the plan.
pub fn run(
    plan: &Plan,
    progress: &Progress,
    keep_going: &(dyn Fn() -> bool + Sync),
) -> Result<RunOutcome, Failure> {
    let outcomes: Vec<Result<UnitOutcome, Failure>> = plan
        .units
        .par_iter()
        .enumerate()
        .map(|(position, unit)| {
            let outcome = run_unit(plan, position, unit, keep_going);
            progress.unit_done(&unit.describe());
            outcome
        })
        .collect();
    let mut whole = RunOutcome::default();
    let mut first_models = None;
    for outcome in outcomes {
        let UnitOutcome { records, timing, models } = outcome?;
        append(&mut whole.records, records);
        whole.timings.push(timing);
        first_models = first_models.or(models);
    }
    whole.records.levels = levels::rows(plan);
    // Measured now that nothing else is running.
    if let (Some(unit), Some(timing), Some(models)) =
        (plan.units.first(), whole.timings.first_mut(), first_models)
    {
        timing.latencies = model::latencies(unit, &models, keep_going)?;
    }
    Ok(whole)
}

/// One unit's share of the outcome; of the first unit with its models.
struct UnitOutcome {
    records: Records,
    timing: UnitTiming,
    models: Option<TrainedModels>,
}

fn run_unit(
    plan: &Plan,
    position: usize,
    unit: &Unit,
    keep_going: &(dyn Fn() -> bool + Sync),
) -> Result<UnitOutcome, Failure> {
    if !keep_going() {
        return Err(Failure::Interrupted);
    }
    let started = Instant::now();
    let (records, training_seconds, models) = match &unit.spec.tensor {
        Some(tensor) => (tensor::run(unit, tensor)?, None, None),
        None => {
            let ModelOutcome { records, training_seconds, models } =
                model::run(plan, position == 0, unit, keep_going)?;
            (records, Some(training_seconds), (position == 0).then_some(models))
        }
    };
    let timing = UnitTiming {
        unit: unit.short_key().to_owned(),
        name: unit.describe(),
        training_seconds,
        variants_seconds: started.elapsed().as_secs_f64() - training_seconds.unwrap_or(0.0),
        latencies: Vec::new(),
    };
    Ok(UnitOutcome { records, timing, models })
}

/// Moves the rows of `more` behind those of `whole`.
fn append(whole: &mut Records, more: Records) {
    let Records {
        results,
        tensors,
        predictions,
        classes,
        values,
        codebooks,
        products,
        curve,
        sensitivity,
        histogram,
        levels,
    } = more;
    whole.results.extend(results);
    whole.tensors.extend(tensors);
    whole.predictions.extend(predictions);
    whole.classes.extend(classes);
    whole.values.extend(values);
    whole.codebooks.extend(codebooks);
    whole.products.extend(products);
    whole.curve.extend(curve);
    whole.sensitivity.extend(sensitivity);
    whole.histogram.extend(histogram);
    whole.levels.extend(levels);
}

/// A failure of `unit`.
fn failed(unit: &Unit, message: impl std::fmt::Display) -> Failure {
    Failure::Unit { unit: unit.describe(), message: message.to_string() }
}

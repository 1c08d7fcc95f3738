//! The stages of a run in the order in which they happen: load → split → scale → train (or take the given model) → for each
//! variant transform → quantize (or train with quantization in the loop) → score → rows.
//!
//! One variant at a time: a variant's weights are dropped once its rows are made. Units are begun in the order of the plan,
//! and their rows are handed on in that order.

mod assignments;
mod bench;
mod calibrate;
mod coded;
mod evaluated;
mod fake_quantization;
mod float_model;
mod histogram;
mod latency;
mod learned;
mod levels;
mod majority;
mod mixed;
mod ordered;
mod packing;
mod pictures;
mod post_training;
mod prepare;
mod quantized_model;
mod quantized_training;
mod rescaling;
mod scaler;
mod score;
mod sensitivity;
mod stop;
mod tensor;
mod tensor_rows;
mod training_rows;
mod transform;
mod unit;
mod variants;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bitsweep_results::Records;

use crate::failure::Failure;
use crate::plan::Plan;
use crate::progress::Progress;
use bitsweep_experiment::subject::Subject;

use self::ordered::Ordered;
use self::unit::Evaluation;

pub(crate) use float_model::{check_layers, check_model};
pub use latency::Latency;
pub(crate) use mixed::check_budget;
pub(crate) use packing::Provenance;
pub(crate) use prepare::{NO_TRAINING_ROWS, scaled, split, too_many_calibration_rows};
pub(crate) use scaler::feature_bytes;
pub use tensor_rows::LargeRows;
pub use unit::UnitTiming;
pub(crate) use variants::pack;

/// Takes the rows of the large tables as they come, in the order of the plan.
pub trait Sink: Send {
    /// Writes rows behind those that came before.
    ///
    /// # Errors
    /// When the disk refuses them.
    fn write(&mut self, rows: &LargeRows) -> Result<(), Failure>;
}

/// Rows of the large tables go nowhere but into the excerpts of the records.
impl Sink for () {
    fn write(&mut self, _rows: &LargeRows) -> Result<(), Failure> {
        Ok(())
    }
}

/// What a run leaves behind.
#[derive(Debug, Default)]
pub struct RunOutcome {
    /// Everything that depends on the configuration alone.
    pub records: Records,
    /// Everything that depends on the machine, in the order of the units.
    pub timings: Vec<UnitTiming>,
}

/// Runs all units of a plan, as many at a time as the thread pool has threads and memory holds.
///
/// A unit or a variant that fails is a row with its reason; the others stand.
///
/// # Errors
/// What `sink` refuses.
pub fn run(plan: &Plan, sink: &mut dyn Sink, progress: &Progress) -> Result<RunOutcome, Failure> {
    let ordered = Mutex::new(Ordered::new(sink));
    // Where a worker ends unexpectedly, so does the run, once the others are done.
    let lock = || ordered.lock().unwrap_or_else(PoisonError::into_inner);
    // Whether to go on.
    let evaluate = |position: usize| {
        let unit = &plan.units[position];
        let emit = |rows| lock().add(position, rows);
        let evaluation = Evaluation { plan, position, unit, emit: &emit };
        let outcome = match &unit.spec.subject {
            Subject::Tensor(tensor) => tensor::evaluate(&evaluation, tensor),
            Subject::Trained(_) | Subject::Given(_) => variants::evaluate(&evaluation),
        };
        let mut ordered = lock();
        ordered.finish(position, outcome);
        if ordered.is_over() {
            return false;
        }
        drop(ordered);
        progress.unit_done(&unit.describe());
        true
    };
    let units = plan.units.len();
    // A unit whose latencies are measured is alone on the machine.
    let is_first_alone = latency::is_measured(plan) && units > 0;
    if !is_first_alone || evaluate(0) {
        let next = AtomicUsize::new(usize::from(is_first_alone));
        let work = || {
            loop {
                let position = next.fetch_add(1, Ordering::Relaxed);
                if position >= units || !evaluate(position) {
                    return;
                }
            }
        };
        rayon::scope(|scope| {
            for _ in 0..rayon::current_num_threads().min(units).min(plan.units_at_once()) {
                scope.spawn(|_| work());
            }
        });
    }
    let mut outcome = ordered.into_inner().unwrap_or_else(PoisonError::into_inner).into_outcome()?;
    outcome.records.levels = levels::rows(plan);
    Ok(outcome)
}

//! The stages of a run in the order in which they happen: load → split → scale → train (or take the given model) → for each
//! variant transform → quantize (or train with quantization in the loop) → score → rows.
//!
//! One variant at a time: a variant's weights are dropped once its rows are made. [`Run`] brings what is missing into a store, unit by
//! unit in the order of the plan; [`collect()`] reads the records of a run from there. What was interrupted, dealt out to several
//! machines, or asked for by another experiment goes the same way, and gives the same bytes.

mod assignments;
mod bench;
mod calibrate;
mod coded;
mod collect;
mod evaluation;
mod fake_quantization;
mod float_model;
mod histogram;
mod latency;
mod learned;
mod levels;
mod majority;
mod mixed;
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
mod variants;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bitsweep_results::Evaluated;

use crate::failure::Failure;
use crate::plan::{Piece, Plan};
use crate::progress::Progress;
use crate::unit_store::{Again, Latency, Missing, UnitStore, WantedRows, Writer};
use bitsweep_experiment::subject::Subject;

use self::evaluation::{Emit, Evaluation};

pub use collect::{RunOutcome, Sink, collect};
pub(crate) use float_model::{check_layers, check_model};
pub(crate) use mixed::check_budget;
pub(crate) use packing::Provenance;
pub(crate) use prepare::{NO_TRAINING_ROWS, scaled, split, too_many_calibration_rows};
pub(crate) use scaler::feature_bytes;
pub(crate) use variants::{Packed, pack};

/// What is to be done, and how.
pub struct Run<'a> {
    /// What it is a part of.
    pub plan: &'a Plan,
    /// Where what is evaluated goes.
    pub store: &'a UnitStore,
    /// What of earlier evaluations is made again.
    pub again: Again,
    /// The run ends when more rows than that have failed.
    pub most_failures: Option<usize>,
    /// Where it is told.
    pub progress: &'a Progress,
}

/// What a run has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Rows that are there now, those that were there before among them.
    pub rows: usize,
    /// Of these, rows that failed.
    pub failed: usize,
    /// Rows that were there before.
    pub earlier: usize,
}

impl Run<'_> {
    /// Evaluates what pieces of a plan lack, as many at a time as the thread pool has threads and memory holds.
    ///
    /// A unit or a variant that fails is a row with its reason; the others stand.
    ///
    /// # Errors
    /// What the disk refuses, and [`Failure::TooManyFailures`].
    pub fn pieces(&self, work: &[Piece]) -> Result<Done, Failure> {
        let state = State::default();
        // Whether to go on.
        let piece = |piece: &Piece| {
            let ended = self.piece(piece, &state);
            if let Err(failure) = ended {
                state.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
                state.is_over.store(true, Ordering::Relaxed);
            }
            !state.is_over.load(Ordering::Relaxed)
        };
        // A unit whose latencies are measured is alone on the machine.
        let is_first_alone = work.first().is_some_and(|first| self.plan.is_timed(first.unit));
        if !is_first_alone || piece(&work[0]) {
            let next = AtomicUsize::new(usize::from(is_first_alone));
            let all = || while work.get(next.fetch_add(1, Ordering::Relaxed)).is_some_and(piece) {};
            rayon::scope(|scope| {
                for _ in 0..rayon::current_num_threads().min(work.len()).min(self.plan.units_at_once()) {
                    scope.spawn(|_| all());
                }
            });
        }
        match state.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(failure) => Err(failure),
            None => Ok(Done {
                rows: state.rows.into_inner(),
                failed: state.failed.into_inner(),
                earlier: state.earlier.into_inner(),
            }),
        }
    }

    fn piece(&self, piece: &Piece, state: &State) -> Result<(), Failure> {
        let Run { plan, store, again, progress, .. } = *self;
        let unit = &plan.units[piece.unit];
        if unit.is_unreadable() {
            self.count(state, 1, 1)?;
        } else {
            let standing = store.standing(&WantedRows::of(plan, piece), again)?;
            state.earlier.fetch_add(standing.rows, Ordering::Relaxed);
            self.count(state, standing.rows, standing.failed)?;
            if !standing.missing.is_empty() {
                self.evaluate(piece, &Missing::of(piece, &standing.missing), state)?;
            }
        }
        progress.one_done(&unit.describe());
        Ok(())
    }

    fn evaluate(&self, piece: &Piece, missing: &Missing, state: &State) -> Result<(), Failure> {
        let Run { plan, store, again, progress, .. } = *self;
        let (position, unit) = (piece.unit, &plan.units[piece.unit]);
        if again == Again::All && piece.baselines {
            store.forget_trained(unit)?;
        }
        let emitter = Emitter { run: self, state, writer: store.writer(unit) };
        let evaluation = Evaluation {
            plan,
            position,
            unit,
            missing,
            models: Some(store),
            keeps_models: true,
            emit: &emitter,
        };
        evaluate(&evaluation)?;
        let files = emitter.writer.finish()?;
        store.remove_damaged(unit)?;
        if again == Again::All {
            let differing = store.replace(unit, &files)?;
            if differing > 0 {
                let unit = unit.describe();
                progress.note(&format!("{unit}: {differing} of its rows are not what they were before"));
            }
        }
        Ok(())
    }

    /// Counts rows, and ends the run where too many have failed.
    fn count(&self, state: &State, rows: usize, failed: usize) -> Result<(), Failure> {
        state.rows.fetch_add(rows, Ordering::Relaxed);
        let failed = failed + state.failed.fetch_add(failed, Ordering::Relaxed);
        match self.most_failures {
            Some(most) if failed > most => Err(Failure::TooManyFailures { failed, most }),
            Some(_) | None => Ok(()),
        }
    }
}

/// How far a run is.
#[derive(Default)]
struct State {
    rows: AtomicUsize,
    failed: AtomicUsize,
    earlier: AtomicUsize,
    is_over: AtomicBool,
    failure: Mutex<Option<Failure>>,
}

/// Writes what is evaluated.
struct Emitter<'a> {
    run: &'a Run<'a>,
    state: &'a State,
    writer: Writer,
}

impl Emit for Emitter<'_> {
    fn trained(&self, seconds: Option<f64>) {
        self.writer.trained(seconds);
    }

    fn add(&self, evaluated: Evaluated, latency: Option<Latency>) -> Result<(), Failure> {
        let is_failure = evaluated.row.result.is_err();
        self.writer.add(evaluated.settled(), latency)?;
        self.run.count(self.state, 1, usize::from(is_failure))
    }
}

fn evaluate(evaluation: &Evaluation<'_>) -> Result<(), Failure> {
    match &evaluation.unit.spec.subject {
        Subject::Tensor(tensor) => tensor::evaluate(evaluation, tensor),
        Subject::Trained(_) | Subject::Given(_) => variants::evaluate(evaluation),
    }
}

/// The row of a unit that needs a file which could not be read.
fn unreadable(plan: &Plan, position: usize) -> Result<Evaluated, Failure> {
    struct Only(Mutex<Option<Evaluated>>);

    impl Emit for Only {
        fn trained(&self, _seconds: Option<f64>) {}

        fn add(&self, evaluated: Evaluated, _latency: Option<Latency>) -> Result<(), Failure> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(evaluated);
            Ok(())
        }
    }

    let only = Only(Mutex::default());
    let (unit, missing) = (&plan.units[position], Missing::default());
    evaluate(&Evaluation {
        plan,
        position,
        unit,
        missing: &missing,
        models: None,
        keeps_models: false,
        emit: &only,
    })?;
    let evaluated = only.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    evaluated.ok_or_else(|| Failure::Unfinished { unit: unit.describe() })
}

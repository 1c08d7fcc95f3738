//! A unit with a model: the float model, then every variant of it, each made, scored on the test rows, and recorded; at last
//! the majority class, which a model has to beat.

use std::time::Instant;

use bitsweep_exchange::packed::PackedModel;
use bitsweep_results::FailureKind;
use rayon::prelude::*;

use super::bench::Bench;
use super::evaluated::Evaluated;
use super::float_model::{FloatModel, float_model};
use super::packing::Provenance;
use super::prepare::prepare;
use super::score::Buffers;
use super::stop::{At, Step, failed};
use super::unit::{Evaluation, UnitOutcome};
use crate::failure::Failure;
use crate::plan::{Plan, PlannedVariant};

/// Evaluates the float model of the unit and all its variants. What fails before any variant is the float model's failure.
pub(super) fn evaluate(evaluation: &Evaluation<'_>) -> UnitOutcome {
    let mut outcome = UnitOutcome::new(evaluation, None);
    if let Err(failure) = add_models(evaluation, &mut outcome) {
        let float = &evaluation.unit.float;
        let origin = outcome.origin(0, float);
        outcome.add(evaluation.unit.row_key(float), origin, Err(failure));
    }
    outcome
}

/// Makes variants of the unit at `position` of the plan again, as models to be taken away. Their classes on the test rows and their
/// bytes are those that a run measures.
///
/// # Errors
/// What keeps the unit or a variant from being made.
pub(crate) fn pack<'v>(
    plan: &Plan,
    position: usize,
    variants: impl Iterator<Item = (&'v PlannedVariant, Provenance)>,
) -> Result<Vec<PackedModel>, Failure> {
    let unit = &plan.units[position];
    let packed = || -> Step<Vec<PackedModel>> {
        let dataset = unit
            .dataset
            .as_ref()
            .ok_or_else(|| failed(FailureKind::Quantization, "a tensor is no model to be exported"))?;
        let prepared = prepare(unit, dataset.as_ref().at(FailureKind::Data)?)?;
        let FloatModel { model, .. } = float_model(unit, &prepared)?;
        let evaluation = Evaluation { plan, position, unit, emit: &|_| () };
        let bench = Bench::new(&evaluation, &prepared, &model)?;
        variants.map(|(planned, provenance)| bench.packed(&planned.variant, provenance)).collect()
    };
    packed().map_err(|failure| Failure::Other(format!("{}: {}", unit.describe(), failure.reason)))
}

/// Adds the float model, all variants and the majority class; an error leaves what is known of the unit, and no row.
fn add_models(evaluation: &Evaluation<'_>, outcome: &mut UnitOutcome) -> Step<()> {
    let unit = evaluation.unit;
    let dataset = unit.dataset.as_ref().ok_or_else(|| failed(FailureKind::Data, "the unit has no rows"))?;
    let prepared = prepare(unit, dataset.as_ref().at(FailureKind::Data)?)?;
    *outcome = UnitOutcome::new(evaluation, Some(prepared.shape()));
    let FloatModel { model, curve, training_seconds } = float_model(unit, &prepared)?;
    let started = Instant::now();
    outcome.timing.training_seconds = training_seconds;
    let bench = Bench::new(evaluation, &prepared, &model)?;
    let float = bench.float(outcome, curve);
    bench.record(outcome, float);
    for variants in unit.variants.chunks(bench.variants_in_work()) {
        let first = outcome.rows();
        let known = &*outcome;
        let evaluated: Vec<Evaluated> = variants
            .par_iter()
            .enumerate()
            .map_init(Buffers::default, |buffers, (index, planned)| {
                let origin = known.origin(first + index, &planned.identity);
                bench.variant(origin, planned, buffers)
            })
            .collect();
        for evaluated in evaluated {
            bench.record(outcome, evaluated);
        }
    }
    if let Some(majority) = bench.majority(outcome) {
        bench.record(outcome, majority);
    }
    outcome.add_pictures(prepared.dataset);
    outcome.timing.variants_seconds = started.elapsed().as_secs_f64();
    Ok(())
}

//! A unit with a model: the float model, then every variant of it, each made, scored on the test rows, and recorded; at last
//! the majority class, which a model has to beat.

use bitsweep_exchange::packed::PackedModel;
use bitsweep_results::{DatasetShape, FailureKind};
use ndarray::Array2;
use rayon::prelude::*;

use super::bench::{Bench, Measured};
use super::evaluation::{Evaluation, Stop};
use super::float_model::{FloatModel, float_model};
use super::packing::Provenance;
use super::prepare::prepare;
use super::score::Buffers;
use super::stop::{At, failed};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::unit_store::{Missing, UnitStore};
use bitsweep_experiment::variant::Variant;

/// Evaluates what is missing of the unit. What fails before any variant is the float model's failure, and stands for all of them.
pub(super) fn evaluate(evaluation: &Evaluation<'_>) -> Result<(), Failure> {
    let mut shape = None;
    match models(evaluation, &mut shape) {
        Err(Stop::Unit(failure)) => evaluation.fail(shape, failure),
        Err(Stop::Run(failure)) => Err(failure),
        Ok(()) => Ok(()),
    }
}

/// Variants of a unit as models to be taken away.
pub(crate) struct Packed {
    /// Each variant, or what keeps it from being made.
    pub(crate) models: Vec<Result<PackedModel, Failure>>,
    /// The features of the test rows, not scaled, `(rows, features)`.
    pub(crate) test_features: Array2<f64>,
}

/// Makes variants of the unit at `position` of the plan again, and where none is named its float model, as models to be taken away. Their classes on the test rows and their
/// bytes are those that a run measures.
///
/// # Errors
/// What keeps the unit from being made.
pub(crate) fn pack<'v>(
    plan: &Plan,
    position: usize,
    store: Option<&UnitStore>,
    variants: impl Iterator<Item = (Option<&'v Variant>, Provenance)>,
) -> Result<Packed, Failure> {
    let unit = &plan.units[position];
    let told = |stop: Stop| match stop {
        Stop::Unit(failure) => Failure::Other(format!("{}: {}", unit.describe(), failure.reason)),
        Stop::Run(failure) => failure,
    };
    let packed = || -> Result<Packed, Stop> {
        let dataset = unit
            .dataset
            .as_ref()
            .ok_or_else(|| failed(FailureKind::Quantization, "a tensor is no model to be exported"))?;
        let prepared = prepare(unit, dataset.as_ref().at(FailureKind::Data)?)?;
        let missing = Missing::default();
        let evaluation = Evaluation {
            plan,
            position,
            unit,
            missing: &missing,
            models: store,
            keeps_models: false,
            emit: &(),
        };
        let FloatModel { model, .. } = float_model(&evaluation, &prepared)?;
        let bench = Bench::new(&evaluation, &prepared, &model)?;
        let models = variants.map(|(variant, provenance)| {
            let packed = match variant {
                Some(variant) => bench.packed(variant, provenance),
                None => bench.packed_float(provenance),
            };
            packed.map_err(|failure| told(failure.into()))
        });
        Ok(Packed {
            models: models.collect(),
            test_features: prepared.encoder.apply(prepared.dataset, &prepared.split.test),
        })
    };
    packed().map_err(told)
}

/// Hands on what is missing of the float model, the variants and the majority class; `shape` is known once the rows are split.
fn models(evaluation: &Evaluation<'_>, shape: &mut Option<DatasetShape>) -> Result<(), Stop> {
    let Evaluation { unit, missing, emit, .. } = *evaluation;
    let dataset = unit.dataset.as_ref().ok_or_else(|| failed(FailureKind::Data, "the unit has no rows"))?;
    let prepared = prepare(unit, dataset.as_ref().at(FailureKind::Data)?)?;
    *shape = Some(prepared.shape());
    let FloatModel { model, curve, training_seconds } = float_model(evaluation, &prepared)?;
    emit.trained(training_seconds);
    let bench = Bench::new(evaluation, &prepared, &model)?;
    let add = |measured: Measured| emit.add(measured.evaluated, measured.latency);
    if missing.float {
        add(bench.float(curve))?;
    }
    for positions in missing.variants.chunks(bench.variants_in_work()) {
        // Handed on one by one, for the next may take long.
        positions.par_iter().try_for_each_init(Buffers::default, |buffers, position| {
            add(bench.variant(*position, buffers))
        })?;
    }
    if missing.majority {
        bench.majority().map_or(Ok(()), add)?;
    }
    Ok(())
}

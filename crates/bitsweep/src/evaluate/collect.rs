//! From a store to the records of a run, in the order of the plan.

use std::sync::Arc;

use bitsweep_results::{Curve, Evaluated, LargeRows, Predictions, Records, ValidationPredictions};
use rayon::prelude::*;

use super::levels;
use super::pictures::pictures;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::unit_store::{UnitStore, UnitTiming};

/// Takes the rows of the large tables as they come, in the order of the plan.
pub trait Sink {
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

/// Reads everything that a plan asks for.
///
/// # Errors
/// [`Failure::Unfinished`] where something is missing, and what `sink` or the disk refuses.
pub fn collect(plan: &Plan, store: &UnitStore, sink: &mut dyn Sink) -> Result<RunOutcome, Failure> {
    let mut outcome = RunOutcome::default();
    let positions: Vec<usize> = (0..plan.units.len()).collect();
    // Read by all threads, a few units at a time: the rows of large tables are handed on and forgotten.
    for positions in positions.chunks(2 * rayon::current_num_threads()) {
        let read = positions.par_iter().map(|&position| unit(plan, store, position));
        for (position, read) in positions.iter().zip(read.collect::<Result<Vec<_>, _>>()?) {
            let (evaluated, timing) = read;
            add(plan, *position, evaluated, sink, &mut outcome.records)?;
            outcome.timings.push(timing);
        }
    }
    outcome.records.levels = levels::rows(plan);
    Ok(outcome)
}

fn unit(plan: &Plan, store: &UnitStore, position: usize) -> Result<(Vec<Evaluated>, UnitTiming), Failure> {
    let timing = store.timing(plan, position)?;
    let evaluated = match plan.units[position].is_unreadable() {
        // It is not kept: the file may be there the next time.
        true => vec![super::unreadable(plan, position)?],
        false => store.evaluated(plan, position)?,
    };
    Ok((evaluated, timing))
}

/// Moves the rows of a unit behind those of the units before.
fn add(
    plan: &Plan,
    position: usize,
    all: Vec<Evaluated>,
    sink: &mut dyn Sink,
    records: &mut Records,
) -> Result<(), Failure> {
    let unit = &plan.units[position];
    let mut predictions = all.first().and_then(|float| no_predictions(plan, position, float));
    let mut flips = Vec::new();
    for evaluated in all {
        let Evaluated { row, predictions: own, curve, sensitivity, histogram, large, flips: changed, .. } =
            evaluated;
        if let (Some(all), Some(own)) = (&mut predictions, own) {
            let (at, variant) = (row.origin.position, &row.origin.variant);
            all.variants.push((at, Arc::clone(variant), own.test.classes));
            all.log_losses.extend(own.test.log_losses.map(|losses| (at, losses)));
            if let (Some(all), Some(own)) = (&mut all.validation, own.validation) {
                all.variants.push((at, Arc::clone(variant), own.classes));
                all.log_losses.extend(own.log_losses.map(|losses| (at, losses)));
            }
        }
        if !curve.is_empty() {
            records.curves.push(Curve { origin: row.origin.clone(), losses: curve });
        }
        flips.extend(changed);
        records.sensitivity.extend(sensitivity);
        records.histogram.extend(histogram);
        records.results.push(row);
        sink.write(&large)?;
        records.add_large(large);
    }
    if let (Some(dataset), Some(row)) = (unit.rows(), records.results.last()) {
        records.pictures.extend(pictures(dataset, &row.origin.unit, &flips));
    }
    records.flips.extend(flips);
    records.predictions.extend(predictions.filter(|own| !own.variants.is_empty()));
    Ok(())
}

/// The rows that the unit's variants are asked about, before any of them has answered.
fn no_predictions(plan: &Plan, position: usize, float: &Evaluated) -> Option<Predictions> {
    let held_out = float.held_out.as_ref()?;
    Some(Predictions {
        unit: Arc::clone(&float.row.origin.unit),
        classes: plan.units[position].rows()?.class_names.as_slice().into(),
        rows: held_out.test.rows.clone(),
        truth: held_out.test.truth.clone(),
        float: held_out.test.float.clone(),
        variants: Vec::new(),
        log_losses: Vec::new(),
        validation: held_out.validation.as_ref().map(|rows| ValidationPredictions {
            rows: rows.rows.clone(),
            truth: rows.truth.clone(),
            float: rows.float.clone(),
            variants: Vec::new(),
            log_losses: Vec::new(),
        }),
    })
}

//! What variants take on the device that an experiment names.

use bitsweep_device::{DeviceError, Measured, Target, Toolchain};
use bitsweep_exchange::export::{CModel, to_c};
use bitsweep_results::{DeviceBasis, DeviceRow, PickRule, Records, ResultRow};
use ndarray::{Axis, Slice};
use rayon::prelude::*;

use crate::evaluate::{Packed, Provenance, pack};
use crate::export::{Chosen, first_units};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::unit_store::UnitStore;

/// Test rows that are run on an emulated device: a small one has no room for more beside the model.
const MOST_ROWS: usize = 16;

/// What every variant of the first unit of each task takes on the device of the experiment, where it names one: of those that are in
/// `records`.
///
/// # Errors
/// What keeps a unit from being made again.
pub fn fit(plan: &Plan, store: &UnitStore, records: &Records) -> Result<Vec<DeviceRow>, Failure> {
    let Some(device) = plan.header.device else { return Ok(Vec::new()) };
    let bench = Bench {
        target: device.target,
        toolchain: Toolchain::find(device.target),
        rule: &plan.header.pick,
        plan,
    };
    let mut rows = Vec::new();
    for position in first_units(plan) {
        rows.extend(bench.unit(position, store, records)?);
    }
    Ok(rows)
}

struct Bench<'p> {
    target: Target,
    toolchain: Option<Toolchain>,
    rule: &'p PickRule,
    plan: &'p Plan,
}

impl Bench<'_> {
    fn unit(&self, position: usize, store: &UnitStore, records: &Records) -> Result<Vec<DeviceRow>, Failure> {
        let row_of = |own: &Chosen<'_>| {
            let key = own.key();
            records.results.iter().find(|row| row.key == key && row.result.is_ok())
        };
        let found: Vec<_> =
            Chosen::all(self.plan, position).filter_map(|own| row_of(&own).map(|row| (own, row))).collect();
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let all = found.iter().map(|(own, _)| (own.variant(), Provenance::default()));
        let Packed { models, test_features } = pack(self.plan, position, Some(store), all)?;
        let rows = test_features.nrows().min(MOST_ROWS);
        let features = test_features.slice_axis(Axis(0), Slice::from(..rows));
        let rows = found.par_iter().zip(models).map(|((_, row), model)| match model {
            Ok(model) => match to_c(&model, features, "") {
                Ok(model) => self.taken(row, &model),
                Err(error) => self.refused(row, error.to_string()),
            },
            Err(failure) => self.refused(row, failure.to_string()),
        });
        Ok(rows.collect())
    }

    /// What a model takes.
    fn taken(&self, row: &ResultRow, model: &CModel) -> DeviceRow {
        let estimate = model.parts.estimate(self.target);
        let measured = match self.measured(model).transpose() {
            Ok(measured) => measured,
            Err(error) => return self.refused(row, error.to_string()),
        };
        let (flash, encode_flash) =
            measured.map_or((estimate.flash, estimate.encode_flash), |own| (own.flash, own.encode_flash));
        let run = measured.and_then(|own| own.run);
        let (ram, basis) = match (measured, run) {
            (Some(Measured { variables, .. }), Some(run)) => (variables + run.stack, DeviceBasis::Emulated),
            // The estimate has the variables of a library, too.
            (Some(Measured { variables, .. }), None) => (estimate.ram.max(variables), DeviceBasis::Compiled),
            (None, _) => (estimate.ram, DeviceBasis::Estimated),
        };
        let (cycles, instructions) = (run.and_then(|run| run.cycles), run.and_then(|run| run.instructions));
        let is_within =
            |own: u64, limits: [Option<u64>; 2]| limits.into_iter().flatten().all(|limit| own <= limit);
        DeviceRow {
            flash: Some(flash),
            encode_flash: Some(encode_flash),
            ram: Some(ram),
            cycles: cycles.map(|own| own.all),
            encode_cycles: cycles.map(|own| own.encoding),
            instructions: instructions.map(|own| own.all),
            encode_instructions: instructions.map(|own| own.encoding),
            basis: Some(basis),
            fits: is_within(flash, [self.rule.flash_bytes, self.target.flash_bytes()])
                && is_within(ram, [self.rule.ram_bytes, self.target.ram_bytes()]),
            refused: None,
            ..self.refused(row, String::new())
        }
    }
    /// What was measured of it; `None` without a compiler.
    fn measured(&self, model: &CModel) -> Option<Result<Measured, DeviceError>> {
        self.toolchain.as_ref().map(|toolchain| toolchain.measure(&model.files))
    }

    /// The row of what is no program for the device.
    fn refused(&self, row: &ResultRow, reason: String) -> DeviceRow {
        DeviceRow {
            origin: row.origin.clone(),
            target: self.target.name().to_owned(),
            flash: None,
            encode_flash: None,
            ram: None,
            cycles: None,
            encode_cycles: None,
            instructions: None,
            encode_instructions: None,
            basis: None,
            fits: false,
            refused: Some(reason),
            toolchain: self.toolchain.as_ref().map(Toolchain::words),
        }
    }
}

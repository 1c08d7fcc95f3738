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
pub fn fit(plan: &Plan, store: &UnitStore, records: &Records) -> Result<Fitted, Failure> {
    let Some(device) = plan.header.device else { return Ok(Fitted::default()) };
    let toolchain = Toolchain::find(device.target).map_err(|error| Failure::Other(error.to_string()))?;
    let bench = Bench { target: device.target, toolchain, rule: &plan.header.pick, plan };
    let mut all = Fitted::default();
    for position in first_units(plan) {
        let Fitted { rows, failures } = bench.unit(position, store, records)?;
        all.rows.extend(rows);
        all.failures.extend(failures);
    }
    Ok(all)
}

/// What variants take.
#[derive(Debug, Default)]
pub struct Fitted {
    /// One row for each variant of the first unit of each task.
    pub rows: Vec<DeviceRow>,
    /// What compilers and emulators did not do, or did otherwise than it was measured.
    pub failures: Vec<String>,
}

struct Bench<'p> {
    target: Target,
    toolchain: Option<Toolchain>,
    rule: &'p PickRule,
    plan: &'p Plan,
}

impl Bench<'_> {
    fn unit(&self, position: usize, store: &UnitStore, records: &Records) -> Result<Fitted, Failure> {
        let row_of = |own: &Chosen<'_>| {
            let key = own.key();
            records.results.iter().find(|row| row.key == key && row.result.is_ok())
        };
        let found: Vec<_> =
            Chosen::all(self.plan, position).filter_map(|own| row_of(&own).map(|row| (own, row))).collect();
        if found.is_empty() {
            return Ok(Fitted::default());
        }
        let all = found.iter().map(|(own, _)| (own.variant(), Provenance::default()));
        let Packed { models, test_features } = pack(self.plan, position, Some(store), all)?;
        let rows = test_features.nrows().min(MOST_ROWS);
        let features = test_features.slice_axis(Axis(0), Slice::from(..rows));
        let taken = found.par_iter().zip(models).map(|((own, row), model)| {
            let refused = |reason: String| (self.refused(row, reason), None);
            match model.map(|model| to_c(&model, features, "")) {
                Ok(Ok(model)) => match self.taken(row, &model) {
                    Ok(row) => (row, None),
                    Err(error) => {
                        let failure = format!("{}: {error}", own.describe());
                        (self.refused(row, error.to_string()), Some(failure))
                    }
                },
                Ok(Err(error)) => refused(error.to_string()),
                Err(failure) => refused(failure.to_string()),
            }
        });
        let (rows, failures): (Vec<_>, Vec<_>) = taken.collect::<Vec<_>>().into_iter().unzip();
        Ok(Fitted { rows, failures: failures.into_iter().flatten().collect() })
    }

    /// What a model takes.
    fn taken(&self, row: &ResultRow, model: &CModel) -> Result<DeviceRow, DeviceError> {
        if let Some(reason) = model.parts.refusal(self.target) {
            return Ok(self.refused(row, reason));
        }
        let estimate = model.parts.estimate(self.target);
        let measured =
            self.toolchain.as_ref().map(|toolchain| toolchain.measure(&model.files)).transpose()?;
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
        let is_within = |own: u64, limit: Option<u64>| limit.is_none_or(|limit| own <= limit);
        Ok(DeviceRow {
            flash: Some(flash),
            encode_flash: Some(encode_flash),
            ram: Some(ram),
            cycles: cycles.map(|own| own.all),
            encode_cycles: cycles.map(|own| own.encoding),
            instructions: instructions.map(|own| own.all),
            encode_instructions: instructions.map(|own| own.encoding),
            basis: Some(basis),
            fits: is_within(flash, self.rule.flash_bytes) && is_within(ram, self.rule.ram_bytes),
            ..self.row(row)
        })
    }

    /// The row of what is no program for the device.
    fn refused(&self, row: &ResultRow, reason: String) -> DeviceRow {
        DeviceRow { refused: Some(reason), ..self.row(row) }
    }

    /// The row of a variant of which nothing is known.
    fn row(&self, row: &ResultRow) -> DeviceRow {
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
            refused: None,
            toolchain: self.toolchain.as_ref().map(Toolchain::words),
        }
    }
}

//! `bitsweep fit`

use std::path::Path;

use bitsweep_device::Target;
use bitsweep_results::summarize;
use bitsweep_results::tables::row_object;

use super::earlier_results::{kept, measured, refuse_unknown};
use super::{device_table, failures, planned, print_json, print_page};
use crate::cli::Request;
use crate::device::{self, Fitted};
use crate::failure::Failure;
use crate::layout::Page;
use crate::plan::Plan;
use crate::progress::Verbosity;
use crate::streams::page_columns;
use crate::unit_store::store_folder;
use bitsweep_experiment::config::{Diagnostic, Document};

/// Which device, with which limits, and where results are.
#[derive(Debug)]
pub(super) struct Options<'a> {
    /// The device, where it is not that of the experiment.
    pub(super) device: Option<Target>,
    pub(super) flash_bytes: Option<u64>,
    pub(super) ram_bytes: Option<u64>,
    /// Where results of earlier runs are.
    pub(super) results: &'a Path,
    /// Where units are kept, where that is not beside the results.
    pub(super) store: Option<&'a Path>,
    pub(super) json: bool,
    pub(super) verbosity: Verbosity,
}

impl Options<'_> {
    /// What of the experiment is changed.
    fn settings(&self) -> Vec<String> {
        let device = self.device.map(|device| format!("device.target=\"{device}\""));
        let limits = [("flash_bytes", self.flash_bytes), ("ram_bytes", self.ram_bytes)];
        let limits = limits.into_iter().filter_map(|(key, limit)| Some(format!("pick.{key}={}", limit?)));
        device.into_iter().chain(limits).collect()
    }
}

pub(super) fn fit(request: &Request, options: &Options<'_>) -> Result<(), Failure> {
    let plan = plan(request, options)?;
    if plan.header.device.is_none() {
        let message =
            "no device is named: expected `--device`, or `[device]` with a `target` in the experiment";
        return Err(Diagnostic::new(message).into());
    }
    plan.check_pick()?;
    let place = store_folder(options.store, options.results);
    let (store, mut records) = measured(&plan, &place, options.verbosity)?;
    let Fitted { rows, failures: on_device } = device::fit(&plan, &store, &records)?;
    records.device = rows;
    let summary = summarize(&records, &plan.labels, &plan.header.pick);
    if options.json {
        let rows = records.device.iter().map(|row| row_object(row, &plan.labels));
        print_json(&rows.collect::<Vec<_>>())?;
        return ended(on_device);
    }
    let mut page = Page::new(page_columns());
    for comparison in &summary.comparisons {
        page.space();
        device_table::comparison(comparison, &plan.header.pick, &mut page);
        device_table::pick(comparison, &plan.header.pick, &mut page);
    }
    if plan.header.pick.device_limits().is_none() {
        page.prose(0, "(no limit is set, and nothing is picked: `--flash-bytes` and `--ram-bytes` set one)");
    }
    failures::add(&summary, &plan, &mut page);
    print_page(&page)?;
    ended(on_device)?;
    match failures::count(&records, &plan) {
        (0, _) => Ok(()),
        (failed, rows) => Err(Failure::Incomplete { failed, rows }),
    }
}

/// That something failed on the device, where it did.
fn ended(failures: Vec<String>) -> Result<(), Failure> {
    match failures.is_empty() {
        true => Ok(()),
        false => Err(Failure::Device { reasons: failures }),
    }
}

/// What the user names, with the device that is asked for.
fn plan(request: &Request, options: &Options<'_>) -> Result<Plan, Failure> {
    let settings = options.settings();
    if let Some((name, kept)) = kept(request, options.results) {
        return Plan::new(&name, &Document::read(&kept.experiment(), &settings)?);
    }
    refuse_unknown(request, options.results)?;
    let mut request = request.clone();
    request.set.extend(settings);
    planned(&request, options.verbosity)
}

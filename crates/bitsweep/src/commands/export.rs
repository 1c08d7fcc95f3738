//! `bitsweep export`

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bitsweep_results::numbers::bytes;
use bitsweep_results::{Goal, summarize};
use serde_json::{Map, Value, json};

use super::{planned, print_lines};
use crate::cli::{Picked, Request};
use crate::evaluate::{Provenance, pack, run};
use crate::failure::Failure;
use crate::plan::{Plan, PlannedVariant, Unit};
use crate::progress::{Progress, Verbosity};
use bitsweep_experiment::config::Diagnostic;

/// Which variant of which unit is exported, and where it goes.
#[derive(Debug)]
pub(super) struct Options<'a> {
    pub(super) pick: Option<Picked>,
    pub(super) variant: Option<&'a str>,
    pub(super) unit: Option<&'a str>,
    pub(super) out: &'a Path,
    pub(super) verbosity: Verbosity,
}

pub(super) fn export(request: &Request, options: &Options<'_>) -> Result<(), Failure> {
    let plan = planned(request, options.verbosity)?;
    let position = unit_position(&plan, options.unit)?;
    let unit = &plan.units[position];
    let planned = match (options.pick, options.variant) {
        (Some(pick), _) => picked(&plan, unit, pick)?,
        (None, Some(label)) => labelled(&plan, unit, label)?,
        (None, None) => return Err(Failure::Other("neither a pick nor a variant is named".to_owned())),
    };
    let label = plan.labels.get(&planned.identity.row).text();
    let packed = pack(&plan, position, planned, provenance(&plan, unit, planned, label))?;
    let written = packed.to_bytes().map_err(|error| Failure::Other(error.to_string()))?;
    let place = place(options.out, &plan.name, label);
    let refused = |error| Failure::Output(format!("`{}` cannot be written: {error}", place.display()));
    fs::create_dir_all(options.out).and_then(|()| fs::write(&place, &written)).map_err(refused)?;
    let own = packed.sizes().total();
    print_lines([
        format!("{}: {label} of {}", place.display(), unit.describe()),
        format!("{} of numbers in a file of {}", bytes(own as f64), bytes(written.len() as f64)),
    ])
}

/// The unit whose key begins with `key`, or the first.
fn unit_position(plan: &Plan, key: Option<&str>) -> Result<usize, Diagnostic> {
    let Some(key) = key else { return Ok(0) };
    plan.units.iter().position(|unit| unit.key.to_string().starts_with(key)).ok_or_else(|| {
        Diagnostic::new(format!("there is no unit `{key}`"))
            .help("`bitsweep plan` shows the units with their keys")
    })
}

/// The variant of a unit that has the label, or else the only one that has the name.
fn labelled<'p>(plan: &'p Plan, unit: &'p Unit, wanted: &str) -> Result<&'p Arc<PlannedVariant>, Diagnostic> {
    let label_of = |planned: &'p Arc<PlannedVariant>| plan.labels.get(&planned.identity.row).text();
    let name_of = |planned: &'p Arc<PlannedVariant>| planned.identity.row.name.as_deref();
    let mut named = unit.variants.iter().filter(|planned| name_of(planned) == Some(wanted));
    let only = named.next().filter(|_| named.next().is_none());
    let labelled = unit.variants.iter().find(|planned| label_of(planned) == wanted);
    labelled.or(only).ok_or_else(|| {
        let labels = unit.variants.iter().map(label_of).chain(unit.variants.iter().filter_map(name_of));
        Diagnostic::new(format!("there is no variant `{wanted}`"))
            .nearest(wanted, labels)
            .or_help("`bitsweep plan` shows the variants by their labels")
    })
}

/// The variant that is picked for the task of a unit: everything is run again.
fn picked<'p>(plan: &'p Plan, unit: &'p Unit, pick: Picked) -> Result<&'p Arc<PlannedVariant>, Failure> {
    let goal = match pick {
        Picked::Balance => Goal::Balance,
        Picked::Memory => Goal::LeastMemory,
    };
    let outcome = run(plan, &mut (), &Progress::new(Verbosity::Quiet, plan.units.len()))?;
    let summary = summarize(&outcome.records, &plan.labels, &plan.header.pick);
    let comparison = summary.comparisons.iter().find(|comparison| comparison.task == unit.task);
    let picked = comparison.and_then(|comparison| {
        let position = comparison.picks.as_ref()?.variant(goal)?;
        let row = &comparison.variants[position].origin.variant;
        unit.variants.iter().find(|planned| planned.identity.row == *row)
    });
    picked.ok_or_else(|| {
        let reason = comparison.and_then(|comparison| comparison.explain(goal, &plan.header.pick));
        let reason = reason.map_or_else(|| "nothing is picked".to_owned(), |words| words.headline);
        Failure::Other(format!("{}: no quantized variant to export: {reason}", unit.describe()))
    })
}

/// Where the model comes from.
fn provenance(plan: &Plan, unit: &Unit, planned: &PlannedVariant, label: &str) -> Provenance {
    let mut provenance: Map<String, Value> = Map::new();
    let mut add = |key: &str, value: Value| provenance.insert(key.to_owned(), value);
    add("experiment", json!(plan.name));
    add("configuration", json!(plan.key()));
    add("unit", json!(unit.describe()));
    add("unit_key", json!(unit.key.to_string()));
    add("variant", json!(label));
    add("row_key", json!(unit.row_key(&planned.identity).to_string()));
    if let Some(origin) = unit.given().and_then(|given| given.origin.as_ref()) {
        add("model", json!({ "file": origin.file, "sha256": origin.sha256 }));
    }
    provenance
}

/// The file: what the experiment and the variant are called, as far as every filesystem takes it.
fn place(folder: &Path, name: &str, label: &str) -> PathBuf {
    let plain: String =
        label.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { ' ' }).collect();
    let label = plain.split_whitespace().collect::<Vec<_>>().join("-");
    folder.join(format!("{name}-{label}.safetensors"))
}

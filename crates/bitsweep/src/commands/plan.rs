//! `bitsweep plan`

use std::collections::HashMap;
use std::ptr;
use std::sync::Arc;

use bitsweep_results::numbers::counted;
use serde::Serialize;

use super::{foreseen, planned, print_json, print_lines, refuse_foreseen};
use crate::cli::Request;
use crate::failure::Failure;
use crate::foresight::Foreseen;
use crate::plan::{Plan, PlannedVariant, Unit};
use crate::progress::Verbosity;

#[derive(Serialize)]
struct PlannedUnit<'a> {
    key: String,
    unit: String,
    variants: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    will_fail: Option<&'a str>,
}

#[derive(Serialize)]
struct Entry<'a> {
    key: String,
    label: &'a str,
    location: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    will_fail: Option<&'a str>,
}

pub(super) fn plan(request: &Request, json: bool, verbosity: Verbosity) -> Result<(), Failure> {
    let plan = planned(request)?;
    let foreseen = foreseen(&plan, verbosity)?;
    let reasons = reasons(&foreseen);
    if json {
        let units = plan.units.iter().map(|unit| PlannedUnit {
            key: unit.key.to_string(),
            unit: unit.describe(),
            variants: unit
                .variants
                .iter()
                .map(|planned| Entry {
                    key: unit.row_key(&planned.identity).to_string(),
                    label: label(&plan, planned),
                    location: plan.location(planned),
                    will_fail: reasons.get(&(ptr::from_ref(unit), ptr::from_ref(planned.as_ref()))).copied(),
                })
                .collect(),
            will_fail: reasons.get(&(ptr::from_ref(unit), ptr::null())).copied(),
        });
        print_json(&units.collect::<Vec<_>>())?;
    } else {
        print_lines(lines(&plan, &foreseen))?;
    }
    refuse_foreseen(&plan, &foreseen)
}

/// Why variants of units, or whole units, will fail, by their addresses.
fn reasons<'f>(foreseen: &'f [Foreseen<'_>]) -> HashMap<(*const Unit, *const PlannedVariant), &'f str> {
    let reasons = foreseen.iter().map(|Foreseen { unit, variant, diagnostic }| {
        let variant = variant.map_or(ptr::null(), ptr::from_ref);
        ((ptr::from_ref(*unit), variant), diagnostic.message())
    });
    reasons.collect()
}

fn label<'p>(plan: &'p Plan, planned: &PlannedVariant) -> &'p str {
    plan.labels.get(&planned.identity.row).text()
}

fn lines(plan: &Plan, foreseen: &[Foreseen<'_>]) -> Vec<String> {
    // In the order of the plan.
    let mut foreseen = foreseen.iter().peekable();
    let mut lines = vec![plan.extent()];
    // Units mostly have the same variants: those are shown once, under the first unit that has them.
    let mut shown: Option<&[Arc<PlannedVariant>]> = None;
    for unit in &plan.units {
        let variants = counted(unit.variants.len(), "variant", "variants");
        lines.push(format!("{}  {}: {variants}", unit.key.short(), unit.describe()));
        while let Some(Foreseen { variant, diagnostic, .. }) =
            foreseen.next_if(|foreseen| ptr::eq(foreseen.unit, unit))
        {
            let what = variant.map_or_else(String::new, |variant| format!("{} ", label(plan, variant)));
            lines.push(format!("    {what}will fail: {}", diagnostic.message()));
        }
        let is_shown = shown.is_some_and(|shown| {
            shown.len() == unit.variants.len()
                && shown.iter().zip(&unit.variants).all(|(a, b)| Arc::ptr_eq(a, b))
        });
        if !is_shown {
            lines.extend(
                unit.variants.iter().map(|planned| {
                    format!("    {}: {}", label(plan, planned), planned.variant.schemes_text())
                }),
            );
            shown = Some(&unit.variants);
        }
    }
    lines
}

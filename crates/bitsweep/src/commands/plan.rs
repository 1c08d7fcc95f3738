//! `bitsweep plan`

use std::ptr;
use std::sync::Arc;

use bitsweep_results::numbers::counted;
use serde::Serialize;

use super::{planned, print_json, print_lines};
use crate::cli::Request;
use crate::failure::Failure;
use crate::plan::{Foreseen, Plan, PlannedVariant, Unit};

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
    location: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    will_fail: Option<&'a str>,
}

pub(super) fn plan(request: &Request, json: bool) -> Result<(), Failure> {
    let plan = planned(request)?;
    let failures = plan.foreseen_failures();
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
                    location: &planned.location,
                    will_fail: reason(&failures, unit, Some(planned)),
                })
                .collect(),
            will_fail: reason(&failures, unit, None),
        });
        return print_json(&units.collect::<Vec<_>>());
    }
    print_lines(lines(&plan, &failures))
}

fn label<'p>(plan: &'p Plan, planned: &PlannedVariant) -> &'p str {
    plan.labels.get(&planned.identity.row).text()
}

/// Why a variant of a unit, or the whole unit, will fail.
fn reason<'f>(
    failures: &'f [Foreseen<'_>],
    unit: &Unit,
    variant: Option<&PlannedVariant>,
) -> Option<&'f str> {
    let is_same = |foreseen: &&Foreseen<'_>| match (foreseen.variant, variant) {
        (None, None) => true,
        (Some(own), Some(other)) => ptr::eq(own, other),
        (Some(_), None) | (None, Some(_)) => false,
    };
    let own = failures.iter().filter(|foreseen| ptr::eq(foreseen.unit, unit));
    own.into_iter().find(is_same).map(|foreseen| foreseen.reason.as_str())
}

fn lines(plan: &Plan, failures: &[Foreseen<'_>]) -> Vec<String> {
    let mut lines = vec![plan.extent()];
    // Units mostly have the same variants: those are shown once, under the first unit that has them.
    let mut shown: Option<&[Arc<PlannedVariant>]> = None;
    for unit in &plan.units {
        let variants = counted(unit.variants.len(), "variant", "variants");
        lines.push(format!("{}  {}: {variants}", unit.key.short(), unit.describe()));
        for foreseen in failures.iter().filter(|foreseen| ptr::eq(foreseen.unit, unit)) {
            let what =
                foreseen.variant.map_or_else(String::new, |variant| format!("{} ", label(plan, variant)));
            lines.push(format!("    {what}will fail: {}", foreseen.reason));
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

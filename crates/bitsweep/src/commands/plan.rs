//! `bitsweep plan`

use std::sync::Arc;

use bitsweep_results::numbers::counted;
use serde::Serialize;

use super::claim::Claim;
use super::{foreseen, planned, print_json, print_lines, refuse_foreseen};
use crate::cli::Request;
use crate::failure::Failure;
use crate::foresight::Foreseen;
use crate::plan::{Plan, PlannedVariant};
use crate::progress::Verbosity;

#[derive(Serialize)]
struct Planned<'a> {
    units: Vec<PlannedUnit<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<Claim>,
}

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
    let plan = planned(request, verbosity)?;
    let foreseen = foreseen(&plan, verbosity)?;
    let claim = Claim::of(&plan);
    if json {
        print_json(&Planned { units: units(&plan, &foreseen), claim })?;
    } else {
        let claim = claim.iter().flat_map(Claim::lines);
        print_lines(lines(&plan, &foreseen).into_iter().chain(claim))?;
    }
    refuse_foreseen(&plan, &foreseen)
}

/// The units with their variants, and why they will fail.
fn units<'a>(plan: &'a Plan, foreseen: &'a [Foreseen]) -> Vec<PlannedUnit<'a>> {
    // In the order of the plan: of a unit as a whole, or of its variants.
    let mut foreseen = foreseen.iter().peekable();
    let mut will_fail = |unit: usize, variant: Option<usize>| {
        let next = foreseen.next_if(|foreseen| (foreseen.unit, foreseen.variant) == (unit, variant));
        next.map(|foreseen| foreseen.diagnostic.message())
    };
    let units = plan.units.iter().enumerate().map(|(position, unit)| PlannedUnit {
        key: unit.key.to_string(),
        unit: unit.describe(),
        will_fail: will_fail(position, None),
        variants: unit
            .variants
            .iter()
            .enumerate()
            .map(|(variant, planned)| Entry {
                key: unit.row_key(&planned.identity).to_string(),
                label: label(plan, planned),
                location: plan.location(planned),
                will_fail: will_fail(position, Some(variant)),
            })
            .collect(),
    });
    units.collect()
}

fn label<'p>(plan: &'p Plan, planned: &PlannedVariant) -> &'p str {
    plan.labels.get(&planned.identity.row).text()
}

fn lines(plan: &Plan, foreseen: &[Foreseen]) -> Vec<String> {
    // In the order of the plan.
    let mut foreseen = foreseen.iter().peekable();
    let mut lines = vec![plan.extent()];
    // Units mostly have the same variants: those are shown once, under the first unit that has them.
    let mut shown: Option<&[Arc<PlannedVariant>]> = None;
    for (position, unit) in plan.units.iter().enumerate() {
        let variants = counted(unit.variants.len(), "variant", "variants");
        lines.push(format!("{}  {}: {variants}", unit.key.short(), unit.describe()));
        while let Some(Foreseen { variant, diagnostic, .. }) =
            foreseen.next_if(|foreseen| foreseen.unit == position)
        {
            let what = variant
                .map_or_else(String::new, |variant| format!("{} ", label(plan, &unit.variants[variant])));
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

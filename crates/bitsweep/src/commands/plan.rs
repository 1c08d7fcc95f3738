//! `bitsweep plan`

use std::sync::Arc;

use serde::Serialize;

use super::{planned, print, print_json};
use crate::cli::Request;
use crate::failure::Failure;
use crate::plan::{Plan, PlannedVariant};

#[derive(Serialize)]
struct PlannedUnit<'a> {
    key: String,
    unit: String,
    variants: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    will_fail: Option<String>,
}

#[derive(Serialize)]
struct Entry<'a> {
    key: String,
    label: &'a str,
    location: &'a str,
}

pub(super) fn plan(request: &Request, json: bool) -> Result<(), Failure> {
    let plan = planned(request)?;
    let failures = plan.foreseen_failures();
    let foreseen = |key| failures.iter().find(|(failing, _)| failing.key == key).map(|(_, reason)| reason);
    let label = |planned: &PlannedVariant| plan.labels.get(&planned.identity.row).text();
    if json {
        let units = plan.units.iter().map(|unit| PlannedUnit {
            key: unit.key.to_string(),
            unit: unit.describe(),
            variants: unit
                .variants
                .iter()
                .map(|planned| Entry {
                    key: unit.row_key(&planned.identity).to_string(),
                    label: label(planned),
                    location: &planned.location,
                })
                .collect(),
            will_fail: foreseen(unit.key).cloned(),
        });
        return print_json(&units.collect::<Vec<_>>());
    }
    print(&text(&plan, foreseen, label))
}

fn text<'p>(
    plan: &'p Plan,
    foreseen: impl Fn(bitsweep_results::Key) -> Option<&'p String>,
    label: impl Fn(&'p PlannedVariant) -> &'p str,
) -> String {
    let mut text = format!("{} units, {} variants\n", plan.units.len(), plan.variants());
    // Units mostly have the same variants: those are shown once, under the first unit that has them.
    let mut shown: Option<&[Arc<PlannedVariant>]> = None;
    for unit in &plan.units {
        let count = unit.variants.len();
        text += &format!("{}  {}: {count} variants\n", unit.key.short(), unit.describe());
        if let Some(reason) = foreseen(unit.key) {
            text += &format!("    will fail: {reason}\n");
        }
        let is_shown = shown.is_some_and(|shown| {
            shown.len() == count && shown.iter().zip(&unit.variants).all(|(a, b)| Arc::ptr_eq(a, b))
        });
        if !is_shown {
            for planned in &unit.variants {
                text += &format!("    {}: {}\n", label(planned), planned.variant.schemes_text());
            }
            shown = Some(&unit.variants);
        }
    }
    text
}

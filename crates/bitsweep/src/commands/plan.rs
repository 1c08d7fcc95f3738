//! `bitsweep plan`

use serde::Serialize;

use super::{planned, print, print_json};
use crate::cli::Request;
use crate::failure::Failure;

pub(super) fn plan(request: &Request, json: bool) -> Result<(), Failure> {
    let plan = planned(request)?;
    if json {
        #[derive(Serialize)]
        struct PlannedUnit<'a> {
            key: &'a str,
            unit: String,
            variants: Vec<&'a str>,
        }
        let units = plan.units.iter().map(|unit| PlannedUnit {
            key: &unit.key,
            unit: unit.describe(),
            variants: unit.variants.iter().map(|variant| variant.label.as_str()).collect(),
        });
        return print_json(&units.collect::<Vec<_>>());
    }
    let mut text = format!("{} units, {} variants\n", plan.units.len(), plan.variants());
    // Units mostly have the same variants: those are shown once, under the first unit that has them.
    let mut shown: Option<&[_]> = None;
    for unit in &plan.units {
        text += &format!("{}  {}: {} variants\n", unit.short_key(), unit.describe(), unit.variants.len());
        if shown != Some(unit.variants.as_slice()) {
            for variant in &unit.variants {
                text += &format!("    {}: {}\n", variant.label, variant.schemes_text());
            }
            shown = Some(&unit.variants);
        }
    }
    print(&text)
}

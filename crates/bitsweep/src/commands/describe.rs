//! `bitsweep describe`

use serde::Serialize;

use super::{planned, print, print_json};
use crate::cli::Request;
use crate::config::{GridAxisSummary, Header};
use crate::failure::Failure;
use crate::plan::Plan;

pub(super) fn describe(request: &Request, json: bool) -> Result<(), Failure> {
    let plan = planned(request)?;
    if json {
        #[derive(Serialize)]
        struct Described<'a> {
            name: &'a str,
            #[serde(flatten)]
            header: &'a Header,
            axes: &'a [GridAxisSummary],
            units: usize,
            variants: usize,
            source: &'a str,
        }
        return print_json(&Described {
            name: &plan.name,
            header: &plan.header,
            axes: &plan.axes,
            units: plan.units.len(),
            variants: plan.variants(),
            source: &plan.source,
        });
    }
    print(&text(&plan))
}

fn text(plan: &Plan) -> String {
    let Header { title, description, notebook, reproduce, .. } = &plan.header;
    let mut text = format!("{}: {title}\n", plan.name);
    if !description.trim().is_empty() {
        text += &format!("\n{}\n", description.trim());
    }
    if let Some(notebook) = notebook {
        text += &format!("\nReproduces {} numbers of notebook {notebook}.\n", reproduce.len());
    }
    text += &format!("\n{} units, {} variants\n", plan.units.len(), plan.variants());
    for GridAxisSummary { name, values } in &plan.axes {
        text += &format!("  {name}: {}\n", values.join(", "));
    }
    text + &format!("\n{}", plan.source)
}

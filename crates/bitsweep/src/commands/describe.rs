//! `bitsweep describe`

use bitsweep_results::numbers::counted;
use serde::Serialize;

use super::{planned, print, print_json, print_lines};
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
    print_lines(lines(&plan))?;
    print(&format!("\n{}", plan.source))
}

/// What stands above the source.
fn lines(plan: &Plan) -> Vec<String> {
    let Header { title, description, notebook, reproduce, .. } = &plan.header;
    let mut lines = vec![format!("{}: {title}", plan.name)];
    if !description.trim().is_empty() {
        lines.push(String::new());
        lines.extend(description.trim().lines().map(str::to_owned));
    }
    if let Some(notebook) = notebook
        && !reproduce.is_empty()
    {
        let numbers = counted(reproduce.len(), "number", "numbers");
        let known = match reproduce.iter().filter(|number| number.differs.is_some()).count() {
            0 => String::new(),
            known => format!(", {known} of which known to differ"),
        };
        lines.extend([String::new(), format!("Compares {numbers} with notebook {notebook}{known}.")]);
    }
    lines.extend([String::new(), plan.extent()]);
    let axes = plan.axes.iter();
    lines.extend(axes.map(|GridAxisSummary { name, values }| format!("  {name}: {}", values.join(", "))));
    lines
}

//! `bitsweep describe`

use bitsweep_results::numbers::counted;
use serde::Serialize;

use super::{found, print, print_json, print_page};
use crate::cli::Request;
use crate::failure::Failure;
use crate::layout::Page;
use crate::plan::{Plan, Unit};
use crate::registry::{Found, Source};
use crate::streams::page_columns;
use bitsweep_experiment::config::{GridAxisSummary, Header};

/// Columns of the terms, and of what stands before their further lines.
const TERMS: usize = 10;

/// Longer lists of an axis' values are counted only.
const LONGEST_VALUES: usize = 40;

pub(super) fn describe(request: &Request, full: bool, json: bool) -> Result<(), Failure> {
    let Found { name, source, document, .. } = found(request)?;
    let plan = Plan::new(&name, &document)?;
    if full {
        return print(&plan.source);
    }
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
    print_page(&page(&plan, &source, page_columns()))
}

/// What an experiment asks and of what, in at most twenty lines of 80 columns.
fn page(plan: &Plan, source: &Source, columns: usize) -> Page {
    let Header { title, description, notebook, reproduce, finding, .. } = &plan.header;
    let mut page = Page::new(columns);
    page.short_item("", 0, &format!("{}: {title}", plan.name), 2);
    if !description.trim().is_empty() {
        page.space();
        page.short_item("", 0, &description.split_whitespace().collect::<Vec<_>>().join(" "), 4);
    }
    page.space();
    let mut item = |term: &str, text: &str, most: usize| page.short_item(term, TERMS, text, most);
    item(if plan.units.iter().any(is_tensor) { "tensors" } else { "data" }, &distinct(plan, subject), 3);
    let models = distinct(plan, |unit| unit.task.model.clone());
    if !models.is_empty() {
        item("models", &models, 1);
    }
    if !plan.axes.is_empty() {
        item("axes", &axes(&plan.axes), 3);
    }
    item("runs", &plan.extent(), 1);
    if let (Some(notebook), true) = (notebook, !reproduce.is_empty()) {
        let numbers = counted(reproduce.len(), "number", "numbers");
        let known = match reproduce.iter().filter(|number| number.differs.is_some()).count() {
            0 => String::new(),
            known => format!(", {known} of which known to differ"),
        };
        item("compares", &format!("{numbers} with notebook {notebook}{known}"), 1);
    }
    if let Some(first) = finding.first() {
        item("findings", &format!("{}; the first: {}", finding.len(), first.says.trim()), 2);
    }
    let file = match source {
        Source::Registry => format!("experiments/{}.toml, compiled in; --full prints it", plan.name),
        Source::File(path) => format!("{}; --full prints it", path.display()),
    };
    item("file", &file, 1);
    page
}

fn is_tensor(unit: &Unit) -> bool {
    unit.dataset.is_none() && unit.task.model.is_empty()
}

/// The tensor or the dataset of a unit with its size.
fn subject(unit: &Unit) -> String {
    let name = &unit.task.dataset;
    match unit.rows() {
        None => name.clone(),
        Some(dataset) => format!(
            "{name} ({}, {}, {})",
            counted(dataset.rows(), "row", "rows"),
            counted(dataset.columns.len(), "column", "columns"),
            counted(dataset.classes(), "class", "classes")
        ),
    }
}

/// What is said of the units, each thing once.
fn distinct(plan: &Plan, say: impl Fn(&Unit) -> String) -> String {
    let mut all: Vec<String> = Vec::new();
    for said in plan.units.iter().map(say).filter(|said| !said.is_empty()) {
        if !all.contains(&said) {
            all.push(said);
        }
    }
    all.join(", ")
}

/// The axes with the number of their values, and the values where they are short; an axis of several parts of the grid once.
fn axes(axes: &[GridAxisSummary]) -> String {
    let mut names: Vec<&str> = axes.iter().map(|axis| axis.name.as_str()).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    let said = names.iter().map(|name| {
        let own: Vec<&[String]> =
            axes.iter().filter(|axis| axis.name == **name).map(|axis| axis.values.as_slice()).collect();
        let numbers = || own.iter().map(|values| values.len());
        match (numbers().min(), numbers().max()) {
            (Some(least), Some(most)) if least < most => format!("{name} ({least} to {most})"),
            (_, most) => {
                let values = own[0].join(", ");
                let number = most.unwrap_or(0);
                let is_shown = own.iter().all(|other| other == &own[0]) && values.len() <= LONGEST_VALUES;
                if is_shown { format!("{name} ({values})") } else { format!("{name} ({number})") }
            }
        }
    });
    said.collect::<Vec<_>>().join("; ")
}

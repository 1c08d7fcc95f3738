//! `bitsweep list`

use serde::Serialize;

use super::{print_json, print_page};
use crate::failure::Failure;
use crate::layout::Page;
use crate::registry::EXPERIMENTS;
use crate::streams::line_columns;
use bitsweep_experiment::config::{Document, Experiment};

#[derive(Serialize)]
struct Entry {
    name: &'static str,
    title: String,
}

pub(super) fn list(json: bool) -> Result<(), Failure> {
    let mut entries = Vec::new();
    for (name, text) in EXPERIMENTS {
        let document = Document::new(&format!("experiments/{name}.toml"), text, &[]);
        entries.push(Entry { name, title: Experiment::parse(&document)?.header.title });
    }
    if json {
        return print_json(&entries);
    }
    let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let mut page = Page::new(line_columns());
    entries.iter().for_each(|Entry { name, title }| page.item(name, width + 2, title));
    print_page(&page)
}

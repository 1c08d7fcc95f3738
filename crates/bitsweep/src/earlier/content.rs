//! What data and models results were made of, by hashes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use bitsweep_results::ResultRow;
use serde::Deserialize;

/// The hashes of what results were made of, by what it is called: a dataset or the file of a model. More than one where several are
/// called the same.
pub(crate) type Content = BTreeMap<String, BTreeSet<String>>;

#[derive(Deserialize)]
struct Provenance {
    units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    unit: String,
    dataset: Option<String>,
    model: Option<Model>,
}

#[derive(Deserialize)]
struct Model {
    file: String,
    sha256: String,
}

/// What the results in `folder`, of these rows, were made of, or why that is not known.
///
/// # Errors
/// In words.
pub(super) fn content(folder: &Path, rows: &[ResultRow]) -> Result<Content, String> {
    let place = folder.join("provenance.json");
    let unreadable = |error: &dyn std::fmt::Display| format!("cannot read `{}`: {error}", place.display());
    let bytes = fs::read(&place).map_err(|error| unreadable(&error))?;
    let provenance: Provenance = serde_json::from_slice(&bytes).map_err(|error| unreadable(&error))?;
    let datasets: BTreeMap<String, &str> = rows
        .iter()
        .map(|row| (row.origin.unit.key.to_string(), row.origin.unit.task.dataset.as_str()))
        .collect();
    let mut content = Content::new();
    for Unit { unit, dataset, model } in provenance.units {
        if let (Some(name), Some(hash)) = (datasets.get(&unit), dataset) {
            content.entry(format!("data `{name}`")).or_default().insert(hash);
        }
        if let Some(Model { file, sha256 }) = model {
            content.entry(format!("model `{file}`")).or_default().insert(sha256);
        }
    }
    Ok(content)
}

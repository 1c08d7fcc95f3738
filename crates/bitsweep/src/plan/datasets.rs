//! Every dataset is read once.

use std::path::Path;
use std::sync::Arc;

use bitsweep_datasets::{Dataset, builtin, nearest};

use super::Read;
use super::memory::most_bytes;
use crate::failure::Failure;
use bitsweep_experiment::subject::DataSource;

/// What to say of the name of a class that a dataset does not have.
pub(crate) fn unknown_class(dataset: &Dataset, class: &str) -> String {
    /// Of more classes the first are named.
    const NAMED: usize = 20;
    let names = || dataset.class_names.iter().map(String::as_str);
    let hint = match nearest(class, names()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => {
            let more = if dataset.classes() > NAMED { ", …" } else { "" };
            let named = names().take(NAMED).collect::<Vec<_>>().join("`, `");
            format!("expected one of `{named}`{more}")
        }
    };
    format!("`{}` has no class `{class}`, {hint}", dataset.name)
}

/// The datasets that were read so far.
pub(super) struct Datasets<'f> {
    /// Where relative paths start.
    folder: &'f Path,
    read: Vec<(DataSource, Read)>,
}

impl<'f> Datasets<'f> {
    pub(super) fn new(folder: &'f Path) -> Self {
        Self { folder, read: Vec::new() }
    }

    /// The dataset, or why its file cannot be read.
    ///
    /// # Errors
    /// When the program is damaged.
    pub(super) fn get(&mut self, source: &DataSource) -> Result<Read, Failure> {
        if let Some((_, read)) = self.read.iter().find(|(known, _)| known == source) {
            return Ok(read.clone());
        }
        let read = match source {
            DataSource::Wine | DataSource::Digits | DataSource::WineQuality => {
                Ok(builtin(&source.name()).map_err(|error| Failure::Other(error.to_string()))?)
            }
            DataSource::Csv(source) => source.read(self.folder, most_bytes()),
        };
        let read = read.map(Arc::new).map_err(Arc::new);
        self.read.push((source.clone(), read.clone()));
        Ok(read)
    }
}

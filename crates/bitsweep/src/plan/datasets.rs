//! Every dataset is read once.

use std::path::Path;
use std::sync::Arc;

use bitsweep_datasets::builtin;

use super::Read;
use super::memory::most_bytes;
use crate::failure::Failure;
use crate::subject::DataSource;

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

//! Every dataset is read once.

use std::sync::Arc;

use bitsweep_datasets::{Dataset, builtin};

use crate::failure::Failure;
use crate::subject::DataSource;

/// The datasets that were read so far.
#[derive(Default)]
pub(super) struct Datasets {
    read: Vec<(DataSource, Arc<Dataset>)>,
}

impl Datasets {
    pub(super) fn get(&mut self, source: &DataSource) -> Result<Arc<Dataset>, Failure> {
        if let Some((_, dataset)) = self.read.iter().find(|(known, _)| known == source) {
            return Ok(Arc::clone(dataset));
        }
        let dataset = match source {
            DataSource::Wine => read_builtin("wine"),
            DataSource::Digits => read_builtin("digits"),
            DataSource::WineQuality => read_builtin("wine-quality"),
            DataSource::Csv(source) => source.read().map_err(|error| Failure::Input(error.to_string())),
        };
        let dataset = Arc::new(dataset?);
        self.read.push((source.clone(), Arc::clone(&dataset)));
        Ok(dataset)
    }
}

fn read_builtin(name: &str) -> Result<Dataset, Failure> {
    builtin(name).map_err(|error| Failure::Input(error.to_string()))
}

//! Models that are given: every file is read once.

use std::path::Path;
use std::sync::Arc;

use bitsweep_datasets::Scaler;
use bitsweep_exchange::{
    ImportError, NamedLayer, Network, ReadOptions, Standardization, check_classes, read_network,
    read_onnx_bytes, sha256, sha256_of,
};
use bitsweep_models::Model;
use bitsweep_results::numbers::counted;
use serde::Serialize;

use super::builtin_models::builtin_model;
use bitsweep_experiment::subject::{FileLayer, Given, ModelFile};

/// A model that is given, ready to run.
#[derive(Debug, Clone)]
pub struct GivenModel {
    /// The layers, and how logits become probabilities.
    pub model: Model,
    /// What its file does to features first.
    pub scaler: Option<Scaler>,
    /// The classes in the order of its logits, where they are known.
    pub classes: Option<Vec<String>>,
    /// What its inputs are called, where its file says it.
    pub inputs: Option<Vec<String>>,
    /// Where it comes from; `None` of one in the experiment's file.
    pub origin: Option<Origin>,
}

/// Where a model comes from.
#[derive(Debug, Clone, Serialize)]
pub struct Origin {
    /// The file's name.
    pub file: String,
    /// The SHA-256 hash of the file.
    pub sha256: String,
    /// What wrote it, where it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub producer: Option<String>,
    /// What was assumed, as sentences; they stand among the notes.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// A given model, or why its file could not be read.
pub type ReadModel = Result<Arc<GivenModel>, Arc<ImportError>>;

/// The models that were read so far.
pub(super) struct Models<'f> {
    /// Where relative paths start.
    folder: &'f Path,
    read: Vec<(ModelFile, ReadModel)>,
}

impl<'f> Models<'f> {
    pub(super) fn new(folder: &'f Path) -> Self {
        Self { folder, read: Vec::new() }
    }

    /// The model, or why its file cannot be read.
    pub(super) fn get(&mut self, given: &Given) -> ReadModel {
        let file = match given {
            Given::Here(given) => {
                let model = given.model().map_err(|error| ImportError::new(Path::new(""), error))?;
                return Ok(Arc::new(GivenModel {
                    model,
                    scaler: None,
                    classes: None,
                    inputs: None,
                    origin: None,
                }));
            }
            Given::File(file) => file,
        };
        if let Some((_, read)) = self.read.iter().find(|(known, _)| known == file) {
            return read.clone();
        }
        let read = self.read_file(file).map(Arc::new).map_err(Arc::new);
        self.read.push((file.clone(), read.clone()));
        read
    }

    fn read_file(&self, file: &ModelFile) -> Result<GivenModel, ImportError> {
        let path = self.folder.join(&file.path);
        let named = |layer: &FileLayer| NamedLayer { name: layer.name.clone(), activation: layer.activation };
        let options = ReadOptions {
            layers: file.layers.iter().map(named).collect(),
            activation: file.activation,
            head: file.head,
        };
        let (network, sha256) = match file.builtin() {
            None => (read_network(&path, &options)?, sha256(&path)?),
            Some(name) => {
                let bytes = builtin_model(name).map_err(|error| ImportError::new(&file.path, error))?;
                (read_onnx_bytes(&file.path, bytes)?, sha256_of(bytes))
            }
        };
        let Network { model, scaling, classes, inputs, producer, notes, .. } = network;
        let classes = file.classes.clone().or(classes);
        let expected = model.classes();
        if let Some(names) = classes.as_ref().filter(|names| names.len() != expected) {
            let reason = format!(
                "tells {} apart, but has {} for them: expected one for each",
                counted(expected, "class", "classes"),
                counted(names.len(), "name", "names")
            );
            return Err(ImportError::new(&path, reason));
        }
        check_classes(classes.as_deref().unwrap_or_default())
            .map_err(|error| ImportError::new(&path, error))?;
        let scaler = scaling.map(|Standardization { mean, scale }| Scaler::Standard {
            mean,
            scale,
            constant: Vec::new(),
        });
        let origin = Origin { file: file.to_string(), sha256, producer, notes };
        Ok(GivenModel { model, scaler, classes, inputs, origin: Some(origin) })
    }
}

impl GivenModel {
    /// The inputs of the first layer, then the outputs of each.
    pub fn widths(&self) -> Vec<usize> {
        let layers = self.model.layers();
        let outputs = layers.iter().map(bitsweep_models::Layer::output_size);
        [self.model.input_size()].into_iter().chain(outputs).collect()
    }

    /// A hash of what it computes, wherever it stands and however it is written.
    pub(super) fn hash(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        for layer in self.model.layers() {
            hasher.update(format!("{} {} ", layer.output_size(), layer.activation()).as_bytes());
        }
        hasher.update(format!("{:?} {:?}", self.model.head(), self.classes).as_bytes());
        if let Some(inputs) = &self.inputs {
            hasher.update(format!("{inputs:?}").as_bytes());
        }
        for (_, values) in self.model.weights() {
            values.iter().for_each(|value| {
                hasher.update(&value.to_le_bytes());
            });
        }
        if let Some(Scaler::Standard { mean, scale, .. }) = &self.scaler {
            mean.iter().chain(scale).for_each(|value| {
                hasher.update(&value.to_le_bytes());
            });
        }
        hasher.finalize()
    }
}

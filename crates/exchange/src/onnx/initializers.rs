//! The weights of an ONNX file by name.

use std::path::{Path, PathBuf};

use crate::entry::{Entry, Place};
use crate::error::ImportError;
use crate::onnx::load;
use crate::onnx::proto::TensorProto;
use crate::onnx::tensor::{Contents, TensorReader, count, element_of, shape};

/// The weights of an ONNX file, which is in memory.
#[derive(Debug)]
pub(crate) struct Initializers {
    path: PathBuf,
    bytes: u64,
    tensors: Vec<TensorProto>,
}

impl Initializers {
    /// Reads the file.
    pub(crate) fn open(path: &Path) -> Result<Self, ImportError> {
        let (model, bytes) = load(path)?;
        let graph = model.graph.ok_or_else(|| ImportError::new(path, "is no ONNX model: it has no graph"))?;
        Ok(Self { path: path.to_owned(), bytes, tensors: graph.initializer })
    }

    /// The tensors of numbers, as they stand in the file.
    pub(crate) fn entries(&self, path: &Path) -> Result<Vec<Entry>, ImportError> {
        let mut entries = Vec::with_capacity(self.tensors.len());
        for (position, tensor) in self.tensors.iter().enumerate() {
            let wrong = |reason| ImportError::tensor(path, &tensor.name, reason);
            // Names of classes are no weights.
            let Some(element) = element_of(tensor).map_err(wrong)? else { continue };
            let shape = shape(tensor).map_err(wrong)?;
            count(&shape).map_err(wrong)?;
            entries.push(Entry {
                name: tensor.name.clone(),
                element: element.into(),
                shape,
                place: Place::InMemory(position),
            });
        }
        Ok(entries)
    }

    /// The numbers of a tensor.
    pub(crate) fn read(&self, position: usize) -> Result<Vec<f64>, String> {
        let tensor = self.tensors.get(position).ok_or("is not in the file")?;
        match TensorReader::new(&self.path, self.bytes).read(tensor)? {
            Contents::Numbers(constant) => Ok(constant.array.into_iter().collect()),
            Contents::Strings(_) => Err("holds no numbers".to_owned()),
        }
    }
}

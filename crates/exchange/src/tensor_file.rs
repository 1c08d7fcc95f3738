//! The tensors of a file, by name, read one at a time.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use zip::ZipArchive;

use crate::entry::{Entry, Place};
use crate::error::ImportError;
use crate::format::FileFormat;
use crate::npz::TextArray;
use crate::onnx::Initializers;
use crate::stored::Stored;
use crate::{file, gguf, json_arrays, npz, safetensors};

/// A tensor that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its shape; empty of a single number.
    pub shape: Vec<usize>,
    /// Its numbers, the last index fastest.
    pub values: Vec<f64>,
}

/// A file of tensors, which several threads may read. Only its directory is in memory, but for ONNX, whose weights stand
/// among the nodes of a graph, and JSON.
#[derive(Debug)]
pub struct TensorFile {
    path: PathBuf,
    source: Source,
    entries: Vec<Entry>,
    texts: Vec<TextArray>,
}

/// Where tensors are read from.
#[derive(Debug)]
enum Source {
    /// The file, which each reader opens, to read at its own place.
    File,
    Archive(Mutex<ZipArchive<File>>),
    Graph(Box<Initializers>),
    Arrays(Vec<Vec<f64>>),
}

impl TensorFile {
    /// Reads the directory of a file: the tensors of safetensors, npz, GGUF and JSON, the initializers of ONNX.
    ///
    /// # Errors
    /// When it cannot be read, is of another format, or its directory does not fit its length.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let mut texts = Vec::new();
        let (source, entries) = match FileFormat::of(path)? {
            FileFormat::Npz => {
                let contents = npz::open(path)?;
                texts = contents.texts;
                (Source::Archive(Mutex::new(contents.archive)), contents.entries)
            }
            FileFormat::Safetensors => {
                let (mut file, length) = file::open(path)?;
                let entries = safetensors::entries(path, &mut file, length)?;
                (Source::File, entries)
            }
            FileFormat::Gguf => {
                let (mut file, length) = file::open(path)?;
                let entries = gguf::entries(path, &mut file, length)?;
                (Source::File, entries)
            }
            FileFormat::Json => {
                let (entries, values) = json_arrays::read(path, &file::read(path)?)?;
                (Source::Arrays(values), entries)
            }
            FileFormat::Onnx => {
                let initializers = Initializers::open(path)?;
                let entries = initializers.entries(path)?;
                (Source::Graph(Box::new(initializers)), entries)
            }
        };
        Ok(Self { path: path.to_owned(), source, entries, texts })
    }

    /// The tensors, as they stand in the file.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of this name.
    ///
    /// # Errors
    /// When there is none: the names that there are.
    pub fn entry(&self, name: &str) -> Result<&Entry, ImportError> {
        self.entries.iter().find(|entry| entry.name == name).ok_or_else(|| {
            let names: Vec<String> = self.entries.iter().map(|entry| format!("`{}`", entry.name)).collect();
            let shown = names.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
            let more = if names.len() > 20 { ", …" } else { "" };
            ImportError::new(&self.path, format!("has no tensor `{name}`; it has {shown}{more}"))
        })
    }

    /// Reads a tensor of [`entries`](Self::entries).
    ///
    /// # Errors
    /// When the file cannot be read, has changed, or keeps codes whose values are not known.
    pub fn read(&self, entry: &Entry) -> Result<Tensor, ImportError> {
        let refused = |error: &dyn std::fmt::Display| ImportError::tensor(&self.path, &entry.name, error);
        let values = match (&self.source, &entry.place) {
            (Source::File, Place::At(start)) => {
                let (mut file, _) = file::open(&self.path)?;
                let bytes =
                    safetensors::read(&mut file, *start, entry.bytes()).map_err(|error| refused(&error))?;
                match entry.element {
                    Stored::Numbers(element) => element.decode(&bytes),
                    Stored::Blocks(block) => {
                        gguf::values(block, &entry.shape, &bytes).map_err(|reason| refused(&reason))?
                    }
                }
            }
            (Source::Archive(archive), Place::InArchive { index, header, is_column_major }) => {
                let mut archive = archive.lock().unwrap_or_else(PoisonError::into_inner);
                let bytes = npz::read(&mut archive, *index, *header, entry.bytes());
                drop(archive);
                let bytes = bytes.map_err(|error| refused(&error))?;
                let Stored::Numbers(element) = entry.element else {
                    return Err(refused(&"is no array"));
                };
                let values = element.decode(&bytes);
                if *is_column_major { row_major(&values, &entry.shape) } else { values }
            }
            (Source::Arrays(arrays), Place::InMemory(position)) => match arrays.get(*position) {
                Some(values) => values.clone(),
                None => return Err(refused(&"is a tensor of another file")),
            },
            (Source::Graph(initializers), Place::InMemory(position)) => {
                initializers.read(*position).map_err(|reason| refused(&reason))?
            }
            (Source::File | Source::Archive(_) | Source::Graph(_) | Source::Arrays(_), _) => {
                return Err(refused(&"is a tensor of another file"));
            }
        };
        Ok(Tensor { shape: entry.shape.clone(), values })
    }

    /// Calls `push` with each number of a tensor of [`entries`](Self::entries), in the order of [`read`](Self::read). Of
    /// safetensors, and of plain numbers of GGUF, a part of the numbers is in memory at a time.
    ///
    /// # Errors
    /// When the file cannot be read, or has changed.
    pub fn each(&self, entry: &Entry, mut push: impl FnMut(f64)) -> Result<(), ImportError> {
        if let (Source::File, Place::At(start), Stored::Numbers(element)) =
            (&self.source, &entry.place, entry.element)
        {
            let (mut file, _) = file::open(&self.path)?;
            let read = safetensors::read_in_parts(&mut file, *start, entry.bytes(), |part| {
                element.each(part, &mut push);
            });
            return read.map_err(|error| ImportError::tensor(&self.path, &entry.name, error));
        }
        self.read(entry)?.values.into_iter().for_each(push);
        Ok(())
    }

    /// The names of the arrays of texts, which are no tensors.
    pub(crate) fn text_names(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|texts| texts.name.as_str())
    }

    /// Reads the array of texts of this name; `None` where there is none.
    ///
    /// # Errors
    /// When the file cannot be read, has changed, or has texts that are none.
    pub(crate) fn texts(&self, name: &str) -> Option<Result<Vec<String>, ImportError>> {
        let texts = self.texts.iter().find(|texts| texts.name == name)?;
        let Source::Archive(archive) = &self.source else { return None };
        let mut archive = archive.lock().unwrap_or_else(PoisonError::into_inner);
        Some(texts.read(&mut archive).map_err(|reason| ImportError::tensor(&self.path, name, reason)))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The numbers with the last index fastest, of numbers with the first index fastest.
fn row_major(values: &[f64], shape: &[usize]) -> Vec<f64> {
    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
    let array = ndarray::ArrayView::from_shape(reversed, values).expect("as many numbers as the shape says");
    array.reversed_axes().iter().copied().collect()
}

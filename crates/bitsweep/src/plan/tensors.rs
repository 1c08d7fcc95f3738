//! Tensors of files: which there are, and their numbers, one tensor at a time.

use std::collections::{HashMap, hash_map};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bitsweep_datasets::list;
use bitsweep_exchange::{Entry, FileFormat, ImportError, Stored, TensorFile};
use bitsweep_quant::Real;
use ndarray::Array2;
use wildmatch::WildMatch;

use super::Unit;
use bitsweep_experiment::config::{Diagnostic, Document, Placed};
use bitsweep_experiment::subject::{Layout, Subject, TensorSource, TensorSpec, UnitSpec};

/// The units of an experiment, once the tensors of its files are known.
pub(super) struct Units {
    pub(super) specs: Vec<Placed<UnitSpec>>,
    /// For each unit the positions of its variants.
    pub(super) members: Vec<Vec<usize>>,
    /// For each unit that is a tensor of a file where its numbers are.
    pub(super) stored: Vec<Option<StoredTensor>>,
}

/// A tensor of a file.
#[derive(Debug, Clone)]
pub(crate) struct StoredTensor {
    file: Arc<TensorFile>,
    entry: Entry,
    /// A hash of its shape and its numbers.
    pub(super) hash: blake3::Hash,
}

/// The files that were opened so far, and the hashes of the tensors that were read.
#[derive(Default)]
struct Files {
    opened: HashMap<PathBuf, Arc<TensorFile>>,
    hashes: HashMap<(PathBuf, String), blake3::Hash>,
}

impl Files {
    fn open(&mut self, path: &Path) -> Result<Arc<TensorFile>, ImportError> {
        Ok(match self.opened.entry(path.to_owned()) {
            hash_map::Entry::Occupied(known) => Arc::clone(known.get()),
            hash_map::Entry::Vacant(new) => Arc::clone(new.insert(Arc::new(TensorFile::open(path)?))),
        })
    }

    fn tensor(&mut self, file: &Arc<TensorFile>, entry: &Entry) -> Result<StoredTensor, ImportError> {
        let hash = match self.hashes.entry((file.path().to_owned(), entry.name.clone())) {
            hash_map::Entry::Occupied(known) => *known.get(),
            hash_map::Entry::Vacant(new) => *new.insert(hash(file, entry, |_| {})?),
        };
        Ok(StoredTensor { file: Arc::clone(file), entry: entry.clone(), hash })
    }
}

/// The units with one for each tensor of a file that is selected.
///
/// # Errors
/// A file that cannot be read, or a selection that no tensor answers, at its key.
pub(super) fn expanded(
    document: &Document,
    specs: Vec<Placed<UnitSpec>>,
    members: Vec<Vec<usize>>,
) -> Result<Units, Diagnostic> {
    let mut units = Units { specs: Vec::new(), members: Vec::new(), stored: Vec::new() };
    let mut files = Files::default();
    let mut named: HashMap<String, Vec<usize>> = HashMap::new();
    for ((spec, places), own) in specs.into_iter().zip(members) {
        let Subject::Tensor(TensorSpec { name, dtype, source: TensorSource::File { file, layout } }) =
            &spec.subject
        else {
            units.specs.push((spec, places));
            units.members.push(own);
            units.stored.push(None);
            continue;
        };
        let error = |key: &str, message: String| document.error(places.find(key), message);
        let in_file = |wrong: ImportError| error("tensor.file", wrong.to_string());
        let path = document.folder().join(file);
        let read = files.open(&path).map_err(in_file)?;
        let layout = layout.unwrap_or(match FileFormat::of(&path).map_err(in_file)? {
            FileFormat::Safetensors | FileFormat::Gguf => Layout::OutIn,
            FileFormat::Npz | FileFormat::Onnx | FileFormat::Json => Layout::InOut,
        });
        let pattern = WildMatch::new(name);
        let is_selected =
            |entry: &&Entry| pattern.matches(&entry.name) && entry.element.is_float() && !entry.is_empty();
        let selected: Vec<Entry> = read.entries().iter().filter(is_selected).cloned().collect();
        if selected.is_empty() {
            let answering = read.entries().iter().find(|entry| pattern.matches(&entry.name));
            let names: Vec<&str> = read.entries().iter().map(|entry| entry.name.as_str()).collect();
            let message = match answering {
                Some(entry) if entry.is_empty() => format!("`{}` has no numbers", entry.name),
                Some(entry) => {
                    format!("`{}` has numbers of type {}: expected floats", entry.name, entry.element)
                }
                None if names.is_empty() => "the file has no tensors".to_owned(),
                None => format!("no tensor of the file is called so: it has {}", list(&names)),
            };
            return Err(error("tensor.select", message));
        }
        for entry in selected {
            units.stored.push(Some(files.tensor(&read, &entry).map_err(in_file)?));
            let source = TensorSource::File { file: file.clone(), layout: Some(layout) };
            let tensor = TensorSpec { name: entry.name, dtype: *dtype, source };
            let spec = UnitSpec { subject: Subject::Tensor(tensor), ..spec.clone() };
            let same_name: &mut Vec<usize> = named.entry(spec.subject.name()).or_default();
            if same_name.iter().any(|other| units.specs[*other].0 == spec) {
                let message =
                    format!("`{}` of this file is taken by another table already", spec.subject.name());
                return Err(error("tensor.file", message));
            }
            same_name.push(units.specs.len());
            units.specs.push((spec, places.clone()));
            units.members.push(own.clone());
        }
    }
    Ok(units)
}

/// A hash of a tensor, its shape and its numbers, each of which is given to `take`.
fn hash(file: &TensorFile, entry: &Entry, mut take: impl FnMut(f64)) -> Result<blake3::Hash, ImportError> {
    /// Bytes that are hashed at once, a multiple of those of a number.
    const PART: usize = 1 << 16;
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{:?} ", entry.shape).as_bytes());
    // What the float tensor is counted as.
    let usual = (entry.len() * f32::BYTES) as u64;
    if let Some(bytes) = float_bytes::<f32>(entry).filter(|bytes| *bytes < usual) {
        hasher.update(&bytes.to_le_bytes());
    }
    let mut bytes = Vec::with_capacity(PART);
    file.each(entry, |number| {
        bytes.extend(number.to_le_bytes());
        if bytes.len() == PART {
            hasher.update(&bytes);
            bytes.clear();
        }
        take(number);
    })?;
    hasher.update(&bytes);
    Ok(hasher.finalize())
}

/// Bytes of a tensor as its file has it, and no more than those of the type that it is computed in; `None` of codes.
fn float_bytes<T: Real>(entry: &Entry) -> Option<u64> {
    let Stored::Numbers(element) = entry.element else { return None };
    Some((entry.len() * element.bytes().min(T::BYTES)) as u64)
}

/// The numbers of a tensor.
pub(crate) struct Values<T> {
    /// `(in, out)` where a file has a matrix.
    pub(crate) matrix: Array2<T>,
    /// Bytes of the float tensor.
    pub(crate) float_bytes: u64,
}

impl Unit {
    /// The numbers of its tensor.
    ///
    /// # Errors
    /// When its file cannot be read, has other numbers than its key says, or has a number that is not finite.
    pub(crate) fn values<T: Real>(&self, tensor: &TensorSpec) -> Result<Values<T>, String> {
        let usual = |matrix: Array2<T>| {
            let float_bytes = (matrix.len() * T::BYTES) as u64;
            Values { matrix, float_bytes }
        };
        let (StoredTensor { file, entry, hash: known }, layout) = match (&tensor.source, &self.stored) {
            (TensorSource::File { layout, .. }, Some(stored)) => (stored, layout),
            (TensorSource::File { file, .. }, None) => {
                return Err(format!("{} was not read", file.display()));
            }
            (TensorSource::Here { values, .. }, _) => {
                let rows = &values.0;
                let shape = (rows.len(), rows.first().map_or(0, Vec::len));
                let flat = rows.iter().flatten().map(|&value| T::from_f64(value)).collect();
                return Array2::from_shape_vec(shape, flat).map(usual).map_err(|error| error.to_string());
            }
        };
        let mut numbers = Vec::with_capacity(entry.len());
        let mut wrong = None;
        let read = hash(file, entry, |number| {
            let number = T::from_f64(number);
            if wrong.is_none() && !number.is_finite() {
                wrong = Some(numbers.len());
            }
            numbers.push(number);
        })
        .map_err(|error| error.to_string())?;
        if read != *known {
            let path = file.path().display();
            return Err(format!("{path}: `{}` has changed since the experiment was read", tensor.name));
        }
        if let Some(position) = wrong {
            return Err(format!(
                "{}: number {position} (counted from 0) of `{}` is NaN, infinite or beyond the type of the arithmetic",
                self.describe(),
                tensor.name
            ));
        }
        let (rows, columns) = match entry.shape.as_slice() {
            [] | [_] => (1, numbers.len()),
            [first, rest @ ..] => (*first, rest.iter().product()),
        };
        let matrix = Array2::from_shape_vec((rows, columns), numbers).map_err(|error| error.to_string())?;
        let is_matrix = entry.shape.len() > 1;
        let values = usual(match layout {
            Some(Layout::OutIn) if is_matrix => matrix.reversed_axes().as_standard_layout().into_owned(),
            Some(Layout::OutIn | Layout::InOut) | None => matrix,
        });
        let float_bytes = float_bytes::<T>(entry).unwrap_or(values.float_bytes);
        Ok(Values { float_bytes, ..values })
    }
}

//! Tensors of files: which there are, and their numbers, one tensor at a time.

use bitsweep_datasets::list;
use bitsweep_exchange::{Entry, FileFormat, ImportError, Stored, TensorFile};
use bitsweep_quant::Real;
use ndarray::Array2;
use wildmatch::WildMatch;

use super::{Plan, Unit};
use bitsweep_experiment::config::{Diagnostic, Document, Placed};
use bitsweep_experiment::subject::{Layout, Subject, TensorSource, TensorSpec, UnitSpec};

/// The units of an experiment, once the tensors of its files are known.
pub(super) struct Units {
    pub(super) specs: Vec<Placed<UnitSpec>>,
    /// For each unit the positions of its variants.
    pub(super) members: Vec<Vec<usize>>,
    /// For each unit that is a tensor of a file a hash of its shape and its numbers.
    pub(super) hashes: Vec<Option<blake3::Hash>>,
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
    let mut units = Units { specs: Vec::new(), members: Vec::new(), hashes: Vec::new() };
    for ((spec, places), own) in specs.into_iter().zip(members) {
        let Subject::Tensor(TensorSpec { name, dtype, source: TensorSource::File { file, layout } }) =
            &spec.subject
        else {
            units.specs.push((spec, places));
            units.members.push(own);
            units.hashes.push(None);
            continue;
        };
        let error = |key: &str, message: String| document.error(places.find(key), message);
        let in_file = |wrong: ImportError| error("tensor.file", wrong.to_string());
        let path = document.folder().join(file);
        let mut read = TensorFile::open(&path).map_err(in_file)?;
        let layout = layout.unwrap_or(match FileFormat::of(&path).map_err(in_file)? {
            FileFormat::Safetensors | FileFormat::Gguf => Layout::OutIn,
            FileFormat::Npz | FileFormat::Onnx | FileFormat::Json => Layout::InOut,
        });
        let pattern = WildMatch::new(name);
        let is_selected =
            |entry: &&Entry| pattern.matches(&entry.name) && entry.element.is_float() && !entry.is_empty();
        let selected: Vec<Entry> = read.entries().iter().filter(is_selected).cloned().collect();
        if selected.is_empty() {
            let named = read.entries().iter().find(|entry| pattern.matches(&entry.name));
            let names: Vec<&str> = read.entries().iter().map(|entry| entry.name.as_str()).collect();
            let message = match named {
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
            units.hashes.push(Some(hash(&mut read, &entry).map_err(in_file)?));
            let source = TensorSource::File { file: file.clone(), layout: Some(layout) };
            let tensor = TensorSpec { name: entry.name, dtype: *dtype, source };
            let spec = UnitSpec { subject: Subject::Tensor(tensor), ..spec.clone() };
            if let Some((other, _)) = units.specs.iter().find(|(other, _)| *other == spec) {
                let message =
                    format!("`{}` of this file is taken by another table already", other.subject.name());
                return Err(error("tensor.file", message));
            }
            units.specs.push((spec, places.clone()));
            units.members.push(own.clone());
        }
    }
    Ok(units)
}

/// A hash of a tensor: its shape and its numbers.
fn hash(file: &mut TensorFile, entry: &Entry) -> Result<blake3::Hash, ImportError> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{:?} ", entry.shape).as_bytes());
    // What the float tensor is counted as.
    let usual = (entry.len() * f32::BYTES) as u64;
    if let Some(bytes) = float_bytes::<f32>(entry).filter(|bytes| *bytes < usual) {
        hasher.update(&bytes.to_le_bytes());
    }
    file.each(entry, |number| {
        hasher.update(&number.to_le_bytes());
    })?;
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

impl Plan {
    /// The numbers of a unit's tensor.
    ///
    /// # Errors
    /// When its file cannot be read, or has a number that is not finite.
    pub(crate) fn values_of<T: Real>(&self, unit: &Unit, tensor: &TensorSpec) -> Result<Values<T>, String> {
        let usual = |matrix: Array2<T>| {
            let float_bytes = (matrix.len() * T::BYTES) as u64;
            Values { matrix, float_bytes }
        };
        let (file, layout) = match &tensor.source {
            TensorSource::Here { values, .. } => {
                let rows = &values.0;
                let shape = (rows.len(), rows.first().map_or(0, Vec::len));
                let flat = rows.iter().flatten().map(|&value| T::from_f64(value)).collect();
                return Array2::from_shape_vec(shape, flat).map(usual).map_err(|error| error.to_string());
            }
            TensorSource::File { file, layout } => (file, layout),
        };
        let path = self.document.folder().join(file);
        let mut file = TensorFile::open(&path).map_err(|error| error.to_string())?;
        let entry = file.entry(&tensor.name).map_err(|error| error.to_string())?.clone();
        let mut numbers = Vec::with_capacity(entry.len());
        let mut wrong = None;
        file.each(&entry, |number| {
            let number = T::from_f64(number);
            if wrong.is_none() && !number.is_finite() {
                wrong = Some(numbers.len());
            }
            numbers.push(number);
        })
        .map_err(|error| error.to_string())?;
        if let Some(position) = wrong {
            return Err(format!(
                "{}: number {position} (counted from 0) of `{}` is NaN, infinite or beyond the type of the arithmetic",
                unit.describe(),
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
        let float_bytes = float_bytes::<T>(&entry).unwrap_or(values.float_bytes);
        Ok(Values { float_bytes, ..values })
    }
}

//! Named tensors, and the bytes of a file of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use ::safetensors::tensor::Metadata;
use ::safetensors::{Dtype, View, serialize};

use super::error::PackedError;

/// The only key of the metadata.
const KEY: &str = "bitsweep";

/// The most bytes of a header, written or read: JSON takes many times its length in memory.
const MOST_HEADER_BYTES: usize = 16 << 20;

/// Bytes of one float.
pub(super) const FLOAT_BYTES: u64 = size_of::<f32>() as u64;

/// Tensors by their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tensors(BTreeMap<String, Bytes>);

/// A tensor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bytes {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    pub(super) bytes: Vec<u8>,
}

impl View for &Bytes {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

impl Tensors {
    pub(super) fn get(&self, name: &str) -> Option<&Bytes> {
        self.0.get(name)
    }

    pub(super) fn expect(&self, name: &str) -> Result<&Bytes, PackedError> {
        self.get(name).ok_or_else(|| PackedError::Missing { name: name.to_owned() })
    }

    pub(super) fn add(&mut self, name: impl Into<String>, tensor: Bytes) {
        self.0.insert(name.into(), tensor);
    }

    /// Adds bytes, unless there are none.
    pub(super) fn add_bytes(&mut self, name: &str, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.add(name, Bytes { dtype: Dtype::U8, shape: vec![bytes.len()], bytes });
        }
    }

    /// Adds `f32`.
    pub(super) fn add_floats(&mut self, name: &str, shape: Vec<usize>, numbers: impl Iterator<Item = f32>) {
        let bytes = numbers.flat_map(f32::to_le_bytes).collect();
        self.add(name, Bytes { dtype: Dtype::F32, shape, bytes });
    }

    /// Adds a row of `f64`.
    pub(super) fn add_doubles(&mut self, name: &str, numbers: impl Iterator<Item = f64>) {
        let bytes: Vec<u8> = numbers.flat_map(f64::to_le_bytes).collect();
        self.add(name, Bytes { dtype: Dtype::F64, shape: vec![bytes.len() / size_of::<f64>()], bytes });
    }

    /// Adds one `i32`.
    pub(super) fn add_integer(&mut self, name: &str, number: i32) {
        self.add(name, Bytes { dtype: Dtype::I32, shape: vec![1], bytes: number.to_le_bytes().to_vec() });
    }

    /// So many `f32`.
    pub(super) fn floats(&self, name: &str, count: usize) -> Result<Vec<f32>, PackedError> {
        let bytes = self.bytes_of(name, Dtype::F32)?;
        expect_count(name, of_bytes(bytes, f32::from_le_bytes), count)
    }

    /// So many `f64`.
    pub(super) fn doubles(&self, name: &str, count: usize) -> Result<Vec<f64>, PackedError> {
        let bytes = self.bytes_of(name, Dtype::F64)?;
        expect_count(name, of_bytes(bytes, f64::from_le_bytes), count)
    }

    /// One `f32`.
    pub(super) fn float(&self, name: &str) -> Result<f32, PackedError> {
        Ok(self.floats(name, 1)?.first().copied().unwrap_or_default())
    }

    /// One `i32`.
    pub(super) fn integer(&self, name: &str) -> Result<i32, PackedError> {
        let bytes = self.bytes_of(name, Dtype::I32)?;
        let numbers = expect_count(name, of_bytes(bytes, i32::from_le_bytes), 1)?;
        Ok(numbers.first().copied().unwrap_or_default())
    }

    fn bytes_of(&self, name: &str, dtype: Dtype) -> Result<&[u8], PackedError> {
        let tensor = self.expect(name)?;
        match tensor.dtype == dtype {
            true => Ok(&tensor.bytes),
            false => Err(PackedError::tensor(name, format!("is of type {}: expected {dtype}", tensor.dtype))),
        }
    }

    /// Adds names and bytes of all tensors to a hash.
    pub(super) fn hash_into(&self, hasher: &mut blake3::Hasher) {
        for (name, tensor) in &self.0 {
            hasher.update(name.as_bytes()).update(&[0]).update(&tensor.bytes);
        }
    }

    /// Refuses tensors that are others than these.
    pub(super) fn expect_same(&self, found: &Self) -> Result<(), PackedError> {
        for (name, found) in &found.0 {
            let Some(own) = self.get(name) else {
                return Err(PackedError::tensor(name, "belongs to nothing that the metadata name"));
            };
            if (own.dtype, &own.shape) != (found.dtype, &found.shape) {
                let (dtype, shape) = (own.dtype, &own.shape);
                let reason = format!("is {} {:?}: expected {dtype} {shape:?}", found.dtype, found.shape);
                return Err(PackedError::tensor(name, reason));
            }
            if own.bytes != found.bytes {
                return Err(PackedError::tensor(name, "has bits that mean nothing"));
            }
        }
        match self.0.keys().find(|name| found.get(name).is_none()) {
            None => Ok(()),
            Some(name) => Err(PackedError::Missing { name: name.clone() }),
        }
    }

    /// The file of these tensors and the JSON text.
    pub(super) fn to_file(&self, json: String) -> Result<Vec<u8>, PackedError> {
        let metadata = HashMap::from([(KEY.to_owned(), json)]);
        let bytes = serialize(&self.0, Some(metadata));
        let bytes = bytes.map_err(|error| PackedError::Safetensors(error.to_string()))?;
        split(&bytes)?;
        Ok(bytes)
    }

    /// The tensors of a file, and its JSON text.
    pub(super) fn of_file(bytes: &[u8]) -> Result<(Self, String), PackedError> {
        let refused = |reason: &dyn fmt::Display| PackedError::Safetensors(reason.to_string());
        let (header, data) = split(bytes)?;
        let header: Metadata = serde_json::from_slice(header).map_err(|error| refused(&error))?;
        if header.data_len() != data.len() {
            let (expected, found) = (header.data_len(), data.len());
            return Err(refused(&format_args!(
                "its tensors have {expected} bytes, but it has {found} for them"
            )));
        }
        let metadata = header.metadata().as_ref().ok_or(PackedError::NoMetadata)?;
        let json = metadata.get(KEY).filter(|_| metadata.len() == 1).ok_or(PackedError::NoMetadata)?;
        let mut tensors = Self::default();
        for (name, info) in header.tensors() {
            // They lie one behind the other up to the end, as is checked when the header is read.
            let bytes = data.get(info.data_offsets.0..info.data_offsets.1).unwrap_or_default().to_vec();
            tensors.add(name, Bytes { dtype: info.dtype, shape: info.shape.clone(), bytes });
        }
        Ok((tensors, json.clone()))
    }
}

/// The header of a file, and the bytes of its tensors.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), PackedError> {
    let refused = |reason: &str| PackedError::Safetensors(reason.to_owned());
    let (length, rest) = bytes.split_first_chunk().ok_or_else(|| refused("it is shorter than 8 bytes"))?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > MOST_HEADER_BYTES {
        return Err(refused(&format!(
            "its header has {length} bytes: expected at most {MOST_HEADER_BYTES}, as safetensors of `bitsweep export` have"
        )));
    }
    rest.split_at_checked(length).ok_or_else(|| refused("its header does not fit into it"))
}

fn of_bytes<const N: usize, T>(bytes: &[u8], number: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| number(*chunk)).collect()
}

fn expect_count<T>(name: &str, numbers: Vec<T>, count: usize) -> Result<Vec<T>, PackedError> {
    match numbers.len() == count {
        true => Ok(numbers),
        false => Err(PackedError::tensor(name, format!("has {} numbers: expected {count}", numbers.len()))),
    }
}

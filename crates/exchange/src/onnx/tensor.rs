//! Tensors of an ONNX file.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use half::{bf16, f16};
use ndarray::{ArrayD, IxDyn};

use crate::element::Element;
use crate::onnx::budget::Budget;
use crate::onnx::proto::TensorProto;
use crate::onnx::storage::Storage;

/// `TensorProto.DataType.STRING`.
const STRING: i32 = 8;
/// `TensorProto.DataLocation.EXTERNAL`.
const EXTERNAL: i32 = 1;

/// Numbers that do not depend on the features.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Constant {
    /// How the file stores them.
    pub(crate) element: Element,
    /// The numbers, the last index fastest.
    pub(crate) array: ArrayD<f64>,
}

impl Constant {
    pub(crate) fn new(element: Element, shape: &[usize], values: Vec<f64>) -> Result<Self, String> {
        let array = ArrayD::from_shape_vec(IxDyn(shape), values).map_err(|error| error.to_string())?;
        Ok(Self { element, array })
    }

    /// The only number of it.
    pub(crate) fn scalar(&self) -> Option<f64> {
        (self.array.len() == 1).then(|| self.array.first().copied()).flatten()
    }

    /// The numbers as integers.
    pub(crate) fn integers(&self) -> Vec<i64> {
        self.array.iter().map(|&number| number as i64).collect()
    }
}

/// What a tensor of a file holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Contents {
    Numbers(Constant),
    Strings(Vec<String>),
}

/// Reads tensors of one file and of those beside it.
#[derive(Debug)]
pub(crate) struct TensorReader {
    folder: PathBuf,
    budget: Budget,
    beside: RefCell<HashSet<PathBuf>>,
}

impl TensorReader {
    /// Of the file at `path`, which has so many bytes.
    pub(crate) fn new(path: &Path, bytes: u64) -> Self {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Self { folder, budget: Budget::of(bytes), beside: RefCell::default() }
    }

    /// How much may be kept.
    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Reads a tensor.
    pub(crate) fn read(&self, tensor: &TensorProto) -> Result<Contents, String> {
        let shape = shape(tensor)?;
        let count = count(&shape)?;
        if tensor.data_type == STRING {
            let strings =
                tensor.string_data.iter().map(|bytes| text(bytes)).collect::<Result<Vec<_>, _>>()?;
            check_count(strings.len(), count, &shape)?;
            return Ok(Contents::Strings(strings));
        }
        let storage = Storage::of(tensor.data_type)?;
        let values = if tensor.data_location == EXTERNAL {
            storage.decode(&self.read_beside(tensor, count, storage)?, count)
        } else if !tensor.raw_data.is_empty() {
            check_raw(tensor.raw_data.len(), count, storage, &shape)?;
            self.budget.take(count)?;
            storage.decode(&tensor.raw_data, count)
        } else {
            let values = typed(tensor, storage, count);
            check_count(values.len(), count, &shape)?;
            self.budget.take(count)?;
            values
        };
        check_count(values.len(), count, &shape)?;
        Ok(Contents::Numbers(Constant::new(storage.element(), &shape, values)?))
    }

    /// The bytes of a tensor that stand in a file of the same folder, or below.
    fn read_beside(&self, tensor: &TensorProto, count: usize, storage: Storage) -> Result<Vec<u8>, String> {
        let entry = |key: &str| {
            tensor.external_data.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str())
        };
        let number = |key: &str| match entry(key) {
            Some(text) => text.parse().map(Some).map_err(|_| format!("has a wrong {key} `{text}`")),
            None => Ok(None),
        };
        let location = entry("location").ok_or("has its numbers in another file and does not say which")?;
        let (offset, length): (Option<u64>, Option<u64>) = (number("offset")?, number("length")?);
        let path = self.inside(location)?;
        let refused = |error: std::io::Error| format!("has its numbers in `{location}`: {error}");
        // Before it is opened, as a pipe waits for one who writes.
        let metadata = fs::metadata(&path).map_err(refused)?;
        if !metadata.is_file() {
            return Err(format!("has its numbers in `{location}`, which is no file"));
        }
        let mut file = File::open(&path).map_err(refused)?;
        let expected = storage.bytes(count).ok_or("has too many numbers")?;
        let (offset, available) = (offset.unwrap_or(0), metadata.len());
        let length = length.unwrap_or(available.saturating_sub(offset));
        if offset.checked_add(length).is_none_or(|end| end > available) {
            return Err(format!(
                "has {length} bytes from byte {offset} on in `{location}`, which has {available}"
            ));
        }
        if length != expected as u64 {
            return Err(format!("has {length} bytes in `{location}`: expected {expected} of its shape"));
        }
        if self.beside.borrow_mut().insert(path) {
            self.budget.extend(available);
        }
        self.budget.take(count)?;
        let mut bytes = Vec::with_capacity(expected);
        file.seek(SeekFrom::Start(offset)).map_err(refused)?;
        file.take(length).read_to_end(&mut bytes).map_err(refused)?;
        Ok(bytes)
    }

    /// A path below the model's folder, also where links lead.
    fn inside(&self, location: &str) -> Result<PathBuf, String> {
        let refused = |reason: &dyn std::fmt::Display| format!("has its numbers in `{location}`: {reason}");
        let outside = "expected a file in the folder of the model";
        let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if location.is_empty() || !Path::new(location).components().all(is_plain) {
            return Err(refused(&outside));
        }
        let folder = self.folder.canonicalize().map_err(|error| refused(&error))?;
        let path = folder.join(location).canonicalize().map_err(|error| refused(&error))?;
        match path.starts_with(&folder) {
            true => Ok(path),
            false => Err(refused(&outside)),
        }
    }
}

/// Its shape.
pub(crate) fn shape(tensor: &TensorProto) -> Result<Vec<usize>, String> {
    let lengths = tensor
        .dims
        .iter()
        .map(|&length| usize::try_from(length).map_err(|_| format!("has the shape {:?}", tensor.dims)));
    lengths.collect()
}

/// How many numbers a tensor of this shape has.
pub(crate) fn count(shape: &[usize]) -> Result<usize, String> {
    // Arrays multiply their lengths without those of 0.
    let others = shape.iter().filter(|&&length| length != 0);
    let product = others.into_iter().try_fold(1_usize, |product, &length| product.checked_mul(length));
    match product.filter(|&product| product <= isize::MAX as usize / size_of::<f64>()) {
        Some(product) => Ok(if shape.contains(&0) { 0 } else { product }),
        None => Err(format!("has the shape {shape:?}, which is too large")),
    }
}

/// How its numbers are stored, where they are numbers; `None` of strings.
pub(crate) fn element_of(tensor: &TensorProto) -> Result<Option<Element>, String> {
    if tensor.data_type == STRING { Ok(None) } else { element(tensor.data_type).map(Some) }
}

/// The type of all files that has the numbers of a type of `TensorProto.DataType`.
pub(crate) fn element(data_type: i32) -> Result<Element, String> {
    Storage::of(data_type).map(Storage::element)
}

/// The numbers of the field that belongs to their type.
fn typed(tensor: &TensorProto, storage: Storage, count: usize) -> Vec<f64> {
    let integers =
        |number: fn(i32) -> f64| tensor.int32_data.iter().map(|&integer| number(integer)).collect();
    let Storage::Plain(element) = storage else {
        // A byte each, as in raw data.
        let bytes: Vec<u8> = tensor.int32_data.iter().map(|&byte| byte as u8).collect();
        return storage.decode(&bytes, count);
    };
    match element {
        Element::F32 => tensor.float_data.iter().map(|&number| number.into()).collect(),
        Element::F64 => tensor.double_data.clone(),
        Element::F16 => integers(|bits| f16::from_bits(bits as u16).into()),
        Element::BF16 => integers(|bits| bf16::from_bits(bits as u16).into()),
        Element::I64 => tensor.int64_data.iter().map(|&number| number as f64).collect(),
        Element::U64 | Element::U32 => tensor.uint64_data.iter().map(|&number| number as f64).collect(),
        Element::I32 | Element::I16 | Element::I8 | Element::U16 | Element::U8 | Element::Bool => {
            integers(f64::from)
        }
    }
}

fn check_raw(bytes: usize, count: usize, storage: Storage, shape: &[usize]) -> Result<(), String> {
    match storage.bytes(count) == Some(bytes) {
        true => Ok(()),
        false => {
            Err(format!("has {bytes} bytes of {}, which do not fit its shape {shape:?}", storage.element()))
        }
    }
}

fn check_count(values: usize, count: usize, shape: &[usize]) -> Result<(), String> {
    match values == count {
        true => Ok(()),
        false => Err(format!("has {values} values, which do not fit its shape {shape:?}")),
    }
}

/// Bytes as text.
pub(crate) fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "has a text that is no UTF-8".to_owned())
}

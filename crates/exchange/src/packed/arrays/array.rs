//! Arrays with names.

use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};

/// An array of numbers, the last index fastest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) numbers: Numbers,
}

/// The numbers of an array.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Numbers {
    I8(Vec<i8>),
    U8(Vec<u8>),
    I16(Vec<i16>),
    U16(Vec<u16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Array {
    /// An array of one dimension.
    pub(super) fn vector(name: String, numbers: Numbers) -> Self {
        Self { name, shape: vec![numbers.len()], numbers }
    }
}

impl Numbers {
    fn len(&self) -> usize {
        match self {
            Self::I8(numbers) => numbers.len(),
            Self::U8(numbers) => numbers.len(),
            Self::I16(numbers) => numbers.len(),
            Self::U16(numbers) => numbers.len(),
            Self::I32(numbers) => numbers.len(),
            Self::I64(numbers) => numbers.len(),
            Self::F32(numbers) => numbers.len(),
            Self::F64(numbers) => numbers.len(),
        }
    }

    /// What NumPy calls their type.
    fn dtype(&self) -> &'static str {
        match self {
            Self::I8(_) => "int8",
            Self::U8(_) => "uint8",
            Self::I16(_) => "int16",
            Self::U16(_) => "uint16",
            Self::I32(_) => "int32",
            Self::I64(_) => "int64",
            Self::F32(_) => "float32",
            Self::F64(_) => "float64",
        }
    }
}

/// Floats widened, for the shortest digits of an `f32` are not always read back as it by way of an `f64`.
impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::I8(numbers) => serializer.collect_seq(numbers),
            Self::U8(numbers) => serializer.collect_seq(numbers),
            Self::I16(numbers) => serializer.collect_seq(numbers),
            Self::U16(numbers) => serializer.collect_seq(numbers),
            Self::I32(numbers) => serializer.collect_seq(numbers),
            Self::I64(numbers) => serializer.collect_seq(numbers),
            Self::F32(numbers) => serializer.collect_seq(numbers.iter().map(|number| f64::from(*number))),
            Self::F64(numbers) => serializer.collect_seq(numbers),
        }
    }
}

impl Serialize for Array {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut array = serializer.serialize_struct("Array", 3)?;
        array.serialize_field("dtype", self.numbers.dtype())?;
        array.serialize_field("shape", &self.shape)?;
        array.serialize_field("data", &self.numbers)?;
        array.end()
    }
}

/// Arrays under their names.
pub(super) struct ByName(pub(super) Vec<Array>);

impl Serialize for ByName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for array in &self.0 {
            map.serialize_entry(&array.name, array)?;
        }
        map.end()
    }
}

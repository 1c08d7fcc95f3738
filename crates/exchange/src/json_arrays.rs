//! The JSON that packed models are written as for other tools: `{"description": …, "arrays": {name: {"dtype", "shape", "data"}}}`.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::element::Element;
use crate::entry::{Entry, Place};
use crate::error::ImportError;

/// What such a document begins with.
pub(crate) const BEGINNING: &[u8] = br#"{"description":{"#;

/// The arrays, and the numbers of each; NaN where there is none.
pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<(Vec<Entry>, Vec<Vec<f64>>), ImportError> {
    let document: Document = serde_json::from_slice(bytes)
        .map_err(|error| ImportError::new(path, format!("is no JSON of `bitsweep export`: {error}")))?;
    let mut entries = Vec::with_capacity(document.arrays.0.len());
    let mut values = Vec::with_capacity(document.arrays.0.len());
    for (name, Array { dtype, shape, data }) in document.arrays.0 {
        let refused = |reason: String| ImportError::tensor(path, &name, reason);
        let element = Element::named(&dtype);
        let element = element
            .ok_or_else(|| refused(format!("has the dtype `{dtype}`: expected one of NumPy's numbers")))?;
        let count = shape.iter().try_fold(1_usize, |product, length| product.checked_mul(*length));
        if count != Some(data.0.len()) {
            return Err(refused(format!("has the shape {shape:?} and {} numbers", data.0.len())));
        }
        let place = Place::InMemory(values.len());
        entries.push(Entry { name, element: element.into(), shape, place });
        values.push(data.0);
    }
    Ok((entries, values))
}

#[derive(Deserialize)]
struct Document {
    arrays: Arrays,
}

/// By their names, in the order of the file.
struct Arrays(Vec<(String, Array)>);

#[derive(Deserialize)]
struct Array {
    dtype: String,
    shape: Vec<usize>,
    data: Numbers,
}

/// Numbers as they come, so that no more of them are in memory than are kept.
struct Numbers(Vec<f64>);

impl<'de> Deserialize<'de> for Arrays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByName;

        impl<'de> Visitor<'de> for ByName {
            type Value = Arrays;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("arrays by their names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Arrays, A::Error> {
                let mut arrays: Vec<(String, Array)> = Vec::new();
                let mut names = HashSet::new();
                while let Some((name, array)) = map.next_entry::<String, Array>()? {
                    if !names.insert(name.clone()) {
                        return Err(A::Error::custom(format!("two arrays are called `{name}`")));
                    }
                    arrays.push((name, array));
                }
                Ok(Arrays(arrays))
            }
        }

        deserializer.deserialize_map(ByName)
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = Numbers;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("numbers, or null")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Numbers, A::Error> {
                let mut numbers = Vec::new();
                while let Some(number) = list.next_element::<Option<f64>>()? {
                    numbers.push(number.unwrap_or(f64::NAN));
                }
                Ok(Numbers(numbers))
            }
        }

        deserializer.deserialize_seq(List)
    }
}

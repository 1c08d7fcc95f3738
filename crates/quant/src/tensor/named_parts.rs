//! The parts of a quantized matrix under names of their own.

use super::part_name::{PartElement, PartName};
use super::quantized::Quantized;
use super::stored::with_parameters;

/// A part of the bytes of a quantized matrix, for formats that store it under a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    /// Which one.
    pub name: PartName,
    /// What its numbers are; [`U8`](PartElement::U8) of bytes that are no whole numbers: codes side by side, centroids behind
    /// their scale, outliers.
    pub element: PartElement,
    /// As many numbers as there are: rows and codes of a row where each code is a number, else one length.
    pub shape: Vec<usize>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Quantized {
    /// The parts with their names, in the order of [`PartName::ALL`]; those of no bytes are left out. One after the other their
    /// bytes are those that [`pack`](Self::pack) writes.
    ///
    /// ```
    /// use bitsweep_quant::{PartElement, PartName, SchemeSpec, quantize};
    /// use bitsweep_random::{Generator, Stream};
    /// use ndarray::array;
    ///
    /// let scheme = toml::from_str::<SchemeSpec>("bits = 3\ngranularity = 'column'").unwrap().resolve().unwrap();
    /// let mut stream = Stream::new(Generator::Modern, 0, "quantize").unwrap();
    /// let weights = array![[3.0_f32, -0.5, 1.0], [1.0, 0.25, 2.0]];
    /// let parts = quantize(weights.view(), &scheme, &mut stream).unwrap().stored_parts();
    /// assert_eq!((parts[0].name, parts[0].element, parts[0].bytes.len()), (PartName::Codes, PartElement::U8, 3));
    /// assert_eq!((parts[1].name, parts[1].element, &*parts[1].shape), (PartName::Scales, PartElement::F32, &[3][..]));
    /// ```
    #[must_use]
    pub fn stored_parts(&self) -> Vec<StoredPart> {
        with_parameters!(self.stored_parameters(), parameters => {
            let mut stored: Vec<StoredPart> = Vec::new();
            for part in self.parts(parameters) {
                let (name, element) = (part.name(), part.element(self.scheme().format));
                match stored.last_mut() {
                    // One codebook after the other.
                    Some(last) if last.name == name => {
                        part.append_to(&mut last.bytes);
                        last.shape = part.shape(last.bytes.len(), element);
                    }
                    Some(_) | None => {
                        let mut bytes = Vec::new();
                        part.append_to(&mut bytes);
                        let shape = part.shape(bytes.len(), element);
                        stored.push(StoredPart { name, element, shape, bytes });
                    }
                }
            }
            stored.retain(|part| !part.bytes.is_empty());
            stored
        })
    }
}

//! One codebook, as it is stored.

use crate::number::{Real, decode_binary16, encode_binary16};
use crate::scheme::CodebookFormat;

use super::reader::{Reader, UnpackError};

/// Distinct centroids of equal width as they are stored, in ascending lexicographic order.
#[derive(Debug, Clone, PartialEq)]
pub struct Codebook<T> {
    width: usize,
    components: Vec<T>,
    /// The step between the values of components in one byte.
    scale: Option<T>,
}

impl<T: Real> Codebook<T> {
    /// The codebook of `components`, centroid after centroid in ascending order, and the step of those in one byte.
    pub(crate) const fn new(width: usize, components: Vec<T>, scale: Option<T>) -> Self {
        Self { width, components, scale }
    }

    /// Components of a centroid.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Number of centroids, at least 1.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.components.len() / self.width
    }

    /// Whether there is no centroid.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.components.is_empty()
    }

    /// The components of the centroid with number `code < len()`.
    #[must_use]
    pub fn centroid(&self, code: usize) -> &[T] {
        &self.components[code * self.width..][..self.width]
    }

    /// All components, centroid after centroid.
    #[must_use]
    pub fn components(&self) -> &[T] {
        &self.components
    }

    /// The step of components in one byte, which are whole numbers of it; `None` of others.
    #[must_use]
    pub const fn step(&self) -> Option<T> {
        self.scale
    }

    /// The same numbers in `f64`.
    pub(crate) fn to_f64(&self) -> Codebook<f64> {
        let components = self.components.iter().map(|component| component.to_f64()).collect();
        Codebook { width: self.width, components, scale: self.scale.map(Real::to_f64) }
    }

    /// Bytes of `count` centroids: their components and, where these are bytes, their scale.
    pub(crate) const fn bytes(format: CodebookFormat, width: usize, count: usize) -> usize {
        let components = count.saturating_mul(width);
        match format {
            CodebookFormat::Float => components.saturating_mul(T::BYTES),
            CodebookFormat::F16 => components.saturating_mul(2),
            CodebookFormat::Int8 => components.saturating_add(T::BYTES),
        }
    }

    /// Appends the scale, if there is one, and the components.
    pub(crate) fn append_to(&self, format: CodebookFormat, bytes: &mut Vec<u8>) {
        if let Some(scale) = self.scale {
            scale.append_to(bytes);
        }
        for component in &self.components {
            match (format, self.scale) {
                (CodebookFormat::Int8, Some(scale)) => {
                    let code = (component.to_f64() / scale.to_f64()).round_ties_even() as i8;
                    bytes.extend(code.to_le_bytes());
                }
                (CodebookFormat::F16, _) => bytes.extend(encode_binary16(component.to_f64()).to_le_bytes()),
                (CodebookFormat::Float | CodebookFormat::Int8, _) => component.append_to(bytes),
            }
        }
    }

    /// The codebook of `count` centroids that comes next.
    pub(crate) fn read(
        reader: &mut Reader<'_>,
        format: CodebookFormat,
        width: usize,
        count: usize,
    ) -> Result<Self, UnpackError> {
        let bytes = reader.take(Self::bytes(format, width, count))?;
        let (components, scale): (Vec<T>, _) = match format {
            CodebookFormat::Float => (bytes.chunks(T::BYTES).filter_map(T::read_from).collect(), None),
            CodebookFormat::F16 => {
                let (patterns, _) = bytes.as_chunks();
                let value = |&pattern| T::from_f64(decode_binary16(u16::from_le_bytes(pattern)));
                (patterns.iter().map(value).collect(), None)
            }
            CodebookFormat::Int8 => {
                let (scale, codes) = bytes.split_at(T::BYTES.min(bytes.len()));
                let scale = T::read_from(scale).unwrap_or(T::ZERO);
                if scale <= T::ZERO || !scale.is_finite() {
                    return Err(UnpackError::CodebookScale { value: scale.to_f64() });
                }
                let value = |&code: &u8| T::from_i32(i32::from(code as i8)) * scale;
                (codes.iter().map(value).collect(), Some(scale))
            }
        };
        match components.iter().find(|component| !component.is_finite()) {
            None => Ok(Self { width, components, scale }),
            Some(component) => Err(UnpackError::NotFinite { value: component.to_f64() }),
        }
    }
}

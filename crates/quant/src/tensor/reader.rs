//! Bytes read from the front, and why they are not a quantized matrix.

use crate::scheme::SchemeError;

/// Why bytes are not a quantized matrix.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum UnpackError {
    /// The scheme contradicts itself.
    #[error(transparent)]
    Scheme(#[from] SchemeError),
    /// More or fewer bytes than the shape and the scheme need.
    #[error("`{found}` bytes are not as many as this shape and scheme pack to")]
    Length {
        /// Bytes given.
        found: usize,
    },
    /// A shape that no memory holds.
    #[error("a matrix of shape `{shape:?}` does not fit into memory")]
    Shape {
        /// Rows and columns.
        shape: (usize, usize),
    },
    /// A scale, zero point or centroid that is NaN or infinite.
    #[error("`{value}` is no parameter: expected a finite number")]
    NotFinite {
        /// The value.
        value: f64,
    },
    /// More or fewer codebooks than the scheme needs.
    #[error("`{found}` codebooks do not fit format `{format}` and the number of columns")]
    Codebooks {
        /// Codebooks given.
        found: usize,
        /// The format's name.
        format: String,
    },
    /// A codebook's scale that is none.
    #[error("`{value}` is no scale of a codebook: expected a positive number")]
    CodebookScale {
        /// The value.
        value: f64,
    },
    /// The code of a nested scale that stands for no number.
    #[error("`{codes:?}` are no codes of nested scales: expected codes of numbers")]
    NestedScales {
        /// The codes.
        codes: Vec<u8>,
    },
    /// An outlier beyond the matrix.
    #[error("an outlier lies beyond the `{count}` values of the matrix")]
    OutlierPosition {
        /// Values of the matrix.
        count: usize,
    },
    /// A code that the scheme does not use.
    #[error("code `{code}` at position {position} is none of the scheme's")]
    Code {
        /// The code.
        code: i32,
        /// Its position in row-major order.
        position: usize,
    },
    /// Bits beyond the last code that are not zero.
    #[error("bits `{bits:b}` follow the last code: expected zeros up to the end of the byte")]
    Padding {
        /// The bits.
        bits: u32,
    },
}

/// Takes bytes from the front.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    total: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, total: bytes.len() }
    }

    /// The next `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], UnpackError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.refused())?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], UnpackError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(|| self.refused())?;
        self.rest = rest;
        Ok(*taken)
    }

    /// Refuses bytes that nothing has read.
    pub(crate) fn finish(self) -> Result<(), UnpackError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.refused()) }
    }

    fn refused(&self) -> UnpackError {
        UnpackError::Length { found: self.total }
    }
}

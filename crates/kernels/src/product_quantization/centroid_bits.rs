//! The bits of product-quantized codes.

use crate::error::KernelError;

/// The bits of a code, which counts to a centroid of its subspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CentroidBits {
    /// 256 centroids.
    Eight,
    /// 16 centroids.
    Four,
}

impl CentroidBits {
    /// The centroids of a subspace.
    #[must_use]
    pub const fn centroids(self) -> usize {
        match self {
            Self::Eight => 256,
            Self::Four => 16,
        }
    }

    /// The codes in 32 bits.
    pub(super) const fn codes_of_word(self) -> usize {
        match self {
            Self::Eight => 4,
            Self::Four => 8,
        }
    }

    pub(super) const fn range(self) -> &'static str {
        match self {
            Self::Eight => "0 to 255",
            Self::Four => "0 to 15",
        }
    }

    /// Codes must be below the number of centroids.
    pub(super) fn check(self, codes: &[u8]) -> Result<(), KernelError> {
        match codes.iter().position(|&code| usize::from(code) >= self.centroids()) {
            None => Ok(()),
            Some(position) => {
                let code = i32::from(codes[position]);
                Err(KernelError::Code { position, code, expected: self.range() })
            }
        }
    }
}

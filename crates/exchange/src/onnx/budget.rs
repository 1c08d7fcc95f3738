//! How much a file may make a reader keep.

use std::cell::Cell;

/// Numbers that may be kept for each byte of the file.
const NUMBERS_PER_BYTE: u64 = 32;
/// Numbers that may be kept beside them, for the smallest files.
const NUMBERS: u64 = 1 << 20;

/// How many numbers may still be kept, so that a small file cannot claim much memory.
#[derive(Debug)]
pub(crate) struct Budget(Cell<u64>);

impl Budget {
    /// What a file of so many bytes may make the reader keep.
    pub(crate) fn of(bytes: u64) -> Self {
        Self(Cell::new(bytes.saturating_mul(NUMBERS_PER_BYTE).saturating_add(NUMBERS)))
    }

    /// Adds what a file beside it may.
    pub(crate) fn extend(&self, bytes: u64) {
        self.0.set(self.0.get().saturating_add(bytes.saturating_mul(NUMBERS_PER_BYTE)));
    }

    /// Takes `count` numbers from it, before they are allocated.
    ///
    /// # Errors
    /// When that is more than there is.
    pub(crate) fn take(&self, count: usize) -> Result<(), String> {
        match self.0.get().checked_sub(count as u64) {
            Some(rest) => {
                self.0.set(rest);
                Ok(())
            }
            None => Err("makes far more numbers than the file has".to_owned()),
        }
    }

    /// Takes the product of `lengths`.
    ///
    /// # Errors
    /// As [`take`](Self::take), also of a product that is no number.
    pub(crate) fn take_shape(&self, lengths: &[usize]) -> Result<(), String> {
        let product = lengths.iter().try_fold(1_usize, |product, &length| product.checked_mul(length));
        self.take(product.unwrap_or(usize::MAX))
    }
}

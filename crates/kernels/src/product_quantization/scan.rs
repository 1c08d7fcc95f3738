//! Codes of 4 bits whose tables are bytes in registers.

use bitsweep_vector::Instructions;

use super::centroid_bits::CentroidBits;
use super::tables::ByteTables;
use crate::aligned::{CodeLine, Line};
use crate::error::{KernelError, check_length, elements};
use crate::instructions::{Kernel, NEAR, Set, run};

/// The vectors of a tile.
const VECTORS: usize = 64;

/// Vectors as codes of 4 bits a subspace, packed for look-ups in tables of bytes.
///
/// Sixty-four vectors are a tile, of which a line of 64 bytes has the codes of two subspaces, the first one's in the low bits.
#[derive(Debug, Clone)]
pub struct ScanCodes {
    vectors: usize,
    subspaces: usize,
    /// `[tile][pair of subspaces]`.
    lines: Vec<CodeLine>,
}

impl ScanCodes {
    /// Packs `codes`, `(vectors, subspaces)`.
    ///
    /// # Errors
    /// Another number of codes, and codes beyond 15.
    pub fn new((vectors, subspaces): (usize, usize), codes: &[u8]) -> Result<Self, KernelError> {
        check_length("codes", elements(vectors, subspaces)?, codes.len())?;
        CentroidBits::Four.check(codes)?;
        let pairs = subspaces.div_ceil(2);
        let mut lines = vec![Line([0; 64]); pairs * vectors.div_ceil(VECTORS)];
        for vector in 0..vectors {
            for (subspace, &code) in codes[vector * subspaces..][..subspaces].iter().enumerate() {
                let line = &mut lines[vector / VECTORS * pairs + subspace / 2];
                line.0[vector % VECTORS] |= code << (4 * (subspace % 2));
            }
        }
        Ok(Self { vectors, subspaces, lines })
    }

    /// The number of vectors.
    #[must_use]
    pub fn vectors(&self) -> usize {
        self.vectors
    }

    /// The bytes that are read, with what pads them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(self.lines.as_slice())
    }

    /// The sums of the bytes that the codes of each vector count to, exactly; see [`ByteTables::dot_product`].
    ///
    /// # Errors
    /// Tables of other subspaces, and another number of results than of vectors.
    pub fn sums(&self, tables: &ByteTables, results: &mut [u16]) -> Result<(), KernelError> {
        self.sums_with(Instructions::best(), tables, results)
    }

    /// As [`sums`](Self::sums), with these instructions.
    ///
    /// # Errors
    /// As there, and instructions that the processor does not have.
    pub fn sums_with(
        &self,
        instructions: Instructions,
        tables: &ByteTables,
        results: &mut [u16],
    ) -> Result<(), KernelError> {
        check_length("subspaces", self.subspaces, tables.subspaces)?;
        check_length("results", self.vectors, results.len())?;
        run(instructions, Scan { codes: self, tables: &tables.bytes, results })
    }
}

struct Scan<'a> {
    codes: &'a ScanCodes,
    tables: &'a [[u8; 16]],
    results: &'a mut [u16],
}

impl Kernel for Scan<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Set>(self, set: S) {
        let pairs = self.codes.subspaces.div_ceil(2);
        if pairs == 0 {
            self.results.fill(0);
            return;
        }
        let tables = self.tables.as_chunks::<2>().0;
        for (lines, results) in self.codes.lines.chunks_exact(pairs).zip(self.results.chunks_mut(VECTORS)) {
            let mut sums = set.zero_shorts();
            for (line, tables) in lines.iter().zip(tables) {
                set.prefetch(line, NEAR);
                let bytes = set.load(line);
                let low = set.look_up_bytes(&tables[0], set.field::<0>(bytes, 15));
                let high = set.look_up_bytes(&tables[1], set.field::<4>(bytes, 15));
                // All bytes together are within 16 bits.
                sums = set.add_bytes(set.add_bytes(sums, low), high);
            }
            results.copy_from_slice(&set.shorts(sums)[..results.len()]);
        }
    }
}

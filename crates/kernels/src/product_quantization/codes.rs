//! Codes whose tables are of `f32`.

use bitsweep_vector::Instructions;

use super::centroid_bits::CentroidBits;
use super::tables::QueryTables;
use crate::aligned::{LANES, Lanes, Line};
use crate::error::{KernelError, check_length, elements};
use crate::instructions::{Kernel, NEAR, Set, run};

/// Vectors as codes of 8 or 4 bits a subspace, packed for look-ups in tables of `f32`.
///
/// Sixteen vectors are a tile, of which a line of 64 bytes has one word of 32 bits a vector: the codes of consecutive subspaces, from
/// the low bits up.
#[derive(Debug, Clone)]
pub struct ProductCodes {
    bits: CentroidBits,
    vectors: usize,
    subspaces: usize,
    /// `[tile][word]`.
    words: Vec<Lanes<i32>>,
}

impl ProductCodes {
    /// Packs `codes`, `(vectors, subspaces)`.
    ///
    /// # Errors
    /// Another number of codes, and codes beyond the centroids.
    pub fn new(
        (vectors, subspaces): (usize, usize),
        bits: CentroidBits,
        codes: &[u8],
    ) -> Result<Self, KernelError> {
        check_length("codes", elements(vectors, subspaces)?, codes.len())?;
        bits.check(codes)?;
        let each = bits.codes_of_word();
        let words = subspaces.div_ceil(each);
        let mut packed = vec![Line([0; LANES]); words * vectors.div_ceil(LANES)];
        for vector in 0..vectors {
            for (subspace, &code) in codes[vector * subspaces..][..subspaces].iter().enumerate() {
                let line = &mut packed[vector / LANES * words + subspace / each];
                line.0[vector % LANES] |= i32::from(code) << (32 / each * (subspace % each));
            }
        }
        Ok(Self { bits, vectors, subspaces, words: packed })
    }

    /// The number of vectors.
    #[must_use]
    pub fn vectors(&self) -> usize {
        self.vectors
    }

    /// The bytes that are read, with what pads them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(self.words.as_slice())
    }

    /// The dot products of all vectors with the query of `tables`, in the [order of sums](super).
    ///
    /// # Errors
    /// Tables of other subspaces or centroids, and another number of results than of vectors.
    pub fn dot_products(&self, tables: &QueryTables, results: &mut [f32]) -> Result<(), KernelError> {
        self.dot_products_with(Instructions::best(), tables, results)
    }

    /// As [`dot_products`](Self::dot_products), with these instructions.
    ///
    /// # Errors
    /// As there, and instructions that the processor does not have.
    pub fn dot_products_with(
        &self,
        instructions: Instructions,
        tables: &QueryTables,
        results: &mut [f32],
    ) -> Result<(), KernelError> {
        check_length("subspaces", self.subspaces, tables.subspaces)?;
        check_length("centroids of a subspace", self.bits.centroids(), tables.bits.centroids())?;
        check_length("results", self.vectors, results.len())?;
        run(instructions, LookUps { codes: self, tables: &tables.values, results })
    }
}

struct LookUps<'a> {
    codes: &'a ProductCodes,
    tables: &'a [f32],
    results: &'a mut [f32],
}

impl Kernel for LookUps<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Set>(self, set: S) {
        let codes = self.codes;
        let words = codes.subspaces.div_ceil(codes.bits.codes_of_word());
        if words == 0 {
            self.results.fill(0.0);
            return;
        }
        for (lines, results) in codes.words.chunks_exact(words).zip(self.results.chunks_mut(LANES)) {
            let values = match codes.bits {
                CentroidBits::Eight => long(set, lines, self.tables.as_chunks().0),
                CentroidBits::Four => short(set, lines, self.tables.as_chunks().0),
            };
            results.copy_from_slice(&values[..results.len()]);
        }
    }
}

/// One load for each code: processors gather into registers no faster, and many of them slower.
#[inline(always)]
fn long<S: Set>(set: S, lines: &[Lanes<i32>], tables: &[[f32; 256]]) -> [f32; LANES] {
    lines.iter().for_each(|line| set.prefetch(line, NEAR));
    let tables = tables.as_chunks::<4>().0;
    let mut values = [0.0; LANES];
    // Four vectors at a time, whose additions need not wait for one another.
    unrolled!(FOUR in [0 1 2 3] below LANES / 4, {
        let mut parts = [[0.0; 4]; 4];
        for (line, tables) in lines.iter().zip(tables) {
            unrolled!(OF in [0 1 2 3] below 4, {
                let codes = line.0[4 * FOUR + OF].to_le_bytes();
                unrolled!(PART in [0 1 2 3] below 4, {
                    parts[OF][PART] += tables[PART][usize::from(codes[PART])];
                });
            });
        }
        let sums = parts.map(|parts| (parts[0] + parts[1]) + (parts[2] + parts[3]));
        values[4 * FOUR..4 * FOUR + 4].copy_from_slice(&sums);
    });
    values
}

#[inline(always)]
fn short<S: Set>(set: S, lines: &[Lanes<i32>], tables: &[[f32; 16]]) -> [f32; LANES] {
    let mut parts = [set.splat_floats(0.0); 4];
    for (line, tables) in lines.iter().zip(tables.as_chunks::<8>().0) {
        set.prefetch(line, NEAR);
        let words = set.load_sums(&line.0);
        unrolled!(CODE in [0 1 2 3 4 5 6 7] below 8, {
            const PART: usize = CODE % 4;
            let codes = set.shift_right(words, [0, 4, 8, 12, 16, 20, 24, 28][CODE]);
            let entries = set.look_up(set.load_floats(&tables[CODE]), codes);
            parts[PART] = set.add_floats(parts[PART], entries);
        });
    }
    let sum = set.add_floats(set.add_floats(parts[0], parts[1]), set.add_floats(parts[2], parts[3]));
    let mut values = [0.0; LANES];
    set.store_floats(sum, &mut values);
    values
}

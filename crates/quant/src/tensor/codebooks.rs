//! All codebooks of a matrix, and the rows that are written as their centroids.

use std::ops::Range;

use crate::number::Real;
use crate::scheme::{CodebookLayout, Granularity};

use super::blocks::Blocks;
use super::code_matrix::CodeMatrix;
use super::codebook::Codebook;
use super::decode::{EachCode, FewLevels, decode};
use super::split::Split;

/// The codebooks of a matrix `(rows, columns)`, and how its rows are made of their centroids.
///
/// With sub-vector `v` of a row, `S` stages, and `c[s][q]` the centroids of stage `s` at the place of `v` in the row's
/// block: `v̂ = c[1][q₁] + c[2][q₂] + … + c[S][q_S]`, added in that order.
#[derive(Debug, Clone, PartialEq)]
pub struct Codebooks<T> {
    split: Split,
    stages: usize,
    /// Rows that share codebooks; the last may be fewer.
    block_rows: usize,
    /// Block by block, within a block place by place, within a place stage by stage.
    books: Vec<Codebook<T>>,
}

impl<T: Real> Codebooks<T> {
    /// Codebooks that a reader has found, in order.
    pub(crate) fn new(
        split: Split,
        layout: CodebookLayout,
        blocks: &Blocks,
        books: Vec<Codebook<T>>,
    ) -> Self {
        let stages = layout.stages.get() as usize;
        Self { split, stages, block_rows: block_rows(blocks), books }
    }

    /// Whether each value is one centroid.
    pub(crate) fn is_of_values(&self) -> bool {
        self.split.is_scalar() && self.stages == 1
    }

    /// Writes the sums of the centroids that `codes` name into row-major `values`.
    pub(crate) fn reconstruct(&self, codes: &CodeMatrix, values: &mut [T]) {
        if values.is_empty() {
            return;
        }
        if let [codebook] = &*self.books
            && self.is_of_values()
        {
            let (all, centroids) = (Blocks::new(codes.dim(), Granularity::Tensor), codebook.components());
            let mut levels = [T::ZERO; 16];
            return match levels.get_mut(..centroids.len()) {
                Some(places) => {
                    places.copy_from_slice(centroids);
                    decode(codes, &all, &[()][..], values, FewLevels(levels));
                }
                None => {
                    let decoder = EachCode(|code, ()| centroids[code as usize]);
                    decode(codes, &all, &[()][..], values, decoder);
                }
            };
        }
        for (row, values) in values.chunks_mut(self.split.columns()).enumerate() {
            let block = row / self.block_rows;
            for subvector in 0..self.split.subvectors() {
                let first = row * self.codes_per_row() + subvector * self.stages;
                let values = &mut values[self.split.columns_of(subvector)];
                for (stage, codebook) in
                    self.stages_at(block, self.split.place_of(subvector)).iter().enumerate()
                {
                    let centroid = codebook.centroid(codes.at(first + stage) as usize);
                    for (value, &component) in values.iter_mut().zip(centroid) {
                        *value = if stage == 0 { component } else { *value + component };
                    }
                }
            }
        }
    }

    /// All codebooks: block by block, within a block place by place, within a place stage by stage.
    #[must_use]
    pub fn all(&self) -> &[Codebook<T>] {
        &self.books
    }

    /// Codes of a row: those of its first sub-vector, one a stage, then those of the next.
    #[must_use]
    pub const fn codes_per_row(&self) -> usize {
        self.split.subvectors() * self.stages
    }

    /// The positions, within the codes of a row, of the codes that make up the value in `column`.
    #[must_use]
    pub fn codes_of_column(&self, column: usize) -> Range<usize> {
        let first = self.split.subvector_of(column) * self.stages;
        first..first + self.stages
    }

    /// Whether the number of codebooks is the right one, and every code of `codes` a centroid's; else the first that is
    /// not, with its position.
    pub(crate) fn first_stray(&self, codes: &CodeMatrix) -> Option<(usize, i32)> {
        let per_row = self.codes_per_row();
        let stray = |&(position, code): &(usize, i32)| {
            let (row, within) = (position / per_row, position % per_row);
            let place = self.split.place_of(within / self.stages);
            let codebook = &self.stages_at(row / self.block_rows, place)[within % self.stages];
            code as usize >= codebook.len()
        };
        codes.iter().enumerate().find(stray)
    }

    /// How rows fall into sub-vectors.
    pub(crate) const fn split(&self) -> &Split {
        &self.split
    }

    /// Centroids that are added up to a sub-vector.
    pub(crate) const fn stages(&self) -> usize {
        self.stages
    }

    /// Rows that share codebooks.
    pub(crate) const fn block_rows(&self) -> usize {
        self.block_rows
    }

    /// The codebooks of all stages at one place of a block.
    pub(crate) fn stages_at(&self, block: usize, place: usize) -> &[Codebook<T>] {
        &self.books[(block * self.split.places() + place) * self.stages..][..self.stages]
    }
}

/// Rows of a block, at least 1.
fn block_rows(blocks: &Blocks) -> usize {
    match (blocks.is_empty(), blocks.shape()) {
        (true, _) => 1,
        (false, (_, columns)) => blocks.get(0).length / columns,
    }
}

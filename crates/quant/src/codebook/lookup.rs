//! Dot products by look-up: what codebooks are good for.

use ndarray::ArrayView1;

use crate::real::Real;

use super::Codebook;

/// Why there are no look-up products.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// The tensor is not coded by codebooks.
    #[error("format `{format}` has no codebook to look products up in: expected `vq` or `pq`")]
    NoCodebook {
        /// The format's name.
        format: String,
    },
    /// The query does not fit a row.
    #[error("a query of {found} values does not fit rows of {expected} columns")]
    Length {
        /// Columns of the tensor.
        expected: usize,
        /// Values of the query.
        found: usize,
    },
}

/// The dot products of each part of `query` with all centroids of its codebook.
pub(crate) fn product_tables<T: Real>(codebooks: &[Codebook<T>], query: &[T]) -> Vec<Vec<T>> {
    let mut rest = query;
    let mut tables = Vec::with_capacity(codebooks.len());
    for codebook in codebooks {
        let (part, after) = rest.split_at(codebook.width());
        let centroids = codebook.components().chunks(codebook.width());
        tables.push(centroids.map(|centroid| dot(part, centroid)).collect());
        rest = after;
    }
    tables
}

/// The dot product of one row of codes: a look-up per code, and the additions between them.
pub(crate) fn product<T: Real>(codes: ArrayView1<'_, i32>, tables: &[Vec<T>]) -> T {
    let looked_up = tables.iter().zip(codes).map(|(table, &code)| table[code as usize]);
    looked_up.reduce(|sum, product| sum + product).unwrap_or(T::ZERO)
}

/// The dot product of one row of codes of values: entries added up by code, then one multiplication per centroid.
pub(crate) fn scalar_product<T: Real>(codes: ArrayView1<'_, i32>, codebook: &Codebook<T>, query: &[T]) -> T {
    let mut sums = vec![T::ZERO; codebook.len()];
    for (&entry, &code) in query.iter().zip(codes) {
        let sum = &mut sums[code as usize];
        *sum = *sum + entry;
    }
    dot(&sums, codebook.components())
}

fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).fold(T::ZERO, |sum, (&a, &b)| sum + a * b)
}

//! Dot products by look-up: what codebooks are good for.

use ndarray::ArrayView1;

use crate::number::{Each, ForEachDtype, OtherDtype, Real};

use super::code_matrix::CodeMatrix;
use super::codebook::Codebook;
use super::codebooks::Codebooks;
use super::parameters::Parameters;
use super::quantized::Quantized;

/// Why there are no look-up products.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// The tensor is not coded by codebooks.
    #[error("format `{format}` has no codebook to look products up in: expected `vq`, `pq` or `residual`")]
    NoCodebook {
        /// The format's name.
        format: String,
    },
    /// The query does not fit a row.
    #[error("a query of length {found} does not fit rows of length {expected}")]
    Length {
        /// Columns of the tensor.
        expected: usize,
        /// Values of the query.
        found: usize,
    },
    /// The query is of another type.
    #[error(transparent)]
    Dtype(#[from] OtherDtype),
}

impl Quantized {
    /// The dot product of `query` with each row, by look-up.
    ///
    /// Sub-vectors: for each code of a row a table of the dot products of its part of the query with all centroids;
    /// then a row of `M` sub-vectors and `S` stages takes `M·S` look-ups and the `M·S - 1` additions between them
    /// (Jégou, Douze & Schmid 2011, §III). The tables are made once for all rows that share codebooks. Single values: the
    /// query's entries are added up by code, so that one multiplication per centroid and stage is left. In the
    /// arithmetic of the tensor's type, in order; equal to the dot product with the reconstruction up to rounding.
    ///
    /// # Errors
    /// When the format has no codebook, or the query another length than a row or another type than the tensor.
    pub fn lookup_products<T: Real>(&self, query: ArrayView1<'_, T>) -> Result<Vec<T>, LookupError> {
        if query.len() != self.shape().1 {
            return Err(LookupError::Length { expected: self.shape().1, found: query.len() });
        }
        match self.parameters()? {
            Parameters::Codebooks(codebooks) => Ok(PRODUCTS.of()(self.codes(), codebooks, &query.to_vec())),
            Parameters::Affine(_) | Parameters::Fixed(_) => {
                Err(LookupError::NoCodebook { format: self.scheme().format.to_string() })
            }
        }
    }
}

struct Products;

impl ForEachDtype for Products {
    type Of<T: Real> = fn(&CodeMatrix, &Codebooks<T>, &[T]) -> Vec<T>;
}

static PRODUCTS: Each<Products> = Each { of_f32: products, of_f64: products };

/// The dot products of `query` with the rows that `codes` stand for.
fn products<T: Real>(codes: &CodeMatrix, codebooks: &Codebooks<T>, query: &[T]) -> Vec<T> {
    if codebooks.all().is_empty() {
        // Rows of no columns.
        return vec![T::ZERO; codes.dim().0];
    }
    let count = codes.dim().0;
    let mut products = Vec::with_capacity(count);
    for (block, first) in (0..count).step_by(codebooks.block_rows()).enumerate() {
        let rows = (first..count.min(first + codebooks.block_rows())).map(|row| codes.row(row));
        if codebooks.split().is_scalar() {
            let stages = codebooks.stages_at(block, 0);
            products.extend(rows.map(|row| scalar_product(row, stages, query)));
        } else {
            let tables = tables(block, codebooks, query);
            products.extend(rows.map(|row| product(row, &tables)));
        }
    }
    products
}

/// For each code of a row the dot products of its part of `query` with all centroids that it may name.
fn tables<T: Real>(block: usize, codebooks: &Codebooks<T>, query: &[T]) -> Vec<Vec<T>> {
    let split = codebooks.split();
    let mut tables = Vec::with_capacity(codebooks.codes_per_row());
    for subvector in 0..split.subvectors() {
        let part = &query[split.columns_of(subvector)];
        for codebook in codebooks.stages_at(block, split.place_of(subvector)) {
            let centroids = codebook.components().chunks(codebook.width());
            tables.push(centroids.map(|centroid| dot(part, centroid)).collect());
        }
    }
    tables
}

/// The dot product of one row of codes: a look-up per code, and the additions between them.
fn product<T: Real>(codes: impl Iterator<Item = i32>, tables: &[Vec<T>]) -> T {
    let looked_up = tables.iter().zip(codes).map(|(table, code)| table[code as usize]);
    looked_up.reduce(|sum, product| sum + product).unwrap_or(T::ZERO)
}

/// The dot product of one row of codes of values: entries added up by code, then one multiplication per centroid.
fn scalar_product<T: Real>(
    codes: impl Iterator<Item = i32> + Clone,
    stages: &[Codebook<T>],
    query: &[T],
) -> T {
    let of_stage = |(stage, codebook): (usize, &Codebook<T>)| {
        let mut sums = vec![T::ZERO; codebook.len()];
        for (&entry, code) in query.iter().zip(codes.clone().skip(stage).step_by(stages.len())) {
            let sum = &mut sums[code as usize];
            *sum = *sum + entry;
        }
        dot(&sums, codebook.components())
    };
    stages.iter().enumerate().map(of_stage).reduce(|sum, product| sum + product).unwrap_or(T::ZERO)
}

fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).fold(T::ZERO, |sum, (&a, &b)| sum + a * b)
}

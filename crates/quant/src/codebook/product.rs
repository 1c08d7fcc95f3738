//! Product quantization (Jégou, Douze & Schmid 2011): a codebook for each part of a row.

use bitsweep_random::Stream;

use crate::axes::{Centroids, Subvectors};
use crate::error::QuantizeError;
use crate::real::Real;

use super::Codebook;
use super::lloyd::{self, Vectors};
use super::one_dimensional::optimal_clustering;

/// Columns of each sub-vector: as equal as can be, the wider ones first.
pub(crate) fn widths(columns: usize, subvectors: Subvectors) -> Result<Vec<usize>, QuantizeError> {
    let parts = subvectors.get() as usize;
    // An empty matrix has nothing to split.
    if columns == 0 {
        return Ok(Vec::new());
    }
    if parts > columns {
        return Err(QuantizeError::TooFewColumns { subvectors: parts, columns });
    }
    let wider = columns % parts;
    Ok((0..parts).map(|part| columns / parts + usize::from(part < wider)).collect())
}

/// The codebooks of row-major values, one a sub-vector.
pub(crate) fn fit_products<T: Real>(
    values: &[T],
    columns: usize,
    subvectors: Subvectors,
    centroids: Centroids,
    stream: &mut Stream,
) -> Result<Vec<Codebook<T>>, QuantizeError> {
    let mut codebooks = Vec::new();
    let mut first = 0;
    for width in widths(columns, subvectors)? {
        let parts: Vec<&[T]> = values.chunks(columns).map(|row| &row[first..first + width]).collect();
        codebooks.push(codebook(&parts, width, centroids.get() as usize, stream));
        first += width;
    }
    Ok(codebooks)
}

/// The code of the nearest centroid for each sub-vector.
pub(crate) fn encode_products<T: Real>(values: &[T], columns: usize, codebooks: &[Codebook<T>]) -> Vec<i32> {
    let mut codes = Vec::new();
    if columns == 0 {
        return codes;
    }
    for row in values.chunks(columns) {
        let mut rest = row;
        for codebook in codebooks {
            let (part, after) = rest.split_at(codebook.width());
            codes.push(codebook.nearest(part) as i32);
            rest = after;
        }
    }
    codes
}

/// Each code's centroid, side by side.
pub(crate) fn reconstruct_products<T: Real>(codes: &[i32], codebooks: &[Codebook<T>], values: &mut [T]) {
    let mut rest = values;
    for codes in codes.chunks(codebooks.len().max(1)) {
        for (codebook, &code) in codebooks.iter().zip(codes) {
            let (part, after) = rest.split_at_mut(codebook.width());
            part.copy_from_slice(codebook.centroid(code as usize));
            rest = after;
        }
    }
}

/// The codebook of one sub-vector: exact where that is cheap (one dimension, or no more distinct vectors than
/// centroids), else Lloyd's.
fn codebook<T: Real>(parts: &[&[T]], width: usize, centroids: usize, stream: &mut Stream) -> Codebook<T> {
    let real = |part: &&[T]| part.iter().map(|value| value.to_f64()).collect::<Vec<f64>>();
    let mut sorted: Vec<Vec<f64>> = parts.iter().map(real).collect();
    sorted.sort_unstable_by(|a, b| lexicographic(a, b));
    let components = if width == 1 {
        optimal_clustering(&sorted.concat(), centroids).centroids
    } else {
        let vectors = distinct(&sorted, width);
        if vectors.weights.len() <= centroids {
            vectors.components
        } else {
            lloyd::cluster(&vectors, centroids, stream)
        }
    };
    let mut found: Vec<&[f64]> = components.chunks(width).collect();
    found.sort_unstable_by(|a, b| lexicographic(a, b));
    let rounded = found.concat().into_iter().map(T::from_f64).collect();
    Codebook::new(width, rounded)
}

fn distinct(sorted: &[Vec<f64>], width: usize) -> Vectors {
    let mut vectors = Vectors { width, components: Vec::new(), weights: Vec::new() };
    for run in sorted.chunk_by(|a, b| a == b) {
        vectors.components.extend(&run[0]);
        vectors.weights.push(run.len() as f64);
    }
    vectors
}

fn lexicographic(a: &[f64], b: &[f64]) -> std::cmp::Ordering {
    // -0 sorts beside 0: equal vectors must be neighbours.
    let unsigned_zero = |value: &f64| value + 0.0;
    let (a, b) = (a.iter().map(unsigned_zero), b.iter().map(unsigned_zero));
    a.zip(b).map(|(a, b)| a.total_cmp(&b)).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}

//! Codebooks fitted to a matrix, and its rows written as their centroids.

use bitsweep_random::Stream;

use crate::number::Real;
use crate::scheme::{CentroidSearch, CodebookFormat, CodebookLayout, Granularity};
use crate::tensor::{Blocks, CodeMatrix, Codebook, Codebooks, FarParameters, QuantizeError, Split};

use super::k_means::cluster;
use super::one_dimensional::{binned_clustering, optimal_clustering};
use super::storing::{scaled, unsafe_exponent};
use super::vectors::Vectors;

/// Up to so many values share codebooks whose cost is the least unasked; of more it is within a thousandth of that.
const MOST_EXACT: usize = 1 << 18;

impl<T: Real> Codebooks<T> {
    /// The codebooks of row-major `values`, fitted stage by stage to what the stages before left; notes the components
    /// stored far from what they are.
    ///
    /// Exact where that is cheap (single values, and no more distinct sub-vectors than centroids), else k-means. A stage
    /// sees what the centroids before it leave as they are stored.
    ///
    /// # Errors
    /// More sub-vectors than columns.
    pub(crate) fn fit(
        values: &[T],
        blocks: &Blocks,
        layout: CodebookLayout,
        format: CodebookFormat,
        stream: &mut Stream,
        far: &mut FarParameters,
    ) -> Result<Self, QuantizeError> {
        let split = Split::new(blocks.shape().1, layout.partition)?;
        let stages = layout.stages.get();
        let mut books = Vec::new();
        let magnitude = values.iter().fold(T::ZERO, |largest, value| largest.greater(value.abs())).to_f64();
        for block in blocks.iter() {
            let rows = &values[block.offset..][..block.length];
            if layout.is_of_values() {
                let centroids = centroids_of_values(rows, layout);
                books.push(Codebook::store(1, &centroids, format, magnitude, far));
                continue;
            }
            for place in 0..split.places() {
                let mut batch = Batch::gather(rows, &split, place);
                for stage in 1..=stages {
                    let left = batch.left();
                    let centroids = centroids(&left, &batch, layout.centroids.get() as usize, stream);
                    let codebook = Codebook::store(batch.width, &centroids, format, magnitude, far);
                    if stage < stages {
                        let codes = codebook.codes(&left, &batch.lengths);
                        batch.add(&codebook, &codes);
                    }
                    books.push(codebook);
                }
            }
        }
        Ok(Self::new(split, layout, blocks, books))
    }

    /// Fills `codes` with those of row-major values: for each sub-vector the nearest centroid of the first stage, then of
    /// what it leaves the nearest of the second, and so on.
    ///
    /// Greedy: with several stages another choice of codes may come nearer to the values (a beam search would find some,
    /// Babenko & Lempitsky 2014, §3.2).
    ///
    /// # Errors
    /// Sums of centroids beyond the largest number.
    pub(crate) fn encode(&self, values: &[T], codes: &mut CodeMatrix) -> Result<(), QuantizeError> {
        let codes_per_row = self.codes_per_row();
        if values.is_empty() {
            return Ok(());
        }
        if let [codebook] = self.all()
            && self.is_of_values()
        {
            // Every centroid is a number, and codes stand in the order of values.
            let all = Blocks::new(codes.dim(), Granularity::Tensor);
            codebook.thresholds().encode(values, &all, &[()][..], codes, |value, ()| value);
            return Ok(());
        }
        let blocks = values.chunks(self.block_rows() * self.split().columns());
        for (block, rows) in blocks.enumerate() {
            let first = block * self.block_rows() * codes_per_row;
            for place in 0..self.split().places() {
                let mut batch = Batch::gather(rows, self.split(), place);
                for (stage, codebook) in self.stages_at(block, place).iter().enumerate() {
                    let found = codebook.codes(&batch.left(), &batch.lengths);
                    batch.add(codebook, &found);
                    let mut found = found.into_iter();
                    for row in 0..rows.len() / self.split().columns() {
                        for (subvector, code) in self.split().subvectors_at(place).zip(&mut found) {
                            let within = subvector * self.stages() + stage;
                            codes.set(first + row * codes_per_row + within, code);
                        }
                    }
                }
                if batch.sums.iter().any(|sum| !sum.is_finite()) {
                    return Err(too_wide(block, rows));
                }
            }
        }
        Ok(())
    }
}

fn too_wide<T: Real>(block: usize, values: &[T]) -> QuantizeError {
    let reals = values.iter().map(|value| value.to_f64());
    let (low, high) = reals
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    QuantizeError::RangeTooWide { block, low, high }
}

/// Sub-vectors that share codebooks, and what the stages so far have made of them.
struct Batch<T> {
    /// Components of a centroid.
    width: usize,
    /// One sub-vector after the other, shorter ones filled up with zeros.
    values: Vec<T>,
    /// The sums of the centroids so far; 0 beyond the end of shorter ones.
    sums: Vec<T>,
    /// Components of each sub-vector.
    lengths: Vec<usize>,
}

impl<T: Real> Batch<T> {
    /// The sub-vectors at one place of each row, row by row.
    fn gather(rows: &[T], split: &Split, place: usize) -> Self {
        let width = split.width_at(place);
        let (mut values, mut lengths) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows.chunks(split.columns()) {
            for subvector in split.subvectors_at(place) {
                let part = &row[split.columns_of(subvector)];
                values.extend_from_slice(part);
                values.resize(values.len() + width - part.len(), T::ZERO);
                lengths.push(part.len());
            }
        }
        Self { width, sums: vec![T::ZERO; values.len()], values, lengths }
    }

    /// What the stages so far have left of each value.
    fn left(&self) -> Vec<f64> {
        let pairs = self.values.iter().zip(&self.sums);
        pairs.map(|(value, sum)| value.to_f64() - sum.to_f64()).collect()
    }

    /// Adds the centroid that each code names.
    fn add(&mut self, codebook: &Codebook<T>, codes: &[i32]) {
        let sums = self.sums.chunks_mut(self.width).zip(&self.lengths).zip(codes);
        for ((sum, &length), &code) in sums {
            for (sum, &component) in sum[..length].iter_mut().zip(codebook.centroid(code as usize)) {
                *sum = *sum + component;
            }
        }
    }
}

/// The centroids of values: those of least cost, and of many values such as are hardly worse, unless they are asked for.
fn centroids_of_values<T: Real>(values: &[T], layout: CodebookLayout) -> Vec<f64> {
    let count = layout.centroids.get() as usize;
    match layout.clustering {
        CentroidSearch::Fast if values.len() > MOST_EXACT => {
            return binned_clustering(values, count).centroids;
        }
        CentroidSearch::Fast | CentroidSearch::Exact => {}
    }
    let values: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
    optimal_clustering(&values, count).centroids
}

/// The centroids of what is `left` of a batch, one after the other.
fn centroids<T>(left: &[f64], batch: &Batch<T>, count: usize, stream: &mut Stream) -> Vec<f64> {
    if batch.width == 1 {
        return optimal_clustering(left, count).centroids;
    }
    let exponent = unsafe_exponent(left);
    let vectors = Vectors::distinct(batch.width, &scaled(left, -exponent), &batch.lengths);
    let lossless = vectors.lossless();
    let centroids =
        if lossless.len() <= count * batch.width { lossless } else { cluster(&vectors, count, stream) };
    scaled(&centroids, exponent)
}

//! Fitting codebooks: codes that are positions in tables of centroids.
//!
//! One composition says what the codes stand for ([`CodebookLayout`](crate::CodebookLayout)): rows are split into
//! sub-vectors; each sub-vector is written as a sum of centroids, one from each stage's codebook; and codebooks belong to
//! all sub-vectors of a block of rows, or to one place in its rows. Scalar, vector, product and residual quantization are
//! points in it.

mod descent;
mod fitting;
mod k_means;
mod one_dimensional;
mod search;
mod storing;
mod vectors;

pub use one_dimensional::{Clustering, optimal_clustering};

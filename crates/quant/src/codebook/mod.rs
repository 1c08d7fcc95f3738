//! Codebooks: codes that are positions in tables of centroids.
//!
//! One composition says what the codes stand for ([`CodebookLayout`](crate::CodebookLayout)): rows are
//! [split](split) into sub-vectors; each sub-vector is [written](codebooks) as a sum of centroids, one from each stage's
//! codebook; and codebooks belong to all sub-vectors of a block of rows, or to one place in its rows. Scalar, vector,
//! product and residual quantization are points in it.

mod codebooks;
mod descent;
mod k_means;
mod lookup;
mod one_dimensional;
mod search;
mod split;
mod table;
mod vectors;

pub use codebooks::Codebooks;
pub use lookup::LookupError;
pub(crate) use lookup::products;
pub use one_dimensional::{Clustering, optimal_clustering};
pub use table::Codebook;

pub(crate) use split::Split;

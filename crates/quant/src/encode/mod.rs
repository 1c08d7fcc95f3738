//! From values to codes and parameters.

mod by_block;
pub(crate) mod codebook;
mod finite;
mod gguf;
mod interval;
mod levels;
mod quantize;
pub(crate) mod scales;
mod thresholds;
pub(crate) mod uniform;

pub use codebook::{Clustering, optimal_clustering};
pub(crate) use finite::finite_row_major;
pub(crate) use interval::{Elements, Interval};
pub use quantize::{quantize, quantize_with_scales};

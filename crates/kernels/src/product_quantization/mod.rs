//! Dot products of a query with vectors of product-quantized codes (Jégou, Douze and Schmid, 2011).
//!
//! A vector is cut into parts, and each part is the nearest of 16 or 256 centroids of its subspace. Of a query, the dot products of
//! its parts with all centroids are tables, computed once; of each vector they are looked up and added. Rows of a layer's weights
//! are such vectors, and its activations the query.
//!
//! | codes | tables | results |
//! |---|---|---|
//! | [`ProductCodes`] of 8 or 4 bits | `f32` | `f32` |
//! | [`ScanCodes`] of 4 bits | bytes, in a register each (André, Kermarrec and Le Scouarnec, 2015) | whole numbers of 16 bits |
//!
//! # Order of sums
//! In `f32` the entries are added to four sums, those of the subspaces `m` to the sum `m mod 4`; the result is
//! `(p₀ + p₁) + (p₂ + p₃)`.

mod centroid_bits;
mod codes;
pub mod reference;
mod scan;
mod tables;

pub use centroid_bits::CentroidBits;
pub use codes::ProductCodes;
pub use scan::ScanCodes;
pub use tables::{ByteTables, QueryTables};

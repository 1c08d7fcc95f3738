//! Products of activations with packed, quantized weights, as fast as the machine.
//!
//! | module | weights | activations |
//! |---|---|---|
//! | [`integer`] | integer codes of 1 to 8 bits | 8 bits |
//! | [`table`] | codes of 2 to 8 bits, of levels in a table or integers | `f32` |
//! | [`product_quantization`] | centroids of 4 or 8 bits | `f32`, as tables |
//!
//! Slices go in and come out. Weights are packed once into the layout of the kernels, which is none of a file; with any
//! [`Instructions`](bitsweep_vector::Instructions) the results are the same bits. Beside each kernel stands a `reference`
//! of obvious loops.

#![cfg_attr(test, allow(clippy::unwrap_used))]

#[macro_use]
mod unrolled;

mod aligned;
mod error;
mod instructions;
pub mod integer;
pub mod limits;
mod memory;
mod parallel;
pub mod product_quantization;
pub mod table;
mod visits;

pub use error::KernelError;
pub use integer::{
    ActivationCodes, ActivationParameters, Activations, Codes, Granularity, IntegerWeights, Width,
    ZeroPoints, quantize_signed, quantize_unsigned,
};
pub use memory::LargePages;
pub use product_quantization::{ByteTables, CentroidBits, ProductCodes, QueryTables, ScanCodes};
pub use table::{TableWeights, TableWidth};

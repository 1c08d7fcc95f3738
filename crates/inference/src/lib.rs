//! What quantized classifiers compute whose layers take codes for their inputs.
//!
//! | module | between two layers |
//! |---|---|
//! | [`coded`] | floats: sums of codes are scaled to `f32`, biased, activated, and made codes again |
//! | [`kernels`] | floats; weights are multiplied as they are packed |
//! | [`integer`] | whole numbers alone, as a device without floating point has them |
//!
//! The harness scores with this arithmetic, files that are read predict with it, and the code that is exported for devices
//! has the same numbers.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod coded;
pub mod integer;
mod kernel_weights;
pub mod kernels;

//! Weights and biases: codes as initializers, and the operators that make numbers of them.
//!
//! What comes out are the numbers of [`Values::to_array`](crate::packed::Values::to_array), bit for bit: each operation of the reconstruction is an operator of
//! the same type.

mod affine;
mod codebooks;
mod coded;
mod codes;
mod factors;
mod fixed;
mod levels;
mod matrix;
mod outliers;
mod scales;

pub(super) use factors::{Bands, Factors, WholeNumbers, factors};
pub(super) use matrix::matrix;

//! Products of 8-bit activations with integer weights of 1 to 8 bits.
//!
//! Kernels multiply unsigned codes of weights `u` with signed bytes of activations `a`, and what both differ by from the levels
//! is put right with sums: with `x - z_x = a + d` and `q - z = f·u - z'` (`f` is 2 of binary weights, else 1)
//!
//! `Σ (x - z_x)(q - z) = f·(Σ a·u + d·Σ u) - z'·Σ (x - z_x)`
//!
//! in wrapping numbers of 32 bits, exact since the left side is within them.
//!
//! # Layout
//! Sixteen outputs are a tile, of which a line of 64 bytes has four inputs a step, so that each 32-bit lane of a register is an
//! output; rows of the last tile that are no outputs are 0.
//!
//! | codes | block | inputs of a block | byte `4·output + input mod 4` |
//! |---|---|---|---|
//! | 8 bits | 1 line | 4 | the code |
//! | 4 bits | 1 line | 8 | codes of the inputs `i`, `i + 4`, from the low bits up |
//! | 2 bits, ternary | 1 line | 16 | of `i`, `i + 4`, `i + 8`, `i + 12` |
//! | binary | 1 line | 32 | of `i`, `i + 4`, and so on |
//! | 3 bits | 3 lines | 32 | the low two bits of inputs below 16, of those from 16, and the high bits of all 32 |
//!
//! A group is padded to whole blocks: lengths of multiples of 32 waste nothing.

mod activations;
mod finish;
mod panel;
mod product;
pub mod reference;
mod sums;
mod weights;
mod width;

pub use activations::{
    ActivationCodes, ActivationParameters, Activations, quantize_signed, quantize_unsigned,
};
pub use weights::{Codes, Granularity, IntegerWeights, ZeroPoints};
pub use width::Width;

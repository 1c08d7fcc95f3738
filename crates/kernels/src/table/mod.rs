//! Products of `f32` activations with weights whose codes stand for levels of a table, of which integer codes are one.
//!
//! # Order of sums
//! Within a group the products are added to four sums, those of the inputs `i` of the group to the sum `i mod 4`, each with one
//! rounding (`p = x·t + p`, fused). The group's sum is `(p₀ + p₁) + (p₂ + p₃)`. It is multiplied by the scale, and groups are added
//! in order of their inputs; the bias is added last. Activations that are not finite make results that are not, and of those that are
//! no numbers the bits may differ between processors.
//!
//! # Layout
//! Sixteen outputs are a tile, of which a line of 64 bytes has one word of 32 bits an output: the codes of consecutive inputs, from
//! the low bits up. Of 3 bits a block is three lines, 96 bits of 32 inputs. A group is padded to whole blocks.

mod decode;
mod float;
mod kernel;
pub mod reference;
mod weights;

pub use weights::{TableWeights, TableWidth};

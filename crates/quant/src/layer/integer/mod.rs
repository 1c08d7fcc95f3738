//! Layers in whole numbers: what a device without floating point computes.
//!
//! A layer with static codes for its inputs, `x̂ = s_x·(q - z_x)`, and weights that are whole numbers `u` of a step `s`,
//! [`IntegerLevels`], has for each group `g` of inputs that share a step the exact accumulator
//!
//! `a_g = Σ_{i∈g} (q_i - z_x)·u_i`, and `round(b / (s_x·s))` added to that of the first group.
//!
//! Its outputs are `y = Σ_g s_x·s_g·a_g`. [`Rescale`] makes whole numbers of them, in units of a step `s_y`, without a
//! floating-point operation: the ratios `s_x·s_g/s_y` become a multiplier of 31 bits and a shift, as in TFLite and CMSIS-NN.
//! [`Requantize`](crate::Requantize) says which.
//!
//! Jacob et al., *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference*, 2018,
//! sections 2.2 to 2.4.

mod error;
mod levels;
mod rescale;

pub use error::IntegerError;
pub use levels::IntegerLevels;
pub use rescale::Rescale;

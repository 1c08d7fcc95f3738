//! Classifiers that compute in whole numbers from the codes of the features to the logits.
//!
//! Layer by layer, with input codes `q` of the grid `q_min … q_max`, their zero point `z` and step `s_x`, and weights of whole
//! numbers `u` in steps `s` ([`IntegerLevels`](bitsweep_quant::IntegerLevels)):
//!
//! 1. `a_g = Σ_{i∈g} (q_i - z)·u_i` for each group of inputs that share a step, in 32 bits; the bias is
//!    `round(b / (s_x·s))`, half away from zero, in units of the first group. That no sum of any codes leaves 32 bits is proven
//!    when the network is made, from the weights that it has.
//! 2. `v = Σ_g a_g·M_g` and a rounding shift ([`Rescale`](bitsweep_quant::Rescale)): whole numbers of the step `s_y` of the next
//!    layer's codes.
//! 3. The activation and the limits of the grid, [`Outputs`]: `q' = clamp(v + z', low, high)`, where ReLU and other clipping
//!    functions are limits; LeakyReLU has multipliers of its own for negative sums; all others are tables from whole numbers of a
//!    finer step to codes.
//!
//! The last layer gives logits as whole numbers of one step: the accumulators themselves, where all outputs have the same step.
//! The class is that of the largest.

mod counts;
mod error;
mod features;
mod layer;
mod model;
mod network;
mod outputs;
mod table;

pub use counts::CountCodes;
pub use error::NetworkError;
pub use features::{FeatureCodes, Positions};
pub use layer::{IntegerLayer, LayerParts};
pub use model::IntegerModel;
pub use network::IntegerNetwork;
pub use outputs::Outputs;
pub use table::Table;

//! Why a model is no C.

use bitsweep_inference::integer::NetworkError;
use bitsweep_models::WeightId;
use bitsweep_quant::Dtype;

use crate::packed::PackedError;

/// Why a model cannot be said in C.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CError {
    /// A model whose layers take codes and hand on floats.
    #[error(
        "its layers take codes and hand on floats: expected `[quantize.activations]` with `mode = \"static\"` and `requantize = \"fixed-point\"` or `\"power-of-two\"`, or without it"
    )]
    Floats,
    /// Codes of numbers that C on a device need not have.
    #[error("the codes of `{id}` stand for numbers of `{dtype}`: expected `f32`")]
    Double {
        /// Which weight or bias.
        id: WeightId,
        /// The type of its numbers.
        dtype: Dtype,
    },
    /// What makes no predictor makes no code.
    #[error(transparent)]
    Packed(#[from] PackedError),
    /// Rows that are no codes.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

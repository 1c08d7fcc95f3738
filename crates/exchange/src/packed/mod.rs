//! Packed models: a quantized classifier as one safetensors file, in as many bytes as tables count, and back.
//!
//! The header's metadata has one key, `bitsweep`, with JSON: what the columns, the scaler and the layers are, the version of
//! the format, a checksum, and where the model comes from. The tensors are the bytes that are counted:
//!
//! | tensors | what they hold |
//! |---|---|
//! | `W1.codes`, `W1.scales`, … | the [parts](bitsweep_quant::Quantized::stored_parts) of the first weight; `b1.codes`, … of its bias |
//! | `b1`, `W1` | a bias, or a weight, that stays `F32` |
//! | `x1.scale`, `x1.zero_point` | what the inputs of the first layer are encoded by, where that is known before |
//! | `y1.clip` | the learned clip of the first layer's outputs |
//! | `scaler.mean`, `scaler.scale`, `scaler.divisor`, `scaler.divisors` | what features are scaled by |
//! | `columns.fill`, `columns.texts` | what missing values are replaced by; the texts that are features or ranks, each ended by 0xFF |
//!
//! Codes that are whole bytes or 16-bit numbers have their true type and the shape of the matrix, all others are `U8`, side by
//! side.
//!
//! Equal models have equal bytes. What is read is what would be written: a tensor too many, of another type, or with bits that
//! mean nothing is refused, as is a file whose checksum is another.

pub mod arrays;
mod classifier;
mod columns;
mod error;
mod features;
mod function;
mod gguf;
mod header;
mod integer;
mod kernels;
mod predictor;
mod read;
mod scaling;
mod sizes;
mod tensors;
mod trained;
mod values;
mod write;

pub use classifier::{Classifier, ClippedOutputs, PackedLayer, PackedModel};
pub use columns::{Column, ColumnKind};
pub use error::PackedError;
pub use features::{Cells, UnknownText};
pub use predictor::Predictor;
pub use scaling::FeatureScaling;
pub use sizes::PackedSizes;
pub use trained::{trained_from_bytes, trained_to_bytes};
pub use values::Values;

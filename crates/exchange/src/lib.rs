//! Models and tensors in files: those of other tools in, [packed] models out and in, and as plain [arrays](packed::arrays) and
//! GGUF for other tools.
//!
//! A [`TensorFile`] names the tensors of a file and reads them one at a time. A model is read as a [`Network`]: what the file
//! computes, as layers of [`bitsweep_models`], with the scaling of the features and the names of the classes where the file
//! has them. Readers lower a file to [`Step`]s; [`assemble()`] makes layers of them, and is the one place that knows what can
//! stand behind what.
//!
//! The crate knows nothing of experiments. Input is not trusted: no panic, no allocation beyond a small multiple of the file's
//! size, and an [`ImportError`] that names the file and the place in it.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod assemble;
mod element;
mod entry;
mod error;
pub mod export;
mod file;
mod format;
mod gguf;
mod json_arrays;
mod network;
mod npy_header;
mod npz;
mod onnx;
mod options;
pub mod packed;
mod read;
mod safetensors;
mod state_dict;
mod step;
mod stored;
mod tensor_file;

pub use assemble::assemble;
pub use element::Element;
pub use entry::Entry;
pub use error::ImportError;
pub use format::FileFormat;
pub use gguf::BlockType;
pub use network::{EqualClasses, Network, Standardization, check_classes};
pub use onnx::read_onnx_bytes;
pub use options::{NamedLayer, ReadOptions};
pub use read::{read_network, sha256, sha256_of};
pub use step::{Operation, Step};
pub use stored::Stored;
pub use tensor_file::{Tensor, TensorFile};

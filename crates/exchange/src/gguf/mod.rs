//! GGUF files, versions 2 and 3, as ggml's specification has them: metadata under keys, then tensors in types of their own.
//!
//! ```text
//! "GGUF" · version u32 · tensors u64 · keys u64
//! key:    name · type u32 · value          a text is its length u64 and its UTF-8; an array a type u32, a length u64, values
//! tensor: name · dimensions u32 · lengths u64 each, the contiguous one first · type u32 · offset u64
//! zero bytes up to a multiple of the alignment, and so behind each tensor; offsets count from there
//! ```
//!
//! Everything is little-endian. Source: `docs/gguf.md` of ggml, and `gguf.cpp`, which also refuses tensors that do not lie one
//! behind the other.

mod block_type;
mod read;
mod write;

pub use block_type::BlockType;
pub(crate) use read::{entries, values};
pub(crate) use write::{Metadata, Numbers, Tensor, write};

/// The first bytes of a file.
pub(crate) const MAGIC: [u8; 4] = *b"GGUF";

/// What tensors are aligned to where the metadata do not say it, and in what is written.
const ALIGNMENT: u32 = 32;

/// The key that says it.
const ALIGNMENT_KEY: &str = "general.alignment";

/// The types of plain numbers.
const F32: u32 = 0;
const F16: u32 = 1;
const BF16: u32 = 30;

//! Packed models: what is written is read, in as many bytes as are counted, and computes what was measured.

#![allow(clippy::unwrap_used)]

mod arrays;
mod c;
mod c_float;
mod formats;
mod gguf;
mod hostile;
mod models;
mod predictions;
mod refusals;
mod rust;
mod schemes;
mod seeds;
#[path = "../../../quant/tests/suite/formats.rs"]
mod spellings;
mod whole;

use std::fs;
use std::path::{Path, PathBuf};

use bitsweep_exchange::packed::PackedModel;

use models::{classifier, everything, input_scheme, layer, numbers, quantized, scheme, standard, stream};

/// An empty folder whose files are left for scripts.
fn left_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Length of the header, with the 8 bytes that say so.
fn header_length(bytes: &[u8]) -> usize {
    8 + u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize
}

/// Writes and reads a model, and checks what then must hold.
#[track_caller]
fn round_trip(model: &PackedModel) -> Vec<u8> {
    let bytes = model.to_bytes().unwrap();
    assert_eq!((bytes.len() - header_length(&bytes)) as u64, model.sizes().total());
    let read = PackedModel::from_bytes(&bytes).unwrap();
    assert_eq!(&read, model);
    assert_eq!(read.to_bytes().unwrap(), bytes);
    assert_eq!(read.sizes(), model.sizes());
    bytes
}

//! A model from a file of any format.

use std::io::{self, Read};
use std::path::Path;

use bitsweep_models::Model;
use sha2::{Digest, Sha256};

use crate::error::ImportError;
use crate::format::FileFormat;
use crate::network::{Network, check_classes};
use crate::options::ReadOptions;
use crate::state_dict::read_state_dict;
use crate::tensor_file::TensorFile;
use crate::{file, onnx};

/// Reads a classifier of dense layers.
///
/// # Errors
/// When the file cannot be read, or computes what is not supported, by the name of the place.
pub fn read_network(path: &Path, options: &ReadOptions) -> Result<Network, ImportError> {
    let network = match FileFormat::of(path)? {
        FileFormat::Onnx => onnx::read_onnx(path)?,
        FileFormat::Safetensors | FileFormat::Npz | FileFormat::Gguf | FileFormat::Json => {
            read_state_dict(&TensorFile::open(path)?, options)?
        }
    };
    let classes = network.classes.as_deref().unwrap_or_default();
    check_classes(classes).map_err(|error| ImportError::new(path, error))?;
    let Some(head) = options.head else { return Ok(network) };
    let model =
        Model::new(network.model.into_layers(), head).map_err(|error| ImportError::new(path, error))?;
    Ok(Network { model, ..network })
}

/// The SHA-256 hash of a file, in hexadecimal digits.
///
/// # Errors
/// When it cannot be read.
pub fn sha256(path: &Path) -> Result<String, ImportError> {
    let (file, length) = file::open(path)?;
    let mut hasher = Sha256::new();
    io::copy(&mut file.take(length), &mut hasher).map_err(|error| ImportError::new(path, error))?;
    Ok(hexadecimal(hasher))
}

/// The SHA-256 hash of bytes, in hexadecimal digits.
#[must_use]
pub fn sha256_of(bytes: &[u8]) -> String {
    hexadecimal(Sha256::new_with_prefix(bytes))
}

fn hexadecimal(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

//! A model from a file of any format.

use std::fs::File;
use std::io;
use std::path::Path;

use bitsweep_models::{Activation, Head, Model};
use sha2::{Digest, Sha256};

use crate::error::ImportError;
use crate::format::FileFormat;
use crate::network::Network;
use crate::onnx;
use crate::state_dict::read_state_dict;
use crate::tensor_file::TensorFile;

/// What is said of a model beside its file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadOptions {
    /// The layers of a file of tensors, in the order of their computation; empty for the order of their names.
    pub layers: Vec<NamedLayer>,
    /// What stands between the layers of a file of tensors.
    pub activation: Option<Activation>,
    /// How logits become probabilities, where the file does not say it.
    pub head: Option<Head>,
}

/// A layer of a file of tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedLayer {
    /// What its tensors' names begin with: `fc1` of `fc1.weight` and `fc1.bias`.
    pub name: String,
    /// What is applied to its outputs.
    pub activation: Option<Activation>,
}

/// Reads a classifier of dense layers.
///
/// # Errors
/// When the file cannot be read, or computes what is not supported, by the name of the place.
pub fn read_network(path: &Path, options: &ReadOptions) -> Result<Network, ImportError> {
    let network = match FileFormat::of(path)? {
        FileFormat::Onnx => onnx::read_onnx(path)?,
        FileFormat::Safetensors | FileFormat::Npz => read_state_dict(&mut TensorFile::open(path)?, options)?,
    };
    let sha256 = sha256(path).map_err(|error| ImportError::new(path, error))?;
    let Some(head) = options.head else { return Ok(Network { sha256, ..network }) };
    let model =
        Model::new(network.model.into_layers(), head).map_err(|error| ImportError::new(path, error))?;
    Ok(Network { model, sha256, ..network })
}

/// The SHA-256 hash of a file, in hexadecimal digits.
fn sha256(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

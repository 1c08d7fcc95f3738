//! What kind of file a file is.

use std::fmt;
use std::io::Read;
use std::path::Path;

use crate::error::ImportError;
use crate::file;

/// What a file of a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// A graph of operators.
    Onnx,
    /// Named tensors behind a header of JSON.
    Safetensors,
    /// Named NumPy arrays in a zip archive.
    Npz,
    /// Metadata and tensors, as ggml keeps them.
    Gguf,
}

impl FileFormat {
    /// Told by the first bytes, and where they do not say it, by the name.
    ///
    /// # Errors
    /// When the file cannot be read or is of another format.
    pub fn of(path: &Path) -> Result<Self, ImportError> {
        let (file, _) = file::open(path)?;
        let mut first = Vec::new();
        file.take(9).read_to_end(&mut first).map_err(|error| ImportError::new(path, error))?;
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match (first.as_slice(), extension.to_ascii_lowercase().as_str()) {
            ([b'P', b'K', 3 | 5, ..], _) => Ok(Self::Npz),
            ([b'G', b'G', b'U', b'F', ..], _) => Ok(Self::Gguf),
            ([_, _, _, _, _, _, _, _, b'{'], _) | (_, "safetensors") => Ok(Self::Safetensors),
            (_, "onnx") => Ok(Self::Onnx),
            // The first field of every ONNX file, the version of its format.
            ([0x08, 1..=20, ..], _) => Ok(Self::Onnx),
            _ => Err(ImportError::new(path, "is no model: expected ONNX, safetensors, npz or GGUF")),
        }
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Onnx => "ONNX",
            Self::Safetensors => "safetensors",
            Self::Npz => "npz",
            Self::Gguf => "GGUF",
        })
    }
}

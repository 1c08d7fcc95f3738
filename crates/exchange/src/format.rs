//! What kind of file a file is.

use std::fmt;
use std::io::Read;
use std::path::Path;

use crate::error::ImportError;
use crate::{file, json_arrays};

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
    /// Named arrays as text, as `bitsweep export` writes them.
    Json,
}

impl FileFormat {
    /// Told by the first bytes, and where they do not say it, by the name.
    ///
    /// # Errors
    /// When the file cannot be read or is of another format.
    pub fn of(path: &Path) -> Result<Self, ImportError> {
        let (file, _) = file::open(path)?;
        let mut first = Vec::new();
        file.take(FIRST_BYTES).read_to_end(&mut first).map_err(|error| ImportError::new(path, error))?;
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        // The length of a header may begin as anything else does.
        if let [_, _, _, _, 0, 0, 0, 0, b'{', ..] = first.as_slice() {
            return Ok(Self::Safetensors);
        }
        if let Some(other) = other(&first) {
            return Err(ImportError::new(path, other));
        }
        match (first.as_slice(), extension.to_ascii_lowercase().as_str()) {
            ([b'P', b'K', 3 | 5, ..], _) => Ok(Self::Npz),
            ([b'G', b'G', b'U', b'F', ..], _) => Ok(Self::Gguf),
            ([_, _, _, _, _, _, _, _, b'{', ..], _) | (_, "safetensors") => Ok(Self::Safetensors),
            (first, _) if first.starts_with(json_arrays::BEGINNING) => Ok(Self::Json),
            (_, "onnx") => Ok(Self::Onnx),
            // The first field of every ONNX file, the version of its format.
            ([0x08, 1..=20, ..], _) => Ok(Self::Onnx),
            _ => Err(ImportError::new(
                path,
                "is no model: expected ONNX, safetensors, npz or GGUF, or JSON of `bitsweep export`",
            )),
        }
    }
}

/// As many as tell what a file is: of a zip archive up to the name of its first part.
const FIRST_BYTES: u64 = 30 + 64;

/// What other tools keep models in, and how they get in.
fn other(first: &[u8]) -> Option<&'static str> {
    const PICKLE: &str = "is a Python pickle, which runs code when it is read: write ONNX (`skl2onnx`, `torch.onnx.export`), or a \
                          state dict as safetensors";
    const TORCH: &str = "is a PyTorch checkpoint, a pickle, which runs code when it is read: write its state dict as safetensors \
                         (`safetensors.torch.save_file`), or ONNX (`torch.onnx.export`)";
    const KERAS: &str =
        "is a Keras file: write ONNX (`model.export(\"model.onnx\", format=\"onnx\")`, or `tf2onnx`)";
    // A local header of 30 bytes, then the name.
    let part = first.get(30..).filter(|_| first.starts_with(b"PK\x03\x04")).unwrap_or_default();
    let has = |name: &[u8]| part.windows(name.len()).any(|window| window == name);
    match first {
        [0x80, 2..=5, ..] => Some(PICKLE),
        [0x89, b'H', b'D', b'F', ..] => Some(KERAS),
        _ if has(b"/data.pkl") => Some(TORCH),
        _ if part.starts_with(b"metadata.json") => Some(KERAS),
        _ => None,
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Onnx => "ONNX",
            Self::Safetensors => "safetensors",
            Self::Npz => "npz",
            Self::Gguf => "GGUF",
            Self::Json => "JSON",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, bytes: &[u8]) -> Result<FileFormat, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        FileFormat::of(&path).map_err(|error| error.reason)
    }

    #[test]
    fn what_other_tools_keep_models_in_is_refused_with_the_way_in() {
        let zip = |name: &str| [b"PK\x03\x04".as_slice(), &[0; 26], name.as_bytes(), &[1; 40]].concat();
        let cases: [(&str, Vec<u8>, &str); 6] = [
            ("m.pt", zip("archive/data.pkl"), "is a PyTorch checkpoint"),
            ("m.npz", zip("m/data.pkl"), "is a PyTorch checkpoint"),
            ("m.pth", vec![0x80, 2, 0x8a, 0x0a], "is a Python pickle"),
            ("m.onnx", vec![0x80, 4, 0x95, 0x0a], "is a Python pickle"),
            ("m.h5", b"\x89HDF\r\n\x1a\n".to_vec(), "is a Keras file"),
            ("m.keras", zip("metadata.json"), "is a Keras file"),
        ];
        for (name, bytes, expected) in cases {
            let error = of(name, &bytes).unwrap_err();
            assert!(error.starts_with(expected) && error.contains("ONNX"), "{name}: {error}");
        }
        assert_eq!(of("m", &zip("coefs_0.npy")), Ok(FileFormat::Npz));
        assert_eq!(of("m.npz", b"PK\x05\x06"), Ok(FileFormat::Npz));
        assert_eq!(of("m", b"GGUF"), Ok(FileFormat::Gguf));
    }

    #[test]
    fn a_header_of_any_length_is_one_of_safetensors() {
        let begins =
            [*b"\x80\x02\0\0", *b"\x80\x05\0\0", *b"\x08\x07\0\0", *b"PK\x03\x04", *b"GGUF", *b"\x89HDF"];
        for begins in begins {
            let file = [&begins[..], b"\0\0\0\0{\"a\":"].concat();
            assert_eq!(of("m", &file), Ok(FileFormat::Safetensors), "{begins:?}");
        }
    }
}

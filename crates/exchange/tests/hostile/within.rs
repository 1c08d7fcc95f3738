//! Changes within the parts of a file.

use std::collections::HashMap;
use std::io::{Cursor, Read, Write};

use bitsweep_hostile::{Numbers, mutate};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// A seed with one part of it changed, and what is computed of the parts made anew: the checksums of an archive, or of a
/// packed model. `None` of other files.
pub(crate) fn mutate_within(seed: &[u8], other: &[u8], numbers: &mut Numbers) -> Option<Vec<u8>> {
    match seed {
        [b'P', b'K', ..] => {
            let mut archive = ZipArchive::new(Cursor::new(seed)).ok()?;
            let chosen = numbers.below(archive.len());
            let mut written = ZipWriter::new(Cursor::new(Vec::new()));
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            for index in 0..archive.len() {
                let mut entry = archive.by_index(index).ok()?;
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).ok()?;
                if index == chosen {
                    mutate(&mut bytes, other, numbers);
                }
                written.start_file(entry.name(), options).ok()?;
                written.write_all(&bytes).ok()?;
            }
            Some(written.finish().ok()?.into_inner())
        }
        _ => {
            let (_, header) = SafeTensors::read_metadata(seed).ok()?;
            let mut json = header.metadata().as_ref()?.get("bitsweep")?.clone().into_bytes();
            let file = SafeTensors::deserialize(seed).ok()?;
            let mut tensors: Vec<(String, TensorView<'_>)> = file.tensors();
            tensors.sort_by(|(left, _), (right, _)| left.cmp(right));
            let mut changed: Vec<Vec<u8>> =
                tensors.iter().map(|(_, tensor)| tensor.data().to_vec()).collect();
            match numbers.below(2) {
                0 => mutate(&mut json, other, numbers),
                _ => {
                    let chosen = numbers.below(changed.len());
                    let bytes = changed.get_mut(chosen)?;
                    let length = bytes.len();
                    mutate(bytes, other, numbers);
                    bytes.resize(length, 0);
                }
            }
            let json = with_checksum(&String::from_utf8(json).ok()?, &tensors, &changed)?;
            let views: Option<Vec<(&str, TensorView<'_>)>> = tensors
                .iter()
                .zip(&changed)
                .map(|((name, own), bytes)| {
                    let view = TensorView::new(own.dtype(), own.shape().to_vec(), bytes).ok()?;
                    Some((name.as_str(), view))
                })
                .collect();
            safetensors::serialize(views?, Some(HashMap::from([("bitsweep".to_owned(), json)]))).ok()
        }
    }
}

/// The metadata of a packed model with the checksum that belongs to them and to the tensors; as they are where they are no
/// JSON.
fn with_checksum(json: &str, tensors: &[(String, TensorView<'_>)], changed: &[Vec<u8>]) -> Option<String> {
    let Ok(mut metadata) = serde_json::from_str::<serde_json::Value>(json) else {
        return Some(json.to_owned());
    };
    *metadata.as_object_mut()?.get_mut("checksum")? = "".into();
    let mut hasher = blake3::Hasher::new();
    hasher.update(metadata.to_string().as_bytes());
    for ((name, _), bytes) in tensors.iter().zip(changed) {
        hasher.update(name.as_bytes()).update(&[0]).update(bytes);
    }
    metadata["checksum"] = hasher.finalize().to_hex().to_string().into();
    Some(metadata.to_string())
}

//! Inputs made of seeds, each determined by its number.

use std::collections::HashMap;
use std::io::{Cursor, Read, Write};

use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Numbers in no pattern: SplitMix64 (Steele, Lea and Flood, *Fast Splittable Pseudorandom Number Generators*, 2014).
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn of(number: u64) -> Self {
        Self(number.wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// One of `0..count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }
}

/// Bytes of integers that are the ends of something.
const INTERESTING: [u64; 16] =
    [0, 1, 2, 3, 7, 16, 31, 32, 64, 255, 256, 0x7fff_ffff, 0xffff_ffff, 1 << 32, 1 << 61, u64::MAX];

/// Changes bytes in a few places; `other` is what parts are taken of.
pub(crate) fn mutate(bytes: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        // Headers are in front, directories of archives at the end.
        let place = match numbers.below(4) {
            0 => numbers.below(bytes.len().min(64)),
            1 => bytes.len().saturating_sub(1 + numbers.below(bytes.len().min(128))),
            _ => numbers.below(bytes.len()),
        };
        let length = 1 + numbers.below(16);
        let range = place..(place + length).min(bytes.len());
        match numbers.below(9) {
            0 => bytes.truncate(place),
            1 => drop(bytes.drain(range)),
            2 => {
                let part = bytes[range].to_vec();
                bytes.splice(place..place, part);
            }
            3 => {
                let first = numbers.below(other.len());
                let part = other[first..(first + length).min(other.len())].to_vec();
                bytes.splice(range, part);
            }
            4 => {
                let number = INTERESTING[numbers.below(INTERESTING.len())].to_le_bytes();
                let width = 1 << numbers.below(4);
                bytes.iter_mut().skip(place).zip(&number[..width]).for_each(|(byte, new)| *byte = *new);
            }
            // Digits of texts: shapes, offsets, lengths.
            5 => {
                let digits = bytes.iter().skip(place).position(u8::is_ascii_digit);
                if let Some(digit) = digits.and_then(|digit| bytes.get_mut(place + digit)) {
                    *digit = b'0' + numbers.below(10) as u8;
                }
            }
            6 => {
                let byte = numbers.below(256) as u8;
                bytes.splice(place..place, vec![byte; length]);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
        }
    }
}

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

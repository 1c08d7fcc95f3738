//! From bytes to text.

use std::borrow::Cow;

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, Deserializer, Unexpected};
use serde::{Deserialize, Serialize, Serializer};

use super::error::TableProblem;
use crate::note::Note;

/// How a file's characters are written as bytes: any [label of the WHATWG](https://encoding.spec.whatwg.org/#names-and-labels),
/// `"utf-8"`, `"utf-16le"`, `"latin-1"`, `"shift_jis"` … As on the web, Latin-1 is read as Windows-1252, which has more
/// characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// The encoding of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let of = |name: &str| encoding_rs::Encoding::for_label_no_replacement(name.as_bytes());
        // The labels have `latin1`, but no `latin-1`.
        of(name).or_else(|| of(&name.replace('-', ""))).map(Self)
    }

    /// What it is called.
    #[must_use]
    pub fn name(self) -> String {
        self.0.name().to_lowercase()
    }
}

impl<'de> Deserialize<'de> for Encoding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| {
            let expected = "an encoding such as \"utf-8\", \"utf-16le\", \"latin-1\" or \"shift_jis\"";
            de::Error::invalid_value(Unexpected::Str(&name), &expected)
        })
    }
}

impl JsonSchema for Encoding {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Encoding".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

impl Serialize for Encoding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

/// The text of a file, and what was assumed to read it.
///
/// A byte order mark decides; without one it is `given`; without that UTF-8, and what is none is taken for Windows-1252 if it
/// has no character that no table has. Text of 16 bits without a mark is recognized by its zeros, but not read.
pub(super) fn decode(
    bytes: Vec<u8>,
    given: Option<Encoding>,
    notes: &mut Vec<Note>,
) -> Result<(String, Encoding), TableProblem> {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(&bytes) {
        let text = whole(encoding, &bytes[mark..])?;
        if encoding != UTF_8 {
            notes.push(Note::Encoding {
                encoding: encoding.name().to_owned(),
                because: "by its byte order mark".to_owned(),
            });
        }
        return Ok((text, Encoding(encoding)));
    }
    if let Some(Encoding(encoding)) = given {
        return Ok((whole(encoding, &bytes)?, Encoding(encoding)));
    }
    if let Some(encoding) = encoding_by_zeros(&bytes) {
        return Err(TableProblem::Unmarked { encoding: encoding.name().to_lowercase() });
    }
    let error = match String::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => return Err(TableProblem::NotText),
        Ok(text) => return Ok((text, Encoding(UTF_8))),
        Err(error) => error,
    };
    let offset = error.utf8_error().valid_up_to();
    let bytes = error.into_bytes();
    let is_control = |byte: &u8| *byte < 0x20 && !byte.is_ascii_whitespace();
    if bytes.iter().any(is_control) {
        return Err(TableProblem::NotText);
    }
    let line = line_at(&bytes, offset);
    notes.push(Note::Encoding {
        encoding: WINDOWS_1252.name().to_owned(),
        because: format!("since line {line} has the byte `0x{:02x}`, which is not UTF-8", bytes[offset]),
    });
    Ok((whole(WINDOWS_1252, &bytes)?, Encoding(WINDOWS_1252)))
}

/// The text, or the line where it has bytes that are none in this encoding.
fn whole(encoding: &'static encoding_rs::Encoding, bytes: &[u8]) -> Result<String, TableProblem> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(Cow::into_owned).ok_or_else(|| {
        let (replaced, _) = encoding.decode_without_bom_handling(bytes);
        let line = 1 + replaced.split('\u{fffd}').next().unwrap_or("").matches('\n').count();
        TableProblem::WrongEncoding { line, encoding: encoding.name().to_owned() }
    })
}

/// Text of 16 bits per character has zeros for the upper halves of what is ASCII.
fn encoding_by_zeros(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = &bytes[..bytes.len().min(64)];
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    match (zeros(0), zeros(1)) {
        (0, odd) if odd * 4 > head.len() => Some(UTF_16LE),
        (even, 0) if even * 4 > head.len() => Some(UTF_16BE),
        _ => None,
    }
}

/// The line that holds the byte at `offset`, counted from 1.
fn line_at(bytes: &[u8], offset: usize) -> usize {
    1 + bytes[..offset].iter().filter(|byte| **byte == b'\n').count()
}

//! What the metadata of a packed model say.

use std::borrow::Cow;

use bitsweep_models::{Head, Precision};
use bitsweep_quant::{ActivationScheme, Bits};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::columns::{ColumnHeader, is_false};
use super::error::PackedError;
use super::function::Function;
use super::scaling::ScalingHeader;
use super::tensors::Tensors;
use super::values::ValuesHeader;

/// The version of the format.
pub(super) const VERSION: u32 = 1;

/// What the metadata of a packed model say. What may be long is not copied to be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header<'a> {
    /// The version of the format.
    pub(super) format: u32,
    /// The version of bitsweep that wrote the file.
    pub(super) bitsweep: String,
    /// Of these metadata without it, and of the names and bytes of all tensors: BLAKE3, in hexadecimal digits.
    pub(super) checksum: String,
    pub(super) columns: Vec<ColumnHeader>,
    pub(super) scaler: ScalingHeader,
    pub(super) precision: Precision,
    pub(super) layers: Vec<LayerHeader>,
    pub(super) head: Head,
    pub(super) classes: Cow<'a, [String]>,
    pub(super) provenance: Cow<'a, Map<String, Value>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LayerHeader {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) weight: ValuesHeader,
    pub(super) bias: ValuesHeader,
    pub(super) activation: Function,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) input_codes: Option<ActivationScheme>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) output_codes: Option<ClipHeader>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClipHeader {
    pub(super) bits: Bits,
    /// Whether the clip is a tensor; it is 1 otherwise.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) learned: bool,
}

impl Header<'_> {
    /// The same with the checksum of the header and of `tensors`.
    pub(super) fn with_checksum(self, tensors: &Tensors) -> Result<Self, PackedError> {
        let header = Self { checksum: String::new(), ..self };
        let mut hasher = blake3::Hasher::new();
        hasher.update(header.to_json()?.as_bytes());
        tensors.hash_into(&mut hasher);
        Ok(Self { checksum: hasher.finalize().to_hex().to_string(), ..header })
    }

    pub(super) fn to_json(&self) -> Result<String, PackedError> {
        serde_json::to_string(self).map_err(|error| PackedError::Metadata(error.to_string()))
    }

    /// The header of a file of a known version.
    pub(super) fn of_json(json: &str) -> Result<Self, PackedError> {
        /// What every version says.
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        let refused = |error: serde_json::Error| PackedError::Metadata(error.to_string());
        let Versioned { format } = serde_json::from_str(json).map_err(refused)?;
        match format {
            VERSION => serde_json::from_str(json).map_err(refused),
            found => Err(PackedError::Version { found, expected: VERSION }),
        }
    }
}

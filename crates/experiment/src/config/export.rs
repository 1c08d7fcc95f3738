//! Which models a run leaves as files.

use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The models that a run leaves as files, in `models/` of its results: what is picked, or variants by their labels, of the first
/// unit of each task.
///
/// ```toml
/// pick = ["balance", "memory"]
/// variant = "4 bit"
/// format = ["safetensors", "onnx"]
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Export {
    /// What is picked for a goal, one or a list.
    #[schemars(schema_with = "one_or_many_schema::<ExportGoal>")]
    #[serde(deserialize_with = "one_or_many")]
    pub pick: Vec<ExportGoal>,
    /// Labels or names of variants, one or a list.
    #[schemars(schema_with = "one_or_many_schema::<String>")]
    #[serde(deserialize_with = "one_or_many")]
    pub variant: Vec<String>,
    /// How the files are written, one or a list; `"safetensors"` by default, the only one that `bitsweep` reads again.
    #[schemars(schema_with = "one_or_many_schema::<ExportFormat>")]
    #[serde(deserialize_with = "one_or_many")]
    pub format: Vec<ExportFormat>,
}

impl Export {
    /// The formats, `safetensors` where none is named.
    pub fn formats(&self) -> &[ExportFormat] {
        match self.format.as_slice() {
            [] => &[ExportFormat::Safetensors],
            formats => formats,
        }
    }
}

/// What a model is picked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExportGoal {
    /// About as good as the float model, as small as that allows.
    Balance,
    /// As small as can be while still usable.
    Memory,
    /// As good as can be within `pick.budget_bytes`.
    Budget,
    /// As good as can be within `pick.flash_bytes` and `pick.ram_bytes` on the device.
    Device,
}

/// How a model is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExportFormat {
    /// Codes without waste, and everything that the model needs to run: as many bytes as the table says, and a header.
    Safetensors,
    /// ONNX in standard operators: raw features in, label and probabilities out.
    Onnx,
    /// The same with features as `double`, for columns with numbers that `float` does not hold, such as 0.1.
    OnnxDouble,
    /// The same with coded inputs of static parameters as `QuantizeLinear` and `DequantizeLinear`, not as products of integers.
    OnnxQdq,
    /// The same by operators of version 25 instead of 21, which have codes of 2 bits and FP4 E2M1.
    OnnxOpset25,
    /// The same with groups of 4 bits as `com.microsoft.MatMulNBits`.
    #[serde(rename = "onnx-matmulnbits")]
    OnnxMatMulNBits,
    /// Codes and parameters as arrays of NumPy.
    Npz,
    /// The same as text.
    Json,
    /// The block types of ggml.
    Gguf,
    /// Plain C99 for a device, in whole numbers where the model computes in them and else with floats: a folder of files.
    C,
    /// A Rust crate without the standard library, of a model that computes in whole numbers: a folder of files.
    Rust,
}

impl ExportFormat {
    /// All formats.
    pub const ALL: [Self; 11] = [
        Self::Safetensors,
        Self::Onnx,
        Self::OnnxDouble,
        Self::OnnxQdq,
        Self::OnnxOpset25,
        Self::OnnxMatMulNBits,
        Self::Npz,
        Self::Json,
        Self::Gguf,
        Self::C,
        Self::Rust,
    ];

    /// The format as files and the command line spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::Onnx => "onnx",
            Self::OnnxDouble => "onnx-double",
            Self::OnnxQdq => "onnx-qdq",
            Self::OnnxOpset25 => "onnx-opset25",
            Self::OnnxMatMulNBits => "onnx-matmulnbits",
            Self::Npz => "npz",
            Self::Json => "json",
            Self::Gguf => "gguf",
            Self::C => "c",
            Self::Rust => "rust",
        }
    }

    /// Whether a model is a folder of files, which has no extension.
    pub const fn is_folder(self) -> bool {
        self.extension().is_empty()
    }

    /// The format of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// What names of such files end in; nothing of folders.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::Onnx | Self::OnnxDouble | Self::OnnxQdq | Self::OnnxOpset25 | Self::OnnxMatMulNBits => {
                "onnx"
            }
            Self::Npz => "npz",
            Self::Json => "json",
            Self::Gguf => "gguf",
            Self::C | Self::Rust => "",
        }
    }
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// One value or a list of them.
fn one_or_many<'de, D: Deserializer<'de>, T: Deserialize<'de> + PartialEq>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct OneOrMany<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de> + PartialEq> Visitor<'de> for OneOrMany<T> {
        type Value = Vec<T>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a string or a list of strings")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<T>, E> {
            T::deserialize(text.into_deserializer()).map(|one| vec![one])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::new();
            while let Some(one) = list.next_element()? {
                if all.contains(&one) {
                    return Err(de::Error::custom("an entry stands twice: expected each once"));
                }
                all.push(one);
            }
            match all.is_empty() {
                true => Err(de::Error::custom("the list is empty: expected at least one entry")),
                false => Ok(all),
            }
        }
    }

    deserializer.deserialize_any(OneOrMany(PhantomData))
}

fn one_or_many_schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let one = generator.subschema_for::<T>();
    json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1, "uniqueItems": true }] })
}

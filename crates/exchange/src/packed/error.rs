//! Why a model cannot be packed, or bytes are no packed model.

use bitsweep_inference::integer::NetworkError;
use bitsweep_models::{ModelError, WeightId};
use bitsweep_quant::{ActivationError, UnpackError};

/// Why a model cannot be packed, or bytes are no packed model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PackedError {
    /// Not the bytes of a safetensors file.
    #[error("is no safetensors file: {0}")]
    Safetensors(String),
    /// A safetensors file of something else.
    #[error("is no packed model: expected `bitsweep` as the only key of its metadata")]
    NoMetadata,
    /// Metadata that say something else.
    #[error("its metadata are none of a packed model: {0}")]
    Metadata(String),
    /// Written by another version.
    #[error("is a packed model in version {found} of the format: expected version {expected}")]
    Version {
        /// The version of the file.
        found: u32,
        /// The version that is read.
        expected: u32,
    },
    /// A tensor that is not there.
    #[error("tensor `{name}` is missing")]
    Missing {
        /// What it would be called.
        name: String,
    },
    /// A tensor that is not what the metadata say.
    #[error("tensor `{name}` {reason}")]
    Tensor {
        /// What it is called.
        name: String,
        /// What is wrong with it, as the end of a sentence.
        reason: String,
    },
    /// Bytes or metadata that have changed.
    #[error("its checksum is another than that of its contents: it is damaged")]
    Checksum,
    /// Bytes of a quantized matrix that are none.
    #[error("{weight}: {error}")]
    Unpack {
        /// The matrix.
        weight: WeightId,
        /// Why.
        error: UnpackError,
    },
    /// More weights than bytes can explain.
    #[error("has more weights than {bytes} bytes can explain: expected at most {most}")]
    TooManyWeights {
        /// The bytes of the file.
        bytes: usize,
        /// The most weights of so many bytes.
        most: usize,
    },
    /// Layers that cannot compute in whole numbers, and features that are no codes.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The layers make no model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Inputs that cannot be encoded or multiplied.
    #[error("inputs of {weight}: {error}")]
    Inputs {
        /// The weight that they are multiplied with.
        weight: WeightId,
        /// Why.
        error: ActivationError,
    },
    /// Bytes that cannot be put together.
    #[error("cannot be written: {0}")]
    Write(String),
    /// A weight or a bias that a GGUF file has no type for.
    #[error("{weight} {reason}")]
    Gguf {
        /// Which one.
        weight: WeightId,
        /// Why, and what it has types for, as the end of a sentence.
        reason: String,
    },
    /// Parts that do not go together.
    #[error("{0}")]
    Contradiction(String),
    /// A table that is not of the model's columns.
    #[error("{}column `{column}`: {reason}", row.map_or_else(String::new, |row| format!("row {row}, ")))]
    Cells {
        /// The row, counted from 0; none of the column as a whole.
        row: Option<usize>,
        /// The column.
        column: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Features of another model.
    #[error("rows of {found} features do not fit the model: expected {expected}")]
    Features {
        /// What the model takes.
        expected: usize,
        /// What is given.
        found: usize,
    },
    /// Features of which the model makes no number.
    #[error("row {row}: an output of the model is not finite")]
    Output {
        /// Counted from 0.
        row: usize,
    },
    /// A scaled feature that `f32` cannot hold.
    #[error("row {row}, feature {feature} is `{value:e}` when scaled, which f32 cannot hold")]
    Overflow {
        /// Counted from 0.
        row: usize,
        /// Counted from 0.
        feature: usize,
        /// The scaled value.
        value: f64,
    },
}

impl PackedError {
    pub(super) fn tensor(name: &str, reason: impl ToString) -> Self {
        Self::Tensor { name: name.to_owned(), reason: reason.to_string() }
    }

    pub(super) fn cells(column: &str, reason: impl ToString) -> Self {
        Self::Cells { row: None, column: column.to_owned(), reason: reason.to_string() }
    }

    pub(super) fn cell(row: usize, column: &str, reason: impl ToString) -> Self {
        Self::Cells { row: Some(row), column: column.to_owned(), reason: reason.to_string() }
    }

    pub(super) fn inputs(layer: usize, error: impl Into<ActivationError>) -> Self {
        Self::Inputs { weight: WeightId::Weight(layer), error: error.into() }
    }
}

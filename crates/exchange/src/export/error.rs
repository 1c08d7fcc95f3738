//! Why a model cannot be said in ONNX.

use bitsweep_models::WeightId;
use bitsweep_quant::{OtherDtype, Requantize};

use crate::packed::PackedError;

/// Why a model cannot be said in ONNX, with the nearest that can.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ExportError {
    /// Inputs whose range no operators find.
    #[error(
        "inputs of {weight}: `range = {range}` is searched anew in each batch, which ONNX has no operators for: the nearest is `range = min-max`, or the same range with `mode = static`"
    )]
    DynamicRange {
        /// The weight that they are multiplied with.
        weight: WeightId,
        /// The range.
        range: String,
    },
    /// Static inputs that no pair of `QuantizeLinear` and `DequantizeLinear` is.
    #[error(
        "inputs of {weight}: `{what}` is no `QuantizeLinear`, which rounds halves to even and has {types}: the nearest is {nearest}, or integers instead of QDQ"
    )]
    Qdq {
        /// The weight that they are multiplied with.
        weight: WeightId,
        /// The setting.
        what: String,
        /// What it has.
        types: &'static str,
        /// The nearest setting.
        nearest: &'static str,
    },
    /// Layers in whole numbers, whose shifts no operator has.
    #[error(
        "`requantize = \"{requantize}\"` computes in whole numbers from layer to layer, which ONNX has no operators for: the nearest is `requantize = \"float\"`, or the format `c`"
    )]
    Requantize {
        /// How it requantizes.
        requantize: Requantize,
    },
    /// No layer whose weight `MatMulNBits` takes.
    #[error(
        "no layer has a form of `MatMulNBits`: expected 4 bits, `granularity = {{ group = n }}` with n a power of 2 from 16 on, no outliers, whole zero points among the codes, inputs that are no codes, and single precision; the nearest is `onnx`, in standard operators"
    )]
    NoMatMulNBits,
    /// A column whose name cannot be that of an input.
    #[error(
        "column `{name}` {reason}, but each column is an input of its own where one of them has texts: rename it"
    )]
    ColumnName {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// More bytes than a file may have.
    #[error(
        "would have {bytes} bytes as an ONNX file: expected at most {most}, the most that Protocol Buffers allow"
    )]
    TooLarge {
        /// Bytes of the file.
        bytes: usize,
        /// The most.
        most: usize,
    },
    /// What makes no predictor makes no graph.
    #[error(transparent)]
    Packed(#[from] PackedError),
    /// Numbers of another type than the tensor says; no tensor has any.
    #[error(transparent)]
    Dtype(#[from] OtherDtype),
}

//! Packed models as ONNX files: what is written is read again with the same weights, and is what onnxruntime computes.

#![allow(clippy::unwrap_used)]

mod checked;
mod notes;
mod seeds;
mod weights;

#[path = "../packed/models.rs"]
mod models;
#[path = "../packed/schemes.rs"]
mod schemes;
#[path = "../../../quant/tests/suite/formats.rs"]
mod spellings;

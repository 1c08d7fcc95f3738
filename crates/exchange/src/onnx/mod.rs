//! ONNX files: a graph of operators in Protocol Buffers.
//!
//! The graph is interpreted node by node. An edge carries a constant, or rows that depend on the features as a list of
//! stages ([`flow`]), or what is derived of them: the class of each row, a number for each row, a shape. What exporters write
//! out in operators (a Gelu, a softmax, a normalization) is put together again; anything else is refused by the name of its
//! node.

mod activations;
mod arithmetic;
mod budget;
mod call;
mod classes;
mod columns;
mod constants;
mod flow;
mod function;
mod graph;
mod initializers;
mod layers;
mod network;
mod node;
mod proto;
mod recognition;
mod reductions;
mod shapes;
mod stage;
mod tensor;
mod value;
mod wire;

use std::fs;
use std::path::Path;

use prost::Message;

use crate::error::ImportError;
use crate::network::Network;
use crate::onnx::proto::ModelProto;
use crate::onnx::tensor::TensorReader;

pub(crate) use crate::onnx::initializers::Initializers;

/// Reads the graph and lowers it to a network.
pub(crate) fn read_onnx(path: &Path) -> Result<Network, ImportError> {
    let (model, tensors) = load(path)?;
    network::lower(path, &model, graph::interpret(path, &model, &tensors)?, &tensors)
}

/// The messages of the file, and who reads its tensors.
fn load(path: &Path) -> Result<(ModelProto, TensorReader), ImportError> {
    let bytes = fs::read(path).map_err(|error| ImportError::new(path, error))?;
    if !wire::is_modest(&bytes) {
        return Err(ImportError::new(path, "is no ONNX file: it has far more parts than bytes"));
    }
    let model = ModelProto::decode(bytes.as_slice())
        .map_err(|error| ImportError::new(path, format!("is no ONNX file: {error}")))?;
    Ok((model, TensorReader::new(path, bytes.len() as u64)))
}
